"""Groups as their coordinators tell of them."""

from random import Random
from typing import Any

import pytest
from histories import REFUSED, UNKNOWN, Call, HistoryBuilder, guilty, innocent, untested
from oracles import described as oracle
from oracles.compared import agree

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.observations import WaitTimedOut
from brokerlaw.spec.history.outcomes import Ok
from brokerlaw.spec.history.values import GroupListing, GroupState, Member, PartitionOffset, TopicPartition

DESCRIBED, LISTED, LAG = "groups.described-at-rest", "groups.listed-at-rest", "groups.lag-is-the-distance"


def at_rest(**settings: Any) -> tuple[HistoryBuilder, int]:
    """Two members, each with a partition, at rest."""
    told = HistoryBuilder()
    told.topic(partitions=2)
    for number, name in enumerate("ab"):
        told.member(name, **{key: f"{value}-{name}" for key, value in settings.items()})
        told.assigned(name, number)
        told.poll(name)
    return told, told.stable("a", "b")


def member(name: str, *partitions: int, instance: str | None = None) -> Member:
    return Member(name, tuple(TopicPartition("t", each) for each in partitions), instance)


def describe(told: HistoryBuilder, *members: Member, state: str = "stable") -> Call:
    return told.do(ops.DescribeGroup("g"), Ok(GroupState(state, members)))


A, B = member("member-a", 0), member("member-b", 1)


@pytest.mark.parametrize(
    ("members", "state", "why"),
    [
        ((A,), "stable", "2 members of group g hold something, and it is stable with 1"),
        ((), "empty", "2 members of group g hold something, and it is empty with 0"),
        ((A, B), "dead", "2 members of group g hold something, and it is dead with 2"),
        ((A, B, B), "stable", "group g is described with member member-b twice"),
        ((A, member("member-b", 1, 1)), "stable", "group g is described with a partition of member member-b twice"),
        ((A, member("member-b")), "stable", "group g is at rest, and b, which holds t/1, is not described so"),
        ((A, member("member-b", 0)), "stable", "group g is at rest, and b, which holds t/1, is not described so"),
        ((A, member("other", 1)), "stable", "group g is at rest, and b, which holds t/1, is not described so"),
        ((member("x", 0), member("y")), "stable", "group g is at rest, and b, which holds t/1, is not described so"),
    ],
)
def test_a_wrong_description_is_seen(members: tuple[Member, ...], state: str, why: str) -> None:
    told, rest = at_rest()
    assert guilty(told, DESCRIBED, rest, describe(told, *members, state=state)) == why


def test_an_instance_id_that_is_not_told_is_seen_where_others_are() -> None:
    told, rest = at_rest(instance_id="i")
    wrong = describe(told, member("member-a", 0, instance="i-a"), B)
    assert guilty(told, DESCRIBED, rest, wrong) == "group g is at rest, and b, which holds t/1, is not described so"
    untold, _ = at_rest(instance_id="i")
    describe(untold, A, B)
    assert innocent(untold, DESCRIBED) == 1


def test_who_took_over_an_instance_id_is_the_member_whichever_name_came_first() -> None:
    told = HistoryBuilder()
    told.topic()
    told.member("b", instance_id="i")
    told.member("a")
    told.member("c", instance_id="j")
    told.member("b", instance_id="j")
    told.assigned("c", 0)
    told.assigned("a", 0)
    told.poll("a")
    rest = told.stable("a", "b", "c")
    assert guilty(told, DESCRIBED, rest, describe(told, A, state="empty")).startswith("1 members of group g hold")


def test_other_names_others_without_anything_and_rebalances_are_lawful() -> None:
    told, _ = at_rest()
    describe(told, member("x", 1), member("y", 0), member("vanished"))
    describe(told, A, B, member("vanished"))
    describe(told, member("member-a"), member("member-b"), state="preparing_rebalance")
    assert innocent(told, DESCRIBED) == 3


@pytest.mark.parametrize("stir", ["poll", "late", "in vain", "frozen", "leaves"])
def test_a_group_that_is_not_at_rest_may_be_described_in_any_way(stir: str) -> None:
    told, _ = at_rest()
    match stir:
        case "poll":
            told.poll("a")
        case "late":
            told.wait(4_000)
        case "in vain":
            told.see("a", WaitTimedOut("stable", 1_000, group="g"))
            told.stable("a", "b")
        case "frozen":
            told.do(ops.Freeze("a"))
        case _:
            told.do(ops.Close("a"))
    describe(told, state="empty")
    told.do(ops.ListGroups(), Ok(()))
    untested(told, DESCRIBED)
    untested(told, LISTED)


