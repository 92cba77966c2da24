"""Durability: what was acknowledged is there, where it was said to be, whichever brokers have died since."""

import numpy as np

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.columns import Ints, widened
from brokerlaw.spec.history.evidence.compaction import compacted
from brokerlaw.spec.history.evidence.configuration import numbers_of
from brokerlaw.spec.history.evidence.deletions import deleted_below
from brokerlaw.spec.history.evidence.drains import covering, drains, short_of, shown
from brokerlaw.spec.history.evidence.expiry import keeping, kept_until
from brokerlaw.spec.history.evidence.outages import down_throughout, outages
from brokerlaw.spec.history.evidence.records import (
    ALL_REPLICAS,
    DURABLE,
    Acked,
    PlacedReads,
    acked,
    acked_somewhere,
    owed_to,
    placed_reads,
)
from brokerlaw.spec.history.evidence.relations import NEVER, find, firsts, pack_both, pairs, take
from brokerlaw.spec.history.evidence.settings import idempotent, lifted, under
from brokerlaw.spec.history.evidence.topics import (
    known,
    number_of,
    partition_count,
    topic_of,
    within,
)
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.tables import COMMITTED, OK, PENDING, UNCOMMITTED, Sends
from brokerlaw.spec.invariants.invariant import Finding, Violation, invariant
from brokerlaw.spec.invariants.wording import partition, place, value, violation


@invariant(
    "durability.acked-at-offset",
    statement="Where a record was acknowledged to stand, there it is read.",
    formal="∀ acknowledged send s, read r: place(r) = place(s) ⇒ r is s; r is s, s idempotent ⇒ place(r) = place(s)",
    source="Kafka, RecordMetadata.offset; KIP-98 (an idempotent producer's record stands in the log once)",
    promised=DURABLE,
    protocols=("idempotence.acked_is_committed",),
    mutants=("batch-offset",),
    covers=("replication",),
)
def acked_at_offset(h: History) -> Finding:
    """A record of a producer that is not idempotent may stand elsewhere too, where a retry put it."""
    sends, reads = acked(h), placed_reads(h)
    read, here = pairs(*pack_both((reads.tp, reads.offset), (sends.tp, sends.offset)))
    usurped = np.flatnonzero((sends.value[here] != reads.value[read]) | (sends.key[here] != reads.key[read]))
    usurped = usurped[firsts(read[usurped])]
    moved, home = _moved(h, sends, reads)
    breaches = [_usurped(h, sends[here[i : i + 1]], reads[read[i : i + 1]]) for i in usurped]
    breaches += [_elsewhere(h, sends[home[n : n + 1]], reads[i : i + 1]) for n, i in enumerate(moved)]
    return Finding(len(np.union1d(here, home)), tuple(breaches))


def _moved(h: History, sends: Acked, reads: PlacedReads) -> tuple[Ints, Ints]:
    """Reads of idempotent sends elsewhere than acknowledged, where nobody read them as acknowledged; and the sends."""
    send = find((sends.op,), (take(h.sends.op, reads.send),))
    away = (take(sends.tp, send) != reads.tp) | (take(sends.offset, send) != reads.offset)
    suspects = np.flatnonzero((send >= 0) & away & idempotent(h)[take(sends.opened, send, 0)])
    home = send[suspects]
    at_home = find((reads.tp, reads.offset, reads.value), (sends.tp[home], sends.offset[home], sends.value[home]))
    return suspects[at_home < 0], home[at_home < 0]


def _usurped(h: History, send: Acked, read: PlacedReads) -> Violation:
    told = f"{value(h, send.value[0])} was acknowledged at {place(h, send.tp[0], send.offset[0])}"
    reason = f"{told}, where {h.processes[read.process[0]]} read {value(h, read.value[0])}{under(h, DURABLE)}"
    return violation(h, reason, (send.op[0], read.op[0]))


def _elsewhere(h: History, send: Acked, read: PlacedReads) -> Violation:
    told = f"{value(h, send.value[0])} was acknowledged at {place(h, send.tp[0], send.offset[0])}"
    reason = f"{told} and read at {place(h, read.tp[0], read.offset[0])} instead{under(h, DURABLE)}"
    return violation(h, reason, (send.op[0], read.op[0]))


