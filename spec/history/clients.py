"""Clients as their settings make them: what a client's own library calls by another name means the same.

Sources: the documentation of the settings of Kafka's Java clients and librdkafka, `Config` of sarama, the options of
franz-go (`kgo`), the arguments of kafka-python and of kafkajs.
"""

import re
from collections.abc import Callable
from typing import Any, Final, NamedTuple, TypeVar

import msgspec

from brokerlaw.spec.history import operations as ops

_TRUTH: Final = {"true": True, "false": False}
_UNTRUTH: Final = {"true": False, "false": True}
_UNITS: Final = {"": 1, "ms": 1, "s": 1_000, "m": 60_000}
Client = TypeVar("Client", bound=ops.OpenProducer | ops.OpenConsumer)


class Setting(NamedTuple):
    """A field of a client, the names by which libraries know it, and what a value means; None: it is not known."""

    field: str
    names: tuple[str, ...]
    means: Callable[[str], Any]


def _milliseconds(text: str) -> int | None:
    """A number of milliseconds, or a duration as Go writes it."""
    found = re.fullmatch(r"(\d{1,12})(ms|s|m|)", text)
    return int(found[1]) * _UNITS[found[2]] if found else None


def _assignor(text: str) -> str:
    """The first of the list, by its short name."""
    first = text.partition(",")[0].strip().rpartition(".")[2].removesuffix("assignor")
    return {"cooperativesticky": "cooperative-sticky"}.get(first, first)


_ACKS: Final = {
    **dict.fromkeys(("all", "-1", "waitforall", "allisracks"), "all"),
    **dict.fromkeys(("1", "waitforlocal", "leaderack"), "1"),
    **dict.fromkeys(("0", "noresponse", "noack"), "0"),
}
_ISOLATION: Final = {
    **dict.fromkeys(("read_committed", "readcommitted"), "read_committed"),
    **dict.fromkeys(("read_uncommitted", "readuncommitted"), "read_uncommitted"),
}
_RESET: Final = {
    **dict.fromkeys(("earliest", "smallest", "beginning"), "earliest"),
    **dict.fromkeys(("latest", "largest", "end"), "latest"),
    **dict.fromkeys(("none", "error"), "none"),
}


def _reset(text: str) -> str | None:
    policy, colon, duration = text.partition(":")
    return f"{policy}:{duration.upper()}" if policy == "by_duration" and colon else _RESET.get(text)


_PROTOCOL: Final = {name: name for name in ("classic", "consumer")}
OF_PRODUCERS: Final = (
    Setting("acks", ("acks", "request.required.acks", "Producer.RequiredAcks", "RequiredAcks"), _ACKS.get),
    Setting(
        "idempotent", ("enable.idempotence", "Producer.Idempotent", "enable_idempotence", "idempotent"), _TRUTH.get
    ),
    Setting("idempotent", ("DisableIdempotentWrite",), _UNTRUTH.get),
    Setting(
        "transaction_timeout",
        ("transaction.timeout.ms", "Producer.Transaction.Timeout", "TransactionTimeout", "transaction_timeout_ms"),
        _milliseconds,
    ),
)
OF_CONSUMERS: Final = (
    Setting(
        "auto_commit",
        ("enable.auto.commit", "Consumer.Offsets.AutoCommit.Enable", "enable_auto_commit", "autoCommit"),
        _TRUTH.get,
    ),
    Setting("auto_commit", ("DisableAutoCommit",), _UNTRUTH.get),
    Setting(
        "isolation",
        ("isolation.level", "Consumer.IsolationLevel", "FetchIsolationLevel", "isolation_level"),
        _ISOLATION.get,
    ),
    Setting(
        "session_timeout",
        (
            "session.timeout.ms",
            "Consumer.Group.Session.Timeout",
            "SessionTimeout",
            "session_timeout_ms",
            "sessionTimeout",
        ),
        _milliseconds,
    ),
    Setting("max_poll_interval", ("max.poll.interval.ms", "max_poll_interval_ms"), _milliseconds),
    Setting(
        "auto_commit_interval",
        (
            "auto.commit.interval.ms",
            "Consumer.Offsets.AutoCommit.Interval",
            "AutoCommitInterval",
            "auto_commit_interval_ms",
            "autoCommitInterval",
        ),
        _milliseconds,
    ),
    Setting("reset", ("auto.offset.reset", "auto_offset_reset"), _reset),
    Setting("assignor", ("partition.assignment.strategy",), _assignor),
    Setting("protocol", ("group.protocol",), _PROTOCOL.get),
    Setting("isolation", ("readUncommitted",), {"true": "read_uncommitted", "false": "read_committed"}.get),
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
    if not client.settings:
        return client
    table = OF_PRODUCERS if isinstance(client, ops.OpenProducer) else OF_CONSUMERS
    said = ((each, name) for each in table for name in each.names if name in client.settings)
    meant = ((each.field, each.means(client.settings[name].lower())) for each, name in said)
    return msgspec.structs.replace(client, **{field: value for field, value in meant if value is not None})


def one_in_flight(producer: ops.OpenProducer) -> bool:
    """Whether it has at most one request under way."""
    return any(producer.settings.get(name) == "1" for name in MAX_IN_FLIGHT)
