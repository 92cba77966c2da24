"""Idempotence: a retry is not a second record."""

from typing import Final

import numpy as np

from brokerlaw.spec.history.columns import Bools
from brokerlaw.spec.history.evidence.errors import OUT_OF_SEQUENCE, told
from brokerlaw.spec.history.evidence.records import PlacedReads, placed_reads
from brokerlaw.spec.history.evidence.relations import NEVER, among, firsts, highest_before, neighbours, take
from brokerlaw.spec.history.evidence.settings import idempotent, lifted, under
from brokerlaw.spec.history.evidence.topics import CLEAN_ELECTION, clean
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.numbers import MILLISECOND
from brokerlaw.spec.history.tables import OK, PENDING, Sends
from brokerlaw.spec.invariants.invariant import Finding, Violation, invariant
from brokerlaw.spec.invariants.ordering import IDEMPOTENT
from brokerlaw.spec.invariants.wording import place, value, violation

DAY: Final = 86_400_000
"""Milliseconds: Kafka's default of producer.id.expiration.ms."""


@invariant(
    "idempotence.no-duplicates",
    statement="A send of an idempotent producer puts its record into the log at most once, whatever is retried.",
    formal="∀ send s of an idempotent producer, reads a, b of its record: place(a) = place(b)",
    source="KIP-98; KAFKA-5494; Redpanda issue 3039",
    capabilities=("topics", "idempotence"),
    promised=(IDEMPOTENT,),
    protocols=("idempotence.no_duplicates",),
    mutants=("redpanda-3039",),
)
def no_duplicates(h: History) -> Finding:
    """Holds for sends with an unknown outcome too. A value that was sent twice tells nothing, and is left out."""
    reads, sends = placed_reads(h), h.sends
    promised = idempotent(h)[take(sends.opened, reads.send, 0)] | lifted(h, IDEMPOTENT)
    reads = reads[(reads.send >= 0) & promised]
    reads = reads[np.sort(firsts(reads.send, reads.tp, reads.offset))]
    earlier, later = neighbours(reads.send)
    doubled = tuple(_doubled(h, reads, one, other) for one, other in zip(earlier, later, strict=True))
    return Finding(len(firsts(reads.send)), doubled)


def _doubled(h: History, reads: PlacedReads, one: int, other: int) -> Violation:
    where = " and at ".join(place(h, reads.tp[read], reads.offset[read]) for read in (one, other))
    send = h.sends[reads.send[one : one + 1]]
    producer = h.processes[send.process[0]]
    reason = f"{value(h, reads.value[one])}, sent once by {producer}, stands at {where}{under(h, (IDEMPOTENT,))}"
    return violation(h, reason, (send.op[0], reads.op[one], reads.op[other]))


@invariant(
    "idempotence.goes-on",
    statement="An idempotent producer whose records were all acknowledged is never told of a gap in its sequence.",
    formal="∀ send s of an idempotent producer: every earlier send of it was acknowledged before invoked(s) ⇒ s is not "
    "refused as out of sequence",
    source="KIP-98; KIP-360; KAFKA-7190; Kafka documentation, producer.id.expiration.ms",
    capabilities=("topics", "idempotence"),
    promised=(IDEMPOTENT, CLEAN_ELECTION),
    mutants=("KAFKA-7190", "cleaned-producer-forgotten"),
)
def goes_on(h: History) -> Finding:
    """Its records may have been deleted or have expired since; what a log knows of its producers stays, for a day or
    what the broker told. Of a producer that was idle for longer nothing is owed.
    """
    sends = h.sends
    promised = idempotent(h)[sends.opened] | lifted(h, IDEMPOTENT)
    young = sends.completed - h.operations.invoked[sends.opened] < _remembered(h)
    judged = promised & young & (sends.status != PENDING) & _after_acknowledgements(sends)
    judged &= among(sends.topic, [h.topics.find(topic) for topic in clean(h)])
    sends = sends[judged]
    lost = np.flatnonzero(told(h, OUT_OF_SEQUENCE)[sends.op])
    return Finding(len(sends), tuple(_lost(h, sends, i) for i in lost.tolist()))


def _remembered(h: History) -> int:
    """How long a log remembers a producer that writes nothing (ns)."""
    said = h.broker_settings.get("producer.id.expiration.ms", "")
    return (int(said) if said.isdecimal() else DAY) * MILLISECOND


def _after_acknowledgements(sends: Sends) -> Bools:
    """Whether each send was begun when all earlier ones of its producer had been acknowledged."""
    over = np.where(sends.status == OK, sends.completed, NEVER)
    row = highest_before(sends.opened, sends.op, over, sends.opened, sends.op)
    return take(over, row) < sends.invoked


def _lost(h: History, sends: Sends, i: int) -> Violation:
    told = f"{value(h, int(sends.value[i]))}, sent by {h.processes[int(sends.process[i])]}, is out of sequence"
    reason = f"{told}, though all that it had sent before was acknowledged{under(h, (IDEMPOTENT, CLEAN_ELECTION))}"
    return violation(h, reason, (int(sends.opened[i]), int(sends.op[i])))
