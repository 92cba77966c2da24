"""Idempotence: a retry is not a second record."""

import numpy as np

from brokerlaw.spec.history.evidence.records import PlacedReads, placed_reads
from brokerlaw.spec.history.evidence.relations import firsts, neighbours, take
from brokerlaw.spec.history.evidence.settings import idempotent, lifted, under
from brokerlaw.spec.history.history import History
from brokerlaw.spec.invariants.invariant import Finding, Violation, invariant
from brokerlaw.spec.invariants.ordering import IDEMPOTENT
from brokerlaw.spec.invariants.wording import place, value, violation


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
