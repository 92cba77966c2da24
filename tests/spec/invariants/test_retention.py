"""Reading deletes nothing."""

import pytest
from histories import UNKNOWN, HistoryBuilder, guilty, innocent, row_of, untested

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.outcomes import Outcome
from brokerlaw.spec.invariants import INVARIANTS

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


def test_a_log_that_goes_further_once_its_records_may_expire_began_behind_them_before() -> None:
    told = read(retention_ms="1000")
    asked = told.list_offset(1, "earliest")
    told.wait(2_000)
    told.list_offset(2, "earliest")
    guilty(told, DELETES_NOTHING, row_of(told, ops.Poll, "c"), asked)


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


# --- only what is expired goes ---

ONLY_EXPIRED = "retention.only-expired-goes"
PURGED = {"retention_ms": "1000"}


def sent(*offsets: int, **settings: str) -> HistoryBuilder:
    told = HistoryBuilder()
    told.topic(**settings)
    told.producer()
    for offset in offsets:
        told.send(b"%d" % offset, offset, key=b"%d" % offset)
    return told


def send_row(told: HistoryBuilder) -> int:
    return row_of(told, ops.Send, "p")


@pytest.mark.parametrize(
    "settings", [{}, {"retention_ms": "-1"}, {"retention_ms": "60000"}, {"cleanup_policy": "compact"}]
)
def test_a_log_that_begins_behind_a_record_that_has_not_expired_is_seen(settings: dict[str, str]) -> None:
    told = sent(0, 1, **settings)
    told.wait(30_000)
    asked = told.list_offset(1, "earliest")
    reason = guilty(told, ONLY_EXPIRED, send_row(told), asked)
    assert (
        reason == "'0' was acknowledged at t/0@0, and has neither expired nor been deleted, but the log now begins at 1"
    )


def test_a_log_may_begin_behind_what_compaction_may_take() -> None:
    told = sent(0, 1, cleanup_policy="compact")
    told.send(b"2", 2, key=b"0")
    told.list_offset(1, "earliest")
    assert innocent(told, ONLY_EXPIRED) == 2


def test_a_log_that_keeps_all() -> None:
    told = sent(0, 1)
    told.list_offset(0, "earliest")
    assert innocent(told, ONLY_EXPIRED) == 2


def test_what_has_expired_may_go() -> None:
    told = sent(0, 1, **PURGED)
    told.wait(1_000)
    told.list_offset(2, "earliest")
    untested(told, ONLY_EXPIRED)


def test_a_young_record_holds_back_all_behind_it() -> None:
    """The second was sent long ago by its own account, and stands behind one that was not."""
    told = sent(0, **PURGED)
    told.send(b"old", 1, timestamp=1)
    asked = told.list_offset(2, "earliest")
    guilty(told, ONLY_EXPIRED, send_row(told), asked)


def test_a_record_that_is_old_by_its_own_account_may_go_at_once() -> None:
    told = sent()
    told.send(b"old", 0, timestamp=1)
    told.list_offset(1, "earliest")
    untested(told, ONLY_EXPIRED)


def test_a_record_that_is_young_by_its_own_account_stays_where_clocks_can_be_compared() -> None:
    """By the first record the clock of timestamps is a day ahead of the history's."""
    day = 86_400_000
    told = sent(0, **PURGED)
    told.consumer()
    told.given(0, b"0", timestamp=day + told.now // 1_000_000)
    told.do(ops.DeleteRecords("t", 0, 1))
    told.wait(10_000)
    send = told.send(b"old", 1, timestamp=day + told.now // 1_000_000)
    asked = told.list_offset(2, "earliest")
    guilty(told, ONLY_EXPIRED, send, asked)
    told.wait(1_000)
    told.list_offset(2, "earliest")
    guilty(told, ONLY_EXPIRED, send, asked)


def test_the_time_of_appending_is_not_the_senders_to_give() -> None:
    told = sent(message_timestamp_type="LogAppendTime")
    send = told.send(b"old", 0, timestamp=1)
    asked = told.list_offset(1, "earliest")
    guilty(told, ONLY_EXPIRED, send, asked)


@pytest.mark.parametrize("outcome", [None, UNKNOWN])
def test_an_administrator_purges_by_retention(outcome: Outcome | None) -> None:
    told = sent(0, 1)
    told.alter(outcome=outcome, retention_ms="1000")
    told.wait(1_000)
    told.list_offset(2, "earliest")
    untested(told, ONLY_EXPIRED)


def test_what_is_sent_long_after_a_purge_stays() -> None:
    told = sent()
    told.alter(retention_ms="1000")
    told.alter(retention_ms="-1")
    told.wait(60_000)
    send = told.send(b"a", 0)
    told.wait(60_000)
    asked = told.list_offset(1, "earliest")
    guilty(told, ONLY_EXPIRED, send, asked)


def test_brokers_learn_of_a_change_some_time_later() -> None:
    told = sent()
    told.alter(retention_ms="1000")
    told.alter(retention_ms="-1")
    told.send(b"a", 0)
    told.wait(1_000)
    told.list_offset(1, "earliest")
    untested(told, ONLY_EXPIRED)


@pytest.mark.parametrize(("limit", "owed"), [("9", False), ("100000", True)])
def test_what_is_within_the_bytes_of_retention_stays(limit: str, owed: bool) -> None:
    told = sent(0, 1, retention_bytes=limit)
    asked = told.list_offset(1, "earliest")
    if owed:
        guilty(told, ONLY_EXPIRED, send_row(told), asked)
    else:
        untested(told, ONLY_EXPIRED)


def test_a_broker_that_keeps_for_a_second_by_default() -> None:
    told = sent(0)
    told.broker_settings = {"log.retention.ms": "1000"}
    told.wait(1_000)
    told.list_offset(1, "earliest")
    untested(told, ONLY_EXPIRED)


def test_a_week_is_the_default() -> None:
    told = sent(0)
    told.wait(7 * 86_400_000)
    told.list_offset(1, "earliest")
    untested(told, ONLY_EXPIRED)


def test_a_record_goes_only_from_the_front() -> None:
    """A reader that came later found a record before the one that was not there."""
    told = sent(0, 1, 2, **PURGED)
    told.wait(10_000)
    drained = told.drain([(0, b"0"), (2, b"2")], end=3)
    told.drain([(0, b"0"), (1, b"1"), (2, b"2")], end=3, reader="later")
    finding = INVARIANTS["durability.acked-survives"].judge(told.history)
    assert [violation.witnesses[-1] for violation in finding.violations] == [drained]


def test_a_record_that_was_read_and_goes_before_its_time_is_seen() -> None:
    told = read(retention_ms="60000")
    drained = told.drain([(1, b"b")], end=2)
    guilty(told, DELETES_NOTHING, row_of(told, ops.Poll, "c"), drained)
