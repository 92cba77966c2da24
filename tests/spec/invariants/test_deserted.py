"""A group that all members have left has none."""

from random import Random
from typing import Any

import pytest
from histories import REFUSED, UNKNOWN, Call, HistoryBuilder, guilty, innocent, untested
from oracles import deserted as oracle
from oracles.compared import agree

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.outcomes import Ok
from brokerlaw.spec.history.values import GroupListing, GroupState, Member

(EMPTY,) = oracle.ORACLES
SOMEBODY = (Member("m", ()),)


def described(told: HistoryBuilder, state: str, members: tuple[Member, ...] = ()) -> Call:
    return told.do(ops.DescribeGroup("g"), Ok(GroupState(state, members)))


def listed(told: HistoryBuilder, state: str | None) -> Call:
    return told.do(ops.ListGroups(), Ok((GroupListing("g", state), GroupListing("other", "stable"))))


def left(
    ending: Any = ops.Close, outcome: Any = None, seconds: int = 14, **settings: Any
) -> tuple[HistoryBuilder, Call]:
    """Of two members one closed at once, the other came to this."""
    told = HistoryBuilder()
    told.topic()
    for name in "ab":
        told.member(name, session_timeout=6_000)
    told.assigned("b", 0)
    told.do(ops.Close("a"))
    last = told.do(ending("b"), outcome)
    told.wait(1_000 * seconds)
    return told, last


@pytest.mark.parametrize(("state", "members"), [("stable", ()), ("stable", SOMEBODY), ("empty", SOMEBODY)])
def test_a_deserted_group_with_members_is_seen(state: str, members: tuple[Member, ...]) -> None:
    told, last = left()
    asked = described(told, state, members)
    closed = next(at for at, row in enumerate(told.rows) if getattr(row, "value", None) == ops.Close("a"))
    reason = guilty(told, EMPTY, closed, last, asked)
    assert reason == f"all members of group g had left, and it is {state}" + " with 1 members" * bool(members)


def test_a_deserted_group_that_is_listed_as_stable_is_seen() -> None:
    told, _ = left()
    listed(told, "empty")
    listed(told, None)
    assert innocent(told, EMPTY) == 2
    listed(told, "stable")
    closed = [at for at, row in enumerate(told.rows) if isinstance(getattr(row, "value", None), ops.Close)]
    assert guilty(told, EMPTY, *closed, len(told.rows) - 2).endswith("and it is stable")


@pytest.mark.parametrize("state", ["empty", "dead"])
def test_a_deserted_group_is_empty_or_dead(state: str) -> None:
    told, _ = left()
    described(told, state)
    assert innocent(told, EMPTY) == 1


@pytest.mark.parametrize(
    ("ending", "outcome", "seconds"),
    [
        (ops.Close, UNKNOWN, 14),
        (ops.Close, REFUSED, 14),
        (ops.Close, None, 12),
        (ops.Crash, None, 18),
        (ops.Freeze, None, 60),
        (ops.Unsubscribe, None, 60),
    ],
)
def test_where_somebody_may_be_left(ending: Any, outcome: Any, seconds: int) -> None:
    told, _ = left(ending, outcome, seconds)
    described(told, "stable", SOMEBODY)
    untested(told, EMPTY)


def test_who_vanished_is_missed_by_its_session() -> None:
    told, _ = left(ops.Crash, seconds=20)
    described(told, "empty")
    assert innocent(told, EMPTY) == 1


def test_a_broker_that_was_down_or_a_member_that_came_since() -> None:
    (down, _), (came, _) = left(), left()
    down.do(ops.PauseBroker(0))
    came.member("c")
    for told in (down, came):
        described(told, "stable", SOMEBODY)
        untested(told, EMPTY)


def drawn(random: Random) -> HistoryBuilder:
    told = HistoryBuilder()
    told.topic()
    if random.random() < 0.1:
        told.do(ops.KillBroker(0))
        told.do(ops.RestartBroker(0))
    names = random.choice(("a", "ab"))
    for name in names:
        instance = random.choice((None, None, f"i-{name}"))
        told.member(name, session_timeout=random.choice((2_000, 6_000)), instance_id=instance)
        told.assigned(name, 0)
    for name in names:
        ending = random.choice((ops.Close, ops.Close, ops.Close, ops.Crash, ops.Unsubscribe))
        told.do(ending(name), random.choice((None, None, None, UNKNOWN, REFUSED)))
    for _ in range(random.randrange(1, 4)):
        told.wait(random.choice((1_000, 9_000, 14_000, 20_000)))
        match random.randrange(6):
            case 0:
                told.member(random.choice("ac"))
            case 1:
                told.do(random.choice((ops.PauseBroker(0), ops.ResumeBroker(0))), random.choice((None, REFUSED)))
            case 2:
                listed(told, random.choice(("empty", "stable", None)))
            case _:
                described(told, random.choice(("empty", "empty", "stable")), random.choice(((), (), SOMEBODY)))
    return told


def test_judges_and_oracles_agree(histories_drawn: int) -> None:
    agree(oracle.ORACLES, drawn, 23, histories_drawn)
