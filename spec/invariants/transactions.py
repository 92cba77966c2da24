"""Transactions: all of it, or nothing of it, and nothing before its end."""

import numpy as np

from brokerlaw.spec.history.columns import Bools, Ints
from brokerlaw.spec.history.evidence.deletions import deleted_below
from brokerlaw.spec.history.evidence.dependencies import IsolatedReads, own_reads
from brokerlaw.spec.history.evidence.drains import covering, drains, shown
from brokerlaw.spec.history.evidence.expiry import kept_until
from brokerlaw.spec.history.evidence.records import (
    DURABLE,
    Acked,
    PlacedReads,
    acked,
    commit_asked,
    committed,
    placed_reads,
)
from brokerlaw.spec.history.evidence.relations import NEVER, among, firsts, highest_before, take
from brokerlaw.spec.history.evidence.settings import under
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.tables import COMMITTED
from brokerlaw.spec.invariants.invariant import Finding, Violation, invariant
from brokerlaw.spec.invariants.wording import place, value, violation

ISOLATED = ("isolation=read_committed",)


@invariant(
    "transactions.committed-only",
    statement="A read_committed consumer is given no record of a transaction that nobody had asked to commit.",
    formal="∀ read_committed read r of a record of transaction t ∃ commit c of t: c did not fail"
    " ∧ invoked(c) ≤ completed(r)",
    source="KIP-98; Adya (1999): G1a, aborted reads, and G1b; KAFKA-9807",
    capabilities=("topics", "transactions"),
    promised=ISOLATED,
    protocols=("transactions.committed_was_asked",),
    mutants=("KAFKA-17754", "KAFKA-14402", "KAFKA-9807", "dirty-read", "KAFKA-8351"),
)
def committed_only(h: History) -> Finding:
    """Counted are records of transactions that such consumers read, and others that such consumers passed over."""
    if not (h.sends.transaction >= 0).any():
        return Finding(0)
    reads, sends, own = placed_reads(h), h.sends, own_reads(h)
    transaction = take(sends.transaction, reads.send)
    inside = (reads.isolation == COMMITTED) & (transaction >= 0)
    reads, transaction = reads[inside], transaction[inside]
    early = np.flatnonzero(commit_asked(h)[transaction] > reads.completed)
    breaches = [_dirty(h, reads, int(i), int(transaction[i])) for i in early]
    breaches += [_dirty(h, own, i, int(h.sends.transaction[own.send[i]])) for i in range(len(own))]
    return Finding(len(firsts(reads.tp, reads.offset)) + _passed_over(h), tuple(breaches))


def _passed_over(h: History) -> int:
    """How many acknowledged records of transactions never asked to commit such readers read beyond, or to the end."""
    sends, reads = acked(h), h.reads[h.reads.isolation == COMMITTED]
    withheld = sends[(sends.transaction >= 0) & (commit_asked(h)[sends.transaction] == NEVER)]
    always, asked = np.zeros(len(reads), dtype=np.int64), np.ones(len(withheld), dtype=np.int64)
    furthest = highest_before(reads.tp, always, reads.offset, withheld.tp, asked)
    drain, send = covering(h, withheld.tp, withheld.offset)
    passed = take(reads.offset, furthest) > withheld.offset
    passed[send[drains(h).isolation[drain] == COMMITTED]] = True
    return int(passed.sum())


def _dirty(h: History, reads: PlacedReads | IsolatedReads, read: int, transaction: int) -> Violation:
    asked = int(commit_asked(h)[transaction])
    when = "which nobody asked to commit" if asked == NEVER else "before its commit was asked for"
    ends = h.ends.end[h.ends.begin == transaction]
    reader, where = h.processes[reads.process[read]], place(h, int(reads.tp[read]), int(reads.offset[read]))
    producer = h.processes[h.sends.process[reads.send[read]]]
    told = f"{reader}, read_committed, read {value(h, int(reads.value[read]))} at {where}"
    reason = f"{told}, of a transaction by {producer} {when}{under(h, ISOLATED)}"
    return violation(h, reason, (transaction, h.sends.op[reads.send[read]], *ends, reads.op[read]))


