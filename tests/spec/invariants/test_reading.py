"""The promises of reading: whom they accuse, whom they clear, and what does not test them."""

import pytest
from histories import REFUSED, UNKNOWN, Call, HistoryBuilder, guilty, innocent, untested

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.outcomes import Ok
from brokerlaw.spec.history.values import PartitionOffset, TopicPartition

NOTHING_OUT = "reading.leaves-nothing-out"
BEGINS = "reading.begins-at-position"
TOLD = "reading.position-told"
MOST = "reading.max-records"
PAUSED = "reading.paused-gives-nothing"
ASSIGNED = "reading.only-what-is-assigned"
HERE = (TopicPartition("t", 0),)
UNCLEAN = {"unclean.leader.election.enable": "true"}


def log(records: int = 6, **settings: str) -> tuple[HistoryBuilder, list[Call]]:
    """Acknowledged records from offset 0 on."""
    told = HistoryBuilder()
    told.topic(**settings)
    told.producer()
    return told, [told.send(b"%d" % offset, offset) for offset in range(records)]


def reader(told: HistoryBuilder, offset: int = 0, **settings: object) -> Call:
    told.consumer("c", **settings)
    return told.assign("c", offset)


def poll(told: HistoryBuilder, *offsets: int) -> Call:
    return told.poll("c", *((offset, b"%d" % offset) for offset in offsets))


def seek(told: HistoryBuilder, offset: int, outcome: object = None) -> Call:
    return told.do(ops.Seek("c", "t", 0, offset), outcome)  # type: ignore[arg-type]  # an outcome


def position(told: HistoryBuilder, answer: int | None) -> Call:
    return told.do(ops.Position("c", "t", 0), Ok(answer))


# --- nothing is left out ---


def test_a_record_left_out_between_two_polls_is_seen() -> None:
    told, sends = log()
    reader(told)
    first, second = poll(told, 0, 1), poll(told, 3)
    reason = guilty(told, NOTHING_OUT, first, sends[2], second)
    assert reason == "c, which stood at t/0@2, was next given t/0@3 and not the record that is known from p's send"


def test_a_record_left_out_within_a_poll_is_seen() -> None:
    told, sends = log()
    reader(told)
    guilty(told, NOTHING_OUT, sends[1], poll(told, 0, 2))


def test_a_record_left_out_after_an_assignment_or_a_seek_is_seen() -> None:
    told, sends = log()
    guilty(told, NOTHING_OUT, reader(told, 1), sends[1], poll(told, 2))
    told, sends = log()
    reader(told)
    first = poll(told, 0, 1, 2, 3)
    guilty(told, NOTHING_OUT, seek(told, 1), first, poll(told, 2, 3))


def test_a_pause_loses_nothing() -> None:
    told, sends = log()
    reader(told)
    first = poll(told, 0)
    told.do(ops.Pause("c", HERE))
    told.do(ops.Resume("c", HERE))
    guilty(told, NOTHING_OUT, first, sends[1], poll(told, 2))


def test_a_member_of_a_group_is_a_reader() -> None:
    told, sends = log()
    told.member("c")
    told.assigned("c", 0)
    first = poll(told, 0, 1)
    guilty(told, NOTHING_OUT, first, sends[2], poll(told, 3))


def test_what_another_read_later_was_there() -> None:
    told, _ = log(0)
    reader(told)
    first, second = poll(told, 0), poll(told, 2)
    told.consumer("d")
    told.assign("d")
    later = told.poll("d", (0, b"0"), (1, b"1"), (2, b"2"))
    guilty(told, NOTHING_OUT, first, second, later)


def test_a_failed_poll_moves_nothing() -> None:
    told, sends = log()
    reader(told)
    first = poll(told, 0)
    told.do(ops.Poll("c"), REFUSED)
    guilty(told, NOTHING_OUT, first, sends[1], poll(told, 2))


def test_all_that_is_there_and_gaps_where_nothing_is_known() -> None:
    told, _ = log(3)
    told.send(b"7", 7)
    reader(told)
    poll(told, 0, 1)
    poll(told, 2, 7)
    assert innocent(told, NOTHING_OUT) == 4


def test_a_poll_with_an_unknown_outcome_may_have_taken_the_record() -> None:
    told, _ = log()
    reader(told)
    poll(told, 0)
    told.do(ops.Poll("c"), UNKNOWN)
    poll(told, 3)
    assert innocent(told, NOTHING_OUT) == 1