def test_a_group_that_is_not_listed_or_twice_is_seen() -> None:
    told, rest = at_rest()
    told.do(ops.ListGroups(), Ok((GroupListing("other"), GroupListing("g", "stable"))))
    assert innocent(told, LISTED) == 1
    lacking = told.do(ops.ListGroups(), Ok((GroupListing("other"),)))
    assert guilty(told, LISTED, rest, lacking) == "group g has members at rest, and is not listed"
    empty, rest = at_rest()
    wrong = empty.do(ops.ListGroups(), Ok((GroupListing("g", "empty"),)))
    assert guilty(empty, LISTED, rest, wrong) == "group g has members at rest, and is empty"
    twice, _ = at_rest()
    again = twice.do(ops.ListGroups(), Ok((GroupListing("g"), GroupListing("g"))))
    assert guilty(twice, LISTED, again) == "group g is listed twice"


def lagging(told: HistoryBuilder, lag: int | None) -> Call:
    return told.do(ops.Lag("g", "t", 0), Ok(lag))


@pytest.mark.parametrize("lag", [None, 2, 6])
def test_a_lag_that_cannot_be_is_seen(lag: int | None) -> None:
    told = HistoryBuilder()
    told.topic()
    told.member("a")
    commit = told.commit("a", 2)
    told.list_offset(5)
    wrong = lagging(told, lag)
    told.list_offset(7)
    how = "no lag" if lag is None else f"a lag of {lag}"
    assert guilty(told, LAG, commit, wrong) == f"group g is told {how} in t/0"


def test_ends_that_move_and_no_commit_are_lawful() -> None:
    told = HistoryBuilder()
    told.topic()
    told.member("a")
    lagging(told, None)
    told.commit("a", 9, REFUSED)
    lagging(told, None)
    told.commit("a", 2)
    told.list_offset(5)
    for lag in (3, 4, 5):
        lagging(told, lag)
    told.list_offset(7)
    assert innocent(told, LAG) == 5


def test_once_its_commit_was_deleted_a_group_has_no_lag() -> None:
    for answer in (None, 3):
        told = HistoryBuilder()
        told.topic()
        told.member("a")
        told.commit("a", 2)
        told.list_offset(5)
        gone = told.do(ops.DeleteOffsets("g", (TopicPartition("t", 0),)))
        wrong = lagging(told, answer)
        assert innocent(told, LAG) == 1 if answer is None else guilty(told, LAG, gone, wrong)


@pytest.mark.parametrize("lag", [None, 3, 5])
def test_a_deletion_that_may_have_come_leaves_no_lag_or_that_of_a_commit(lag: int | None) -> None:
    told = HistoryBuilder()
    told.topic()
    told.member("a")
    commit = told.commit("a", 2)
    told.do(ops.DeleteOffsets("g", (TopicPartition("t", 0),)), UNKNOWN)
    told.list_offset(5)
    answer = lagging(told, lag)
    told.list_offset(5)
    if lag == 5:
        assert guilty(told, LAG, commit, answer) == "group g is told a lag of 5 in t/0"
    else:
        assert innocent(told, LAG) == 1


def drawn(random: Random) -> HistoryBuilder:
    told = HistoryBuilder()
    told.topic()
    told.member("a")
    if transactional := random.random() < 0.3:
        told.producer("q", transactional_id="tx")
    end, place = 0, (TopicPartition("t", 0),)
    for _ in range(random.randrange(3, 14)):
        outcome, at = random.choice((None, None, None, REFUSED, UNKNOWN)), random.randint(0, 4)
        offsets = (PartitionOffset("t", 0, at),)
        match random.choice(("commit", "commit", "send", "delete", "end", "end", "lag", "lag")):
            case "commit":
                told.do(random.choice((ops.Commit("a", offsets), ops.ResetOffsets("g", offsets))), outcome)
            case "send" if transactional:
                told.do(ops.BeginTransaction("q"))
                told.do(ops.SendOffsets("q", "a", offsets), outcome)
                told.do(random.choice((ops.CommitTransaction, ops.AbortTransaction))("q"), outcome)
            case "delete":
                told.do(random.choice((ops.DeleteOffsets("g", place), ops.DeleteGroup("g"))), outcome)
            case "end":
                end += random.randint(0, 2)
                level = "committed" if transactional and random.random() < 0.5 else "uncommitted"
                told.list_offset(end, isolation=level)
            case _:
                lagging(told, random.choice((None, *range(5))))
    return told


def test_the_judge_of_lags_equals_the_oracle(histories_drawn: int) -> None:
    agree(oracle.ORACLES, drawn, 15, histories_drawn)
