"""Offsets told, deletions and resets: whom their promises accuse, whom they clear, and what does not test them."""

import pytest
from histories import REFUSED, UNKNOWN, Call, HistoryBuilder, guilty, innocent, untested

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.operation import Operation
from brokerlaw.spec.history.outcomes import Ok, Outcome

END = "offsets.end-told"
TIME = "offsets.by-timestamp"
DELETED = "retention.deletes-what-was-asked"
RESET = "offsets.reset-policy"


def log(records: int = 6, **settings: str) -> tuple[HistoryBuilder, list[Call]]:
    """Acknowledged records from offset 0 on, 10 ms apart from the time 1,000 on."""
    told = HistoryBuilder()
    told.topic(**settings)
    told.producer()
    return told, [told.send(b"%d" % offset, offset, timestamp=1_000 + 10 * offset) for offset in range(records)]


def look_up(told: HistoryBuilder, time: int, answer: int | None) -> Call:
    return told.do(ops.ListOffsets("t", 0, time), Ok(answer))


def delete(told: HistoryBuilder, before: int, outcome: Outcome | None = None) -> Call:
    return told.do(ops.DeleteRecords("t", 0, before), outcome)


# --- the end ---


def test_an_end_at_or_below_an_acknowledged_record_is_seen() -> None:
    told, sends = log(3)
    assert guilty(told, END, sends[2], told.list_offset(2)) == "t/0 was said to end at 2, though it was 3"


def test_an_end_beyond_all_that_was_sent_is_seen() -> None:
    told, _ = log(3)
    reason = guilty(told, END, told.list_offset(4))
    assert reason == "t/0 was said to end at 4, though at most 3 records had been sent to it"


def test_ends_as_they_are() -> None:
    told, _ = log(3)
    told.list_offset(3)
    flying = told.sending(b"x")
    told.list_offset(3)
    told.list_offset(4)
    told.end(flying, UNKNOWN)
    told.list_offset(4)
    assert innocent(told, END) == 4


def test_what_is_not_idempotent_may_stand_twice() -> None:
    told = HistoryBuilder()
    told.topic()
    told.producer(idempotent=False)
    told.send(b"a", 0)
    told.list_offset(2)
    innocent(told, END)


def transaction(told: HistoryBuilder, **settings: object) -> Call:
    told.producer("q", transactional_id="tx", **settings)
    told.do(ops.BeginTransaction("q"))
    return told.send(b"q", 2, client="q")


def test_the_last_stable_offset_waits_for_an_open_transaction() -> None:
    told, _ = log(2)
    sent = transaction(told)
    told.list_offset(2, isolation="committed")
    reason = guilty(told, END, sent, told.list_offset(3, isolation="committed"))
    assert reason == "t/0 was said to end at 3, though a transaction was open from 2"


@pytest.mark.parametrize("end", [ops.CommitTransaction, ops.AbortTransaction, ops.Close, ops.Crash, None, ops.Flush])
def test_a_transaction_that_may_have_ended_holds_nothing_up(end: type[ops.Operation] | None) -> None:
    told, _ = log(2)
    transaction(told)
    if end is None:
        told.producer("r", transactional_id="tx")
    elif end is ops.Flush:
        told.wait(10_001)
    else:
        told.do(end("q"), UNKNOWN)  # type: ignore[call-arg]  # of a client
    told.list_offset(4, isolation="committed")
    told.list_offset(4)
    innocent(told, END)


def test_the_last_stable_offset_is_behind_what_a_read_committed_reader_was_given() -> None:
    told, _ = log(2)
    told.consumer("c", isolation="read_committed")
    read = told.poll("c", (0, b"0"), (1, b"1"))
    told.list_offset(2, isolation="committed")
    guilty(told, END, read, told.list_offset(1, isolation="committed"))


# --- by time ---


@pytest.mark.parametrize(("time", "answer"), [(0, 0), (1_000, 0), (1_001, 1), (1_050, 5), (1_051, None)])
def test_the_first_record_that_is_not_older(time: int, answer: int | None) -> None:
    told, _ = log(retention_ms="-1")
    look_up(told, time, answer)
    assert innocent(told, TIME) == 1


