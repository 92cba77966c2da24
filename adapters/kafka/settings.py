"""The settings of a cluster for testing: quick to notice faults, quick to start, small in memory."""

import random
import socket
from collections.abc import Iterable, Mapping
from pathlib import Path

from brokerlaw.adapters.kafka.metadata import HOST

Settings = Mapping[str, str]

# Below the range from which systems take the source ports of outgoing connections: otherwise a client that
# keeps connecting to a dead broker's port can be given that very port, and the broker cannot come back.
PORTS = range(20_000, 30_000)

NOTICE_FAULTS_SOON = {
    "broker.session.timeout.ms": "1000",
    "broker.heartbeat.interval.ms": "200",
    "replica.lag.time.max.ms": "1000",
    "replica.fetch.backoff.ms": "100",
    "replica.socket.timeout.ms": "3000",
    "controller.socket.timeout.ms": "3000",
    "unclean.leader.election.interval.ms": "1000",
}
GROUPS = {
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "500",
    "group.consumer.min.session.timeout.ms": "500",
    "group.consumer.session.timeout.ms": "1500",
    "group.consumer.min.heartbeat.interval.ms": "100",
    "group.consumer.heartbeat.interval.ms": "200",
    "group.consumer.min.assignment.interval.ms": "0",
    "group.consumer.assignment.interval.ms": "0",
    "group.share.min.session.timeout.ms": "500",
    "group.share.session.timeout.ms": "1500",
    "group.share.min.heartbeat.interval.ms": "100",
    "group.share.heartbeat.interval.ms": "200",
    "group.share.min.record.lock.duration.ms": "1000",
    "group.share.min.assignment.interval.ms": "0",
    "group.share.assignment.interval.ms": "0",
}
TRANSACTIONS = {
    "transaction.abort.timed.out.transaction.cleanup.interval.ms": "500",
}
UPKEEP = {
    "auto.create.topics.enable": "false",
    "auto.leader.rebalance.enable": "false",  # leaders move by the plan's faults, not by the hour
    "log.initial.task.delay.ms": "500",
    "log.retention.check.interval.ms": "1000",
    "log.cleaner.backoff.ms": "500",
    "log.segment.delete.delay.ms": "1000",
}
SMALL = {
    "log.cleaner.dedupe.buffer.size": "4194304",
    "log.cleaner.io.buffer.size": "65536",
    "num.network.threads": "2",
    "num.io.threads": "4",
    "background.threads": "2",
}


def replication(brokers: int) -> dict[str, str]:
    """Kafka's own topics: three replicas where there are brokers for them, and few partitions."""
    replicas, in_sync = str(min(3, brokers)), str(min(2, brokers))
    return {
        "default.replication.factor": replicas,
        "offsets.topic.replication.factor": replicas,
        "offsets.topic.num.partitions": "3",
        "transaction.state.log.replication.factor": replicas,
        "transaction.state.log.min.isr": in_sync,
        "transaction.state.log.num.partitions": "3",
        "share.coordinator.state.topic.replication.factor": replicas,
        "share.coordinator.state.topic.min.isr": in_sync,
        "share.coordinator.state.topic.num.partitions": "3",
    }


def for_testing(brokers: int, own: Settings) -> dict[str, str]:
    """What all nodes of a cluster share; the caller's `own` settings win."""
    tables: Iterable[Settings] = (NOTICE_FAULTS_SOON, GROUPS, TRANSACTIONS, UPKEEP, SMALL)
    merged = {key: value for table in tables for key, value in table.items()}
    return merged | replication(brokers) | dict(own)


def as_shipped(brokers: int, own: Settings) -> dict[str, str]:
    """Kafka's own defaults, but for memory, and for its own topics where there are fewer than three brokers."""
    return SMALL | (replication(brokers) if brokers < 3 else {}) | dict(own)


def for_node(node: int, roles: tuple[str, ...], ports: Settings, voters: str, data: Path) -> dict[str, str]:
    """What is one node's own. `ports` maps each of its roles to a port; `voters` is the quorum, id@host:port."""
    return {
        "node.id": str(node),
        "process.roles": ",".join(roles),
        "listeners": ",".join(f"{role.upper()}://{HOST}:{ports[role]}" for role in roles),
        "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,BROKER:PLAINTEXT",
        "controller.listener.names": "CONTROLLER",
        "inter.broker.listener.name": "BROKER",
        "controller.quorum.voters": voters,
        "log.dirs": str(data),
    }


def quorum(ports: Mapping[int, int]) -> str:
    """The controllers as `id@host:port,...`."""
    return ",".join(f"{node}@{HOST}:{port}" for node, port in ports.items())


def properties(settings: Settings) -> str:
    """A Java properties file; only the backslash has a meaning of its own inside a value."""
    return "".join(f"{key}={value.replace(chr(92), chr(92) * 2)}\n" for key, value in settings.items())


def free_ports(count: int) -> list[int]:
    """That many loopback ports that nobody listens on just now."""
    found: list[int] = []
    for port in random.SystemRandom().sample(PORTS, len(PORTS)):
        if len(found) == count:
            break
        if _is_free(port):
            found.append(port)
    return found


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as Java does: a closed port is free
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True
