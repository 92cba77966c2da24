"""A group of the classic protocol: all join, one of them assigns, all are told; then anew. KIP-62, KIP-345, KIP-429."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from brokerlaw.reference.assignors import Assignment, Owned, Subscription
from brokerlaw.reference.errors import BrokerError
from brokerlaw.spec.history.values import GroupState, Member

if TYPE_CHECKING:
    from brokerlaw.reference.groups import GroupCoordinator, Membership

State: TypeAlias = Literal["empty", "preparingrebalance", "completingrebalance", "stable"]


class Join(NamedTuple):
    """A request to join. `member` is empty the first time; `rebalance_timeout` in ns."""

    client: str
    member: str
    instance: str | None
    subscription: Subscription
    assignor: str
    rebalance_timeout: int


class Joined(NamedTuple):
    """The answer when all have joined; whoever is to assign gets the subscriptions."""

    generation: int
    subscriptions: tuple[Subscription, ...] | None


@dataclass
class ClassicMember:
    """A member as the coordinator knows it. `waiting`: it has joined the round at hand."""

    join: Join
    waiting: bool = False
    answer: Joined | None = None
    assignment: Owned = ()


class ClassicGroup:
    """Rounds: preparing (waiting for all to join), completing (waiting for the assignment), stable."""

    def __init__(self, coordinator: GroupCoordinator, name: str) -> None:
        self.coordinator = coordinator
        self.name = name
        self.state: State = "empty"
        self.generation = 0
        self.emptied = 0
        self.members: dict[str, ClassicMember] = {}
        self.leader: str | None = None
        self._instances: dict[str, str] = {}
        self._round = 0

    # --- joining ---

    def join(self, join: Join) -> str:
        """Join, or join again; the answer, when it comes, is in `joined`. Returns the member id.

        Raises `UNKNOWN_MEMBER_ID`, `FENCED_INSTANCE_ID`, `INCONSISTENT_GROUP_PROTOCOL`.
        """
        if any(member.join.assignor != join.assignor for member in self.members.values()):
            raise BrokerError("INCONSISTENT_GROUP_PROTOCOL", f"{join.assignor} is not what group {self.name!r} uses")
        if join.member:
            self._known(join.member, join.instance)
            return self._rejoin(self.members[join.member], join)
        member = self.coordinator.new_member(join.client)
        predecessor = self._instances.get(join.instance or "")
        if join.instance is not None:
            self._instances[join.instance] = member
        if predecessor is not None and self.state == "stable":
            return self._succeed(member, predecessor, join)
        if predecessor is not None:
            self._forget(predecessor)
        self.members[member] = ClassicMember(join._replace(member=member))
        return self._enter(member)

    def _rejoin(self, member: ClassicMember, join: Join) -> str:
        """Without a reason to begin a round, a member is told again what it has missed."""
        reason = self.state == "preparingrebalance" or self.leader == join.member
        if not reason and member.join.subscription[1:3] == join.subscription[1:3]:
            member.answer = Joined(self.generation, None)
            return join.member
        member.join = join
        return self._enter(join.member)

    def _succeed(self, member: str, predecessor: str, join: Join) -> str:
        """A static member is back under another id: it has what it had, and nobody else is disturbed (KIP-345)."""
        before = self._forget(predecessor)
        after = ClassicMember(join._replace(member=member), assignment=before.assignment)
        self.members[member] = after
        if before.join.subscription.topics != join.subscription.topics:
            return self._enter(member)
        after.answer = Joined(self.generation, None)
        self.leader = member if self.leader == predecessor else self.leader
        return member

    def _enter(self, member: str) -> str:
        if self.state != "preparingrebalance":
            self.prepare()
        entered = self.members[member]
        entered.waiting, entered.answer = True, None  # what it did not fetch of the round before is old
        self._complete_if_all_wait()
        return member

    def prepare(self) -> None:
        """Begin a round; whoever has not joined when its time is up is left behind."""
        self.state = "preparingrebalance"
        self._round += 1
        for member in self.members.values():
            member.waiting = False
        begun = self._round
        timeout = max((member.join.rebalance_timeout for member in self.members.values()), default=0)

        def expire() -> None:
            if self._round == begun and self.state == "preparingrebalance":
                self._complete()

        self.coordinator.cluster.scheduler.after(timeout, expire)

    def _complete_if_all_wait(self) -> None:
        if all(member.waiting for member in self.members.values()):
            self._complete()

    def _complete(self) -> None:
        """The next generation: those who have joined, and static members, who may come back."""
        for name, member in tuple(self.members.items()):
            if not member.waiting and member.join.instance is None:
                self._forget(name)
        waiting = [name for name, member in self.members.items() if member.waiting]
        if not waiting:
            self._begin_again()
            return
        self.generation += 1
        self.state = "completingrebalance"
        if self.leader not in waiting:
            self.leader = waiting[0]
        everyone = tuple(member.join.subscription._replace(member=name) for name, member in self.members.items())
        for name in waiting:
            self.members[name].answer = Joined(self.generation, everyone if name == self.leader else None)

    def _begin_again(self) -> None:
        """Nobody has come: only static members, if any, may still."""
        if self.members:
            self.prepare()
        else:
            self._be_empty()

    def _be_empty(self) -> None:
        self.state, self.leader = "empty", None
        self.emptied = self.coordinator.cluster.scheduler.now

    def joined(self, member: str, instance: str | None) -> Joined | None:
        """What came of joining, once; None while others are awaited. Raises `UNKNOWN_MEMBER_ID`, …"""
        known = self._known(member, instance)
        answer, known.answer = known.answer, None
        return answer

    def sync(self, membership: Membership, assignment: Assignment | None) -> Owned | None:
        """The member's partitions; None while whoever assigns is awaited. Raises `REBALANCE_IN_PROGRESS`, …"""
        member = self._current(membership)
        if self.state == "preparingrebalance":
            raise BrokerError("REBALANCE_IN_PROGRESS")
        if assignment is not None and self.state == "completingrebalance":
            for name, each in self.members.items():
                each.assignment = assignment.get(name, ())
            self.state = "stable"
        return member.assignment if self.state == "stable" else None

    # --- being a member ---

    def heartbeat(self, membership: Membership) -> None:
        """Raises `REBALANCE_IN_PROGRESS`, `ILLEGAL_GENERATION`, `UNKNOWN_MEMBER_ID`, `FENCED_INSTANCE_ID`."""
        self._current(membership)
        if self.state == "preparingrebalance":
            raise BrokerError("REBALANCE_IN_PROGRESS")

    def check(self, membership: Membership) -> None:
        """Whether a member may commit; who is no member may where there are none. Raises as `heartbeat`."""
        if not membership.member and not self.members:
            return
        self._current(membership)
        if self.state == "completingrebalance":
            raise BrokerError("REBALANCE_IN_PROGRESS")

    def _known(self, member: str, instance: str | None) -> ClassicMember:
        if instance is not None and self._instances.get(instance, member) != member:
            raise BrokerError("FENCED_INSTANCE_ID", f"{instance!r} is now {self._instances[instance]!r}")
        if member not in self.members:
            raise BrokerError("UNKNOWN_MEMBER_ID", f"{member!r} is not in group {self.name!r}")
        return self.members[member]

    def _current(self, membership: Membership) -> ClassicMember:
        member = self._known(membership.member, membership.instance)
        if membership.generation != self.generation:
            raise BrokerError("ILLEGAL_GENERATION", f"{membership.generation} is not {self.generation}")
        return member

    def remove(self, member: str) -> None:
        """A member has left, or is taken to have."""
        self._forget(member)
        if not self.members:
            self._be_empty()
            self.generation += 1
            return
        if self.state != "preparingrebalance":
            self.prepare()
        self._complete_if_all_wait()

    def _forget(self, member: str) -> ClassicMember:
        known = self.members.pop(member)
        instance = known.join.instance
        if instance is not None and self._instances.get(instance) == member:
            del self._instances[instance]
        return known

    @property
    def topics(self) -> set[str]:
        """What its members are subscribed to."""
        return {topic for member in self.members.values() for topic in member.join.subscription.topics}

    def describe(self) -> GroupState:
        """The group as it is now."""
        members = (Member(name, member.assignment, member.join.instance) for name, member in self.members.items())
        return GroupState(self.state, tuple(members))
