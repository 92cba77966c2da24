"""Retention: a log keeps its records for all who may still come."""

import numpy as np

from brokerlaw.spec.history.columns import Bools, Ints
from brokerlaw.spec.history.evidence.deletions import deleted_below
from brokerlaw.spec.history.evidence.drains import Drains, covering, drains, short_of, shown
from brokerlaw.spec.history.evidence.expiry import kept_until
from brokerlaw.spec.history.evidence.records import DURABLE, Acked, PlacedReads, acked, placed_reads
from brokerlaw.spec.history.evidence.relations import (
    NEVER,
    among,
    first_above,
    first_after,
    firsts,
    highest_before,
    take,
)
from brokerlaw.spec.history.evidence.settings import under
from brokerlaw.spec.history.evidence.topics import CLEAN_ELECTION, known, within
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.tables import COMMITTED, EARLIEST, UNCOMMITTED, Answers
from brokerlaw.spec.invariants.invariant import Finding, Violation, invariant
from brokerlaw.spec.invariants.wording import place, value, violation


@invariant(
    "retention.consuming-deletes-nothing",
    statement="A record that was read can be read again: reading deletes nothing.",
    formal="∀ read r, later complete read d of its partition [start, end): the log begins at or before offset(r)"
    " ∧ offset(r) < end ∧ r ∈ d",
    source='Kafka documentation, "Topics and Logs": records are kept whether or not they were consumed',
    promised=(CLEAN_ELECTION,),
    mutants=("delete-on-consume",),
)
def consuming_deletes_nothing(h: History) -> Finding:
    """Records that somebody asked to delete, or that may have expired by then, are left out."""
    reads = placed_reads(h)
    reads = reads[within(h, known(h))[reads.tp] & (reads.offset >= deleted_below(h)[reads.tp])]
    until = kept_until(h, reads.tp, reads.offset)
    begins = h.answers[h.answers.kind == EARLIEST]
    first = first_after(begins.tp, begins.invoked, reads.tp, reads.completed + 1)
    told = np.flatnonzero(take(begins.completed, first, NEVER) < until)
    by = _cut_by(begins, reads, until)
    cut = np.flatnonzero(by >= 0)
    again, lost_drain, lost = _read_again(h, reads, until)
    tested = np.concatenate([told, cut, again, lost])
    each = cut[np.sort(firsts(reads.tp[cut]))]
    breaches = [_cut_off(h, reads, int(i), begins[by[i : i + 1]]) for i in each]
    kept = ~among(lost, cut)
    breaches += [_vanished(h, reads, int(i), int(d)) for d, i in zip(lost_drain[kept], lost[kept], strict=True)]
    return Finding(len(firsts(reads.tp[tested], reads.offset[tested])), tuple(breaches))


def _cut_by(begins: Answers, reads: PlacedReads, until: Ints) -> Ints:
    """By read, an answer that was asked for later, and told in time, that the log begins behind it; -1: there is none.

    Where a log's start goes forward only, the furthest that was told afterwards or in time is one, if any is.
    """
    after = highest_before(begins.tp, -begins.invoked, begins.offset, reads.tp, -reads.completed)
    in_time = highest_before(begins.tp, begins.completed, begins.offset, reads.tp, until)
    behind = (take(begins.offset, after) > reads.offset) & (take(begins.offset, in_time) > reads.offset)
    by = np.full(len(reads), -1)
    for row in (in_time, after):
        fits = behind & (take(begins.invoked, row) > reads.completed) & (take(begins.completed, row, NEVER) < until)
        by = np.where(fits, row, by)
    for i in np.flatnonzero(behind & (by < 0)).tolist():
        fits = (begins.tp == reads.tp[i]) & (begins.offset > reads.offset[i])
        fits &= (begins.invoked > reads.completed[i]) & (begins.completed < until[i])
        by[i] = np.append(np.flatnonzero(fits), -1)[0]
    return by


