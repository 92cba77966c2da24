"""Dead letters: what cannot be processed is set aside, with where it came from, and nothing is left out."""

from typing import Any

import pytest
from histories import UNKNOWN, HistoryBuilder, guilty, innocent, row_of, untested

from brokerlaw.conformance.dead_letters import OFFSET, PARTITION, TOPIC
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.outcomes import Ok
from brokerlaw.spec.history.values import Record, RecordHeader

DEAD = "delivery.dead-letter"


def origin(offset: int, partition: int = 0) -> tuple[RecordHeader, ...]:
    told = {TOPIC: "t", PARTITION: f"{partition}", OFFSET: f"{offset}"}
    return tuple(RecordHeader(name, text.encode()) for name, text in told.items())


class Told:
    """A topic with a good record and a bad one, which a member of the application has read."""

    def __init__(self) -> None:
        self.told = told = HistoryBuilder()
        told.topic()
        told.topic("letters")
        told.producer()
        self.declared = told.declare("dead-letter", "letters")
        told.send(b"good", 0)
        self.bad = told.send(b"poison", 1)
        told.member("c")
        told.assigned("c", 0)
        told.poll("c", (0, b"good"), (1, b"poison"))
        told.producer("d")

    def apply(self) -> int:
        return self.told.apply("c", 0, b"good", sink="letters")

    def set_aside(self, offset: int = 1, value: bytes = b"poison", outcome: Any = None) -> Any:
        letter = self.told.sending(value, "d", "letters", headers=origin(offset))
        if outcome is None:
            self.told.placed(letter, 0, topic="letters")
        else:
            self.told.end(letter, outcome)
        return letter

    def caught(self, offset: int = 2) -> int:
        self.told.commit("c", offset)
        self.told.poll("c")
        self.told.revoked("c", 0)
        self.told.member("e")
        self.told.assigned("e", 0, generation=2)
        self.told.poll("e")
        return self.told.caught()


def test_what_is_applied_or_set_aside_is_worked_off() -> None:
    case = Told()
    case.apply()
    case.set_aside()
    case.caught()
    assert innocent(case.told, DEAD) == 2


def test_a_record_that_nobody_was_given_again_is_seen() -> None:
    """The application committed behind the good one alone, and its successor was not given the other."""
    case = Told()
    case.apply()
    caught = case.caught(1)
    reason = guilty(case.told, DEAD, case.bad, case.declared, caught)
    assert reason == (
        "'poison' was acknowledged at t/0@1, and the dead-letter application of group g caught up"
        " without applying it or setting it aside"
    )


def test_a_letter_that_may_not_be_there_does_not_count() -> None:
    case = Told()
    case.apply()
    case.set_aside(outcome=UNKNOWN)
    caught = case.caught(1)
    guilty(case.told, DEAD, case.bad, case.declared, caught)


def test_an_application_that_commits_past_what_it_did_not_set_aside_does_it_itself() -> None:
    case = Told()
    case.apply()
    case.caught(2)
    assert innocent(case.told, DEAD) == 1


@pytest.mark.parametrize("committed", [True, False])
def test_a_record_that_is_worked_off_twice(committed: bool) -> None:
    case = Told()
    first = case.apply()
    case.set_aside()
    told = case.told
    if committed:
        told.commit("c", 2)
    told.revoked("c", 0)
    told.member("e")
    told.assigned("e", 0, generation=2)
    told.poll("e", (0, b"good"))
    again = told.apply("e", 0, b"good", sink="letters")
    if committed:
        reason = guilty(told, DEAD, case.declared, first, again)
        assert reason == (
            "t/0@0 was worked off twice by the dead-letter application of group g,"
            " the second time after it was committed"
        )
    else:
        untested(told, DEAD)


def letter(told: HistoryBuilder, headers: tuple[RecordHeader, ...]) -> Any:
    told.consumer("r")
    return told.do(ops.Poll("r"), Ok((Record("letters", 0, 0, b"poison", headers=headers),)))


def test_a_letter_that_says_it_came_from_elsewhere_is_seen() -> None:
    case = Told()
    poll = letter(case.told, origin(0))
    good = row_of(case.told, ops.Send, "p")
    reason = guilty(case.told, DEAD, good, poll, case.declared)
    assert reason == "the dead letter 'poison' says that it came from t/0@0, where 'good' stands"


def test_a_letter_that_says_where_it_came_from() -> None:
    case = Told()
    letter(case.told, origin(1))
    assert innocent(case.told, DEAD) == 1


@pytest.mark.parametrize("headers", [(), origin(7), origin(1)[1:], origin(0, 5)])
def test_a_letter_of_unknown_origin_tests_nothing(headers: tuple[RecordHeader, ...]) -> None:
    case = Told()
    letter(case.told, headers)
    untested(case.told, DEAD)