@invariant(
    "durability.acked-survives",
    statement="A record acknowledged by all in-sync replicas is never lost.",
    formal="∀ acknowledged send s, complete read d of its partition [start, end), start ≤ offset(s):"
    " offset(s) < end ⇒ s ∈ d; offset(s) ≥ end ⇒ completed(s) ≥ begun(d)",
    source='Kafka documentation, "Replication" (no committed message is lost while an in-sync replica lives); KIP-966',
    promised=DURABLE,
    protocols=("replication.committed_survives", "isr_update.committed_survives"),
    liars=("open_producer.request.acks",),
    mutants=("acks-before-append", "KIP-101", "KIP-279", "KAFKA-7128", "last-replica-standing", "unclean-election"),
    covers=("replication",),
)
def acked_survives(h: History) -> Finding:
    """Judged by complete reads. Records that somebody asked to delete, or that may have expired by then, are left out.

    For read_committed readers a record counts once its transaction was committed, and only below the end that they were
    told: that end waits for transactions that are still being ended.
    """
    sends = acked(h)
    sends = sends[within(h, known(h) - compacted(h).keys())[sends.tp] & (sends.offset >= deleted_below(h)[sends.tp])]
    visible, until = owed_to(h, sends, COMMITTED), kept_until(h, sends.tp, sends.offset)
    isolation = drains(h).isolation
    drain, send = covering(h, sends.tp, sends.offset)
    owed = ((isolation[drain] == UNCOMMITTED) | visible[send]) & (until[send] > drains(h).time[drain])
    drain, send = drain[owed], send[owed]
    absent = ~shown(h, drain, offset=sends.offset[send], value=sends.value[send])
    beyond, late = short_of(h, sends.tp, sends.offset, sends.completed)
    full = isolation[beyond] == UNCOMMITTED
    lost_drain, lost = _nowhere(h, sends, np.append(drain[absent], beyond[full]), np.append(send[absent], late[full]))
    tested = np.union1d(send, late[full])
    breaches = [_lost(h, sends, s, d) for d, s in zip(lost_drain, lost, strict=True)]
    unplaced = _unplaced(h)
    return Finding(len(tested) + unplaced.exercised, (*breaches, *unplaced.violations))


def _unplaced(h: History) -> Finding:
    """The same of records acknowledged without an offset, by complete reads of logs from which nothing goes."""
    sends, table = acked_somewhere(h), drains(h)
    sends = sends[within(h, keeping(h))[sends.tp] & (deleted_below(h)[sends.tp] == 0)]
    drain, send = pairs(table.tp, sends.tp)
    whole = (table.start[drain] == 0) & (table.isolation[drain] == UNCOMMITTED)
    whole &= sends.completed[send] < table.begun[drain]
    drain, send = drain[whole], send[whole]
    nowhere = np.flatnonzero(~shown(h, drain, value=sends.value[send]))
    nowhere = nowhere[firsts(send[nowhere])]
    breaches = (_nowhere_at_all(h, sends, int(send[i]), int(drain[i])) for i in nowhere)
    return Finding(len(firsts(send)), tuple(breaches))


def _nowhere_at_all(h: History, sends: Acked, send: int, drain: int) -> Violation:
    read = drains(h)[drain : drain + 1]
    told = f"{value(h, sends.value[send])} was acknowledged in {partition(h, sends.tp[send])}, without an offset"
    reason = f"{told}, but {h.processes[read.process[0]]} read everything to {int(read.end[0])} and not this"
    return violation(h, reason + under(h, DURABLE), (sends.op[send],), read.row)


def _nowhere(h: History, sends: Acked, drain: Ints, send: Ints) -> tuple[Ints, Ints]:
    """The pairs whose record was not read at another offset either, each send once."""
    found = shown(h, drain, value=sends.value[send]) & sends.once[send]
    drain, send = drain[~found], send[~found]
    first = np.unique(send, return_index=True)[1]
    return drain[first], send[first]


def _lost(h: History, sends: Acked, send: int, drain: int) -> Violation:
    read, offset = drains(h)[drain : drain + 1], int(sends.offset[send])
    told = f"{value(h, sends.value[send])} was acknowledged at {place(h, sends.tp[send], offset)}"
    reader, end = h.processes[read.process[0]], int(read.end[0])
    short = f"the log that {reader} read to its end now ends at {end}"
    missed = f"{reader} read everything from {int(read.start[0])} to {end} and not this"
    reason = f"{told}, but {short if offset >= end else missed}{under(h, DURABLE)}"
    return violation(h, reason, (sends.op[send],), read.row)


