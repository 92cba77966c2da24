"""The cluster: brokers, controller and coordinators on one simulated network and clock."""

from __future__ import annotations

from functools import partial
from typing import Final, NamedTuple

from brokerlaw.reference.broker import Broker
from brokerlaw.reference.classic_group import ClassicGroup
from brokerlaw.reference.classic_member import ClassicGroupMember
from brokerlaw.reference.cleaner import Cleaner
from brokerlaw.reference.client import Client
from brokerlaw.reference.consumer import Consumer
from brokerlaw.reference.consumer_group import ConsumerGroup
from brokerlaw.reference.consumer_member import ConsumerGroupMember
from brokerlaw.reference.controller import Controller
from brokerlaw.reference.follower import Follower
from brokerlaw.reference.groups import GroupCoordinator
from brokerlaw.reference.leader import Leader
from brokerlaw.reference.log import Log
from brokerlaw.reference.network import Network, Process
from brokerlaw.reference.partitioner import Partitioner
from brokerlaw.reference.producer import Producer
from brokerlaw.reference.registration import OFFSETS, TRANSACTIONS
from brokerlaw.reference.replica import Replica
from brokerlaw.reference.scheduler import Scheduler
from brokerlaw.reference.sender import Sender
from brokerlaw.reference.settings import Settings
from brokerlaw.reference.transactions import TransactionCoordinator
from brokerlaw.spec.history.numbers import MILLISECOND
from brokerlaw.spec.history.operations import CreateTopic
from brokerlaw.spec.history.values import TopicPartition

START: Final = 100 * MILLISECOND


class Cluster:
    """Everything that is not a client."""

    def __init__(self, settings: Settings, parts: Parts, now: int = 0) -> None:
        self.settings = settings
        self.parts = parts
        self.scheduler = Scheduler(settings.seed, now)
        self.network = Network(self.scheduler)
        self.brokers = {number: parts.broker(self, number) for number in range(settings.brokers)}
        self.clients: list[Client] = []
        self.controller = parts.controller(self)
        self.groups = parts.groups(self)
        self.transactions = parts.transactions(self)
        for internal in (OFFSETS, TRANSACTIONS):
            self.controller.create_topic(CreateTopic(internal.topic, 1, min(3, settings.brokers)))
        self.scheduler.run_for(START)

    def is_in_touch(self, client: Process) -> bool:
        """Whether the client reaches a broker that hears the controller."""
        network, controller = self.network, self.controller
        return any(
            network.reaches(client, broker) and network.connected(broker, controller)
            for broker in self.brokers.values()
        )

    def host(self, internal: TopicPartition) -> Broker | None:
        """The broker that coordinates, if it is running."""
        leader = self.controller.partitions[internal].leader
        broker = None if leader is None else self.brokers[leader]
        return broker if broker is not None and broker.running else None

    # --- faults ---

    def kill(self, broker: Broker) -> None:
        """End a broker's process."""
        broker.kill()
        for client in self.clients:
            self.network.send(broker, client, partial(client.disconnected, broker))
        self.controller.miss(broker)

    def restart(self, broker: Broker) -> None:
        """Start it again: the controller takes it for dead first, whatever it heard before (KAFKA-18106)."""
        self.controller.fence(broker.id)
        broker.start()
        if self.controller.hears(broker):
            self.controller.welcome(broker)

    def pause(self, broker: Broker) -> None:
        """Stop its process."""
        broker.pause()
        self.controller.miss(broker)

    def resume(self, broker: Broker) -> None:
        """Let it go on: it first works off what waited for it, and only then hears what it has missed."""
        broker.resume()
        if self.controller.hears(broker):
            self.controller.welcome(broker)

    def isolate(self, brokers: list[Broker], clients: bool) -> None:
        """Cut these off from all others."""
        island = 1 + max(broker.island for broker in self.brokers.values())
        for broker in brokers:
            broker.island, broker.hidden = island, clients
            self.controller.miss(broker)

    def heal(self) -> None:
        """Connect all again."""
        for broker in self.brokers.values():
            broker.island, broker.hidden = 0, False
        for broker in self.brokers.values():
            if self.controller.hears(broker):
                self.controller.welcome(broker)


class Parts(NamedTuple):
    """What a cluster is made of; a mutant takes the place of one of these."""

    log: type[Log] = Log
    cleaner: type[Cleaner] = Cleaner
    replica: type[Replica] = Replica
    leader: type[Leader] = Leader
    follower: type[Follower] = Follower
    broker: type[Broker] = Broker
    controller: type[Controller] = Controller
    groups: type[GroupCoordinator] = GroupCoordinator
    transactions: type[TransactionCoordinator] = TransactionCoordinator
    classic_group: type[ClassicGroup] = ClassicGroup
    consumer_group: type[ConsumerGroup] = ConsumerGroup
    producer: type[Producer] = Producer
    partitioner: type[Partitioner] = Partitioner
    sender: type[Sender] = Sender
    consumer: type[Consumer] = Consumer
    classic_member: type[ClassicGroupMember] = ClassicGroupMember
    consumer_member: type[ConsumerGroupMember] = ConsumerGroupMember
