"""Integrity: what is read is what was sent."""

import numpy as np

from brokerlaw.spec.history.evidence.relations import NEVER, least
from brokerlaw.spec.history.evidence.topics import known, number_of, topic_of, within
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.tables import FAIL, Reads, Sends
from brokerlaw.spec.invariants.invariant import Finding, Violation, invariant
from brokerlaw.spec.invariants.wording import key, place, value, violation


@invariant(
    "integrity.nothing-invented",
    statement="Every record read was sent to its topic, byte for byte, by a send that did not fail.",
    formal="∀ read r ∃ send s: topic, key and value of s are those of r ∧ s did not fail ∧ invoked(s) ≤ completed(r)"
    " ∧ (s named a partition ⇒ partition(s) = partition(r))",
    source="Cachin et al., Reliable and Secure Distributed Programming (2011): no creation; Adya (1999): G1a",
    mutants=("empty-key", "timeout-is-failure"),
    liars=("poll.answer.[].key", "poll.answer.[].value"),
)
def nothing_invented(h: History) -> Finding:
    """For topics created in this history; others may have held records. A send with an unknown outcome may show."""
    reads, sends = h.reads[within(h, known(h))[h.reads.tp]], h.sends
    possible = sends[sends.status != FAIL]
    anywhere, named = possible[possible.partition < 0], possible[possible.partition >= 0]
    topic, partition = topic_of(h)[reads.tp], number_of(h)[reads.tp]
    read = (topic, reads.key, reads.value)
    sent = np.minimum(
        least((anywhere.topic, anywhere.key, anywhere.value), anywhere.invoked, read),
        least((named.topic, named.key, named.value, named.partition), named.invoked, (*read, partition)),
    )
    wrong = np.flatnonzero(sent > reads.completed)
    return Finding(len(reads), tuple(_invented(h, reads, int(i), int(sent[i])) for i in wrong))


def _invented(h: History, reads: Reads, read: int, sent: int) -> Violation:
    """Name the send that comes nearest."""
    topic, sends = int(topic_of(h)[reads.tp[read]]), h.sends
    alike = np.flatnonzero((sends.value == reads.value[read]) & (sends.topic == topic))
    what = f"{value(h, reads.value[read])} with key {key(h, reads.key[read])}"
    told = f"{h.processes[reads.process[read]]} read {what} at {place(h, reads.tp[read], reads.offset[read])}"
    reason = f"{told}, {_why(sends[alike], reads[read : read + 1], sent)}"
    return violation(h, reason, (*sends.op[alike], reads.op[read]))


def _why(alike: Sends, read: Reads, sent: int) -> str:
    if sent < NEVER:
        return "before it was sent"
    if not len(alike):
        return "which nobody sent to the topic"
    if not (alike.key == read.key).any():
        return "which was sent with another key"
    if (alike.status == FAIL).all():
        return "although its send failed"
    return "which was sent to another partition"
