"""A static member that comes back within its session has what it had, and nobody else hears of it."""

from random import Random
from typing import Any

import pytest
from histories import REFUSED, UNKNOWN, HistoryBuilder, guilty, innocent, untested
from oracles import static_members as oracle
from oracles.compared import agree

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.observations import WaitTimedOut
from brokerlaw.spec.history.rows import Header, Recording
from brokerlaw.spec.invariants import INVARIANTS

(QUIET,) = oracle.ORACLES
CLASSIC: dict[str, Any] = {"assignor": "range"}
NEXT: dict[str, Any] = {"assignor": "uniform", "protocol": "consumer"}


def group(**kind: Any) -> HistoryBuilder:
    """At rest, a has partitions 0 and 1 of t, b has 2 and 3."""
    told = HistoryBuilder()
    told.topic(partitions=4)
    for name in "ab":
        told.member(name, instance_id=f"i{name}", **(kind or CLASSIC))
    told.assigned("a", 0, 1)
    told.assigned("b", 2, 3)
    told.rest("a", "b")
    return told


def bounce(told: HistoryBuilder, ending: ops.AnyOperation | None = None, **kind: Any) -> None:
    """a ends, and c has its instance id."""
    told.do(ending or ops.Close("a"))
    told.member("c", instance_id="ia", **(kind or CLASSIC))


@pytest.mark.parametrize("kind", [CLASSIC, NEXT])
def test_who_comes_back_has_what_it_had(kind: dict[str, Any]) -> None:
    told = group(**kind)
    bounce(told, **kind)
    told.assigned("c", 0, 1)
    told.rest("c", "b")
    assert innocent(told, QUIET) == 4


def test_others_that_are_told_of_a_rebalance_are_seen() -> None:
    told = group()
    before = len(told.rows) - 1
    ending, opening = len(told.rows), len(told.rows) + 2
    bounce(told)
    taken = told.revoked("b", 2, 3)
    told.assigned("b", 2, 3)
    told.assigned("c", 0, 1)
    told.rest("c", "b")
    reason = guilty(told, QUIET, before, ending, opening, taken)
    assert reason == "c took the place of a in group g within its session, and b was told that it no longer had t/2"


def test_partitions_that_another_is_given_are_seen() -> None:
    told = group(**NEXT)
    bounce(told, **NEXT)
    told.assigned("b", 0)
    told.assigned("c", 1)
    told.rest("c", "b")
    (broken,) = INVARIANTS[QUIET].judge(told.history).violations
    assert broken.reason == "c took the place of a in group g within its session, and b was given t/0"


@pytest.mark.parametrize("ending", [ops.Crash("a"), ops.Close("a")])
def test_before_kip_848_it_need_not_have_closed(ending: ops.AnyOperation) -> None:
    told = group()
    bounce(told, ending)
    told.assigned("c", 0, 1)
    told.rest("c", "b")
    assert innocent(told, QUIET) == 4


def test_by_kip_848_who_vanished_blocks_its_place() -> None:
    told = group(**NEXT)
    bounce(told, ops.Crash("a"), **NEXT)
    told.revoked("b", 2)
    told.assigned("b", 2)
    told.assigned("c", 0, 1)
    told.rest("c", "b")
    untested(told, QUIET)


def before_it_came(told: HistoryBuilder, excuse: str) -> None:
    match excuse:
        case "news before it ended":
            told.revoked("b", 2)
            told.assigned("b", 2)
        case "one that joined":
            told.member("d", **CLASSIC)
        case "one that was silent":
            told.wait(6_000)
        case "one that was frozen":
            told.do(ops.Freeze("b"))
            told.do(ops.Thaw("b"))
        case "a broker that failed":
            told.do(ops.KillBroker(0))
            told.do(ops.RestartBroker(0))
        case "a topic that grew":
            told.do(ops.CreatePartitions("t", 5))


def what_excuses(told: HistoryBuilder, excuse: str) -> None:
    match excuse:
        case "another instance id":
            told.do(ops.Close("a"))
            told.member("c", instance_id="ic", **CLASSIC)
        case "another topic":
            told.do(ops.Close("a"))
            told.consumer("c", "g", instance_id="ia", **CLASSIC)
            told.do(ops.Subscribe("c", ("t", "u")))
        case "too late":
            told.do(ops.Close("a"))
            for _ in range(4):
                told.wait(1_000)
                told.poll("b")
            told.member("c", instance_id="ia", **CLASSIC)
        case "beside the other":
            told.member("c", instance_id="ia", **CLASSIC)
            told.do(ops.Close("a"))
        case "refused":
            told.do(ops.Close("a"))
            told.consumer("c", "g", instance_id="ia", **CLASSIC)
            told.do(ops.Subscribe("c", ("t",)), REFUSED)
        case "perhaps not closed":
            told.do(ops.Close("a"), UNKNOWN)
            told.member("c", instance_id="ia", **CLASSIC)
        case "a group that never rested":
            bounce(told)
            told.see("b", WaitTimedOut("stable", 1_000, group="g"))
        case _:
            bounce(told)


EXCUSES = (
    "news before it ended",
    "one that joined",
    "one that was silent",
    "one that was frozen",
    "a broker that failed",
    "a topic that grew",
    "another instance id",
    "another topic",
    "too late",
    "beside the other",
    "refused",
    "perhaps not closed",
    "a group that never rested",
)


