"""A member under the classic protocol: eager ones let go of all before they join anew, cooperative ones do not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from brokerlaw.reference.assignors import CLASSIC, Owned, Subscription
from brokerlaw.reference.classic_group import ClassicGroup, Join
from brokerlaw.reference.errors import BrokerError
from brokerlaw.reference.member import GroupMember
from brokerlaw.spec.history.numbers import MILLISECOND
from brokerlaw.spec.history.operations import OpenConsumer

if TYPE_CHECKING:
    from brokerlaw.reference.consumer import Consumer

State: TypeAlias = Literal["unjoined", "joining", "syncing", "stable"]


class ClassicGroupMember(GroupMember):
    """Join; wait for the others; assign, if it is to lead; sync; wait for the assignment; then heartbeat."""

    def __init__(self, consumer: Consumer, op: OpenConsumer, topics: tuple[str, ...]) -> None:
        super().__init__(consumer, op, topics)
        self._state: State = "unjoined"
        self._assigned_over: tuple[int | None, ...] | None = None

    def join_anew(self) -> None:
        """Join with the next step."""
        self._state = "unjoined"

    def advance(self) -> bool:
        """The step that this state asks for."""
        group = self.groups.classic(self.group)
        match self._state:
            case "unjoined":
                return self._join(group)
            case "joining":
                return self._await_others(group)
            case "syncing":
                return self._await_assignment(group)
            case "stable":
                return self.is_time() and self._heartbeat(group)

    def _join(self, group: ClassicGroup) -> bool:
        self.let_go()
        subscription = Subscription("", self.topics, self.owned, self.generation)
        timeout = self.op.max_poll_interval * MILLISECOND
        self.id = group.join(
            Join(self.consumer.name, self.id, self.op.instance_id, subscription, self.op.assignor, timeout)
        )
        self._state = "joining"
        return True

    def _await_others(self, group: ClassicGroup) -> bool:
        joined = group.joined(self.id, self.op.instance_id)
        if joined is None:
            return False
        self.generation, self._state = joined.generation, "syncing"
        self._assigned_over = None
        if joined.subscriptions is not None:
            self._assigned_over = self._counts()
            return self._give_out(group, joined.subscriptions)
        return True

    def _give_out(self, group: ClassicGroup, subscriptions: tuple[Subscription, ...]) -> bool:
        """Tell the coordinator who is to have what; perhaps the next round has begun meanwhile."""
        try:
            group.sync(self.membership, self.assign(subscriptions))
        except BrokerError as error:
            return self._begin_anew_if_told(error)
        return True

    def assign(self, subscriptions: tuple[Subscription, ...]) -> dict[str, Owned]:
        """Run the assignor for all members."""
        return CLASSIC[self.op.assignor](subscriptions, self.groups.counts)

    def _counts(self) -> tuple[int | None, ...]:
        return tuple(self.groups.counts.get(topic) for topic in self.topics)

    def _await_assignment(self, group: ClassicGroup) -> bool:
        try:
            assignment = group.sync(self.membership, None)
        except BrokerError as error:
            return self._begin_anew_if_told(error)
        if assignment is None:
            return False
        self._state = "stable"
        self._take(assignment)
        return True

    def _take(self, assignment: Owned) -> None:
        """Let go of what is another's now, take what is new; if something was let go, join anew for it to be given."""
        revoked = tuple(tp for tp in self.owned if tp not in assignment)
        added = tuple(tp for tp in assignment if tp not in self.owned)
        if revoked:
            self.consumer.revoked(revoked)
            self.join_anew()
        self.owned = assignment
        self.consumer.assigned(added)

    def _heartbeat(self, group: ClassicGroup) -> bool:
        """Whether it must join anew: the coordinator says so, or it leads and there are other partitions now."""
        try:
            group.heartbeat(self.membership)
        except BrokerError as error:
            return self._begin_anew_if_told(error)
        if self._assigned_over is None or self._assigned_over == self._counts():
            return False
        return self._begin_anew()

    def _begin_anew_if_told(self, error: BrokerError) -> bool:
        if error.code != "REBALANCE_IN_PROGRESS":
            raise error
        return self._begin_anew()

    def _begin_anew(self) -> bool:
        if self._state == "stable":
            self.let_go()
        self.join_anew()
        return True

    def let_go(self) -> None:
        """Of all, before it joins anew, unless it is a cooperative one."""
        if self.op.assignor != "cooperative-sticky" and self.owned:
            self.consumer.revoked(self.owned)
            self.owned = ()
