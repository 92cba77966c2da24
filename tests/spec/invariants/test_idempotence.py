"""A retry is not a second record."""

import pytest
from histories import UNKNOWN, HistoryBuilder, guilty, innocent, untested

NO_DUPLICATES = "idempotence.no-duplicates"


def told(overrides: dict[str, str] | None = None, **producer: object) -> HistoryBuilder:
    history = HistoryBuilder(**overrides or {})
    history.topic()
    history.producer(**producer)
    history.consumer()
    return history


@pytest.mark.parametrize("outcome", [None, UNKNOWN])
def test_a_record_that_stands_twice_is_seen(outcome: object) -> None:
    """Whatever became of the send: what was read was there."""
    history = told()
    send = history.sending(b"a")
    if outcome:
        history.end(send, UNKNOWN)
    one, other = history.poll("c", (0, b"a")), history.poll("c", (1, b"a"))
    reason = guilty(history, NO_DUPLICATES, send, one, other)
    assert reason == "'a', sent once by p, stands at t/0@0 and at t/0@1"


def test_a_record_read_twice_stands_once() -> None:
    history = told()
    history.send(b"a", 0)
    history.poll("c", (0, b"a"))
    history.consumer("d")
    history.poll("d", (0, b"a"))
    assert innocent(history, NO_DUPLICATES) == 1


def test_a_value_sent_twice_may_stand_twice() -> None:
    history = told()
    history.send(b"a", 0)
    history.send(b"a", 1)
    history.poll("c", (0, b"a"), (1, b"a"))
    untested(history, NO_DUPLICATES)


def test_a_producer_that_is_not_idempotent_may_repeat_itself() -> None:
    history = told(idempotent=False)
    history.send(b"a", 1)
    history.poll("c", (0, b"a"), (1, b"a"))
    untested(history, NO_DUPLICATES)


def test_unless_the_user_chose_so_and_then_the_verdict_says_it() -> None:
    history = told({"idempotent": "false"}, idempotent=False)
    send = history.send(b"a", 1)
    poll = history.poll("c", (0, b"a"), (1, b"a"))
    assert guilty(history, NO_DUPLICATES, send, poll).endswith("(under idempotent=false)")


def test_a_transactional_producer_is_idempotent() -> None:
    history = told(idempotent=False, transactional_id="tx")
    history.transaction()
    send = history.send(b"a", 1)
    poll = history.poll("c", (0, b"a"), (1, b"a"))
    guilty(history, NO_DUPLICATES, send, poll)


def test_a_record_that_was_there_before_may_have_the_same_value() -> None:
    history = HistoryBuilder()
    history.producer()
    history.consumer()
    history.send(b"a", 7)
    history.poll("c", (3, b"a"), (7, b"a"))
    untested(history, NO_DUPLICATES)
