"""Backpressure: who is paused is given nothing, and nobody misses a record."""

import pytest
from histories import HistoryBuilder, guilty, innocent, untested

from brokerlaw.spec.history import operations as ops

FULL = "delivery.backpressure"


def told(bound: int | None = 2) -> tuple[HistoryBuilder, int, int]:
    history = HistoryBuilder()
    history.topic()
    history.producer()
    declared = history.declare("backpressure", bound=bound)
    for offset in range(4):
        history.send(b"%d" % offset, offset)
    history.member("c")
    return history, declared, history.assigned("c", 0)


def records(*offsets: int) -> list[tuple[int, bytes]]:
    return [(offset, b"%d" % offset) for offset in offsets]


def test_an_instance_that_is_given_more_than_it_holds_is_seen() -> None:
    history, declared, assigned = told()
    history.poll("c", *records(0, 1))
    history.apply("c", 0, b"0")
    poll = history.poll("c", *records(2, 3))
    reason = guilty(history, FULL, declared, assigned, poll)
    assert reason == (
        "c, of the backpressure application of group g, was given records until it had 3 to work off,"
        " and it holds 2 at most"
    )


def test_an_instance_with_two_partitions_is_counted_too() -> None:
    history = HistoryBuilder()
    history.topic(partitions=2)
    history.member("c")
    declared = history.declare("backpressure", bound=2)
    assigned = history.assigned("c", 0, 1)
    poll = history.poll("c", *records(0, 1, 2))
    assert guilty(history, FULL, declared, assigned, poll).endswith("it had 3 to work off, and it holds 2 at most")


def test_an_instance_that_works_off_what_it_is_given() -> None:
    history, _, _ = told()
    history.poll("c", *records(0, 1))
    history.apply("c", 0, b"0")
    history.poll("c", *records(2))
    history.apply("c", 1, b"1")
    history.poll("c", *records(3))
    assert innocent(history, FULL) == 4


@pytest.mark.parametrize("how", ["revoked", "assigned"])
def test_what_it_held_of_other_partitions_is_not_counted(how: str) -> None:
    history, _, _ = told()
    history.poll("c", *records(0, 1))
    if how == "revoked":
        history.revoked("c", 0)
    history.assigned("c", 0, generation=2)
    history.poll("c", *records(2, 3))
    assert innocent(history, FULL) == 2


def test_an_instance_without_a_bound_holds_any_number() -> None:
    history, _, _ = told(bound=None)
    history.poll("c", *records(0, 1, 2, 3))
    untested(history, FULL)


def test_a_record_that_is_left_out_is_seen() -> None:
    history, declared, _ = told(bound=4)
    left_out = next(i for i, row in enumerate(history.rows) if getattr(row, "value", None) == ops.Send("p", "t", b"2"))
    history.poll("c", *records(0, 1, 3))
    for offset in (0, 1, 3):
        history.apply("c", offset, b"%d" % offset)
    history.commit("c", 2)
    history.poll("c")
    caught = history.caught()
    reason = guilty(history, FULL, left_out, declared, caught)
    assert reason.startswith("'2' was acknowledged at t/0@2, and the backpressure application of group g caught up")