def test_a_lookup_that_passes_over_a_record_is_seen() -> None:
    told, sends = log(retention_ms="-1")
    reason = guilty(told, TIME, sends[1], look_up(told, 1_010, 2))
    why = "though an earlier record is not older"
    assert reason == f"asked for the first record of t/0 from the time 1010 on, t/0@2 was told, {why}"


def test_a_lookup_that_finds_none_though_there_is_one_is_seen() -> None:
    told, sends = log(retention_ms="-1")
    guilty(told, TIME, sends[5], look_up(told, 1_050, None))


def test_a_lookup_that_finds_an_older_record_is_seen() -> None:
    told, sends = log(retention_ms="-1")
    assert guilty(told, TIME, sends[1], look_up(told, 1_020, 1)).endswith("t/0@1 was told, which is older")


def test_a_lookup_that_finds_a_deleted_record_is_seen() -> None:
    told, _ = log(retention_ms="-1")
    gone = delete(told, 3)
    assert guilty(told, TIME, gone, look_up(told, 1_005, 1)).endswith("which was deleted")


@pytest.mark.parametrize("outcome", [None, UNKNOWN])
def test_after_a_deletion_the_first_that_is_left(outcome: Outcome | None) -> None:
    told, _ = log(retention_ms="-1")
    delete(told, 3, outcome)
    look_up(told, 1_005, 3)
    innocent(told, TIME)


def test_a_record_that_comes_meanwhile_may_be_found_or_not() -> None:
    told, _ = log(1, retention_ms="-1")
    flying = told.sending(b"x", timestamp=2_000)
    look_up(told, 2_000, None)
    told.placed(flying, 1)
    innocent(told, TIME)


def test_records_that_may_have_expired_need_not_be_found() -> None:
    told, _ = log(retention_ms="1")
    told.wait(100)
    look_up(told, 1_000, 3)
    innocent(told, TIME)


def test_times_of_the_broker_are_not_those_that_were_sent() -> None:
    told, _ = log(message_timestamp_type="LogAppendTime")
    look_up(told, 1_000, 3)
    untested(told, TIME)


# --- deletions ---


def test_a_log_that_begins_before_what_was_deleted_is_seen() -> None:
    told, _ = log()
    gone = delete(told, 3)
    reason = guilty(told, DELETED, gone, told.list_offset(2, "earliest"))
    assert reason == "t/0 was said to begin at 2, though all below 3 had been deleted"


def test_a_deleted_record_that_is_read_is_seen() -> None:
    told, _ = log()
    gone = delete(told, -1)
    told.consumer("c")
    told.assign("c", 0)
    read = told.poll("c", (4, b"4"), (5, b"5"))
    assert guilty(told, DELETED, gone, read) == "c was given t/0@4, which had been deleted"


def test_what_is_left_and_what_was_in_hand() -> None:
    told, _ = log()
    told.consumer("c")
    told.assign("c", 0)
    delete(told, 3)
    told.list_offset(3, "earliest")
    told.poll("c", (0, b"0"))
    told.do(ops.Seek("c", "t", 0, 0))
    told.poll("c", (3, b"3"))
    assert innocent(told, DELETED) == 2


@pytest.mark.parametrize("outcome", [UNKNOWN, REFUSED])
def test_a_deletion_that_is_not_certain_deletes_nothing(outcome: Outcome) -> None:
    told, _ = log()
    delete(told, 3, outcome)
    told.list_offset(0, "earliest")
    untested(told, DELETED)


def test_a_broker_that_was_killed_may_forget_where_its_log_began() -> None:
    told, _ = log()
    delete(told, 3)
    told.do(ops.KillBroker(0))
    told.do(ops.RestartBroker(0))
    told.list_offset(0, "earliest")
    untested(told, DELETED)