def test_polls_that_overlap_say_nothing_about_the_position() -> None:
    told, _ = log()
    reader(told)
    one, other = told.begin("c", ops.Poll("c")), told.begin("c", ops.Poll("c"))
    told.end(one, told.records((2, b"2")))
    told.end(other, told.records((0, b"0"), (1, b"1")))
    poll(told, 3)
    untested(told, NOTHING_OUT)


@pytest.mark.parametrize("lost", [False, True])
def test_a_rebalance_sets_the_position(lost: bool) -> None:
    told, _ = log()
    told.member("c")
    told.assigned("c", 0)
    poll(told, 0)
    told.revoked("c", 0, lost=lost)
    told.assigned("c", 0, generation=2)
    poll(told, 4, 5)
    assert innocent(told, NOTHING_OUT) == 1


def test_a_poll_that_saw_the_partition_go_and_come_back_leaves_the_position_unknown() -> None:
    told, _ = log()
    told.member("c")
    told.assigned("c", 0)
    poll(told, 0)
    asked = told.begin("c", ops.Poll("c"))
    told.revoked("c", 0)
    told.assigned("c", 0, generation=2)
    told.end(asked, told.records((1, b"1")))
    poll(told, 4)
    untested(told, NOTHING_OUT)


@pytest.mark.parametrize(("reset", "first", "verdict"), [("earliest", 3, innocent), ("latest", 5, untested)])
def test_what_was_deleted_may_be_passed_over_and_a_reset_may_pass_over_more(
    reset: str, first: int, verdict: object
) -> None:
    told, _ = log()
    reader(told, reset=reset)
    told.do(ops.DeleteRecords("t", 0, 3), UNKNOWN)
    poll(told, first)
    (innocent if verdict is innocent else untested)(told, NOTHING_OUT)


def test_what_stands_behind_the_deleted_records_may_not() -> None:
    told, sends = log()
    assigned = reader(told)
    told.do(ops.DeleteRecords("t", 0, 3))
    guilty(told, NOTHING_OUT, assigned, sends[3], poll(told, 4))


def test_deleting_all_there_is_deletes_nothing_that_is_sent_later() -> None:
    told, _ = log(3)
    assigned = reader(told)
    told.do(ops.DeleteRecords("t", 0, -1))
    later = [told.send(b"3", 3), told.send(b"4", 4)]
    guilty(told, NOTHING_OUT, assigned, later[0], poll(told, 4))


@pytest.mark.parametrize("settings", [{"retention_ms": "1"}, {"cleanup_policy": "compact"}, UNCLEAN])
def test_topics_that_may_lose_records_are_left_out(settings: dict[str, str]) -> None:
    told, _ = log(**settings)
    reader(told)
    poll(told, 0, 3)
    untested(told, NOTHING_OUT)


@pytest.mark.parametrize(("isolation", "verdict"), [("read_committed", innocent), ("read_uncommitted", guilty)])
def test_what_was_aborted_is_a_gap_for_read_committed_readers(isolation: str, verdict: object) -> None:
    told, _ = log(0)
    told.producer("q", transactional_id="tx")
    told.do(ops.BeginTransaction("q"))
    aborted = told.send(b"0", 0, client="q")
    told.do(ops.AbortTransaction("q"))
    told.send(b"2", 2)
    assigned = reader(told, isolation=isolation)
    read = poll(told, 2)
    if verdict is guilty:
        guilty(told, NOTHING_OUT, aborted, assigned, read)
    else:
        assert innocent(told, NOTHING_OUT) == 1


@pytest.mark.parametrize(("outcome", "verdict"), [(None, guilty), (UNKNOWN, innocent)])
def test_what_was_certainly_committed_is_none(outcome: object, verdict: object) -> None:
    told, _ = log(0)
    told.producer("q", transactional_id="tx")
    told.do(ops.BeginTransaction("q"))
    sent = told.send(b"0", 0, client="q")
    told.do(ops.CommitTransaction("q"), outcome)  # type: ignore[arg-type]  # an outcome
    told.send(b"2", 2)
    assigned = reader(told, isolation="read_committed")
    read = poll(told, 2)
    if verdict is guilty:
        guilty(told, NOTHING_OUT, sent, assigned, read)
    else:
        assert innocent(told, NOTHING_OUT) == 1


