"""A group is told what it has committed last, and members are not reset behind their backs."""

from random import Random
from typing import Any

import pytest
from histories import REFUSED, UNKNOWN, Call, HistoryBuilder, guilty, innocent, untested
from oracles import committed as oracle
from oracles.progress import Told

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.outcomes import Ok, Outcome
from brokerlaw.spec.history.rows import Header, Recording
from brokerlaw.spec.history.values import PartitionOffset, TopicPartition
from brokerlaw.spec.invariants import INVARIANTS

TOLD = "commits.told-is-last"
FIRST = "commits.members-first"
HOUR = 3_600_000
RESET = ops.ResetOffsets("g", (PartitionOffset("t", 0, 0),))


def group(**settings: Any) -> HistoryBuilder:
    told = HistoryBuilder()
    told.topic()
    told.member("a", **settings)
    told.producer("q", transactional_id="tx")
    return told


def fetched(told: HistoryBuilder, offset: int | None) -> Call:
    return told.do(ops.FetchCommitted("g", "t", 0), Ok(offset))


def asked(told: HistoryBuilder, offset: int | None, name: str = "a") -> Call:
    return told.do(ops.Committed(name, "t", 0), Ok(offset))


@pytest.mark.parametrize("ask", [fetched, asked])
def test_another_offset_than_the_last_is_seen(ask: Any) -> None:
    for answer, words in ((4, "that it committed t/0@4"), (None, "of no commit for t/0")):
        told = group()
        told.commit("a", 4)
        last = told.commit("a", 2)
        reason = guilty(told, TOLD, last, ask(told, answer))
        assert reason == f"group g was told {words}, after it had committed t/0@2"
    told = group()
    told.commit("a", 4)
    told.commit("a", 2)
    ask(told, 2)
    assert innocent(told, TOLD) == 1


@pytest.mark.parametrize("answer", [4, 2])
def test_a_commit_of_unknown_outcome_or_in_flight_may_be_the_last(answer: int) -> None:
    told = group()
    told.commit("a", 4)
    told.commit("a", 2, UNKNOWN)
    asked(told, answer)
    innocent(told, TOLD)
    told = group()
    told.commit("a", 4)
    flying = told.begin("a", ops.Commit("a", (PartitionOffset("t", 0, 2),), awaited=False))
    asked(told, answer)
    told.end(flying, Ok())
    innocent(told, TOLD)


def test_a_commit_that_was_refused_is_none() -> None:
    told = group()
    last = told.commit("a", 4)
    told.commit("a", 2, REFUSED)
    guilty(told, TOLD, last, asked(told, 2))


def test_a_reset_is_a_commit() -> None:
    told = group()
    told.commit("a", 4)
    told.do(ops.Close("a"))
    reset = told.do(ops.ResetOffsets("g", (PartitionOffset("t", 0, 1),)))
    guilty(told, TOLD, reset, fetched(told, 4))


def transaction(offset: int, plain: int | None, end: ops.AnyOperation, outcome: Outcome | None = None) -> Any:
    told = group(isolation="read_committed")
    told.commit("a", 1)
    told.do(ops.BeginTransaction("q"))
    sent = told.do(ops.SendOffsets("q", "a", (PartitionOffset("t", 0, offset),)))
    last = sent if plain is None else told.commit("a", plain)
    told.do(end, outcome)
    return told, last


COMMIT, ABORT = ops.CommitTransaction("q"), ops.AbortTransaction("q")


def test_offsets_in_a_transaction_count_once_it_was_committed() -> None:
    told, sent = transaction(5, None, COMMIT)
    asked(told, 5)
    assert innocent(told, TOLD) == 1
    told, sent = transaction(5, None, COMMIT)
    guilty(told, TOLD, sent, asked(told, 1))


