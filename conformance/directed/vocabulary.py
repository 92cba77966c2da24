"""The words that the schedules share: one topic, one group, a few records."""

from collections.abc import Iterator
from typing import Final, Literal, TypeAlias

from brokerlaw.conformance.plan import Step
from brokerlaw.conformance.timeouts import SESSION_TIMEOUT
from brokerlaw.spec.history import operations as ops

TOPIC, OUTPUT, GROUP = "orders", "shipped", "shop"

Assignor: TypeAlias = Literal["range", "roundrobin", "cooperative-sticky", "uniform"]
Protocol: TypeAlias = Literal["classic", "consumer"]
KINDS: Final[dict[str, tuple[Assignor, Protocol]]] = {
    "eager": ("range", "classic"),
    "cooperative": ("cooperative-sticky", "classic"),
    "next": ("range", "consumer"),
    "uniform": ("uniform", "consumer"),
}
"""The ways in which a group may rebalance: by which assignor, under which protocol."""


def sends(count: int, client: str = "p0", topic: str = TOPIC, start: int = 0, awaited: bool = True) -> Iterator[Step]:
    """Keyed records of three keys, with values that no other send of the plan has."""
    for number in range(start, start + count):
        key = b"key-%d" % (number % 3)
        yield ops.Send(client, topic, b"%s-%d:" % (client.encode(), number), key, awaited=awaited)


def topic(partitions: int, replication: int, name: str = TOPIC, **settings: str) -> Step:
    """`settings` with underscores for dots: min_insync_replicas."""
    return ops.CreateTopic(
        name, partitions, replication, {key.replace("_", "."): text for key, text in settings.items()}
    )


def member(
    client: str, group: str = GROUP, isolation: ops.Isolation = "read_uncommitted", kind: str = "eager"
) -> Iterator[Step]:
    """A client that joins the group for the topic, in one of the ways that a group may rebalance."""
    assignor, protocol = KINDS[kind]
    yield ops.OpenConsumer(
        client,
        group,
        isolation=isolation,
        assignor=assignor,
        protocol=protocol,
        session_timeout=SESSION_TIMEOUT,
    )
    yield ops.Subscribe(client, (TOPIC,))