# --- where reading begins ---


def test_a_reader_that_begins_below_what_it_sought_is_seen() -> None:
    told, _ = log()
    reader(told)
    sought = seek(told, 4)
    assert guilty(told, BEGINS, sought, poll(told, 0)) == "c stood at t/0@4 and was given t/0@0"


def test_a_refused_seek_moves_nothing() -> None:
    told, _ = log()
    reader(told)
    first = poll(told, 0, 1)
    seek(told, 0, REFUSED)
    guilty(told, BEGINS, first, poll(told, 0))


@pytest.mark.parametrize("outcome", [None, UNKNOWN])
def test_a_reader_that_begins_where_it_sought(outcome: object) -> None:
    told, _ = log()
    reader(told)
    poll(told, 0, 1)
    seek(told, 4, outcome)
    poll(told, *((4, 5) if outcome is None else (2, 3)))
    assert innocent(told, BEGINS) == (2 if outcome is None else 1)


def test_a_seek_beyond_the_end_may_be_reset() -> None:
    told, _ = log(3)
    reader(told)
    seek(told, 5)
    told.poll("c")
    told.send(b"3", 3)
    told.send(b"4", 4)
    told.send(b"5", 5)
    poll(told, 0)
    untested(told, BEGINS)


# --- positions told ---


def test_positions_as_they_are() -> None:
    told, _ = log()
    reader(told, 1)
    for offset, first in ((1, 1), (4, 4)):
        seek(told, offset)
        position(told, offset)
        poll(told, first)
        position(told, first + 1)
    assert innocent(told, TOLD) == 4


@pytest.mark.parametrize("answer", [1, None])
def test_a_position_behind_what_was_returned_is_seen(answer: int | None) -> None:
    told, _ = log()
    reader(told)
    read = poll(told, 0, 1)
    reason = guilty(told, TOLD, read, position(told, answer))
    told_so = "is not known" if answer is None else "is t/0@1"
    assert reason == f"c, which stood at t/0@2, was told that its position {told_so}"


def test_a_position_beyond_a_record_is_seen() -> None:
    told, sends = log()
    reader(told)
    read = poll(told, 0, 1)
    guilty(told, TOLD, sends[2], read, position(told, 3))


def test_a_position_beyond_the_end_is_seen() -> None:
    told, _ = log(2)
    reader(told)
    read = poll(told, 0, 1)
    stands = position(told, 3)
    guilty(told, TOLD, read, stands, told.list_offset(2))


def test_a_position_may_be_beyond_a_gap() -> None:
    told, _ = log(2)
    reader(told)
    poll(told, 0, 1)
    position(told, 3)
    told.list_offset(3)
    innocent(told, TOLD)


def test_a_position_that_a_group_gave_is_not_known_yet() -> None:
    told, _ = log()
    told.member("c")
    told.assigned("c", 0)
    position(told, None)
    untested(told, TOLD)


def test_a_position_told_after_the_partition_was_given_back() -> None:
    told, _ = log()
    told.member("c")
    told.assigned("c", 0)
    poll(told, 0, 1)
    told.revoked("c", 0)
    position(told, None)
    untested(told, TOLD)


# --- how many ---


@pytest.mark.parametrize("bound", [1, 2])
def test_a_poll_returns_no_more_than_it_asked_for(bound: int) -> None:
    told, _ = log()
    reader(told)
    asked = told.do(ops.Poll("c", bound), told.records((0, b"0"), (1, b"1")))
    if bound == 1:
        assert guilty(told, MOST, asked) == "c asked for at most 1 records and was given 2"
    else:
        assert innocent(told, MOST) == 1


# --- pauses ---


def test_a_paused_partition_that_gives_records_is_seen() -> None:
    told, _ = log()
    reader(told)
    paused = told.do(ops.Pause("c", HERE))
    reason = guilty(told, PAUSED, paused, poll(told, 0, 1))
    assert reason == "c, which had paused the partition, was given t/0@0"


def test_a_resumed_one_may() -> None:
    told, _ = log()
    reader(told)
    told.do(ops.Pause("c", HERE))
    poll(told)
    told.do(ops.Resume("c", HERE), UNKNOWN)
    poll(told, 0)
    assert innocent(told, PAUSED) == 1


