"""Groups that have committed are listed, groups that were deleted are gone."""

from random import Random

import pytest
from histories import REFUSED, UNKNOWN, Call, HistoryBuilder, guilty, innocent, untested
from oracles import listed as oracle
from oracles.compared import agree

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.outcomes import Ok, Outcome
from brokerlaw.spec.history.values import GroupListing, GroupState, Member, PartitionOffset, TopicPartition

LISTED, GONE = "groups.committed-is-listed", "groups.deleted-is-gone"
ZERO = (TopicPartition("t", 0),)
DEAD, ALIVE = GroupState("dead", ()), GroupState("stable", (Member("m", ZERO),))


def reset(told: HistoryBuilder, group: str = "g", outcome: Outcome | None = None) -> Call:
    return told.do(ops.ResetOffsets(group, (PartitionOffset("t", 0, 1),)), outcome)


def listed(told: HistoryBuilder, *groups: str) -> Call:
    return told.do(ops.ListGroups(), Ok(tuple(GroupListing(group) for group in groups)))


def begun() -> HistoryBuilder:
    told = HistoryBuilder()
    told.topic()
    return told


def test_a_group_that_has_committed_and_is_not_listed_is_seen() -> None:
    told = begun()
    last = reset(told)
    wrong = listed(told, "other")
    assert guilty(told, LISTED, last, wrong) == "group g has committed offsets, and is not listed"
    told = begun()
    reset(told)
    listed(told, "other", "g")
    assert innocent(told, LISTED) == 1


@pytest.mark.parametrize("why", ["refused", "unknown", "deleted", "offsets deleted", "perhaps deleted", "outage"])
def test_a_group_that_may_have_nothing_committed_need_not_be_listed(why: str) -> None:
    told = begun()
    match why:
        case "refused" | "unknown":
            reset(told, outcome=REFUSED if why == "refused" else UNKNOWN)
        case "outage":
            told.do(ops.PauseBroker(1))
            reset(told)
        case _:
            reset(told)
            deletion = ops.DeleteOffsets("g", ZERO) if why == "offsets deleted" else ops.DeleteGroup("g")
            told.do(deletion, UNKNOWN if why == "perhaps deleted" else None)
    listed(told)
    untested(told, LISTED)


def deleted(outcome: Outcome | None = None) -> tuple[HistoryBuilder, Call]:
    told = begun()
    told.member("a")
    told.do(ops.Close("a"))
    reset(told)
    return told, told.do(ops.DeleteGroup("g"), outcome)


@pytest.mark.parametrize(
    ("op", "answer", "why"),
    [
        (ops.ListGroups(), (GroupListing("g"),), "is listed"),
        (ops.DescribeGroup("g"), ALIVE, "is described as stable with 1 members"),
        (ops.DescribeGroup("g"), GroupState("stable", ()), "is described as stable with 0 members"),
        (ops.DeleteGroup("g"), None, "delete_group was done to it"),
        (ops.DeleteOffsets("g", ZERO), None, "delete_offsets was done to it"),
    ],
)
def test_a_group_that_is_there_though_it_was_deleted_is_seen(op: ops.AnyOperation, answer: object, why: str) -> None:
    told, gone = deleted()
    asked = told.do(op, Ok(answer))
    assert guilty(told, GONE, gone, asked) == f"group g was deleted, and {why}"
    for outcome in (REFUSED, UNKNOWN):
        told, _ = deleted(outcome)
        told.do(op, Ok(answer))
        untested(told, GONE)


def test_a_group_that_is_gone() -> None:
    told, _ = deleted()
    listed(told, "other")
    told.do(ops.DescribeGroup("g"), Ok(DEAD))
    told.do(ops.DescribeGroup("g"), REFUSED)
    told.do(ops.DescribeGroup("other"), Ok(ALIVE))
    told.do(ops.DeleteGroup("g"), REFUSED)
    assert innocent(told, GONE) == 3


@pytest.mark.parametrize(
    "how", ["member", "commit", "perhaps", "perhaps late", "open", "subscribe", "transaction", "outage"]
)
def test_a_group_that_may_be_used_again_may_be_there(how: str) -> None:
    told = begun()
    told.consumer("a", "g")
    if how == "transaction":
        told.producer("q", transactional_id="tx")
        told.do(ops.BeginTransaction("q"))
        told.do(ops.SendOffsets("q", "a", (PartitionOffset("t", 0, 1),)))
    told.do(ops.Unsubscribe("a") if how == "subscribe" else ops.Crash("a"))
    if how == "open":
        told.member("b")
    if how == "perhaps late":
        reset(told, outcome=UNKNOWN)
    told.do(ops.DeleteGroup("g"))
    match how:
        case "member":
            told.member("b")
        case "commit" | "perhaps":
            reset(told, outcome=UNKNOWN if how == "perhaps" else None)
        case "subscribe":
            told.do(ops.Subscribe("a", ("t",)))
        case "outage":
            told.do(ops.PauseBroker(1))
    listed(told, "g")
    told.do(ops.DescribeGroup("g"), Ok(ALIVE))
    untested(told, GONE)


def drawn(random: Random) -> HistoryBuilder:
    told = begun()
    members = 0
    for _ in range(random.randrange(3, 14)):
        outcome, group = random.choice([None, None, None, UNKNOWN, REFUSED]), random.choice("ggk")
        match random.randrange(10):
            case 0 | 1:
                reset(told, group, outcome)
            case 2 | 3:
                told.do(ops.DeleteGroup(group), outcome)
            case 4:
                told.do(ops.DeleteOffsets(group, ZERO), outcome)
            case 5 | 6:
                listed(told, *random.sample("gk", random.randrange(3)))
            case 7:
                told.do(ops.DescribeGroup(group), Ok(random.choice([DEAD, DEAD, ALIVE])))
            case 8 if random.randrange(3) == 0:
                members += 1
                told.member(f"m{members}")
                told.do(ops.Close(f"m{members}"))
            case _ if random.randrange(8) == 0:
                told.do(ops.PauseBroker(1), outcome)
    return told


def test_judges_say_what_their_oracles_say(histories_drawn: int) -> None:
    agree(oracle.ORACLES, drawn, 4, histories_drawn)
