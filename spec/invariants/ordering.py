"""Order: each partition is one sequence, the same for all who read it, in the order in which it was written."""

import numpy as np

from brokerlaw.spec.history.columns import Ints, Table, stacked
from brokerlaw.spec.history.evidence.assignments import held_before
from brokerlaw.spec.history.evidence.operations import one_after_the_other
from brokerlaw.spec.history.evidence.records import DURABLE, Acked, acked
from brokerlaw.spec.history.evidence.relations import highest_before, neighbours, pack, take
from brokerlaw.spec.history.evidence.settings import idempotent, lifted, sequential, under
from brokerlaw.spec.history.evidence.topics import CLEAN_ELECTION, clean, within
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.tables import Reads
from brokerlaw.spec.invariants.invariant import Finding, Violation, invariant
from brokerlaw.spec.invariants.wording import key, place, value, violation

IDEMPOTENT = "idempotent=true"
IN_ORDER = (*DURABLE, IDEMPOTENT)


@invariant(
    "ordering.offsets-increase",
    statement="A consumer that reads on in a partition is given records at ever higher offsets.",
    formal="∀ reads a, b of one consumer and partition, position not set between: a before b ⇒ offset(a) < offset(b)",
    source='Kafka documentation, "Guarantees": a consumer sees records in the order in which the log has them',
    promised=(CLEAN_ELECTION,),
    mutants=("whole-batches",),
)
def offsets_increase(h: History) -> Finding:
    """A seek, an assignment or a rebalance sets the position; gaps (control or aborted records, compaction) are fine.

    A poll during which the partition was given back and assigned anew is left out: which of its records came first
    cannot be told. So are two polls of one consumer that overlap in time.
    """
    reads = h.reads[~held_before(h) & within(h, clean(h))[h.reads.tp]]
    earlier, later = neighbours(reads.opened, reads.positioned, reads.tp)
    ordered = one_after_the_other(h, reads.op[earlier], reads.op[later])
    earlier, later = earlier[ordered], later[ordered]
    back = np.flatnonzero(reads.offset[later] <= reads.offset[earlier])
    return Finding(len(later), tuple(_went_back(h, reads, earlier[i], later[i]) for i in back))


def _went_back(h: History, reads: Reads, earlier: int, later: int) -> Violation:
    tp, after = reads.tp[later], reads.offset[later]
    reader = h.processes[reads.process[later]]
    reason = f"{reader} read {place(h, tp, after)} after {place(h, tp, reads.offset[earlier])}, reading on"
    return violation(h, reason + under(h, (CLEAN_ELECTION,)), (reads.op[earlier], reads.op[later]))


@invariant(
    "ordering.one-record-per-offset",
    statement="All who read an offset, and whoever was told that its record stands there, agree on the record.",
    formal="∀ facts a, b (reads, acknowledgements): place(a) = place(b) ⇒ key(a) = key(b) ∧ value(a) = value(b)",
    source='Jepsen, "Redpanda 21.10.1" (inconsistent offsets); Kafka documentation, "Replication"',
    promised=DURABLE,
    protocols=("replication.logs_agree",),
    mutants=("batch-offset", "compaction-reorders"),
)
def one_record_per_offset(h: History) -> Finding:
    """Acknowledgements count where the settings make them last; what consumers are given always does."""
    facts = _facts(h)
    earlier, later = neighbours(facts.tp, facts.offset)
    differ = (facts.key[earlier] != facts.key[later]) | (facts.value[earlier] != facts.value[later])
    return Finding(len(later), tuple(_disagree(h, facts, earlier[i], later[i]) for i in np.flatnonzero(differ)))


class Facts(Table[Ints], kw_only=True):
    """What was said to be where."""

    op: Ints
    tp: Ints
    offset: Ints
    key: Ints
    value: Ints


def _facts(h: History) -> Facts:
    reads = h.reads[within(h, clean(h))[h.reads.tp]]
    return stacked(
        [
            Facts(op=table.op, tp=table.tp, offset=table.offset, key=table.key, value=table.value)
            for table in (acked(h), reads)
        ]
    )


def _disagree(h: History, facts: Facts, one: int, other: int) -> Violation:
    said = [f"{value(h, facts.value[fact])} with key {key(h, facts.key[fact])}" for fact in (one, other)]
    reason = f"{place(h, facts.tp[one], facts.offset[one])} is {said[0]} to one and {said[1]} to another"
    return violation(h, reason + under(h, DURABLE), (facts.op[one], facts.op[other]))


@invariant(
    "ordering.producer-order",
    statement="The records of one producer stand in each partition in the order in which it sent them.",
    formal="∀ acknowledged sends a, b of one idempotent producer to one partition: a before b ⇒ offset(a) < offset(b)",
    source='KIP-98; Kafka documentation, "Guarantees" and max.in.flight.requests.per.connection',
    promised=IN_ORDER,
    protocols=("idempotence.in_order",),
    mutants=("KAFKA-3197", "batch-offset"),
)
def producer_order(h: History) -> Finding:
    """With several sends in flight this is promised to idempotent producers, and to those with one request in flight.

    Of other producers only sends that waited for the one before them are judged.
    """
    sends = acked(h)
    kept = idempotent(h)[sends.opened] | sequential(h)[sends.opened] | lifted(h, IDEMPOTENT)
    own = pack(sends.opened, sends.tp)
    sent = highest_before(own, sends.op, sends.offset, own, sends.op)
    waited = highest_before(own, sends.completed, sends.offset, own, sends.invoked)
    return _ascending(h, sends, np.where(kept, sent, waited), f"of the same producer{under(h, IN_ORDER)}")


@invariant(
    "ordering.ack-precedes-send",
    statement="A record sent after another was acknowledged stands behind it in the partition.",
    formal="∀ acknowledged sends a, b to one partition: completed(a) < invoked(b) ⇒ offset(a) < offset(b)",
    source='Herlihy and Wing, Linearizability (1990); Kafka documentation, "Replication"',
    promised=DURABLE,
    mutants=("acks-before-append", "unclean-election"),
)
def ack_precedes_send(h: History) -> Finding:
    """Precedence is by time, across all producers: the acknowledgement came before the later send began."""
    sends = acked(h)
    before = highest_before(sends.tp, sends.completed, sends.offset, sends.tp, sends.invoked)
    return _ascending(h, sends, before, f"acknowledged before it was sent{under(h, DURABLE)}")


def _ascending(h: History, sends: Acked, before: Ints, which: str) -> Finding:
    """Each send against the highest of those `before` it (rows among the sends, or -1)."""
    wrong = np.flatnonzero((before >= 0) & (take(sends.offset, before) >= sends.offset))
    return Finding(int((before >= 0).sum()), tuple(_behind(h, sends, int(before[i]), int(i), which) for i in wrong))


def _behind(h: History, sends: Acked, first: int, second: int, which: str) -> Violation:
    tp, offset = sends.tp[second], sends.offset[second]
    told = f"{value(h, sends.value[second])} by {h.processes[sends.process[second]]} stands at {place(h, tp, offset)}"
    reason = f"{told}, not behind {value(h, sends.value[first])} at {place(h, tp, sends.offset[first])}, {which}"
    return violation(h, reason, (sends.op[first], sends.op[second]))