def test_a_plain_commit_after_they_were_sent_is_the_later_one() -> None:
    """As Apache Kafka 4.3.1 has it: each offset stands where it was written in the coordinator's log."""
    told, _ = transaction(5, 3, COMMIT)
    asked(told, 3)
    assert innocent(told, TOLD) == 1
    told, last = transaction(5, 3, COMMIT)
    guilty(told, TOLD, last, asked(told, 5))


def test_offsets_of_an_aborted_transaction_never_count() -> None:
    told, _ = transaction(5, 3, ABORT)
    asked(told, 3)
    innocent(told, TOLD)
    told, last = transaction(5, 3, ABORT)
    guilty(told, TOLD, last, asked(told, 5))


@pytest.mark.parametrize("answer", [1, 5])
def test_of_a_commit_that_is_not_certain_or_not_waited_for_nobody_knows(answer: int) -> None:
    told, _ = transaction(5, None, COMMIT, UNKNOWN)
    asked(told, answer)
    innocent(told, TOLD)
    told, _ = transaction(5, None, COMMIT)
    fetched(told, answer)
    innocent(told, TOLD)


def test_what_has_expired_may_be_gone() -> None:
    for hours, settings, owed in (
        (7 * 24 + 1, {}, False),
        (25, {}, True),
        (2, {"offsets.retention.minutes": "60"}, False),
    ):
        told = group()
        told.commit("a", 4)
        told.wait(hours * HOUR)
        fetched(told, None)
        history = History(Recording(Header(broker_settings=settings), tuple(told.rows)))
        assert len(INVARIANTS[TOLD].judge(history).violations) == owed
        old = History(Recording(Header(broker="kafka 1.1.0", broker_version="1.1.0"), tuple(told.rows)))
        assert bool(INVARIANTS[TOLD].judge(old).violations) == (hours < 24)


def test_what_was_in_a_topic_that_was_deleted_is_not_owed() -> None:
    told = group()
    told.commit("a", 4)
    told.do(ops.DeleteTopic("t"))
    fetched(told, None)
    untested(told, TOLD)


DELETIONS = [ops.DeleteGroup("g"), ops.DeleteOffsets("g", (TopicPartition("t", 0), TopicPartition("u", 3)))]


@pytest.mark.parametrize("deletion", DELETIONS)
def test_what_was_deleted_is_told_no_more(deletion: ops.AnyOperation) -> None:
    def deleted(outcome: Outcome, answer: int | None) -> tuple[HistoryBuilder, list[Call]]:
        told = group()
        last = told.commit("a", 4)
        return told, [last, told.do(deletion, outcome), fetched(told, answer)]

    told, (_, gone, wrong) = deleted(Ok(), 4)
    assert guilty(told, TOLD, gone, wrong) == "group g was told that it committed t/0@4, after that was deleted"
    told, (kept, _, wrong) = deleted(REFUSED, None)
    guilty(told, TOLD, kept, wrong)
    for outcome, answer in ((Ok(), None), (REFUSED, 4), (UNKNOWN, 4), (UNKNOWN, None)):
        told, _ = deleted(outcome, answer)
        assert innocent(told, TOLD) == 1


def test_what_was_not_deleted_stays() -> None:
    told = group()
    told.topic("u")
    last = told.commit("a", 4)
    told.do(ops.DeleteOffsets("g", (TopicPartition("u", 0), TopicPartition("t", 1))))
    told.do(ops.DeleteGroup("another"))
    guilty(told, TOLD, last, fetched(told, None))


def test_a_commit_after_a_deletion_counts() -> None:
    for answer in (5, None):
        told = group()
        told.commit("a", 4)
        told.do(ops.DeleteGroup("g"))
        last = told.commit("a", 5)
        wrong = fetched(told, answer)
        assert innocent(told, TOLD) == 1 if answer else guilty(told, TOLD, last, wrong)


