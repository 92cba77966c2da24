"""Random small histories of the members of one group: mostly well shared out, with administrators who look."""

from random import Random
from typing import Any

from histories import REFUSED, UNKNOWN, HistoryBuilder

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.observations import Assigned, Lost, Revoked, Stable, WaitTimedOut
from brokerlaw.spec.history.outcomes import Ok
from brokerlaw.spec.history.values import GroupListing, GroupState, Member, PartitionOffset, TopicPartition

NAMES = ("a", "b", "c")
PLACE = (PartitionOffset("t", 0, 1),)


class Members:
    """One history; `owned` is what each member was told last, `ids` under which member id."""

    def __init__(self, random: Random) -> None:
        self.random, self.told = random, HistoryBuilder()
        self.size = random.choice((1, 1, 2, 3))
        self.told.topic(partitions=self.size)
        if random.random() < 0.1:
            self.told.do(ops.CreateTopic("u", 1), random.choice((None, UNKNOWN)))
        self.protocol: Any = random.choice(("classic", "classic", "consumer"))
        self.static = random.random() < 0.3
        self.generation = 0
        self.owned: dict[str, set[int]] = {}
        for name in random.sample(NAMES, random.choice((2, 2, 3))):
            self.open(name)
        self.rebalance()
        self.poll_all()
        for _ in range(random.randrange(2, 9)):
            random.choices(self.acts, self.weights)[0](self)

    def name(self) -> str:
        return self.random.choice(sorted(self.owned))

    def rarely(self, share: float = 0.15) -> bool:
        return self.random.random() < share

    def outcome(self) -> Any:
        return self.random.choice((None, None, None, UNKNOWN, REFUSED))

    # --- members ---

    def open(self, name: str, *instances: str) -> None:
        instance = self.random.choice(instances or ("i", "j", f"own-{name}")) if self.static or instances else None
        group = "h" if self.rarely(0.04) else "g"
        self.told.member(name, group, protocol=self.protocol, instance_id=instance, session_timeout=2_000)
        self.owned[name] = set()

    def come(self) -> None:
        self.open(self.random.choice(NAMES))

    def go(self) -> None:
        name = self.name()
        self.told.do(self.random.choice((ops.Close, ops.Crash, ops.Unsubscribe))(name), self.outcome())
        if len(self.owned) > 1 and self.rarely(0.9):
            del self.owned[name]

    def freeze(self) -> None:
        name = self.name()
        self.told.do(ops.Freeze(name), self.outcome())
        if self.rarely(0.5):
            self.told.do(ops.Thaw(name), self.outcome())

    # --- who owns what ---

    def tell(self, kind: type[Assigned | Revoked | Lost], name: str, partitions: set[int]) -> None:
        shown = "" if self.rarely(0.02) else f"member-{name}"
        tps = tuple(TopicPartition("t", each) for each in sorted(partitions))
        if tps:
            self.told.see(name, kind("g", shown, self.generation, tps))

    def rebalance(self) -> None:
        self.generation += not self.rarely()
        for name, held in self.owned.items():
            if held and not self.rarely(0.1):
                self.tell(self.random.choice((Revoked, Revoked, Lost)), name, held)
        names = sorted(self.owned)
        given: dict[str, set[int]] = {name: set() for name in names}
        self.random.shuffle(names)
        for partition in range(self.size):
            if not self.rarely(0.05):
                given[names[partition % len(names)]].add(partition)
            if self.rarely(0.07):
                given[self.random.choice(names)].add(partition)
        for name, held in given.items():
            self.tell(Assigned, name, held)
        self.owned = given

    def give(self) -> None:
        """A partition, to anybody: whoever had it may not know."""
        self.generation += not self.rarely()
        name, partition = self.name(), self.random.randrange(self.size)
        self.tell(Assigned, name, {partition})
        self.owned[name].add(partition)

    def poll_all(self) -> None:
        for name in sorted(self.owned):
            self.told.do(ops.Poll(name), Ok(()))

    def poll(self) -> None:
        if self.rarely():
            self.told.begin(self.name(), ops.Poll(self.name()))
        else:
            self.told.do(ops.Poll(self.name()), self.random.choice((Ok(()), Ok(()), UNKNOWN, REFUSED)))

    def commit(self) -> None:
        name, partition = self.name(), self.random.randrange(self.size)
        if self.rarely():
            self.told.begin(name, ops.Commit(name, PLACE, awaited=False))
        self.told.commit(name, 1, self.outcome(), partition)

    def takes_over(self) -> None:
        """A new owner commits, and then the one before it, which may not have heard of it."""
        one, other, partition = self.name(), self.name(), self.random.randrange(self.size)
        for name in (one, other):
            self.generation += 1
            self.tell(Assigned, name, {partition})
            self.told.do(ops.Poll(name), Ok(()))
        if self.rarely():
            self.tell(Revoked, one, {partition})
        self.told.commit(other, 2, None if self.rarely(0.8) else UNKNOWN, partition)
        self.told.commit(one, 1, self.outcome(), partition)

    def claim(self) -> None:
        """Two that mostly have one instance id commit in turn, while one of them is given a partition."""
        one, other = self.random.sample(NAMES, 2)
        for name in (one, other):
            self.open(name, "i", "i", "i", "j")
        partition = self.random.randrange(self.size)
        self.tell(Assigned, one, {partition})
        for name in (one, other, one):
            self.told.commit(name, 1, self.random.choice((None, None, None, UNKNOWN, REFUSED)), partition)
            if self.rarely():
                self.tell(self.random.choice((Revoked, Lost, Assigned)), name, {partition})

    # --- brokers, time, waits ---

    def wait(self) -> None:
        self.told.wait(self.random.choice((50, 400, 900, 1_100, 5_000)))

    def fail(self) -> None:
        self.told.do(ops.KillBroker(0), self.outcome())
        if self.rarely(0.8):
            self.told.do(ops.RestartBroker(0), self.outcome())
        self.told.wait(self.random.choice((50, 5_000)))
        self.poll_all()

    def expand(self) -> None:
        self.told.do(ops.CreatePartitions("t", self.size + 1), self.outcome())

    def rest(self) -> None:
        self.poll_all()
        if self.rarely(0.1):
            self.told.see("admin", WaitTimedOut("stable", 1_000, group="g"))
        names = [name for name in sorted(self.owned) if not self.rarely(0.05)] or [self.name()]
        topics = ("t", "u") if self.rarely(0.05) else ("t",)
        self.told.see(names[0], Stable("g", topics, tuple(names)))

    # --- administrators ---

    def administer(self) -> None:
        partitions = (TopicPartition("u" if self.rarely() else "t", 0),)
        acts = (ops.ResetOffsets("g", PLACE), ops.DeleteGroup("g"), ops.DeleteOffsets("g", partitions))
        outcome = self.random.choice((None, UNKNOWN, REFUSED, REFUSED, "never"))
        if outcome == "never":
            self.told.begin("admin", self.random.choice(acts))
        else:
            self.told.do(self.random.choice(acts), outcome)  # type: ignore[arg-type]  # None, or an outcome

    def describe(self) -> None:
        if self.rarely(0.8):
            self.rest()
        members = [self.member(name) for name in sorted(self.owned) if not self.rarely(0.07)]
        if members and self.rarely(0.1):
            members.append(self.random.choice((members[0], Member("vanished", ()))))
        state: Any = self.random.choice(("stable",) * 8 + ("empty", "preparing_rebalance"))
        group = "h" if self.rarely(0.05) else "g"
        answer = Ok(GroupState(state, tuple(members)))
        self.told.do(ops.DescribeGroup(group), UNKNOWN if self.rarely(0.05) else answer)

    def member(self, name: str) -> Member:
        held = sorted(self.owned[name])
        if self.rarely(0.1):
            held = [*held, self.random.randrange(self.size)]
        tps = tuple(TopicPartition("t", each) for each in held)
        shown = f"member-{name}" if self.rarely(0.8) else f"x-{name}"
        return Member(shown, tps, self.random.choice((None, None, None, "i")) if self.static else None)

    def list_groups(self) -> None:
        if self.rarely(0.8):
            self.rest()
        state: Any = self.random.choice(("stable", "stable", "stable", "stable", None, "empty"))
        groups = [GroupListing("g", state), GroupListing("other")]
        if self.rarely(0.2):
            groups.append(self.random.choice(groups))
        self.told.do(ops.ListGroups(), Ok(tuple(groups[self.rarely(0.1) :])))

    acts = (
        come,
        go,
        freeze,
        rebalance,
        give,
        poll,
        poll_all,
        commit,
        takes_over,
        claim,
        wait,
        fail,
        expand,
        rest,
        administer,
        describe,
        list_groups,
    )
    weights = (1, 1, 0.5, 2, 1.5, 1, 2, 1, 1.5, 0.7, 1, 0.3, 0.1, 2, 1.5, 2, 1.5)


def drawn(random: Random) -> HistoryBuilder:
    return Members(random).told
