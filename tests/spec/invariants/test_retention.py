"""Reading deletes nothing."""

import pytest
from histories import HistoryBuilder, guilty, innocent, row_of, untested

from brokerlaw.spec.history import operations as ops

DELETES_NOTHING = "retention.consuming-deletes-nothing"


def read(**settings: str) -> HistoryBuilder:
    """Two records that c has read."""
    told = HistoryBuilder()
    told.topic(**settings)
    told.producer()
    told.send(b"a", 0)
    told.send(b"b", 1)
    told.consumer()
    told.assign()
    told.poll("c", (0, b"a"), (1, b"b"))
    return told


def test_what_was_read_can_be_read_again() -> None:
    told = read()
    told.drain([(0, b"a"), (1, b"b")], end=2)
    assert innocent(told, DELETES_NOTHING) == 2


def test_a_record_that_is_gone_once_read_is_seen() -> None:
    told = read()
    drained = told.drain([(1, b"b")], end=2)
    reason = guilty(told, DELETES_NOTHING, row_of(told, ops.Poll, "c"), drained)
    assert reason == "c read t/0@0, and reader, reading everything from 0 to 2 afterwards, did not"


def test_a_log_that_begins_behind_what_was_read_is_seen() -> None:
    told = read()
    asked = told.list_offset(1, "earliest")
    told.drain([(1, b"b")], end=2, start=1)
    reason = guilty(told, DELETES_NOTHING, row_of(told, ops.Poll, "c"), asked)
    assert reason == "c read t/0@0, and later the log began at 1"


def test_a_log_that_ends_before_what_was_read_is_seen() -> None:
    told = read()
    drained = told.drain([(0, b"a")], end=1)
    guilty(told, DELETES_NOTHING, row_of(told, ops.Poll, "c"), drained)


def test_a_drain_before_the_read_tests_nothing() -> None:
    told = HistoryBuilder()
    told.topic()
    told.drain([], end=0)
    told.producer()
    told.send(b"a", 0)
    told.consumer()
    told.poll("c", (0, b"a"))
    untested(told, DELETES_NOTHING)


def test_deleted_on_request_is_not_deleted_by_reading() -> None:
    told = read()
    told.do(ops.DeleteRecords("t", 0, 1))
    told.list_offset(1, "earliest")
    told.drain([(1, b"b")], end=2, start=1)
    assert innocent(told, DELETES_NOTHING) == 1


@pytest.mark.parametrize("settings", [{"retention_ms": "1"}, {"retention_bytes": "9"}, {"cleanup_policy": "compact"}])
def test_topics_that_expire_or_compact_test_nothing(settings: dict[str, str]) -> None:
    told = read(**settings)
    told.drain([], end=2)
    untested(told, DELETES_NOTHING)


def test_read_committed_readers_need_not_see_what_was_aborted() -> None:
    told = read()
    told.drain([], end=2, isolation="committed")
    untested(told, DELETES_NOTHING)
