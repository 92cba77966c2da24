"""The controller: topics, who is alive, who leads, who is in sync. KIP-500, KIP-497, KIP-841."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from brokerlaw.reference.errors import BrokerError
from brokerlaw.reference.network import Process
from brokerlaw.reference.registration import Registration
from brokerlaw.reference.topic_settings import TopicSettings
from brokerlaw.spec.history.operations import CreateTopic
from brokerlaw.spec.history.values import TopicPartition

if TYPE_CHECKING:
    from brokerlaw.reference.broker import Broker
    from brokerlaw.reference.cluster import Cluster


class Controller(Process):
    """What it has registered is the truth; brokers are told, and may not have heard yet."""

    def __init__(self, cluster: Cluster) -> None:
        super().__init__("controller")
        self.cluster = cluster
        self.partitions: dict[TopicPartition, Registration] = {}
        self.topics: dict[str, int] = {}
        self._settings: dict[str, dict[str, str]] = {}
        self.fenced: set[int] = set()
        self._placed = 0
        self._contacts: dict[int, int] = {}

    # --- topics ---

    def create_topic(self, op: CreateTopic) -> None:
        """Raises `TOPIC_ALREADY_EXISTS`, `INVALID_PARTITIONS`, `INVALID_REPLICATION_FACTOR`, `INVALID_CONFIG`."""
        alive = [broker for broker in self.cluster.brokers if broker not in self.fenced]
        if op.topic in self.topics:
            raise BrokerError("TOPIC_ALREADY_EXISTS", f"topic {op.topic!r} exists")
        if not op.topic:
            raise BrokerError("INVALID_TOPIC_EXCEPTION", "a topic needs a name")
        if op.partitions < 1:
            raise BrokerError("INVALID_PARTITIONS", f"{op.partitions} partitions: one or more are needed")
        if not 1 <= op.replication <= len(alive):
            raise BrokerError("INVALID_REPLICATION_FACTOR", f"{op.replication} replicas on {len(alive)} brokers")
        settings, topic_id = TopicSettings.of(op.settings), self._placed
        self.topics[op.topic], self._settings[op.topic] = op.partitions, op.settings
        for partition in range(op.partitions):
            self._place(TopicPartition(op.topic, partition), alive, op.replication, topic_id, settings)

    def _place(
        self, tp: TopicPartition, alive: list[int], replication: int, topic_id: int, settings: TopicSettings
    ) -> None:
        """Choose the brokers of a new partition."""
        self._placed += 1
        replicas = tuple(alive[(self._placed + index) % len(alive)] for index in range(replication))
        self.register(tp, Registration(replicas, replicas, replicas[0], 0, 0, topic_id, settings))

    def create_partitions(self, topic: str, total: int) -> None:
        """Raises `UNKNOWN_TOPIC_OR_PARTITION`, `INVALID_PARTITIONS`, `INVALID_REPLICATION_FACTOR`."""
        present = self._partitions(topic)
        like = self.partitions[TopicPartition(topic, 0)]
        alive = [broker for broker in self.cluster.brokers if broker not in self.fenced]
        if total <= present:
            raise BrokerError("INVALID_PARTITIONS", f"{topic!r} has {present} partitions, and {total} are no more")
        if len(like.replicas) > len(alive):
            raise BrokerError("INVALID_REPLICATION_FACTOR", f"{len(like.replicas)} replicas on {len(alive)} brokers")
        for partition in range(present, total):
            self._place(TopicPartition(topic, partition), alive, len(like.replicas), like.topic_id, like.settings)
        self.topics[topic] = total

    def alter_topic(self, topic: str, changes: dict[str, str]) -> None:
        """Raises `UNKNOWN_TOPIC_OR_PARTITION`, `INVALID_CONFIG`."""
        present = self._partitions(topic)
        settings = self._settings[topic] | changes
        read = TopicSettings.of(settings)
        self._settings[topic] = settings
        for tp in (TopicPartition(topic, partition) for partition in range(present)):
            known = self.partitions[tp]
            self.register(tp, known._replace(settings=read, version=known.version + 1))

    def _partitions(self, topic: str) -> int:
        if topic not in self.topics:
            raise BrokerError("UNKNOWN_TOPIC_OR_PARTITION", f"no topic {topic!r}")
        return self.topics[topic]

    def delete_topic(self, topic: str) -> None:
        """Raises `UNKNOWN_TOPIC_OR_PARTITION`."""
        for partition in range(self._partitions(topic)):
            tp = TopicPartition(topic, partition)
            for broker in self.partitions.pop(tp).replicas:
                target = self.cluster.brokers[broker]
                self.cluster.network.send(self, target, partial(target.forget, tp))
        del self.topics[topic], self._settings[topic]
        self.cluster.groups.forget_topic(topic)

    def partition(self, tp: TopicPartition) -> Registration:
        """Raises `UNKNOWN_TOPIC_OR_PARTITION`."""
        found = self.partitions.get(tp)
        if found is None:
            raise BrokerError("UNKNOWN_TOPIC_OR_PARTITION", f"no partition {tp}")
        return found

    def register(self, tp: TopicPartition, registration: Registration) -> Registration:
        """Make it the truth, and tell the replicas."""
        self.partitions[tp] = registration
        for broker in registration.replicas:
            self.tell(self.cluster.brokers[broker], tp)
        return registration

    def tell(self, broker: Broker, tp: TopicPartition) -> None:
        """Send a broker what is registered of a partition."""
        self.cluster.network.send(self, broker, partial(broker.apply, tp, self.partitions[tp]))

    # --- brokers come and go ---

    def miss(self, broker: Broker) -> None:
        """A broker may have gone silent: if its session runs out, fence it."""
        contact = self._contacts.setdefault(broker.id, 0)

        def expire() -> None:
            if self._contacts[broker.id] == contact and not self.hears(broker):
                self.fence(broker.id)

        self.cluster.scheduler.after(self.cluster.settings.broker_session_timeout, expire)

    def hears(self, broker: Broker) -> bool:
        """Whether heartbeats arrive."""
        return self.cluster.network.reaches(self, broker)

    def welcome(self, broker: Broker) -> None:
        """A broker is heard of again: tell it everything, and let it lead."""
        self._contacts[broker.id] = self._contacts.get(broker.id, 0) + 1
        self.fenced.discard(broker.id)
        for tp in [tp for tp in broker.replicas if tp not in self.partitions]:
            self.cluster.network.send(self, broker, partial(broker.forget, tp))
        for tp, registration in self._partitions_of(broker.id):
            if registration.leader is None:
                self.elect(tp)
            self.tell(broker, tp)

    def fence(self, broker: int) -> None:
        """A broker is dead as far as anyone knows: out of every in-sync set, but where it is the last (KIP-841)."""
        self.fenced.add(broker)
        for tp, registration in self._partitions_of(broker):
            isr = tuple(member for member in registration.isr if member != broker) or registration.isr
            if isr != registration.isr:
                registration = self.register(tp, registration._replace(isr=isr, version=registration.version + 1))
            if registration.leader == broker:
                self.elect(tp)

    def _partitions_of(self, broker: int) -> Iterator[tuple[TopicPartition, Registration]]:
        return (item for item in tuple(self.partitions.items()) if broker in item[1].replicas)

    # --- leaders ---

    def elect(self, tp: TopicPartition) -> None:
        """Register a new leader in a new epoch, or that there is none."""
        registration = self.partitions[tp]
        leader, isr = self.candidate(registration), registration.isr
        if leader is not None and leader not in isr:
            isr = (leader,)
        if leader is not None or registration.leader is not None:
            self.register(tp, self.promoted(registration, leader)._replace(isr=isr))

    def candidate(self, registration: Registration) -> int | None:
        """The first live replica in sync; where unclean elections are allowed, at worst any live one."""
        alive = [broker for broker in registration.replicas if broker not in self.fenced]
        clean = [broker for broker in alive if broker in registration.isr]
        return next(iter(clean or (alive if registration.settings.unclean else ())), None)

    def promoted(self, registration: Registration, leader: int | None) -> Registration:
        """Another leader, and so another epoch."""
        return registration._replace(leader=leader, epoch=registration.epoch + 1, version=registration.version + 1)

    def elect_preferred(self, tp: TopicPartition) -> None:
        """Raises `ELECTION_NOT_NEEDED`, `PREFERRED_LEADER_NOT_AVAILABLE`."""
        registration = self.partition(tp)
        preferred = registration.replicas[0]
        if registration.leader == preferred:
            raise BrokerError("ELECTION_NOT_NEEDED", f"broker {preferred} leads {tp} already")
        if preferred in self.fenced or preferred not in registration.isr:
            raise BrokerError("PREFERRED_LEADER_NOT_AVAILABLE", f"broker {preferred} is not in sync for {tp}")
        self.register(tp, self.promoted(registration, preferred))

    def alter_partition(self, tp: TopicPartition, leader: int, epoch: int, isr: tuple[int, ...]) -> Registration:
        """A leader asks for another in-sync set. Raises `FENCED_LEADER_EPOCH`, `INELIGIBLE_REPLICA`."""
        registration = self.partition(tp)
        if registration.leader != leader or registration.epoch != epoch:
            raise BrokerError("FENCED_LEADER_EPOCH", f"broker {leader} does not lead {tp} in epoch {epoch}")
        if self.fenced.intersection(isr):
            raise BrokerError("INELIGIBLE_REPLICA", f"{sorted(self.fenced.intersection(isr))} are fenced")
        ordered = tuple(broker for broker in registration.replicas if broker in isr)
        return self.register(tp, registration._replace(isr=ordered, version=registration.version + 1))