def _read_again(h: History, reads: PlacedReads, until: Ints) -> tuple[Ints, Ints, Ints]:
    """The reads that a later drain should repeat; and of those that it does not, each once, the drain and the read."""
    table = drains(h)
    drain, read = covering(h, reads.tp, reads.offset)
    later = (reads.completed[read] < table.begun[drain]) & (table.time[drain] < until[read])
    later &= _visible(table, drain, reads, read)
    drain, read = drain[later], read[later]
    absent = ~shown(h, drain, offset=reads.offset[read])
    beyond, gone = short_of(h, reads.tp, reads.offset, reads.completed)
    full = table.isolation[beyond] == UNCOMMITTED
    lost_drain, lost = np.append(drain[absent], beyond[full]), np.append(read[absent], gone[full])
    first = np.unique(lost, return_index=True)[1]
    return np.append(read, gone[full]), lost_drain[first], lost[first]


def _visible(table: Drains, drain: Ints, reads: PlacedReads, read: Ints) -> Bools:
    """Whether the drain is given what the read was given: aborted records only at read_uncommitted."""
    level = (table.isolation[drain] == UNCOMMITTED) | (reads.isolation[read] == COMMITTED)
    return np.asarray(level, dtype=np.bool_)


def _cut_off(h: History, reads: PlacedReads, read: int, begin: Answers) -> Violation:
    where = place(h, int(reads.tp[read]), int(reads.offset[read]))
    reason = f"{h.processes[reads.process[read]]} read {where}, and later the log began at {int(begin.offset[0])}"
    return violation(h, reason + under(h, (CLEAN_ELECTION,)), (reads.op[read], begin.op[0]))


def _vanished(h: History, reads: PlacedReads, read: int, drain: int) -> Violation:
    table = drains(h)[drain : drain + 1]
    where = place(h, int(reads.tp[read]), int(reads.offset[read]))
    start, end = int(table.start[0]), int(table.end[0])
    reason = f"{h.processes[reads.process[read]]} read {where}, and "
    if reads.offset[read] >= end:
        reason += f"later the log ended at {end}"
    else:
        reason += f"{h.processes[table.process[0]]}, reading everything from {start} to {end} afterwards, did not"
    return violation(h, reason + under(h, (CLEAN_ELECTION,)), (reads.op[read],), table.row)


@invariant(
    "retention.only-expired-goes",
    statement="A log begins at or before every acknowledged record that nobody deleted and that has not expired.",
    formal="∀ acknowledged send s, earliest offset b told between ack(s) and expiry(s): b ≤ offset(s)",
    source="Kafka documentation, topic configuration: retention.ms, retention.bytes, cleanup.policy; Pulsar issue 5579",
    promised=DURABLE,
    covers=("retention", "alter-configs"),
    mutants=("expires-by-the-oldest",),
    liars=("list_offsets.answer: one more", "delete_records", "alter_topic"),
)
def only_expired_goes(h: History) -> Finding:
    """A record has not expired while it is younger than every retention.ms that may have been in force, while its log
    from there on is smaller than retention.bytes, or while a record before it in its log has not. A log that is
    compacted may begin behind what a later record of the same key has replaced: Kafka's does not, others' do.
    """
    sends = acked(h)
    sends = sends[within(h, known(h))[sends.tp] & (sends.offset >= deleted_below(h)[sends.tp])]
    until = kept_until(h, sends.tp, sends.offset)
    begins = h.answers[h.answers.kind == EARLIEST]
    first = first_after(begins.tp, begins.invoked, sends.tp, sends.completed + 1)
    tested = np.asarray(take(begins.completed, first, NEVER) < until, dtype=np.bool_)
    cut = first_above(begins.tp, begins.completed, begins.offset, sends.tp, sends.offset)
    wrong = np.flatnonzero((take(begins.completed, cut, NEVER) < until) & (take(begins.invoked, cut) > sends.completed))
    tested[wrong] = True
    wrong = wrong[firsts(cut[wrong])]
    breaches = tuple(_gone(h, sends, int(i), begins[cut[i : i + 1]]) for i in wrong)
    return Finding(int(tested.sum()), breaches)


def _gone(h: History, sends: Acked, send: int, begin: Answers) -> Violation:
    where = place(h, int(sends.tp[send]), int(sends.offset[send]))
    told = f"{value(h, int(sends.value[send]))} was acknowledged at {where}, and has neither expired nor been deleted"
    reason = f"{told}, but the log now begins at {int(begin.offset[0])}{under(h, DURABLE)}"
    return violation(h, reason, (sends.op[send], begin.op[0]))
