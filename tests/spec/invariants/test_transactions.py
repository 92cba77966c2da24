"""All of a transaction or nothing of it, and nothing before its end."""

import pytest
from histories import REFUSED, UNKNOWN, Call, HistoryBuilder, guilty, innocent, row_of, untested

from brokerlaw.spec.history import operations as ops

ONLY = "transactions.committed-only"
ATOMIC = "transactions.atomic"
COMMIT, ABORT = ops.CommitTransaction("p"), ops.AbortTransaction("p")


def told(partitions: int = 2) -> HistoryBuilder:
    history = HistoryBuilder()
    history.topic(partitions=partitions)
    history.producer(transactional_id="tx")
    history.consumer("c", isolation="read_committed")
    return history


def torn(*end: object) -> tuple[HistoryBuilder, Call, list[Call], Call | None]:
    """A transaction over two partitions."""
    history = told()
    begun = history.transaction()
    sends = [history.send(b"a", 0, 0), history.send(b"b", 0, 1)]
    return history, begun, sends, history.do(*end) if end else None  # type: ignore[arg-type]  # operation and outcome


# --- committed-only ---


def test_a_committed_record() -> None:
    history, *_ = torn(COMMIT)
    history.poll("c", (0, b"a"))
    assert innocent(history, ONLY) == 1


@pytest.mark.parametrize("outcome", [UNKNOWN, None])
def test_a_commit_that_was_asked_for_may_show(outcome: object) -> None:
    history, *_ = torn()
    commit = history.begin("p", COMMIT)
    history.poll("c", (0, b"a"))
    if outcome:
        history.end(commit, UNKNOWN)
    innocent(history, ONLY)


def test_an_aborted_record_is_seen() -> None:
    history, begun, sends, abort = torn(ABORT)
    poll = history.poll("c", (0, b"a"))
    reason = guilty(history, ONLY, begun, sends[0], abort, poll)
    assert reason == "c, read_committed, read 'a' at t/0@0, of a transaction by p which nobody asked to commit"


@pytest.mark.parametrize("outcome", [UNKNOWN, REFUSED])
def test_an_abort_need_not_be_confirmed(outcome: object) -> None:
    history, begun, sends, abort = torn(ABORT, outcome)
    poll = history.poll("c", (0, b"a"))
    guilty(history, ONLY, begun, sends[0], abort, poll)


def test_a_commit_that_certainly_failed_is_none() -> None:
    history, begun, sends, commit = torn(COMMIT, REFUSED)
    poll = history.poll("c", (0, b"a"))
    guilty(history, ONLY, begun, sends[0], commit, poll)


def test_a_commit_of_unknown_outcome_before_an_abort_may_have_happened() -> None:
    history, *_ = torn(COMMIT, UNKNOWN)
    history.do(ABORT)
    history.poll("c", (0, b"a"))
    innocent(history, ONLY)


def test_an_open_record_is_seen() -> None:
    history, begun, sends, _ = torn()
    poll = history.poll("c", (0, b"a"))
    commit = history.do(COMMIT)
    reason = guilty(history, ONLY, begun, sends[0], poll, commit)
    assert reason.endswith("before its commit was asked for")


def test_read_uncommitted_readers_may_see_anything() -> None:
    history, *_ = torn(ABORT)
    history.consumer("u")
    history.poll("u", (0, b"a"))
    untested(history, ONLY)


def test_an_aborted_record_that_was_passed_over_is_a_test() -> None:
    history, *_ = torn(ABORT)
    history.producer("q")
    history.send(b"z", 2, client="q")
    history.poll("c", (2, b"z"))
    assert innocent(history, ONLY) == 1


@pytest.mark.parametrize("ends", [(1, 2), (2, 2)])
def test_aborted_records_that_a_complete_read_does_not_show_are_tests(ends: tuple[int, int]) -> None:
    history, *_ = torn(ABORT)
    read(history, False, False, ends)
    assert innocent(history, ONLY) == 2


def test_a_complete_read_of_another_level_or_not_so_far_is_no_test() -> None:
    history, *_ = torn(ABORT)
    read(history, False, False, ends=(0, 0))
    history.drain([(0, b"a")], 2, reader="u")
    untested(history, ONLY)


def test_no_transactions_test_nothing() -> None:
    history = told()
    history.producer("q")
    history.send(b"z", 0, client="q")
    history.poll("c", (0, b"z"))
    untested(history, ONLY)


# --- atomic ---


def read(history: HistoryBuilder, first: bool, second: bool, ends: tuple[int, int] = (2, 2)) -> list[int]:
    rows = []
    for partition, (there, value) in enumerate(((first, b"a"), (second, b"b"))):
        records = [(0, value)] if there else []
        rows.append(
            history.drain(records, ends[partition], partition=partition, reader=f"r{partition}", isolation="committed")
        )
    return rows


@pytest.mark.parametrize("there", [True, False])
def test_all_or_nothing_of_a_transaction_of_unknown_outcome(there: bool) -> None:
    history, *_ = torn(COMMIT, UNKNOWN)
    read(history, there, there)
    assert innocent(history, ATOMIC) == 1


def test_half_of_a_transaction_is_seen() -> None:
    history, begun, sends, commit = torn(COMMIT, UNKNOWN)
    rows = read(history, True, False)
    reason = guilty(history, ATOMIC, begun, *sends, commit, *rows)
    assert reason == (
        "read_committed readers are not given 'b' at t/1@0, of a transaction by p, although they are given 'a' of it"
    )


def test_a_committed_transaction_is_there() -> None:
    history, *_ = torn(COMMIT)
    read(history, True, True)
    assert innocent(history, ATOMIC) == 1


def test_a_committed_transaction_that_is_missing_is_seen() -> None:
    history, begun, sends, commit = torn(COMMIT)
    rows = read(history, False, False)
    reason = guilty(history, ATOMIC, begun, sends[1], commit, rows[1])
    assert reason.endswith("of a transaction by p, that was committed")


def test_beyond_the_end_that_readers_were_told_nothing_is_decided() -> None:
    """The markers of a committed transaction may reach one partition later than another."""
    history, *_ = torn(COMMIT)
    read(history, True, False, ends=(2, 0))
    assert innocent(history, ATOMIC) == 1


def test_one_record_of_an_unknown_transaction_tests_nothing() -> None:
    history, *_ = torn(COMMIT, UNKNOWN)
    read(history, True, False, ends=(2, 0))
    untested(history, ATOMIC)


def test_sends_of_unknown_outcome_may_be_missing() -> None:
    history = told()
    history.transaction((b"a", 0, 0))
    history.end(history.sending(b"b"), UNKNOWN)
    history.do(COMMIT)
    read(history, True, False)
    innocent(history, ATOMIC)


def test_without_complete_reads_nothing_is_tested() -> None:
    history, *_ = torn(COMMIT)
    history.poll("c", (0, b"a"))
    untested(history, ATOMIC)


def test_under_weaker_isolation_the_verdict_says_so() -> None:
    history, begun, sends, abort = torn(ABORT)
    history.overrides["isolation"] = "read_uncommitted"
    poll = history.poll("c", (0, b"a"))
    assert guilty(history, ONLY, begun, sends[0], abort, poll).endswith("(under isolation=read_uncommitted)")
    assert row_of(history, ops.Poll, "c") == poll.row