@invariant(
    "durability.min-isr-refuses",
    statement="With fewer replicas to write it than min.insync.replicas, a send with acks=all is not acknowledged.",
    formal="∀ send s, acks=all, acknowledged: |{replicas that ran at some time during s}| ≥ min.insync.replicas",
    source="Kafka documentation, topic configuration: min.insync.replicas; KAFKA-15583",
    capabilities=("topics", "min-isr", "inspect.partition"),
    promised=(ALL_REPLICAS,),
    mutants=("KAFKA-15583", "min-isr-ignored"),
    liars=("create_topic.request.settings",),
    covers=("replication",),
)
def min_isr_refuses(h: History) -> Finding:
    """The others were dead or paused from before the send until after its acknowledgement: none of them can have it.

    A topic is never required to have more in sync than it has replicas (`effectiveMinIsr` in Kafka). Where one is
    enough, the setting is not put to the test.
    """
    if not outages(h):
        return Finding(0)
    sends = _needing_several(h)
    few = sends[_running(h, sends) < _required(h)[sends.described]]
    taken = np.flatnonzero(few.status == OK)
    return Finding(len(few), tuple(_accepted(h, few[i : i + 1]) for i in taken))


class Aimed(Sends, kw_only=True):
    """Sends with the partition that each went to or would have gone to, and the row of its first description."""

    aim: Ints
    described: Ints


def _needing_several(h: History) -> Aimed:
    """Completed acks=all sends to where several must be in sync, and whose replicas were told at some time."""
    aim = _aimed_at(h, h.sends)
    sends = widened(Aimed, h.sends, aim=aim, described=find((h.leadership.tp,), (aim,)))
    judged = ((sends.acks == -1) | lifted(h, ALL_REPLICAS)) & (sends.status != PENDING)
    return sends[judged & (sends.aim >= 0) & (take(_required(h), sends.described, 0) > 1)]


def _running(h: History, sends: Aimed) -> Ints:
    """By send, how many of its replicas ran at some time of it."""
    replicas = h.leadership.replicas[sends.described]
    running = _sizes(h)[replicas]
    for broker in sorted({out.broker for out in outages(h)}):
        has = np.array([broker in each for each in h.brokers.values], dtype=np.bool_)[replicas]
        running = running - (has & down_throughout(h, broker, sends.invoked, sends.completed))
    return running


def _aimed_at(h: History, sends: Sends) -> Ints:
    """The partition that each send went to or would have gone to, where that is known; else -1."""
    single = [topic in known(h) and partition_count(h, topic, NEVER - 1) == 1 for topic in h.topics.values]
    only = np.where(np.array(single, dtype=np.bool_)[sends.topic], 0, -1)
    number = np.where(sends.partition >= 0, sends.partition, only)
    aimed = find((topic_of(h)[:-1], number_of(h)[:-1]), (sends.topic, number))
    return np.where(sends.tp >= 0, sends.tp, aimed)


def _required(h: History) -> Ints:
    """By description of a partition: how many must be in sync, or the least that may have been set."""
    told = [numbers_of(h, tp.topic, ops.MIN_ISR) if tp.topic in known(h) else [] for tp in h.partitions.values]
    wanted = np.array([min((number for number, _ in each), default=0) for each in told], dtype=np.int64)
    return np.minimum(wanted[h.leadership.tp], _sizes(h)[h.leadership.replicas])


def _sizes(h: History) -> Ints:
    """By set of brokers, how many they are."""
    return np.array([len(brokers) for brokers in h.brokers.values], dtype=np.int64)


def _accepted(h: History, send: Aimed) -> Violation:
    described, replicas = send.described, h.brokers[h.leadership.replicas[send.described[0]]]
    running = [each for each in sorted(replicas) if not down_throughout(h, each, send.invoked, send.completed)[0]]
    told = f"{value(h, send.value[0])} was acknowledged in {partition(h, send.aim[0])}"
    of = f"of {_required(h)[described[0]]} required{under(h, (ALL_REPLICAS,))}"
    return violation(h, f"{told} while only {running} ran, {of}", (h.leadership.op[described[0]], send.op[0]))