@pytest.mark.parametrize("deletion", DELETIONS)
def test_offsets_in_a_transaction_may_survive_a_deletion(deletion: ops.AnyOperation) -> None:
    """It deletes what counts, and they count some time after their transaction was committed."""
    told, _ = transaction(5, None, COMMIT)
    told.do(deletion)
    fetched(told, 5)
    fetched(told, None)
    assert innocent(told, TOLD) == 2


def test_a_group_that_commits_by_itself_is_not_judged() -> None:
    told = group(auto_commit=True)
    told.commit("a", 4)
    fetched(told, 9)
    untested(told, TOLD)


# --- members first ---


@pytest.mark.parametrize(
    ("act", "word"),
    [
        (RESET, "group g was reset"),
        (ops.DeleteGroup("g"), "group g was deleted"),
        (ops.DeleteOffsets("g", (TopicPartition("t", 1),)), "offsets of group g were deleted"),
    ],
)
def test_a_group_with_members_is_left_alone(act: ops.AnyOperation, word: str) -> None:
    def live(outcome: Outcome) -> tuple[HistoryBuilder, int, Call]:
        told = group()
        row = told.assigned("a", 0)
        told.poll("a")
        return told, row, told.do(act, outcome)

    told, row, call = live(Ok())
    assert guilty(told, FIRST, row, call) == f"{word} while a, its member, held t/0"
    told, *_ = live(REFUSED)
    assert innocent(told, FIRST) == 1
    told, *_ = live(UNKNOWN)
    innocent(told, FIRST)


def test_offsets_of_a_topic_that_nobody_reads_may_be_deleted_beside_members() -> None:
    told = group()
    told.topic("u")
    told.assigned("a", 0)
    told.poll("a")
    told.do(ops.DeleteOffsets("g", (TopicPartition("u", 0),)))
    untested(told, FIRST)


def test_a_member_that_went_or_fell_silent_may_be_none_any_more() -> None:
    for how in (ops.Close("a"), ops.Crash("a"), ops.Unsubscribe("a"), ops.Freeze("a"), None):
        told = group()
        told.assigned("a", 0)
        told.poll("a")
        if how is not None:
            told.do(how)
        else:
            told.wait(4_000)
        told.do(RESET)
        untested(told, FIRST)


# --- the oracle ---


def drawn(random: Random) -> HistoryBuilder:
    told = HistoryBuilder()
    told.topic()
    for name in "ab":
        told.member(name, isolation=random.choice(["read_committed", "read_uncommitted"]))
    told.producer("q", transactional_id="tx")
    flying: list[Call] = []
    for _ in range(random.randrange(4, 14)):
        name, offset = random.choice("ab"), random.randrange(4)
        outcome = random.choice([None, None, None, UNKNOWN, REFUSED])
        match random.randrange(10):
            case 0 | 1:
                told.commit(name, offset, outcome)
            case 2:
                flying.append(told.begin(name, ops.Commit(name, (PartitionOffset("t", 0, offset),), awaited=False)))
            case 3 if flying:
                told.end(flying.pop(random.randrange(len(flying))), outcome or Ok())
            case 4:
                told.do(ops.BeginTransaction("q"), outcome)
            case 5:
                told.do(ops.SendOffsets("q", name, (PartitionOffset("t", 0, offset),)), outcome)
            case 6:
                told.do(random.choice([COMMIT, COMMIT, ABORT]), outcome)
            case 7:
                fetched(told, random.choice([None, offset, offset]))
            case 8:
                told.do(random.choice(DELETIONS), outcome)
            case _:
                asked(told, random.choice([None, offset, offset]), name)
    return told


def test_the_judge_says_what_its_oracle_says(histories_drawn: int) -> None:
    random, broken = Random(3), 0
    for number in range(histories_drawn):
        told = drawn(random)
        finding = INVARIANTS[TOLD].judge(told.history)
        expected = oracle.told_is_last(Told(told.recording))
        assert (finding.exercised, len(finding.violations)) == expected, (number, told.recording)
        broken += bool(finding.violations)
    assert histories_drawn // 20 < broken < histories_drawn
