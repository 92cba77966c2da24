"""A member under the consumer protocol: each heartbeat says what it holds, each answer what it may. KIP-848."""

from __future__ import annotations

from brokerlaw.reference.consumer_group import Heartbeat
from brokerlaw.reference.member import GroupMember


class ConsumerGroupMember(GroupMember):
    """Heartbeats, and comes to what it is told: first it lets go, and says so, then it takes."""

    def join_anew(self) -> None:
        """Join with the next step."""
        self.next_heartbeat = 0

    def step_away(self) -> None:
        """Epoch -2: it will be back."""
        group = self.groups.consumer(self.group)
        if self.id in group.members:
            group.step_away(self.id)

    def advance(self) -> bool:
        """One heartbeat, when it is time."""
        if not self.is_time():
            return False
        epoch, op = max(self.generation, 0), self.op
        said = Heartbeat(self.consumer.name, self.id, epoch, op.instance_id, self.topics, op.assignor, self.owned)
        told = self.groups.consumer(self.group).converse(said)
        revoked = tuple(tp for tp in self.owned if tp not in told.partitions)
        added = tuple(tp for tp in told.partitions if tp not in self.owned)
        if revoked:
            self.consumer.revoked(revoked)
            self.next_heartbeat = 0
        news = bool(revoked or added or told.epoch != epoch)
        self.id, self.generation, self.owned = told.member, told.epoch, told.partitions
        if added or told.epoch != epoch:
            self.consumer.assigned(added)
        return news
