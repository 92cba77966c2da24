"""Under which settings the clients ran, and which of them the user chose for the whole run."""

import re
from collections.abc import Iterable
from typing import Final

import numpy as np

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.clients import one_in_flight
from brokerlaw.spec.history.columns import Bools, Ints
from brokerlaw.spec.history.derived import derived
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.tables import ISOLATION

KAFKA: Final = re.compile(r"(?:apache )?kafka (\d+)\.(\d+)", re.IGNORECASE)
"""How histories name a broker that is Apache Kafka itself."""


def lifted(h: History, promised: str) -> bool:
    """Whether the user chose the setting that `promised` (`acks=all`) names: then what ran under it is judged too."""
    return promised.partition("=")[0] in h.overrides


def under(h: History, promised: Iterable[str]) -> str:
    """` (under acks=1)`: the user's own choice among the promised settings, to end a reason with; else nothing."""
    names = [setting.partition("=")[0] for setting in promised]
    chosen = [f"{name}={h.overrides[name]}" for name in names if name in h.overrides]
    return f" (under {', '.join(chosen)})" if chosen else ""


def older_kafka(h: History, version: tuple[int, int]) -> bool:
    """Whether the broker is Kafka of a version before this one: then what it has by default may be another."""
    told = KAFKA.match(h.broker)
    return told is not None and (int(told[1]), int(told[2])) < version


@derived
def consumers(h: History) -> dict[int, ops.OpenConsumer]:
    """Each consumer by the operation that opened it."""
    return {op: opened for op, opened in h.clients if isinstance(opened, ops.OpenConsumer)}


@derived
def speaking(h: History, protocol: str) -> Bools:
    """By the operation that opened it: whether a consumer speaks this group protocol; and a last False for none."""
    found = np.zeros(len(h.operations) + 1, dtype=np.bool_)
    found[[op for op, consumer in consumers(h).items() if consumer.protocol == protocol]] = True
    return found


@derived
def isolation_of(h: History) -> Ints:
    """By the operation that opened it: a consumer's isolation level; -1: no consumer."""
    level = np.full(len(h.operations) + 1, -1, dtype=np.int64)
    for opened, consumer in consumers(h).items():
        level[opened] = ISOLATION[consumer.isolation]
    return level


@derived
def resets_to_earliest(h: History) -> Bools:
    """By the operation that opened it: whether a consumer without a position begins at the log's start."""
    earliest = np.zeros(len(h.operations) + 1, dtype=np.bool_)
    for opened, consumer in consumers(h).items():
        earliest[opened] = consumer.reset == "earliest"
    return earliest


@derived
def idempotent(h: History) -> Bools:
    """By the operation that opened it: whether a producer is idempotent."""
    return _producers(h, [op for op, opened in h.clients if isinstance(opened, ops.OpenProducer) and _dedups(opened)])


@derived
def sequential(h: History) -> Bools:
    """By the operation that opened it: whether a producer has at most one request in flight."""
    return _producers(
        h, [op for op, opened in h.clients if isinstance(opened, ops.OpenProducer) and one_in_flight(opened)]
    )


@derived
def uncompressed(h: History) -> Bools:
    """By the operation that opened it: whether a producer does not compress."""
    plain = (op for op, it in h.clients if isinstance(it, ops.OpenProducer) and not _compresses(it))
    return _producers(h, [*plain])


@derived
def auto_committing(h: History) -> frozenset[int]:
    """Groups with a consumer that commits by itself: what they committed, the history does not tell."""
    names = {opened.group for opened in consumers(h).values() if opened.group and opened.auto_commit}
    return frozenset(map(h.groups.find, names)) - {-1}


def _compresses(producer: ops.OpenProducer) -> bool:
    return producer.compression != "none" or "compression.type" in producer.settings


def _dedups(producer: ops.OpenProducer) -> bool:
    return producer.transactional_id is not None or producer.idempotent


def _producers(h: History, opened: list[int]) -> Bools:
    chosen = np.zeros(len(h.operations) + 1, dtype=np.bool_)
    chosen[opened] = True
    return chosen
