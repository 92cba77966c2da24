"""A broker: its replicas, and the requests that it answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brokerlaw.reference.batch import Content, Control, Stamp
from brokerlaw.reference.errors import BrokerError
from brokerlaw.reference.leader import Leader, Produced, Reply
from brokerlaw.reference.log import Slice
from brokerlaw.reference.network import Process
from brokerlaw.reference.registration import Registration
from brokerlaw.reference.replica import Replica
from brokerlaw.spec.history.operations import Acks, Isolation
from brokerlaw.spec.history.values import TopicPartition

if TYPE_CHECKING:
    from brokerlaw.reference.cluster import Cluster


class Broker(Process):
    """One broker process, and its disk."""

    def __init__(self, cluster: Cluster, number: int) -> None:
        super().__init__(f"broker-{number}")
        self.cluster = cluster
        self.id = number
        self.replicas: dict[TopicPartition, Replica] = {}

    # --- told by the controller ---

    def apply(self, tp: TopicPartition, told: Registration) -> None:
        """A partition has been created or has changed."""
        replica = self.replicas.get(tp)
        if replica is not None and replica.registration.topic_id != told.topic_id:
            self.forget(tp)
            replica = None
        if replica is None:
            replica = self.replicas[tp] = self.cluster.parts.replica(self, tp, told)
        replica.apply(told)

    def forget(self, tp: TopicPartition) -> None:
        """A partition has been deleted."""
        replica = self.replicas.pop(tp, None)
        if replica is not None:
            replica.rest()

    def kill(self) -> None:
        """The process ends, the disk stays. Whoever waits for an answer sees the connection break, and gets none."""
        super().kill()
        for replica in self.replicas.values():
            if replica.leading is not None:
                replica.leading.delayed.clear()
            replica.rest()

    def start(self) -> None:
        """The process begins again, from its disk."""
        self.up = True

    # --- asked by others ---

    def replica(self, tp: TopicPartition) -> Replica:
        """Raises `UNKNOWN_TOPIC_OR_PARTITION`."""
        replica = self.replicas.get(tp)
        if replica is None:
            raise BrokerError("NOT_LEADER_OR_FOLLOWER", f"broker {self.id} has no replica of {tp}")
        return replica

    def leader(self, tp: TopicPartition) -> Leader:
        """Raises `NOT_LEADER_OR_FOLLOWER`."""
        return self.replica(tp).led()

    def produce(
        self,
        tp: TopicPartition,
        contents: tuple[Content, ...],
        stamp: Stamp | None,
        acks: Acks,
        transactional_id: str | None,
        reply: Reply,
    ) -> None:
        """Append records; a transaction is verified to have this partition before its first batch (KIP-890)."""
        try:
            leader = self.leader(tp)
            if transactional_id is not None and stamp is not None:
                self.verify(leader, transactional_id, stamp, tp)
            leader.produce(contents, stamp, acks, transactional_id is not None, reply)
        except BrokerError as error:
            reply(Produced(-1, error.code))

    def verify(self, leader: Leader, transactional_id: str, stamp: Stamp, tp: TopicPartition) -> None:
        """Raises what the transaction coordinator does."""
        if stamp.producer not in leader.log.producers.open:
            self.cluster.transactions.verify(transactional_id, stamp, tp)

    def fetch(self, tp: TopicPartition, offset: int, limit: int, isolation: Isolation) -> Slice:
        """Records for a consumer."""
        return self.leader(tp).read(offset, limit, isolation)

    def offset_at(self, tp: TopicPartition, timestamp: int) -> int | None:
        """The first offset at or after a timestamp (ms)."""
        leader = self.leader(tp)
        return leader.log.first_at(timestamp, leader.latest("read_uncommitted"))

    def delete_records(self, tp: TopicPartition, before: int) -> int:
        """Delete below an offset (-1: the high watermark), which is told. `OFFSET_OUT_OF_RANGE`, `POLICY_VIOLATION`."""
        leader = self.leader(tp)
        if "delete" not in leader.settings.cleanup:
            raise BrokerError("POLICY_VIOLATION", f"{tp} is compacted, and nothing else")
        high_watermark = leader.replica.high_watermark
        before = high_watermark if before == -1 else before
        if not 0 <= before <= high_watermark:
            raise BrokerError("OFFSET_OUT_OF_RANGE", f"{before} is not in [0, {high_watermark}]")
        leader.delete_before(before)
        return before

    def write_marker(self, tp: TopicPartition, control: Control, stamp: Stamp, reply: Reply) -> None:
        """Write a transaction marker."""
        try:
            self.leader(tp).mark(control, stamp, reply)
        except BrokerError as error:
            reply(Produced(-1, error.code))
