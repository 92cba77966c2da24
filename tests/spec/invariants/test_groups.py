"""What one group does is nothing to another."""

from histories import UNKNOWN, HistoryBuilder, guilty, innocent, row_of, untested

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.outcomes import Ok
from brokerlaw.spec.history.values import PartitionOffset

INDEPENDENT = "groups.independent"


def told(*, other_commits: int | None = 5, **other: object) -> tuple[HistoryBuilder, list]:
    """Group h has read what is in the log, and committed."""
    history = HistoryBuilder()
    history.topic()
    history.producer()
    for number in range(5):
        history.send(b"%d" % number, number)
    history.member("x", "h", **other)
    history.assigned("x", 0, group="h")
    history.poll("x", *((number, b"%d" % number) for number in range(5)))
    return history, [history.commit("x", other_commits)] if other_commits is not None else []


def answer(history: HistoryBuilder, offset: int | None, group: str = "g") -> object:
    return history.do(ops.FetchCommitted(group, "t", 0), Ok(offset))


def test_another_groups_commit_as_an_answer_is_seen() -> None:
    history, commits = told()
    history.member("a")
    asked = answer(history, 5)
    reason = guilty(history, INDEPENDENT, *commits, asked)
    assert reason == "group g was told that it committed t/0@5, which it never did; group h did"


def test_an_answer_that_nobody_committed_is_seen() -> None:
    history, _ = told()
    asked = answer(history, 3)
    assert guilty(history, INDEPENDENT, asked).endswith("which it never did")


def test_its_own_commit_as_an_answer() -> None:
    history, _ = told()
    history.member("a")
    history.commit("a", 2)
    answer(history, 2)
    assert innocent(history, INDEPENDENT) == 1


def test_no_commit_as_an_answer() -> None:
    history, _ = told()
    answer(history, None)
    assert innocent(history, INDEPENDENT) == 1


def test_a_commit_with_an_unknown_outcome_may_be_the_answer() -> None:
    history, _ = told()
    history.member("a")
    history.commit("a", 2, UNKNOWN)
    answer(history, 2)
    innocent(history, INDEPENDENT)


def test_a_reset_may_be_the_answer() -> None:
    history, _ = told()
    history.do(ops.ResetOffsets("g", (PartitionOffset("t", 0, 1),)))
    answer(history, 1)
    innocent(history, INDEPENDENT)


def test_offsets_of_an_aborted_transaction_are_not() -> None:
    history, _ = told()
    history.member("a")
    history.producer("q", transactional_id="tx")
    begun = history.do(ops.BeginTransaction("q"))
    assert begun
    history.do(ops.SendOffsets("q", "a", (PartitionOffset("t", 0, 2),)))
    history.do(ops.AbortTransaction("q"))
    asked = answer(history, 2)
    guilty(history, INDEPENDENT, asked)


def test_offsets_of_a_transaction_that_may_be_committed_may_be_the_answer() -> None:
    history, _ = told()
    history.member("a")
    history.producer("q", transactional_id="tx")
    history.do(ops.BeginTransaction("q"))
    history.do(ops.SendOffsets("q", "a", (PartitionOffset("t", 0, 2),)))
    history.do(ops.CommitTransaction("q"), UNKNOWN)
    answer(history, 2)
    innocent(history, INDEPENDENT)


def test_a_group_that_commits_by_itself_may_have_committed_anything() -> None:
    history, _ = told()
    history.member("a", auto_commit=True)
    answer(history, 5)
    untested(history, INDEPENDENT)


def test_a_group_alone_tests_nothing() -> None:
    history = HistoryBuilder()
    history.topic()
    history.member("a")
    history.commit("a", 2)
    answer(history, 2)
    untested(history, INDEPENDENT)


def test_a_fresh_group_that_misses_what_another_read_is_seen() -> None:
    history, _ = told(other_commits=None)
    history.member("a")
    row = history.assigned("a", 0)
    poll = history.poll("a", (3, b"3"))
    reason = guilty(history, INDEPENDENT, row_of(history, ops.Poll, "x"), row, poll)
    assert reason.startswith("a began t/0 for group g at 3, after another group had read it")


def test_a_fresh_group_begins_at_the_beginning() -> None:
    history, _ = told()
    history.member("a")
    history.assigned("a", 0)
    history.poll("a", (0, b"0"))
    assert innocent(history, INDEPENDENT) == 1


def test_a_fresh_group_that_wants_the_latest_may_miss_it() -> None:
    history, _ = told()
    history.member("a", reset="latest")
    history.assigned("a", 0)
    history.poll("a", (4, b"4"))
    untested(history, INDEPENDENT)


def test_deleted_records_are_not_missed() -> None:
    history, _ = told()
    history.do(ops.DeleteRecords("t", 0, 3))
    history.member("a")
    history.assigned("a", 0)
    history.poll("a", (3, b"3"))
    innocent(history, INDEPENDENT)
