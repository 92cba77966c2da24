"""A group goes on where it left off."""

import pytest
from histories import REFUSED, UNKNOWN, Call, HistoryBuilder, guilty, innocent, row_of, untested

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.outcomes import Ok
from brokerlaw.spec.history.values import PartitionOffset, Record

RESUME = "offsets.resume-at-commit"


def worked(records: int = 5, **member: object) -> HistoryBuilder:
    """Five acknowledged records, read by member a."""
    told = HistoryBuilder()
    told.topic()
    told.producer()
    for number in range(records):
        told.send(b"%d" % number, number)
    told.member("a", **member)
    told.assigned("a", 0)
    told.poll("a", *((number, b"%d" % number) for number in range(records)))
    return told


def taken_over(told: HistoryBuilder, first: int, **member: object) -> tuple[int, Call]:
    """a goes, b takes over and reads on from an offset."""
    told.do(ops.Crash("a"))
    told.member("b", **member)
    row = told.assigned("b", 0, generation=2)
    return row, told.poll("b", (first, b"%d" % first))


def test_the_next_owner_goes_on_at_the_commit() -> None:
    told = worked()
    told.commit("a", 3)
    taken_over(told, 3)
    assert innocent(told, RESUME) == 2


def test_an_owner_that_reads_again_what_was_committed_is_seen() -> None:
    told = worked()
    commit = told.commit("a", 3)
    row, poll = taken_over(told, 2)
    reason = guilty(told, RESUME, commit, row, poll)
    assert reason == "b, assigned the partition in group g, began at t/0@2, though t/0@3 or more was committed"


def test_an_owner_that_passes_over_a_record_is_seen() -> None:
    told = worked()
    commit = told.commit("a", 3)
    row, poll = taken_over(told, 4)
    reason = guilty(told, RESUME, commit, row, poll, row_of(told, ops.Poll, "a"))
    assert reason.endswith("began at t/0@4 and passed over a record, though no more than 3 was committed")


def test_an_acknowledged_record_that_nobody_read_is_passed_over_too() -> None:
    told = worked(records=3)
    commit = told.commit("a", 3)
    sends = [told.send(b"3", 3), told.send(b"4", 4)]
    row, poll = taken_over(told, 4)
    guilty(told, RESUME, commit, sends[0], row, poll)


def test_offsets_where_no_record_is_known_may_be_passed_over() -> None:
    told = worked(records=3)
    told.commit("a", 3)
    told.send(b"4", 4)
    taken_over(told, 4)
    innocent(told, RESUME)


@pytest.mark.parametrize("first", [1, 3])
def test_a_commit_with_an_unknown_outcome_may_be_the_last_or_not(first: int) -> None:
    told = worked()
    told.commit("a", 1)
    told.commit("a", 3, UNKNOWN)
    taken_over(told, first)
    innocent(told, RESUME)


def test_a_commit_that_was_refused_is_none() -> None:
    told = worked()
    one = told.commit("a", 1)
    told.commit("a", 3, REFUSED)
    row, poll = taken_over(told, 3)
    guilty(told, RESUME, one, row_of(told, ops.Poll, "a"), row, poll)


def test_the_later_of_two_commits_counts_even_if_it_is_lower() -> None:
    told = worked()
    told.commit("a", 4)
    told.commit("a", 2)
    taken_over(told, 2)
    innocent(told, RESUME)


@pytest.mark.parametrize("first", [2, 4])
def test_of_two_commits_in_flight_either_may_be_the_last(first: int) -> None:
    told = worked()
    one = told.begin("a", ops.Commit("a", (PartitionOffset("t", 0, 4),), awaited=False))
    other = told.begin("a", ops.Commit("a", (PartitionOffset("t", 0, 2),), awaited=False))
    for commit in (one, other):
        told.end(commit, Ok())
    taken_over(told, first)
    innocent(told, RESUME)


def test_a_commit_while_the_next_owner_starts_may_or_may_not_be_seen() -> None:
    for first in (1, 4):
        told = worked()
        told.commit("a", 1)
        commit = told.begin("a", ops.Commit("a", (PartitionOffset("t", 0, 4),), awaited=False))
        told.member("b")
        told.assigned("b", 0, generation=2)
        told.poll("b", (first, b"%d" % first))
        told.end(commit, Ok())
        innocent(told, RESUME)


def test_without_a_commit_the_log_is_read_from_its_beginning() -> None:
    told = worked()
    taken_over(told, 0)
    innocent(told, RESUME)


def test_without_a_commit_a_record_passed_over_is_seen() -> None:
    told = worked()
    row, poll = taken_over(told, 2)
    assert guilty(told, RESUME, row_of(told, ops.Poll, "a"), row, poll).endswith(
        "passed over a record, though nothing was committed"
    )


def test_a_member_that_wants_the_latest_may_start_anywhere_without_a_commit() -> None:
    told = worked(reset="latest")
    taken_over(told, 4, reset="latest")
    untested(told, RESUME)


def test_a_seek_sets_another_start() -> None:
    told = worked()
    told.commit("a", 3)
    told.do(ops.Crash("a"))
    told.member("b")
    told.assigned("b", 0, generation=2)
    told.do(ops.Seek("b", "t", 0, 1))
    told.poll("b", (1, b"1"))
    assert innocent(told, RESUME) == 1


