"""What consumers are told of their partitions, and what they cannot do with those of others."""

from random import Random
from typing import Any

import pytest
from histories import REFUSED, UNKNOWN, Call, HistoryBuilder, guilty, innocent, untested
from oracles import consumers as oracle
from oracles.compared import agree

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.observations import Assigned, Lost, Revoked
from brokerlaw.spec.history.outcomes import Fail, Ok, Outcome
from brokerlaw.spec.history.values import PartitionOffset, TopicPartition

UNASSIGNED, OWN, TAKEN, ENDS, SETTINGS = tuple(oracle.ORACLES)
MISCONFIGURED = Fail("INVALID_CONFIG")
THERE = TopicPartition("t", 1)
OF_ANOTHER = (ops.Seek("c", *THERE, 2), ops.Position("c", *THERE), ops.Pause("c", (THERE,)), ops.Resume("c", (THERE,)))


def done(op: ops.AnyOperation) -> Ok:
    return Ok(0) if isinstance(op, ops.Position) else Ok()


@pytest.mark.parametrize("op", OF_ANOTHER)
def test_what_was_never_assigned_is_out_of_reach(op: ops.AnyOperation) -> None:
    told = HistoryBuilder()
    told.topic(partitions=2)
    told.consumer()
    told.assign()
    told.do(op, REFUSED)
    told.do(op, UNKNOWN)
    assert innocent(told, UNASSIGNED) == 1
    wrong = told.do(op, done(op))
    reason = f"c's {ops.name_of(op)} of t/1 was done, and it was never assigned the partition"
    assert guilty(told, UNASSIGNED, wrong) == reason


@pytest.mark.parametrize("op", OF_ANOTHER)
def test_what_was_assigned_by_hand_or_by_the_group_is_not(op: ops.AnyOperation) -> None:
    told = HistoryBuilder()
    told.topic(partitions=2)
    told.member("c")
    told.do(op, done(op))
    told.assigned("c", 1)
    told.do(op, done(op))
    told.revoked("c", 1)
    told.do(op, done(op))
    other = HistoryBuilder()
    other.topic(partitions=2)
    other.consumer()
    other.do(ops.Assign("c", (PartitionOffset("t", 1, 0),)), UNKNOWN)
    other.do(op, done(op))
    untested(other, UNASSIGNED)
    assert guilty(told, UNASSIGNED, 6).endswith("never assigned the partition")  # before it was assigned


def test_a_member_of_whose_assignments_nothing_is_told() -> None:
    told = HistoryBuilder()
    told.topic(partitions=2)
    told.member("c")
    told.do(ops.Seek("c", "t", 1, 0))
    untested(told, UNASSIGNED)


# --- what members are told ---


def group() -> HistoryBuilder:
    told = HistoryBuilder()
    told.topic(partitions=3)
    for name in "ab":
        told.member(name)
    return told


def test_news_of_another_group_is_seen() -> None:
    told = group()
    told.assigned("a", 0)
    assert innocent(told, OWN) == 1
    row = told.assigned("a", 1, group="other")
    reason = guilty(told, OWN, 2, row)
    assert reason == "a, a consumer of group g, was told of partitions of group other"


def test_two_clients_under_one_member_id_are_seen() -> None:
    told = group()
    first = told.assigned("a", 0)
    told.revoked("a", 0)
    told.assigned("b", 1)
    assert innocent(told, OWN) == 3
    second = told.see("b", Assigned("g", "member-a", 2, (TopicPartition("t", 0),)))
    assert guilty(told, OWN, first, second) == "a and b were both told that they are member member-a"


def test_clients_that_tell_no_member_id_share_none() -> None:
    told = group()
    for name in "ab":
        told.see(name, Assigned("g", "", 1, (TopicPartition("t", 0),)))
    assert innocent(told, OWN) == 2


def test_news_of_no_group_is_left_out() -> None:
    told = group()
    told.assigned("a", 0, group="")
    untested(told, OWN)


@pytest.mark.parametrize("lost", [True, False])
def test_what_was_never_given_cannot_be_taken(lost: bool) -> None:
    told = group()
    told.assigned("a", 0)
    told.assigned("b", 1)
    told.revoked("a", 0, lost=lost)
    assert innocent(told, TAKEN) == 1
    row = told.revoked("a", 1, lost=lost)
    assert guilty(told, TAKEN, row) == "t/1 was taken from a, which was never given it"


@pytest.mark.parametrize("op", [ops.Unsubscribe("a"), ops.Close("a")])
def test_a_refused_leave_takes_nothing(op: ops.AnyOperation) -> None:
    told = group()
    told.assigned("a", 0)
    leave = told.begin("a", op)
    row = told.revoked("a", 0)
    told.end(leave, REFUSED)
    assert guilty(told, TAKEN, leave, row) == f"a's {ops.name_of(op)} was refused, and took t/0 from it"