def test_a_pause_while_a_poll_goes_on_may_come_too_late() -> None:
    told, _ = log()
    reader(told)
    asked = told.begin("c", ops.Poll("c"))
    told.do(ops.Pause("c", HERE))
    told.end(asked, told.records((0, b"0")))
    untested(told, PAUSED)


@pytest.mark.parametrize("outcome", [UNKNOWN, REFUSED])
def test_a_pause_that_is_not_certain_is_none(outcome: object) -> None:
    told, _ = log()
    reader(told)
    told.do(ops.Pause("c", HERE), outcome)  # type: ignore[arg-type]  # an outcome
    poll(told, 0)
    untested(told, PAUSED)


def test_another_partition_gives_what_it_has() -> None:
    told = HistoryBuilder()
    told.topic(partitions=2)
    told.consumer("c")
    told.assign("c", partition=1)
    told.do(ops.Pause("c", HERE))
    told.poll("c", (0, b"0"), partition=1)
    assert innocent(told, PAUSED) == 1


def test_a_rebalance_ends_a_pause() -> None:
    told, _ = log()
    told.member("c")
    told.assigned("c", 0)
    told.do(ops.Pause("c", HERE))
    told.revoked("c", 0)
    told.assigned("c", 0, generation=2)
    poll(told, 0)
    untested(told, PAUSED)


# --- what is assigned ---


def test_records_of_a_partition_that_was_given_back_are_seen() -> None:
    told, _ = log()
    told.member("c")
    told.assigned("c", 0)
    gone = told.revoked("c", 0)
    reason = guilty(told, ASSIGNED, gone, poll(told, 0))
    assert reason == "c was given records of t/0, which it did not have any more"


@pytest.mark.parametrize("end", [ops.Unsubscribe, ops.Close, ops.Crash])
def test_records_after_the_end_of_a_membership_are_seen(end: type[ops.Operation]) -> None:
    told, _ = log()
    told.member("c")
    told.assigned("c", 0)
    gone = told.do(end("c"))  # type: ignore[call-arg]  # of a client
    guilty(told, ASSIGNED, gone, poll(told, 0))


def test_records_of_a_partition_that_another_assignment_left_out_are_seen() -> None:
    told, _ = log()
    reader(told)
    gone = told.assign("c", partition=1)
    guilty(told, ASSIGNED, gone, poll(told, 0))


def test_records_of_a_partition_that_was_never_assigned_are_seen() -> None:
    told, _ = log()
    told.member("c")
    told.assigned("c", 1)
    assert guilty(told, ASSIGNED, poll(told, 0)).endswith("of t/0, which was never assigned to it")


def test_records_of_another_topic_are_seen() -> None:
    told, _ = log()
    told.member("c")
    told.assigned("c", 0, topic="u")
    asked = told.poll("c", (0, b"0"), topic="u")
    assert guilty(told, ASSIGNED, asked).endswith("of u/0, to which it did not subscribe")


@pytest.mark.parametrize("op", [ops.Subscribe("c", ("t",)), ops.Assign("c", (PartitionOffset("t", 0, 0),))])
def test_records_for_one_whose_requests_were_all_refused_are_seen(op: ops.AnyOperation) -> None:
    told, _ = log()
    told.consumer("c")
    told.do(op, REFUSED)
    told.assigned("c", 0)
    guilty(told, ASSIGNED, poll(told, 0))
    told, _ = log()
    told.consumer("c")
    told.do(op, REFUSED)
    told.do(op, UNKNOWN)
    told.assigned("c", 0)
    poll(told, 0)
    assert innocent(told, ASSIGNED) == 1


def test_records_of_what_is_assigned_or_was_while_the_poll_went_on() -> None:
    told, _ = log()
    told.member("c")
    asked = told.begin("c", ops.Poll("c"))
    told.assigned("c", 0)
    told.end(asked, told.records((0, b"0")))
    asked = told.begin("c", ops.Poll("c"))
    told.revoked("c", 0)
    told.end(asked, told.records((1, b"1")))
    told.assigned("c", 0, generation=2)
    poll(told, 0)
    assert innocent(told, ASSIGNED) == 3


def test_a_client_of_which_no_assignment_is_told_is_left_out() -> None:
    told, _ = log()
    told.member("c")
    poll(told, 0)
    innocent(told, ASSIGNED)
