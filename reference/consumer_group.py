"""A group of the consumer protocol: the coordinator assigns, and each member comes to its target by itself. KIP-848.

A partition is granted to a member only when nobody holds it: its last holder has said that it let go, or is gone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from brokerlaw.reference.assignors import SERVER, Assignment, Owned, Subscription
from brokerlaw.reference.errors import BrokerError
from brokerlaw.spec.history.values import GroupState, Member, TopicPartition

if TYPE_CHECKING:
    from brokerlaw.reference.groups import GroupCoordinator, Membership


class Heartbeat(NamedTuple):
    """What a member says: epoch 0 to join, the partitions that it holds."""

    client: str
    member: str
    epoch: int
    instance: str | None
    topics: tuple[str, ...]
    assignor: str
    owned: Owned


class Told(NamedTuple):
    """What a member is told: its id, its epoch, and all that it may hold."""

    member: str
    epoch: int
    partitions: Owned


@dataclass
class ConsumerMember:
    """A member as the coordinator knows it. `away`: a static member that left, and may come back."""

    instance: str | None
    topics: tuple[str, ...]
    assignor: str
    epoch: int = 0
    told: Owned = ()
    away: bool = False


class ConsumerGroup:
    """Members, the target assignment, and who holds what on the way there."""

    def __init__(self, coordinator: GroupCoordinator, name: str) -> None:
        self.coordinator = coordinator
        self.name = name
        self.epoch = 0
        self.emptied = 0
        self.members: dict[str, ConsumerMember] = {}
        self.target: Assignment = {}
        self.holders: dict[TopicPartition, str] = {}
        self._counts: tuple[tuple[str, int], ...] = ()

    def converse(self, said: Heartbeat) -> Told:
        """One heartbeat and its answer. Raises `UNKNOWN_MEMBER_ID`, `FENCED_MEMBER_EPOCH`, `UNRELEASED_INSTANCE_ID`."""
        name = said.member
        if said.epoch == 0:
            name = self._join(said)
        member = self._current(name, said.epoch or self.members[name].epoch)
        if member.topics != said.topics or self._counts != self._subscribed_counts():
            member.topics = said.topics
            self.retarget()
        self._release(name, member, said.owned)
        return self.reconcile(name, member)

    def _join(self, said: Heartbeat) -> str:
        name = self.coordinator.new_member(said.client)
        static = [known for known, member in self.members.items() if said.instance and member.instance == said.instance]
        for known in static:
            if not self.members[known].away:
                raise BrokerError("UNRELEASED_INSTANCE_ID", f"{said.instance!r} is {known!r}, which has not left")
            self._rename(known, name)
            return name
        self.members[name] = ConsumerMember(said.instance, said.topics, said.assignor)
        self.retarget()
        return name

    def _rename(self, known: str, name: str) -> None:
        """A static member is back under another id: it has what it had."""
        member = self.members[name] = self.members.pop(known)
        member.away = False
        self.target[name] = self.target.pop(known, ())
        self.holders = {tp: name if holder == known else holder for tp, holder in self.holders.items()}

    def retarget(self) -> None:
        """The group has changed: another target, in another epoch."""
        self.epoch += 1
        self._counts = self._subscribed_counts()
        subscriptions = [Subscription(name, member.topics, self.held(name)) for name, member in self.members.items()]
        if subscriptions:
            assignor = next(iter(self.members.values())).assignor
            self.target = SERVER[assignor](subscriptions, self.coordinator.counts)

    def _subscribed_counts(self) -> tuple[tuple[str, int], ...]:
        return tuple((topic, self.coordinator.counts.get(topic, 0)) for topic in sorted(self.topics))

    def held(self, name: str) -> Owned:
        """What a member holds, or may hold for all we know."""
        return tuple(sorted(tp for tp, holder in self.holders.items() if holder == name))

    def _release(self, name: str, member: ConsumerMember, owned: Owned) -> None:
        """What a member was told to let go, and no longer has, nobody holds."""
        for tp in self.held(name):
            if tp not in member.told and tp not in owned:
                del self.holders[tp]

    def reconcile(self, name: str, member: ConsumerMember) -> Told:
        """The next step towards the target: first let go, then take what is free."""
        target = self.target.get(name, ())
        if any(tp not in target for tp in self.held(name)):
            member.told = tuple(tp for tp in self.held(name) if tp in target)
        else:
            for tp in target:
                self.grant(tp, name)
            member.told, member.epoch = self.held(name), self.epoch
        return Told(name, member.epoch, member.told)

    def grant(self, tp: TopicPartition, name: str) -> None:
        """Give a partition to a member, if nobody holds it."""
        self.holders.setdefault(tp, name)

    # --- being a member ---

    def _current(self, name: str, epoch: int) -> ConsumerMember:
        member = self.members.get(name)
        if member is None:
            raise BrokerError("UNKNOWN_MEMBER_ID", f"{name!r} is not in group {self.name!r}")
        if member.epoch != epoch:
            raise BrokerError("FENCED_MEMBER_EPOCH", f"{epoch} is not {member.epoch}")
        return member

    def check(self, membership: Membership) -> None:
        """Whether a member may commit; who is no member may where there are none. Raises `STALE_MEMBER_EPOCH`, …"""
        if not membership.member and not self.members:
            return
        member = self.members.get(membership.member)
        if member is None:
            raise BrokerError("UNKNOWN_MEMBER_ID", f"{membership.member!r} is not in group {self.name!r}")
        if member.epoch != membership.generation:
            raise BrokerError("STALE_MEMBER_EPOCH", f"{membership.generation} is not {member.epoch}")

    def step_away(self, name: str) -> None:
        """A static member has left for a while: what it held is kept for it until its session runs out."""
        self.members[name].away = True

    def remove(self, name: str) -> None:
        """A member has left, or is taken to have: what it held is free."""
        del self.members[name]
        self.target.pop(name, None)
        self.holders = {tp: holder for tp, holder in self.holders.items() if holder != name}
        self.emptied = self.coordinator.cluster.scheduler.now
        self.retarget()

    @property
    def topics(self) -> set[str]:
        """What its members are subscribed to."""
        return {topic for member in self.members.values() for topic in member.topics}

    def describe(self) -> GroupState:
        """The group as it is now."""
        settled = all(
            member.epoch == self.epoch and self.held(name) == tuple(sorted(self.target.get(name, ())))
            for name, member in self.members.items()
        )
        state = "empty" if not self.members else "stable" if settled else "reconciling"
        return GroupState(state, tuple(Member(name, self.held(name), m.instance) for name, m in self.members.items()))