def test_a_leave_that_is_done_takes_what_it_will() -> None:
    told = group()
    told.assigned("a", 0, 1)
    leave = told.begin("a", ops.Unsubscribe("a"))
    told.revoked("a", 0)
    told.end(leave, Ok())
    told.do(ops.Unsubscribe("a"), REFUSED)
    told.revoked("a", 1)
    assert innocent(told, TAKEN) == 2


def test_of_whom_no_assignment_is_told_nothing_is_said() -> None:
    told = group()
    told.revoked("a", 0)
    told.assigned("a", 0)
    untested(told, TAKEN)


def test_a_poll_of_unknown_outcome_may_have_brought_news() -> None:
    told = group()
    told.assigned("a", 0)
    told.do(ops.Poll("a"), UNKNOWN)
    told.revoked("a", 1)
    untested(told, TAKEN)


def test_a_commit_that_is_forgotten_at_close_is_seen() -> None:
    told = group()
    told.commit("a", 1)
    commit = told.begin("a", ops.Commit("a", (PartitionOffset("t", 0, 2),), awaited=False))
    close = told.do(ops.Close("a"))
    reason = guilty(told, ENDS, commit, close)
    assert reason == "a commit of a has no outcome, though its close came to its end"


def test_a_commit_whose_consumer_crashed_may_be_forgotten() -> None:
    told = group()
    told.begin("a", ops.Commit("a", (PartitionOffset("t", 0, 2),), awaited=False))
    told.do(ops.Crash("a"))
    late = told.begin("b", ops.Commit("b", (PartitionOffset("t", 0, 2),), awaited=False))
    told.do(ops.Close("b"))
    told.end(late, UNKNOWN)
    assert innocent(told, ENDS) == 1


# --- settings ---


def opening(told: HistoryBuilder, name: str, value: str, outcome: Outcome | None = None) -> Call:
    return told.do(ops.OpenConsumer(name, settings={"max.poll.interval.ms": value}), outcome)


@pytest.mark.parametrize("value", ["0", "2147483648"])
def test_a_value_that_there_cannot_be_is_refused(value: str) -> None:
    told = HistoryBuilder()
    opening(told, "a", "600000")
    opening(told, "b", value, MISCONFIGURED)
    assert innocent(told, SETTINGS) == 2
    wrong = opening(told, "c", value)
    reason = f"c was opened with max.poll.interval.ms={value}, which is no value of it"
    assert guilty(told, SETTINGS, wrong) == reason


def test_a_value_that_there_is_is_not_refused_where_the_setting_is_known() -> None:
    told = HistoryBuilder()
    wrong = opening(told, "a", "600000", MISCONFIGURED)
    opening(told, "b", "10", MISCONFIGURED)
    assert innocent(told, SETTINGS) == 2
    opening(told, "c", "700000")
    assert guilty(told, SETTINGS, wrong).endswith("=600000, and nothing is wrong with that")


def drawn(random: Random) -> HistoryBuilder:
    """Members and a reader, with any news, requests and outcomes."""
    told = HistoryBuilder()
    told.topic(partitions=2)
    told.consumer()
    for name in "ab":
        told.member(name)
    for number in range(random.randrange(3)):
        value = random.choice(["0", "600000", "100", "2147483648"])
        opening(told, f"s{number}", value, random.choice([Ok(), MISCONFIGURED, UNKNOWN, REFUSED]))
    for _ in range(random.randrange(3, 14)):
        name, tp = random.choice("abc"), TopicPartition("t", random.randrange(2))
        outcome = random.choice([Ok(), Ok(), REFUSED, UNKNOWN])
        places: Any = (PartitionOffset(*tp, 1),)
        op = random.choice(
            (
                ops.Seek(name, *tp, 0),
                ops.Position(name, *tp),
                ops.Pause(name, (tp,)),
                ops.Resume(name, (tp, THERE)),
                ops.Assign("c", places),
                ops.Commit(name, places, awaited=False),
                ops.Unsubscribe(name),
                ops.Poll(name),
                ops.Close(name),
                ops.Close(name),
                None,
                None,
                None,
            )
        )
        news = random.choice((Assigned, Assigned, Revoked, Lost))
        shown = random.choice(("g", "g", "g", "h", "")), random.choice((name, name, name, "a", "")), 1, (tp,)
        if op is None:
            told.see(random.choice("ab"), news(*shown))
            continue
        asked = told.begin(ops.client_of(op) or "", op)
        if random.random() < 0.3 and name != "c":
            told.see(name, news(*shown))
        if random.random() < (0.5 if isinstance(op, ops.Commit) else 0.9):
            answer = {ops.Position: Ok(0), ops.Poll: Ok(())}.get(type(op), outcome)
            told.end(asked, answer if outcome == Ok() else outcome)
    return told


def test_judges_and_oracles_agree(histories_drawn: int) -> None:
    agree(oracle.ORACLES, drawn, 5, histories_drawn)