@pytest.mark.parametrize("excuse", EXCUSES)
def test_what_excuses_a_rebalance(excuse: str) -> None:
    told = group()
    before_it_came(told, excuse)
    what_excuses(told, excuse)
    told.revoked("b", 2, 3)
    told.assigned("b", 0, 1)
    told.assigned("c", 2, 3)
    told.rest("c", "b")
    untested(told, QUIET)


def moved(told: HistoryBuilder) -> None:
    bounce(told)
    told.revoked("b", 2)
    told.assigned("b", 2)
    told.assigned("c", 0, 1)
    told.rest("c", "b")


def test_the_session_of_who_left_lately_may_end() -> None:
    for seconds, broken in ((1, False), (13, True)):
        told = HistoryBuilder()
        told.topic(partitions=4)
        told.member("d", **CLASSIC)
        told.do(ops.Crash("d"))
        told.wait(1_000 * seconds)
        for name in "ab":
            told.member(name, instance_id=f"i{name}", **CLASSIC)
        told.assigned("a", 0, 1)
        told.assigned("b", 2, 3)
        told.rest("a", "b")
        moved(told)
        assert bool(INVARIANTS[QUIET].judge(told.history).violations) == broken


@pytest.mark.parametrize("act", [ops.Subscribe("b", ("t",)), ops.Unsubscribe("b")])
def test_who_subscribed_again_may_be_about_to_join(act: ops.AnyOperation) -> None:
    told = group()
    told.do(act, REFUSED)
    told.rest("a", "b")
    moved(told)
    untested(told, QUIET)


def test_older_kafka_disturbs_the_group_of_a_leader() -> None:
    told = group()
    moved(told)
    for broker, broken in (("kafka 2.3.1", False), ("kafka 2.4.0", True), ("kafka 4.1.0", True), ("", True)):
        recording = Recording(Header(broker=broker), tuple(told.rows))
        assert bool(INVARIANTS[QUIET].judge(History(recording)).violations) == broken


# --- the oracle ---


class Turns:
    """A group of three places, of which one after the other changes hands; `held` is what the coordinator means."""

    def __init__(self, random: Random) -> None:
        self.random, self.told, self.opened = random, HistoryBuilder(), 0
        self.size, self.kind = random.randrange(2, 6), random.choice((CLASSIC, NEXT))
        self.told.topic(partitions=self.size)
        self.places: dict[str, str] = {}
        self.held: dict[str, list[int]] = {}
        if self.rarely(0.2):
            self.told.member("z", **self.kind, session_timeout=2_000)
            self.told.do(ops.Crash("z"))
            self.told.wait(random.choice((1, 5_000)))
        for place in "ij"[: random.randrange(1, 3)]:
            self.open(place)
        for number, partition in enumerate(range(self.size)):
            self.held[[*self.held][number % len(self.held)]].append(partition)
        for name, partitions in self.held.items():
            self.told.assigned(name, *partitions)
        self.rest()
        for _ in range(random.randrange(1, 5)):
            self.disturb() if self.rarely() else None
            self.bounce()
            self.rest()

    def rarely(self, share: float = 0.1) -> bool:
        return self.random.random() < share

    def open(self, place: str) -> str:
        name = "abcdefgh"[self.opened]
        self.opened += 1
        instance = place if not self.rarely(0.05) else None
        self.told.member(name, **self.kind, instance_id=instance, session_timeout=self.random.choice((2_000, 4_000)))
        self.places[place] = name
        self.held[name] = []
        return name

    def bounce(self) -> None:
        place = self.random.choice(sorted(self.places))
        old = self.places[place]
        ending = self.random.choice((ops.Close, ops.Close, ops.Crash, ops.Unsubscribe if self.rarely() else ops.Close))
        self.told.do(ending(old), self.random.choice((None, None, None, None, UNKNOWN)))
        self.told.wait(self.random.choice((1, 1, 900, 2_500)))
        new = self.open(place)
        self.held[new] = self.held.pop(old)
        others = [name for name in self.held if name != new]
        if others and self.rarely(0.2):
            other = self.random.choice(others)
            if self.held[other]:
                self.told.revoked(other, *self.held[other])
            if self.rarely(0.5):
                self.held[other], self.held[new] = self.held[new], self.held[other]
            if self.held[other]:
                self.told.assigned(other, *self.held[other])
        if self.held[new]:
            self.told.assigned(new, *self.held[new])

    def disturb(self) -> None:
        name = self.random.choice(sorted(self.held))
        match self.random.randrange(5):
            case 0:
                self.told.do(ops.KillBroker(0), self.random.choice((None, REFUSED)))
                self.told.do(ops.RestartBroker(0))
            case 1:
                self.told.do(ops.Freeze(name), self.random.choice((None, REFUSED)))
                self.told.do(ops.Thaw(name))
            case 2:
                self.told.do(ops.CreatePartitions("t", 9), self.random.choice((REFUSED, REFUSED, UNKNOWN)))
            case 3:
                self.told.see(name, WaitTimedOut("stable", 1_000, group="g"))
            case _:
                self.told.begin(name, ops.Subscribe(name, ("t",)))

    def rest(self) -> None:
        self.told.rest(*sorted(self.held))


def test_judges_and_oracles_agree(histories_drawn: int) -> None:
    agree(oracle.ORACLES, lambda random: Turns(random).told, 17, histories_drawn)