def test_a_group_that_commits_by_itself_is_not_judged() -> None:
    told = worked(auto_commit=True)
    taken_over(told, 4, auto_commit=True)
    untested(told, RESUME)


def test_a_poll_with_an_unknown_outcome_may_have_taken_the_record() -> None:
    told = worked()
    told.commit("a", 3)
    told.do(ops.Crash("a"))
    told.member("b")
    told.assigned("b", 0, generation=2)
    told.do(ops.Poll("b"), UNKNOWN)
    told.poll("b", (4, b"4"))
    assert innocent(told, RESUME) == 1


def test_a_commit_beyond_the_log_leads_back_to_its_beginning() -> None:
    told = worked()
    told.commit("a", 100)
    taken_over(told, 0)
    innocent(told, RESUME)


def test_deleted_records_may_be_passed_over() -> None:
    told = worked()
    told.commit("a", 1)
    told.do(ops.DeleteRecords("t", 0, 4), UNKNOWN)
    taken_over(told, 4)
    innocent(told, RESUME)


def test_where_all_may_be_deleted_nothing_is_put_to_the_test() -> None:
    told = worked()
    told.do(ops.DeleteRecords("t", 0, -1), UNKNOWN)
    taken_over(told, 4)
    untested(told, RESUME)


def test_a_reset_is_a_commit() -> None:
    told = worked()
    told.commit("a", 4)
    told.do(ops.Close("a"))
    reset = told.do(ops.ResetOffsets("g", (PartitionOffset("t", 0, 1),)))
    told.member("b")
    row = told.assigned("b", 0, generation=2)
    poll = told.poll("b", (4, b"4"))
    guilty(told, RESUME, row_of(told, ops.Poll, "a"), reset, row, poll)


def transacted(
    isolation: str, first: int, outcome: object = None, aborted: bool = False
) -> tuple[HistoryBuilder, tuple]:
    told = worked(isolation=isolation)
    commit = told.commit("a", 1)
    told.producer("q", transactional_id="tx")
    told.do(ops.BeginTransaction("q"))
    sent = told.do(ops.SendOffsets("q", "a", (PartitionOffset("t", 0, 3),)))
    told.do(ops.AbortTransaction("q") if aborted else ops.CommitTransaction("q"), outcome)
    row, poll = taken_over(told, first, isolation=isolation)
    return told, (commit, sent, row, poll)


def test_offsets_of_a_committed_transaction_are_a_commit_to_read_committed_members() -> None:
    told, _ = transacted("read_committed", 3)
    innocent(told, RESUME)
    told, (_, sent, row, poll) = transacted("read_committed", 1)
    guilty(told, RESUME, sent, row, poll)


def beside_a_transaction(first: int) -> tuple[HistoryBuilder, tuple]:
    """Offset 4 is sent in a transaction, then 2 is committed plainly, then the transaction is committed."""
    told = worked(isolation="read_committed")
    told.producer("q", transactional_id="tx")
    told.do(ops.BeginTransaction("q"))
    told.do(ops.SendOffsets("q", "a", (PartitionOffset("t", 0, 4),)))
    plain = told.commit("a", 2)
    told.do(ops.CommitTransaction("q"))
    row, poll = taken_over(told, first, isolation="read_committed")
    return told, (plain, row_of(told, ops.Poll, "a"), row, poll)


def test_an_offset_of_a_transaction_stands_where_it_was_sent_as_in_kafka() -> None:
    told, _ = beside_a_transaction(2)
    innocent(told, RESUME)
    told, shown = beside_a_transaction(4)
    guilty(told, RESUME, *shown)


@pytest.mark.parametrize("first", [1, 3])
def test_to_others_their_end_may_come_late(first: int) -> None:
    told, _ = transacted("read_uncommitted", first)
    innocent(told, RESUME)


def test_offsets_of_an_aborted_transaction_are_no_commit() -> None:
    told, (commit, _, row, poll) = transacted("read_committed", 3, aborted=True)
    guilty(told, RESUME, commit, row_of(told, ops.Poll, "a"), row, poll)


def test_read_committed_members_may_pass_over_what_was_aborted() -> None:
    told = HistoryBuilder()
    told.topic()
    told.producer(transactional_id="tx")
    told.transaction((b"0", 0, 0))
    told.do(ops.AbortTransaction("p"))
    told.transaction((b"2", 2, 0))
    told.do(ops.CommitTransaction("p"))
    told.consumer("x")
    told.poll("x", (0, b"0"), (2, b"2"))
    told.member("a", isolation="read_committed")
    told.assigned("a", 0)
    told.poll("a", (2, b"2"))
    innocent(told, RESUME)


def test_a_poll_that_spans_two_assignments_may_have_begun_the_second() -> None:
    """The partition goes and comes back within one poll: whose record the poll brings cannot be told."""
    told = HistoryBuilder()
    told.topic()
    told.producer()
    told.send(b"0", 0)
    told.member("a")
    told.assigned("a", 0)
    told.poll("a", (0, b"0"))
    poll = told.begin("a", ops.Poll("a"))
    told.revoked("a", 0)
    told.assigned("a", 0, generation=2)
    told.end(poll, Ok((Record("t", 0, 0, b"0"),)))
    told.send(b"1", 1)
    told.poll("a", (1, b"1"))
    assert innocent(told, RESUME) == 1
