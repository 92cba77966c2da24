"""Clients as their settings make them: what a client's own library calls by another name means the same.

Sources: the documentation of the settings of Kafka's Java clients and librdkafka, `Config` of sarama, the options of
franz-go (`kgo`), the arguments of kafka-python and of kafkajs.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple, TypeVar

import msgspec

from brokerlaw.spec.history import operations as ops

TRUTH: Final = {"true": True, "false": False}
Client = TypeVar("Client", ops.OpenProducer, ops.OpenConsumer)


class Setting(NamedTuple):
    """A field of a client, the names by which libraries know it, and what their values mean, in lower case."""

    field: str
    names: tuple[str, ...]
    values: Mapping[str, Any]


_ACKS: Final = {
    **dict.fromkeys(("all", "-1", "waitforall", "allisracks"), "all"),
    **dict.fromkeys(("1", "waitforlocal", "leaderack"), "1"),
    **dict.fromkeys(("0", "noresponse", "noack"), "0"),
}
_ISOLATION: Final = {
    **dict.fromkeys(("read_committed", "readcommitted"), "read_committed"),
    **dict.fromkeys(("read_uncommitted", "readuncommitted"), "read_uncommitted"),
}
OF_PRODUCERS: Final = (
    Setting("acks", ("acks", "request.required.acks", "Producer.RequiredAcks", "RequiredAcks"), _ACKS),
    Setting("idempotent", ("enable.idempotence", "Producer.Idempotent", "enable_idempotence", "idempotent"), TRUTH),
    Setting("idempotent", ("DisableIdempotentWrite",), {"true": False, "false": True}),
)
OF_CONSUMERS: Final = (
    Setting(
        "auto_commit",
        ("enable.auto.commit", "Consumer.Offsets.AutoCommit.Enable", "enable_auto_commit", "autoCommit"),
        TRUTH,
    ),
    Setting("auto_commit", ("DisableAutoCommit",), {"true": False, "false": True}),
    Setting(
        "isolation",
        ("isolation.level", "Consumer.IsolationLevel", "FetchIsolationLevel", "isolation_level"),
        _ISOLATION,
    ),
    Setting("isolation", ("readUncommitted",), {"true": "read_uncommitted", "false": "read_committed"}),
)
MAX_IN_FLIGHT: Final = (
    "max.in.flight.requests.per.connection",
    "max.in.flight",
    "Net.MaxOpenRequests",
    "MaxProduceRequestsInflightPerBroker",
    "max_in_flight_requests_per_connection",
    "maxInFlightRequests",
)
"""How many requests a producer has under way at once, in the libraries' order above."""


def in_effect(client: Client) -> Client:
    """The client with its fields as its settings have them."""
    table = OF_PRODUCERS if isinstance(client, ops.OpenProducer) else OF_CONSUMERS
    said = ((each, client.settings.get(name, "").lower()) for each in table for name in each.names)
    changes = {each.field: each.values[text] for each, text in said if text in each.values} if client.settings else {}
    return msgspec.structs.replace(client, **changes) if changes else client


def one_in_flight(producer: ops.OpenProducer) -> bool:
    """Whether it has at most one request under way."""
    return any(producer.settings.get(name) == "1" for name in MAX_IN_FLIGHT)