@invariant(
    "transactions.atomic",
    statement="read_committed consumers are given all acknowledged records of a transaction or none; all if committed.",
    formal="∀ transaction t, complete read_committed reads D, S = {s ∈ t in reach of D}: S ⊆ D ∨ S ∩ D = ∅;"
    " t committed ⇒ S ⊆ D",
    source="KIP-98: atomic writes across partitions; Redpanda issue 6019",
    capabilities=("topics", "transactions"),
    promised=(*DURABLE, *ISOLATED),
    protocols=("transactions.all_or_nothing",),
    mutants=("KAFKA-9600", "KAFKA-6119", "redpanda-6019", "torn-markers"),
)
def atomic(h: History) -> Finding:
    """In reach is what lies below the end that such a consumer was told: there every transaction is decided.

    Transactions whose commit has an unknown outcome are judged too, as all or nothing.
    """
    sends = acked(h)
    sends = sends[(sends.transaction >= 0) & (sends.offset >= deleted_below(h)[sends.tp])]
    if not len(sends):
        return Finding(0)
    until = kept_until(h, sends.tp, sends.offset)
    drain, send = covering(h, sends.tp, sends.offset)
    isolated = (drains(h).isolation[drain] == COMMITTED) & (until[send] > drains(h).time[drain])
    drain, send = drain[isolated], send[isolated]
    there = shown(h, drain, offset=sends.offset[send], value=sends.value[send])
    seen, unseen = _one_of_each(h, sends, send[there]), _one_of_each(h, sends, send[~there])
    done = committed(h, np.arange(len(seen)))
    torn = (unseen >= 0) & ((seen >= 0) | done)
    judged = _several(h, sends, send) | (done & ((seen >= 0) | (unseen >= 0)))
    breaches = (_torn(h, sends, int(seen[t]), int(unseen[t])) for t in np.flatnonzero(torn))
    return Finding(int(judged.sum()), tuple(breaches))


def _one_of_each(h: History, sends: Acked, chosen: Ints) -> Ints:
    """By operation that began a transaction: one of the chosen sends in it, or -1."""
    example = np.full(len(h.operations) + 1, -1)
    example[sends.transaction[chosen]] = chosen
    return example


def _several(h: History, sends: Acked, reached: Ints) -> Bools:
    """By operation that began a transaction: whether more than one of its sends was in reach."""
    count = np.bincount(sends.transaction[np.unique(reached)], minlength=len(h.operations) + 1)
    return np.asarray(count > 1, dtype=np.bool_)


def _torn(h: History, sends: Acked, seen: int, unseen: int) -> Violation:
    missing = f"{value(h, sends.value[unseen])} at {place(h, sends.tp[unseen], sends.offset[unseen])}"
    transaction, producer = int(sends.transaction[unseen]), h.processes[sends.process[unseen]]
    told = f"read_committed readers are not given {missing}, of a transaction by {producer}"
    other = f"although they are given {value(h, sends.value[seen])} of it" if seen >= 0 else "that was committed"
    ends = h.ends.end[h.ends.begin == transaction]
    shown_sends = [send for send in (seen, unseen) if send >= 0]
    reason = f"{told}, {other}{under(h, (*DURABLE, *ISOLATED))}"
    return violation(h, reason, (transaction, *sends.op[shown_sends], *ends), _complete_reads(h, sends.tp[shown_sends]))


def _complete_reads(h: History, partitions: Ints) -> list[int]:
    """The rows of the read_committed drains of these partitions."""
    table = drains(h)
    rows: list[int] = table.row[among(table.tp, partitions) & (table.isolation == COMMITTED)].tolist()
    return rows
