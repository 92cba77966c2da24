"""Groups are shared out as their assignors are documented, and take in whoever asks as all do."""

from random import Random
from typing import Any

import pytest
from histories import REFUSED, Call, HistoryBuilder, guilty, innocent, untested
from oracles import assignors as oracle
from oracles.compared import agree

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.outcomes import Fail, Ok
from brokerlaw.spec.history.values import GroupState, Member, TopicPartition

SHARED, TAKEN_IN = tuple(oracle.ORACLES)
INCONSISTENT = Fail("INCONSISTENT_GROUP_PROTOCOL")


def group(*assignors: str, **settings: Any) -> HistoryBuilder:
    told = HistoryBuilder()
    told.topic(partitions=5)
    for name, assignor in zip("abc", assignors, strict=False):
        told.member(name, assignor=assignor, **settings)
    return told


def described(told: HistoryBuilder, *shares: tuple[int, ...], state: str = "stable") -> Call:
    members = (Member(f"m{at}", tuple(TopicPartition("t", n) for n in mine)) for at, mine in enumerate(shares))
    return told.do(ops.DescribeGroup("g"), Ok(GroupState(state, tuple(members))))


@pytest.mark.parametrize(
    ("assignor", "lawful", "wrong"),
    [("range", ((0, 1, 2), (3, 4)), ((0, 2, 4), (1, 3))), ("roundrobin", ((0, 2, 4), (1, 3)), ((0, 1, 2), (3, 4)))],
)
def test_a_share_that_is_not_the_assignors_is_seen(
    assignor: str, lawful: tuple[tuple[int, ...], ...], wrong: tuple[tuple[int, ...], ...]
) -> None:
    told = group(assignor, assignor)
    described(told, *lawful)
    described(told, *wrong, state="preparingrebalance")
    described(told, wrong[0])
    assert innocent(told, SHARED) == 1
    share = ", ".join(f"t/{number}" for number in wrong[0])
    reason = guilty(told, SHARED, described(told, *wrong))
    assert reason == f"group g is shared out by {assignor}, and a member of it has {share}"


def test_ranges_are_of_each_topic() -> None:
    told = group()
    told.topic("u", partitions=2)
    for name in "ab":
        told.consumer(name, "g")
        told.do(ops.Subscribe(name, ("u", "t")))
    shares = ((("t", 0), ("t", 1), ("t", 2), ("u", 0)), (("t", 3), ("t", 4), ("u", 1)))
    members = tuple(Member(f"m{at}", tuple(TopicPartition(*tp) for tp in mine)) for at, mine in enumerate(shares))
    told.do(ops.DescribeGroup("g"), Ok(GroupState("stable", members)))
    assert innocent(told, SHARED) == 1


def test_groups_that_may_be_shared_out_otherwise() -> None:
    mixed, grown = group("range", "roundrobin"), group("range", "range")
    grown.do(ops.CreatePartitions("t", 6))
    racks = group("range", "range", settings={"client.rack": "one"})
    sticky, following = group("cooperative-sticky", "cooperative-sticky"), group("range", "range", protocol="consumer")
    for told in (mixed, grown, racks, sticky, following):
        described(told, (0, 2, 4), (1, 3))
        untested(told, SHARED)


def test_a_member_that_asks_as_all_do_is_taken_in() -> None:
    told = group("range", "range")
    told.do(ops.Poll("b"), REFUSED)
    assert innocent(told, TAKEN_IN) == 2
    poll = told.do(ops.Poll("b"), INCONSISTENT)
    reason = guilty(told, TAKEN_IN, 6, poll)
    assert reason == "b was refused as inconsistent with group g, whose members all ask for range (classic)"


def test_a_member_that_asks_for_something_else_may_be_refused() -> None:
    for told in (group("range", "roundrobin"), group("range")):
        told.do(ops.Poll("a"), INCONSISTENT)
        untested(told, TAKEN_IN)


def drawn(random: Random) -> HistoryBuilder:
    assignor = random.choice(["range", "roundrobin", "uniform"])
    told = group(*([assignor] * random.randrange(1, 4)), protocol=random.choice(["classic", "classic", "consumer"]))
    if random.random() < 0.2:
        told.member("d", assignor="range")
    if random.random() < 0.1:
        told.do(ops.CreatePartitions("t", 6), random.choice([None, REFUSED]))
    for _ in range(random.randrange(1, 4)):
        shares = random.choice([((0, 1, 2), (3, 4)), ((0, 2, 4), (1, 3)), ((0, 3), (1, 4), (2,)), ((1, 2), (0, 3), ())])
        described(told, *shares, state=random.choice(["stable", "stable", "empty"]))
        told.do(ops.Poll("a"), random.choice([Ok(()), REFUSED, INCONSISTENT, Ok(()), Ok(())]))
    return told


def test_judges_and_oracles_agree(histories_drawn: int) -> None:
    agree(oracle.ORACLES, drawn, 3, histories_drawn)
