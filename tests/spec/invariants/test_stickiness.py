"""A sticky group moves what it must when a member joins or leaves, and nothing else."""

from random import Random
from typing import Any

import pytest
from histories import REFUSED, UNKNOWN, HistoryBuilder, guilty, innocent, untested
from oracles import stickiness as oracle
from oracles.compared import agree

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.observations import WaitTimedOut
from brokerlaw.spec.invariants import INVARIANTS

STICKS, KEEPS = oracle.ORACLES
KINDS: tuple[dict[str, Any], ...] = (
    {"assignor": "cooperative-sticky"},
    {"assignor": "uniform", "protocol": "consumer"},
)


def group(**kind: Any) -> HistoryBuilder:
    """At rest, a has partitions 0 to 2 of t, b has 3 to 5."""
    told = HistoryBuilder()
    told.topic(partitions=6)
    for name in "ab":
        told.member(name, **(kind or KINDS[0]))
    told.assigned("a", 0, 1, 2)
    told.assigned("b", 3, 4, 5)
    told.rest("a", "b")
    return told


def reasons(told: HistoryBuilder) -> list[str]:
    return [each.reason for each in INVARIANTS[STICKS].judge(told.history).violations]


def swap(told: HistoryBuilder) -> None:
    move(told, "a", "b", 0)
    move(told, "b", "a", 3)


def move(told: HistoryBuilder, giver: str, taker: str, *partitions: int) -> int:
    told.revoked(giver, *partitions)
    told.poll(giver)
    return told.assigned(taker, *partitions)


@pytest.mark.parametrize("kind", KINDS)
def test_who_joins_takes_its_share_and_no_more(kind: dict[str, Any]) -> None:
    told = group(**kind)
    told.member("c", **kind)
    move(told, "a", "c", 2)
    move(told, "b", "c", 5)
    told.rest("a", "b", "c")
    assert innocent(told, STICKS) == 6


@pytest.mark.parametrize("kind", KINDS)
def test_a_partition_that_moves_between_members_that_stay_is_seen(kind: dict[str, Any]) -> None:
    told = group(**kind)
    given, before = len(told.rows) - 6, len(told.rows) - 1
    told.member("c", **kind)
    move(told, "a", "c", 1, 2)
    taken = move(told, "b", "a", 3)
    after = told.rest("a", "b", "c")
    reason = guilty(told, STICKS, given, before, taken, after)
    assert reason == "between members that stayed in group g, where only c joined, moved t/3 from b to a"


def three() -> HistoryBuilder:
    """At rest: a has 0 and 1, b has 3 and 4, c has 2 and 5."""
    told = group()
    told.member("c", **KINDS[0])
    move(told, "a", "c", 2)
    move(told, "b", "c", 5)
    told.rest("a", "b", "c")
    return told


ENDINGS = (ops.Close("c"), ops.Crash("c"), ops.Unsubscribe("c"))


@pytest.mark.parametrize("ending", ENDINGS)
def test_who_leaves_leaves_what_it_had(ending: ops.AnyOperation) -> None:
    told = three()
    told.do(ending)
    told.assigned("a", 5)
    told.assigned("b", 2)
    told.rest("a", "b")
    assert innocent(told, STICKS) == 10


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_moves_beside_what_was_left_is_seen(ending: ops.AnyOperation) -> None:
    told = three()
    told.do(ending)
    told.assigned("a", 2)
    swap(told)
    told.assigned("b", 5)
    told.rest("a", "b")
    assert reasons(told) == [
        "between members that stayed in group g, where only c left, moved t/0 from a to b, t/3 from b to a"
    ]


def test_nothing_moves_where_nobody_came_or_went() -> None:
    told = group()
    told.rest("a", "b")
    assert innocent(told, STICKS) == 6
    swap(told)
    told.rest("a", "b")
    assert reasons(told) == [
        "between members that stayed in group g, where nobody joined or left, moved t/0 from a to b, t/3 from b to a"
    ]


def what_excuses(told: HistoryBuilder, excuse: str) -> None:
    match excuse:
        case "two that came":
            for name in "de":
                told.member(name, **KINDS[0])
        case "one that came and went":
            told.member("d", **KINDS[0])
            told.do(ops.Close("d"))
        case "one that went and came back":
            told.do(ops.Unsubscribe("b"), UNKNOWN)
            told.do(ops.Subscribe("b", ("t",)))
        case "one that lost what it had":
            told.revoked("a", 1, lost=True)
            told.assigned("a", 1)
        case "one that was silent":
            told.wait(6_000)
        case "one that was frozen":
            told.do(ops.Freeze("a"))
            told.do(ops.Thaw("a"))
        case "a broker that failed":
            told.do(ops.KillBroker(0))
            told.do(ops.RestartBroker(0))
        case "a group that never rested":
            told.see("a", WaitTimedOut("stable", 1_000, group="g"))
        case "a topic that grew":
            told.do(ops.CreatePartitions("t", 7))
        case "another topic":
            told.do(ops.Subscribe("b", ("t", "u")))


EXCUSES = (
    "two that came",
    "one that came and went",
    "one that went and came back",
    "one that lost what it had",
    "one that was silent",
    "one that was frozen",
    "a broker that failed",
    "a group that never rested",
    "a topic that grew",
    "another topic",
)


