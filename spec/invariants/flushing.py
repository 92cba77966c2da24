"""Flushing: what a producer was sending when it flushed or closed is sent."""

from typing import Final

import numpy as np

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.columns import Bools
from brokerlaw.spec.history.evidence.compaction import compacted
from brokerlaw.spec.history.evidence.configuration import MOST_BYTES
from brokerlaw.spec.history.evidence.errors import first_failure, told
from brokerlaw.spec.history.evidence.operations import of_kind
from brokerlaw.spec.history.evidence.outages import disturbed, leaders_since
from brokerlaw.spec.history.evidence.records import sizes
from brokerlaw.spec.history.evidence.relations import among, first_after
from brokerlaw.spec.history.evidence.topics import known, topic_settings
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.operation import LifeOperation
from brokerlaw.spec.history.tables import FAIL, OK, Sends
from brokerlaw.spec.invariants.invariant import Finding, Violation, invariant
from brokerlaw.spec.invariants.wording import value, violation

WAITING: Final = (ops.Flush, ops.Close)
SMALL: Final = 10_000
"""Bytes of a record that every broker takes where nobody asked for less."""
REASONS: Final = (
    *("REQUEST_TIMED_OUT", "_TIMED_OUT", "_MSG_TIMED_OUT", "QUEUE_FULL", "_QUEUE_FULL"),
    *("UNKNOWN_TOPIC_OR_PARTITION", "UNKNOWN_TOPIC_OR_PART", "_UNKNOWN_TOPIC", "_UNKNOWN_PARTITION"),
    *("NOT_ENOUGH_REPLICAS", "NOT_ENOUGH_REPLICAS_AFTER_APPEND", "MESSAGE_TOO_LARGE", "MSG_SIZE_TOO_LARGE"),
    *("TOPIC_AUTHORIZATION_FAILED", "CLUSTER_AUTHORIZATION_FAILED", "INVALID_REQUIRED_ACKS", "INVALID_RECORD"),
)
"""A record fails for these by itself; names are Kafka's and librdkafka's."""


@invariant(
    "producers.flush-gives-nothing-up",
    statement="What a producer is sending when it flushes or closes is sent, at healthy brokers, and not given up.",
    formal="∀ flush or close f of a producer, ok, send s of it under way when f began, that every broker takes, at "
    "healthy brokers: s does not fail",
    source="Kafka documentation, KafkaProducer.flush: makes all buffered records immediately available to send; close: "
    "waits for all incomplete requests; KIP-15",
    capabilities=("topics", "idempotence"),
    mutants=("given-up-on-close",),
)
def flush_gives_nothing_up(h: History) -> Finding:
    """Judged are small records without a time of their own, in topics that are there and ask for nothing special, by
    idempotent producers with no settings of their own, which try again while there is time. What they ask of a broker
    outside of transactions fails for a few reasons, and these are let pass. No broker was down since the producer was
    opened, nothing it had sent had failed before, and it was neither frozen nor crashed.
    """
    flushes = of_kind(h, *WAITING)
    flushes = flushes[h.operations.status[flushes] == OK]
    following = first_after(h.operations.opened[flushes], flushes, h.sends.opened, h.sends.op)
    judged = (following >= 0) & _plain(h)[h.sends.opened] & _taken_by_all(h) & among(h.sends.status, (OK, FAIL))
    judged &= ~told(h, REASONS)[h.sends.op]
    sends, flush = h.sends[judged], flushes[following[judged]]
    under_way = h.operations.ended[sends.op] > h.operations.row[flush]
    over = np.maximum(sends.completed, h.operations.completed[flush])
    calm = ~disturbed(h, h.operations.invoked[sends.opened], over) & (over < leaders_since(h))
    kept = under_way & calm & (h.operations.ended[sends.op] <= first_failure(h)[sends.opened])
    sends, flush = sends[kept], flush[kept]
    breaches = (_given_up(h, sends, i, int(flush[i])) for i in np.flatnonzero(sends.status == FAIL).tolist())
    return Finding(len(sends), tuple(breaches))


def _plain(h: History) -> Bools:
    """By operation that opened it: whether a producer is idempotent, without transactions or settings of its own."""
    plain = np.zeros(len(h.operations) + 1, dtype=np.bool_)
    for op, it in h.clients:
        plain[op] = isinstance(it, ops.OpenProducer) and it.idempotent and it.acks == "all" and not it.settings
        plain[op] &= h.operations.status[op] == OK and getattr(it, "transactional_id", None) is None
    living = tuple(kind for kind in ops.OPERATIONS.values() if issubclass(kind, LifeOperation) and kind not in WAITING)
    plain[h.operations.opened[of_kind(h, *living)]] = False
    return plain


def _taken_by_all(h: History) -> Bools:
    """By send, whether no broker has a reason to refuse its record."""
    odd = {topic for topic, name, _ in topic_settings(h) if name in (MOST_BYTES, ops.MIN_ISR)} | compacted(h).keys()
    topics = [h.topics.find(topic) for topic in known(h) - odd]
    return among(h.sends.topic, topics) & (sizes(h) < SMALL) & (h.sends.timestamp < 0)


def _given_up(h: History, sends: Sends, i: int, flush: int) -> Violation:
    who, word = h.processes[int(sends.process[i])], h.functions[int(h.operations.f[flush])]
    reason = f"{who}'s send of {value(h, int(sends.value[i]))} failed, though its {word} came to its end"
    return violation(h, f"{reason} and every broker was up", (int(sends.op[i]), flush))
