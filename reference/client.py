"""What all clients share: a view of the cluster, and patience."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeVar

from brokerlaw.reference.errors import RETRIABLE, BrokerError
from brokerlaw.reference.network import Process
from brokerlaw.reference.registration import Registration
from brokerlaw.spec.history.numbers import MILLISECOND
from brokerlaw.spec.history.values import TopicPartition

if TYPE_CHECKING:
    from brokerlaw.reference.broker import Broker
    from brokerlaw.reference.cluster import Cluster

T = TypeVar("T")

BACKOFF: Final = 20 * MILLISECOND
"""Between two attempts (`retry.backoff.ms`)."""
PATIENCE: Final = 5_000 * MILLISECOND
"""For an answer to a request of the application's (`default.api.timeout.ms`)."""
METADATA_MAX_AGE: Final = 1_000 * MILLISECOND
"""After this a client looks again for the leader of a partition, even if nothing went wrong."""


class Client(Process):
    """A client process. It believes what it was last told, until something goes wrong or the news is old."""

    is_client = True

    def __init__(self, cluster: Cluster, name: str) -> None:
        super().__init__(name)
        self.cluster = cluster
        self.scheduler = cluster.scheduler
        cluster.clients.append(self)
        self._known: dict[TopicPartition, tuple[Registration, int]] = {}

    def leader(self, tp: TopicPartition) -> Broker:
        """The broker that leads, as this client believes. Raises `LEADER_NOT_AVAILABLE`, `UNKNOWN_TOPIC_…`."""
        known = self._known.get(tp)
        if known is None or self.scheduler.now - known[1] > METADATA_MAX_AGE:
            self.refresh(tp)
            known = self._known.get(tp)
        leader = None if known is None else known[0].leader
        if leader is None or not self.cluster.network.reaches(self, self.cluster.brokers[leader]):
            self.refresh(tp)
            raise BrokerError("LEADER_NOT_AVAILABLE", f"{tp} has no leader that answers")
        return self.cluster.brokers[leader]

    def refresh(self, tp: TopicPartition) -> None:
        """Ask any broker that hears the controller for the leader. Raises `UNKNOWN_TOPIC_OR_PARTITION`."""
        if self.cluster.is_in_touch(self):
            self._known.pop(tp, None)
            registration = self.cluster.controller.partition(tp)
            self._known[tp] = registration, self.scheduler.now

    def coordinator(self, internal: TopicPartition) -> Broker:
        """The broker that leads an internal partition. Raises `COORDINATOR_NOT_AVAILABLE`."""
        leader = self.cluster.controller.partitions[internal].leader
        broker = None if leader is None else self.cluster.brokers[leader]
        if broker is None or not self.cluster.network.reaches(self, broker):
            raise BrokerError("COORDINATOR_NOT_AVAILABLE", f"the leader of {internal} does not answer")
        return broker

    def insist(self, ask: Callable[[], T], patience: int = PATIENCE) -> T:
        """Ask until there is an answer, a refusal that is final, or no patience left. Raises the last refusal."""
        deadline = self.scheduler.now + patience
        while True:
            self.scheduler.run_for(self.scheduler.latency())
            try:
                return ask()
            except BrokerError as error:
                if error.code not in RETRIABLE or self.scheduler.now >= deadline:
                    raise
                self.scheduler.run_for(BACKOFF)

    def at_leader(self, tp: TopicPartition, ask: Callable[[Broker], T]) -> T:
        """One question to a partition's leader; a refusal makes the client look for it anew."""
        try:
            return ask(self.leader(tp))
        except BrokerError as error:
            if error.code in RETRIABLE:
                self.refresh(tp)
            raise

    def disconnected(self, broker: Broker) -> None:
        """A broker has died: connections to it break."""