@pytest.mark.parametrize("kind", KINDS)
def test_a_partition_that_is_given_back_and_kept_is_seen(kind: dict[str, Any]) -> None:
    told = group(**kind)
    before = len(told.rows) - 1
    told.member("c", **kind)
    move(told, "a", "c", 2)
    revoked = told.revoked("b", 4, 5)
    told.poll("b")
    again = told.assigned("b", 4)
    told.assigned("c", 5)
    after = told.rest("a", "b", "c")
    reason = guilty(told, KEEPS, before, revoked, again, after)
    assert reason == "members that stayed in group g gave back what they kept: b t/4"


def test_who_gives_back_no_more_than_it_must_and_is_told_all_again() -> None:
    told = group()
    told.member("c", **KINDS[0])
    move(told, "a", "c", 2)
    told.assigned("a", 0, 1)
    move(told, "b", "c", 5)
    told.rest("a", "b", "c")
    assert innocent(told, KEEPS) == 4


@pytest.mark.parametrize("excuse", EXCUSES)
def test_what_excuses_a_move(excuse: str) -> None:
    told = group()
    what_excuses(told, excuse)
    swap(told)
    told.rest("a", "b", *(("d", "e") if excuse.startswith("two") else ()))
    untested(told, STICKS)


@pytest.mark.parametrize(
    "kind", [{}, {"assignor": "uniform"}, {"assignor": "cooperative-sticky", "settings": {"client.rack": "x"}}]
)
def test_other_assignors_keep_nothing(kind: dict[str, Any]) -> None:
    told = group(**{"assignor": "range", **kind})
    move(told, "a", "b", 0)
    told.rest("a", "b")
    untested(told, STICKS)


def test_a_group_out_of_balance_may_come_into_it() -> None:
    told = HistoryBuilder()
    told.topic(partitions=4)
    for name in "ab":
        told.member(name, **KINDS[0])
    told.assigned("a", 0, 1, 2)
    told.assigned("b", 3)
    told.rest("a", "b")
    move(told, "a", "b", 2)
    told.rest("a", "b")
    untested(told, STICKS)


# --- the oracle ---


class Turns:
    """A group of members that come and go; `owned` is what each was told last."""

    def __init__(self, random: Random) -> None:
        self.random, self.told = random, HistoryBuilder()
        self.size, self.kind = random.randrange(2, 6), random.choice((*KINDS, *KINDS, {"assignor": "range"}))
        self.told.topic(partitions=self.size)
        self.owned: dict[str, list[int]] = {}
        for _ in range(random.randrange(1, 4)):
            self.join()
        self.turn()
        for _ in range(random.randrange(1, 5)):
            random.choice((self.join, self.join, self.leave, self.leave, self.disturb, lambda: None))()
            self.turn()

    def rarely(self, share: float = 0.1) -> bool:
        return self.random.random() < share

    def join(self) -> None:
        name = self.random.choice([each for each in "abcdefgh" if each not in self.owned])
        self.told.member(name, **self.kind, session_timeout=2_000)
        self.owned[name] = []

    def leave(self) -> None:
        if len(self.owned) > 1:
            name = self.random.choice(sorted(self.owned))
            self.told.do(
                self.random.choice((ops.Close, ops.Crash, ops.Unsubscribe))(name), self.random.choice((None, UNKNOWN))
            )
            del self.owned[name]

    def disturb(self) -> None:
        name = self.random.choice(sorted(self.owned))
        match self.random.randrange(6):
            case 0:
                self.told.do(ops.KillBroker(0), self.random.choice((None, REFUSED)))
                self.told.do(ops.RestartBroker(0))
            case 1:
                self.told.wait(self.random.choice((500, 3_000)))
            case 2:
                self.told.do(ops.Freeze(name), self.random.choice((None, REFUSED)))
                self.told.do(ops.Thaw(name))
            case 3:
                self.told.do(ops.CreatePartitions("t", 9), self.random.choice((REFUSED, REFUSED, UNKNOWN)))
            case 4:
                self.told.begin(name, ops.Subscribe(name, ("t",)))
            case _:
                self.told.see(name, WaitTimedOut("stable", 1_000, group="g"))

    def turn(self) -> None:
        goal = self.goal()
        for name, held in self.owned.items():
            if gone := [each for each in held if each not in goal[name]]:
                self.told.revoked(name, *gone, lost=self.rarely())
                self.told.poll(name)
            elif held and self.rarely():
                self.told.revoked(name, held[0])
                self.told.assigned(name, held[0])
                self.told.poll(name)
        for name, held in goal.items():
            if new := [each for each in held if each not in self.owned[name]]:
                self.told.assigned(name, *new)
        self.owned = goal
        self.told.rest(*sorted(goal))

    def goal(self) -> dict[str, list[int]]:
        """Balanced and complete, mostly; sticky, often."""
        forgotten, names = self.rarely(0.4), sorted(self.owned)
        goal = {name: [] if forgotten else [*held] for name, held in self.owned.items()}
        self.random.shuffle(names)

        def size(name: str) -> int:
            return len(goal[name])

        held = {each for owned in goal.values() for each in owned}
        for each in range(self.size):
            if each not in held and not self.rarely(0.02):
                goal[min(names, key=size)].append(each)
        while size(most := max(names, key=size)) > size(least := min(names, key=size)) + 1 and not self.rarely(0.05):
            goal[least].append(goal[most].pop())
        return goal


def test_judges_and_oracles_agree(histories_drawn: int) -> None:
    agree(oracle.ORACLES, lambda random: Turns(random).told, 13, histories_drawn)
