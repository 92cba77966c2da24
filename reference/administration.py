"""What an administrator asks of the cluster: topics, offsets, groups, faults, and a look inside."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from brokerlaw.reference.broker import Broker
from brokerlaw.reference.client import PATIENCE, Client
from brokerlaw.reference.cluster import Cluster
from brokerlaw.reference.errors import BrokerError
from brokerlaw.reference.registration import OFFSETS
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.numbers import MILLISECOND
from brokerlaw.spec.history.outcomes import Ok, Outcome, Unknown
from brokerlaw.spec.history.values import PartitionState, TopicPartition

T = TypeVar("T")


class Administration:
    """One client of its own, which is patient, and the hands that pull plugs."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._client = Client(cluster, "admin")

    # --- topics and offsets ---

    def create_topic(self, op: ops.CreateTopic) -> Outcome:
        """Create, and wait until the brokers have heard of it."""
        self._ask(lambda: self._cluster.controller.create_topic(op))
        self._cluster.scheduler.run_for(5 * MILLISECOND)
        return Ok()

    def delete_topic(self, op: ops.DeleteTopic) -> Outcome:
        """Delete."""
        self._ask(lambda: self._cluster.controller.delete_topic(op.topic))
        return Ok()

    def create_partitions(self, op: ops.CreatePartitions) -> Outcome:
        """Create more, and wait until the brokers have heard of them."""
        self._ask(lambda: self._cluster.controller.create_partitions(op.topic, op.total))
        self._cluster.scheduler.run_for(5 * MILLISECOND)
        return Ok()

    def alter_topic(self, op: ops.AlterTopic) -> Outcome:
        """Alter, and wait until the brokers have heard of it."""
        self._ask(lambda: self._cluster.controller.alter_topic(op.topic, op.settings))
        self._cluster.scheduler.run_for(5 * MILLISECOND)
        return Ok()

    def delete_records(self, op: ops.DeleteRecords) -> Outcome:
        """Delete below an offset, at the leader, and wait until the in-sync set has done so too."""
        tp = TopicPartition(op.topic, op.partition)
        before = self._at_leader(tp, lambda leader: leader.delete_records(tp, op.before))

        def deleted() -> bool:
            registration = self._cluster.controller.partitions.get(tp)
            isr = () if registration is None else registration.isr
            replicas = (self._cluster.brokers[broker].replicas.get(tp) for broker in isr)
            return all(replica is None or replica.log.start >= before for replica in replicas)

        if self._cluster.scheduler.run_until(deleted, self._cluster.scheduler.now + PATIENCE):
            return Ok()
        return Unknown("REQUEST_TIMED_OUT", "a replica in sync has not deleted them yet")

    def list_offsets(self, op: ops.ListOffsets) -> Outcome:
        """Start, end, or by time, as the leader has it."""
        tp = TopicPartition(op.topic, op.partition)

        def look(leader: Broker) -> int | None:
            match op.at:
                case "earliest":
                    return leader.leader(tp).log.start
                case "latest":
                    return leader.leader(tp).latest(op.isolation)
                case timestamp:
                    return leader.offset_at(tp, timestamp)

        return Ok(self._at_leader(tp, look))

    # --- groups ---

    def describe_group(self, op: ops.DescribeGroup) -> Outcome:
        """As its coordinator sees it."""
        return Ok(self._at_coordinator(lambda: self._cluster.groups.describe(op.group)))

    def list_groups(self, op: ops.ListGroups) -> Outcome:
        """As their coordinator has them."""
        return Ok(self._at_coordinator(self._cluster.groups.listed))

    def delete_group(self, op: ops.DeleteGroup) -> Outcome:
        """Without members."""
        self._at_coordinator(lambda: self._cluster.groups.delete(op.group))
        return Ok()

    def delete_offsets(self, op: ops.DeleteOffsets) -> Outcome:
        """For partitions of topics that nobody in the group is subscribed to."""
        self._at_coordinator(lambda: self._cluster.groups.delete_offsets(op.group, op.partitions))
        return Ok()

    def reset_offsets(self, op: ops.ResetOffsets) -> Outcome:
        """For a group without members."""
        self._at_coordinator(lambda: self._cluster.groups.reset(op.group, op.offsets))
        return Ok()

    def fetch_committed(self, op: ops.FetchCommitted) -> Outcome:
        """What a group has committed."""
        tp = TopicPartition(op.topic, op.partition)
        return Ok(self._at_coordinator(lambda: self._cluster.groups.committed(op.group, tp)))

    def lag(self, op: ops.Lag) -> Outcome:
        """From what the group has committed to the end that consumers see."""
        tp = TopicPartition(op.topic, op.partition)
        committed = self._at_coordinator(lambda: self._cluster.groups.committed(op.group, tp))
        if committed is None:
            return Ok(None)
        end = self._at_leader(tp, lambda leader: leader.leader(tp).latest("read_uncommitted"))
        return Ok(max(0, end - committed))

    # --- faults ---

    def kill_broker(self, op: ops.KillBroker) -> Outcome:
        """Its process ends, its disk stays."""
        broker = self._broker(op.broker)
        self._refuse_unless(broker.up, "it is down")
        self._cluster.kill(broker)
        return Ok()

    def stop_broker(self, op: ops.StopBroker) -> Outcome:
        """The controller lets others lead, and its process ends when it knows that it leads nothing (KIP-631)."""
        cluster, broker = self._cluster, self._broker(op.broker)
        self._refuse_unless(broker.running, "it is not running")
        if cluster.controller.hears(broker):
            cluster.controller.fence(broker.id)
            limit = cluster.scheduler.now + cluster.settings.broker_session_timeout
            cluster.scheduler.run_until(lambda: not any(each.leading for each in broker.replicas.values()), limit)
        cluster.kill(broker)
        return Ok()

    def restart_broker(self, op: ops.RestartBroker) -> Outcome:
        """Returns when it has registered."""
        broker = self._broker(op.broker)
        self._refuse_unless(not broker.up, "it is up")
        self._cluster.restart(broker)
        self._cluster.scheduler.run_for(20 * MILLISECOND)
        return Ok()

    def pause_broker(self, op: ops.PauseBroker) -> Outcome:
        """It stands still."""
        broker = self._broker(op.broker)
        self._refuse_unless(broker.running, "it is not running")
        self._cluster.pause(broker)
        return Ok()

    def resume_broker(self, op: ops.ResumeBroker) -> Outcome:
        """It goes on."""
        broker = self._broker(op.broker)
        self._refuse_unless(broker.paused, "it is not paused")
        self._cluster.resume(broker)
        return Ok()

    def isolate_brokers(self, op: ops.IsolateBrokers) -> Outcome:
        """An island."""
        self._cluster.isolate([self._broker(number) for number in op.brokers], op.clients)
        return Ok()

    def heal_network(self, op: ops.HealNetwork) -> Outcome:
        """One sea again."""
        self._cluster.heal()
        return Ok()

    def elect_leader(self, op: ops.ElectLeader) -> Outcome:
        """The preferred one."""
        tp = TopicPartition(op.topic, op.partition)
        self._ask(lambda: self._cluster.controller.elect_preferred(tp))
        return Ok()

    def advance_clock(self, op: ops.AdvanceClock) -> Outcome:
        """Time passes."""
        self._cluster.scheduler.run_for(op.duration * MILLISECOND)
        return Ok()

    # --- a look inside ---

    def describe_partition(self, op: ops.DescribePartition) -> Outcome:
        """As the controller has it; a leader that does not answer is still the leader until it is fenced."""
        found = self._ask(lambda: self._cluster.controller.partition(TopicPartition(op.topic, op.partition)))
        return Ok(PartitionState(found.leader, found.epoch, found.replicas, found.isr))

    def read_replica(self, op: ops.ReadReplica) -> Outcome:
        """The log on one broker's disk, running or not."""
        log = self._broker(op.broker).replica(TopicPartition(op.topic, op.partition)).log
        return Ok(tuple(log.read(log.start, log.end, log.end + 1, "read_uncommitted").records))

    def _ask(self, question: Callable[[], T]) -> T:
        """Put a question to the controller, through any broker that hears it."""

        def ask() -> T:
            if not self._cluster.is_in_touch(self._client):
                raise BrokerError("LEADER_NOT_AVAILABLE", "no broker that answers hears the controller")
            return question()

        return self._client.insist(ask)

    def _at_leader(self, tp: TopicPartition, question: Callable[[Broker], T]) -> T:
        return self._client.insist(lambda: self._client.at_leader(tp, question))

    def _at_coordinator(self, question: Callable[[], T]) -> T:
        def ask() -> T:
            self._client.coordinator(OFFSETS)
            return question()

        return self._client.insist(ask)

    def _broker(self, number: int) -> Broker:
        self._refuse_unless(number in self._cluster.brokers, "there is no such broker")
        return self._cluster.brokers[number]

    def _refuse_unless(self, met: bool, why: str) -> None:
        if not met:
            raise BrokerError("INVALID_REQUEST", why)