@pytest.mark.parametrize(
    "acts",
    [
        [ops.KillBroker(0)],
        [ops.StopBroker(0), ops.RestartBroker(0)],
        [ops.PauseBroker(0), ops.ResumeBroker(0)],
        [ops.KillBroker(1), ops.StopBroker(0), ops.RestartBroker(0)],
        [ops.ElectLeader("t", 0)],
    ],
)
def test_whoever_leads_then_knows_what_was_deleted(acts: list[Operation]) -> None:
    told, _ = log()
    gone = delete(told, 3)
    for op in acts:
        told.do(op)
    assert guilty(told, DELETED, gone, told.list_offset(0, "earliest")) == (
        "t/0 was said to begin at 0, though all below 3 had been deleted"
    )


@pytest.mark.parametrize("back", [None, UNKNOWN])
def test_a_broker_that_was_down_meanwhile_may_have_more_when_it_is_back(back: Outcome | None) -> None:
    told, _ = log()
    told.do(ops.KillBroker(0))
    delete(told, 3)
    told.do(ops.RestartBroker(0), back)
    told.list_offset(0, "earliest")
    untested(told, DELETED)


def test_a_broker_that_was_back_before_deletes_as_the_others_do() -> None:
    told, _ = log()
    told.do(ops.KillBroker(0))
    told.do(ops.RestartBroker(0))
    guilty(told, DELETED, delete(told, 3), told.list_offset(0, "earliest"))


@pytest.mark.parametrize("before", [[ops.ElectLeader("t", 0)], [ops.PauseBroker(0), ops.ResumeBroker(0)]])
def test_a_new_leader_deletes_all_that_it_knows_of_and_what_it_is_asked_for(before: list[Operation]) -> None:
    told, _ = log()
    for op in before:
        told.do(op)
    delete(told, -1)
    told.list_offset(2, "earliest")
    untested(told, DELETED)
    gone = delete(told, 4)
    guilty(told, DELETED, gone, told.list_offset(3, "earliest"))


# --- resets ---


def begun(reset: str, first: int, late: int = 0) -> tuple[HistoryBuilder, tuple[Call, int, Call]]:
    """A member that begins at an offset; how many records came after it had been assigned the partition."""
    told = HistoryBuilder()
    told.topic()
    told.producer()
    for offset in range(4 - late):
        told.send(b"%d" % offset, offset)
    told.wait(5_000)
    opened = told.member("a", reset=reset)
    row = told.assigned("a", 0)
    for offset in range(4 - late, 4):
        told.send(b"%d" % offset, offset)
    return told, (opened, row, told.poll("a", (first, b"%d" % first)))


def test_latest_that_begins_at_the_beginning_is_seen() -> None:
    told, (opened, row, poll) = begun("latest", 0)
    finding = guilty(told, RESET, opened, row, poll, Call(5, 10))
    assert finding == "a began at t/0@0, though its group had committed nothing and it resets to latest"


@pytest.mark.parametrize("first", [2, 3])
def test_latest_begins_at_the_end_at_some_time_after_the_assignment(first: int) -> None:
    told, _ = begun("latest", first, late=2)
    assert innocent(told, RESET) == 1


def test_none_that_begins_at_all_is_seen() -> None:
    told, shown = begun("none", 0)
    guilty(told, RESET, *shown)


@pytest.mark.parametrize(("seconds", "verdict"), [(1, guilty), (60, innocent)])
def test_by_duration_begins_at_what_is_not_older(seconds: int, verdict: object) -> None:
    told, shown = begun(f"by_duration:PT{seconds}S", 0)
    if verdict is guilty:
        guilty(told, RESET, *shown)
    else:
        assert innocent(told, RESET) == 1


def test_whoever_has_committed_is_not_reset() -> None:
    told, _ = log()
    told.member("a", reset="none")
    told.commit("a", 1)
    told.assigned("a", 0)
    told.poll("a", (1, b"1"))
    untested(told, RESET)


def test_earliest_is_told_of_elsewhere() -> None:
    told, _ = begun("earliest", 0)
    untested(told, RESET)


def test_an_assignment_within_a_poll_may_be_as_old_as_the_poll() -> None:
    told = HistoryBuilder()
    told.topic()
    told.producer()
    told.member("a", reset="latest")
    asked = told.begin("a", ops.Poll("a"))
    told.send(b"0", 0)
    told.assigned("a", 0)
    told.end(asked, told.records((0, b"0")))
    assert innocent(told, RESET) == 1
