"""Compaction: a log that keeps the last record of each key."""

import numpy as np

from brokerlaw.spec.history.columns import Ints, widened
from brokerlaw.spec.history.evidence.compaction import compacted, replaced_from, tombstones_kept
from brokerlaw.spec.history.evidence.configuration import CLEANUP, COMPACTION_LAG, numbers_of, values_of
from brokerlaw.spec.history.evidence.deletions import deleted_below
from brokerlaw.spec.history.evidence.drains import covering, drained_reads, drains, shown
from brokerlaw.spec.history.evidence.expiry import kept_until, young_until
from brokerlaw.spec.history.evidence.outages import leaders_since
from brokerlaw.spec.history.evidence.positions import READ, SOUGHT, Places, positions, sought_at
from brokerlaw.spec.history.evidence.records import DURABLE, Acked, acked, owed_to
from brokerlaw.spec.history.evidence.relations import NEVER, find, firsts, least, lowest_from, pack_both, take
from brokerlaw.spec.history.evidence.segments import LONGEST, closed_records, compacting
from brokerlaw.spec.history.evidence.settings import under
from brokerlaw.spec.history.evidence.topics import known, within, without_transactions
from brokerlaw.spec.history.evidence.waits import bounds
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.numbers import MILLISECOND
from brokerlaw.spec.history.tables import COMMITTED, UNCOMMITTED
from brokerlaw.spec.invariants.invariant import Finding, Level, Violation, invariant
from brokerlaw.spec.invariants.wording import key, place, value, violation


@invariant(
    "compaction.keeps-last",
    statement="A compacted log keeps the last record of each key at its offset, a tombstone for its time, and "
    "whatever is younger than min.compaction.lag.ms.",
    formal="∀ acknowledged send s, complete read d of its partition in reach of it: d ended before timestamp(s) +"
    " min.compaction.lag.ms, or s has a key ∧ no send may stand behind s with it"
    " ∧ (value(s) = null ⇒ d ended before s + delete.retention.ms) ⇒ s ∈ d",
    source='Kafka documentation, "Log Compaction", What guarantees does log compaction provide; topic configuration:'
    " min.compaction.lag.ms",
    capabilities=("topics", "compaction"),
    promised=DURABLE,
    mutants=("compaction-keeps-older", "compaction-drops-tombstones", "compaction-spares-nothing"),
)
def keeps_last(h: History) -> Finding:
    """What may be superseded when the read ended is left out, and so are records that retention may have taken too.

    For read_committed readers a record counts once its transaction was committed.
    """
    sends = acked(h)
    topics = known(h) & compacted(h).keys()
    if not topics:
        return Finding(0)
    sends = sends[within(h, topics)[sends.tp] & (sends.offset >= deleted_below(h)[sends.tp])]
    visible, until, table = owed_to(h, sends, COMMITTED), kept_until(h, sends.tp, sends.offset), drains(h)
    drain, send = covering(h, sends.tp, sends.offset)
    owed = ((table.isolation[drain] == UNCOMMITTED) | visible[send]) & (until[send] > table.time[drain])
    drain, send = drain[owed], send[owed]
    absent = ~shown(h, drain, offset=sends.offset[send])
    lost, first = np.unique(send[absent], return_index=True)
    pairs = zip(lost.tolist(), drain[absent][first].tolist(), strict=True)
    return Finding(len(np.unique(send)), tuple(_lost(h, sends, *pair) for pair in pairs))


def _lost(h: History, sends: Acked, send: int, drain: int) -> Violation:
    read, where = drains(h)[drain : drain + 1], place(h, int(sends.tp[send]), int(sends.offset[send]))
    young = int(young_until(h, sends.tp[send : send + 1], sends.offset[send : send + 1])[0]) > int(read.time[0])
    last = f"the last record of key {key(h, int(sends.key[send]))}"
    told = f"{value(h, int(sends.value[send]))} at {where} is {'too young to be compacted' if young else last}"
    reader = h.processes[read.process[0]]
    reason = f"{told}, and {reader} read everything from {int(read.start[0])} to {int(read.end[0])} and not this"
    return violation(h, reason + under(h, DURABLE), (sends.op[send],), read.row)


@invariant(
    "compaction.deleted-stays-deleted",
    statement="What a tombstone deleted stays deleted: who reads an older record of the key reads the tombstone too.",
    formal="∀ acknowledged tombstone s, complete read d of its partition in reach of it, begun after ack(s) and shorter"
    " than delete.retention.ms: no send may stand behind s with its key ∧ s ∉ d ⇒ no r ∈ d before s has its key",
    source='Kafka documentation, "Log Compaction", What guarantees does log compaction provide; KAFKA-4545',
    capabilities=("topics", "compaction", "tombstones"),
    promised=DURABLE,
    mutants=("compaction-leaves-the-clean",),
)
def deleted_stays_deleted(h: History) -> Finding:
    """A tombstone goes no sooner than `delete.retention.ms` after all that it deletes.

    Left out are topics that also expire, or have transactions, and what is read after a fault or an election: another
    leader has compacted its own copy.
    """
    sends = _tombstones(h)
    if not len(sends):
        return Finding(0)
    later, table = replaced_from(h, sends, np.arange(len(sends))), drains(h)
    drain, send = covering(h, sends.tp, sends.offset)
    begun, over = h.operations.invoked[table.opened[drain]], table.time[drain]
    judged = (sends.completed[send] < begun) & (over < np.minimum(later[send], leaders_since(h)))
    judged &= over - begun < tombstones_kept(h)[sends.topic[send]]
    drain, send = drain[judged], send[judged]
    reads = drained_reads(h)
    older = least((reads.drain, reads.key), reads.offset, (drain, sends.key[send]))
    back = (older < sends.offset[send]) & ~shown(h, drain, offset=sends.offset[send])
    again, first = np.unique(send[back], return_index=True)
    found = zip(again.tolist(), drain[back][first].tolist(), older[back][first].tolist(), strict=True)
    return Finding(len(np.unique(send)), tuple(_back(h, sends, *each) for each in found))


@invariant(
    "compaction.replaced-goes",
    statement="What a later record of its key has replaced is gone three looks of the cleaner after the later one's "
    "segment was closed.",
    formal="∀ acknowledged sends s before s' of one key, r, ack(s') + segment.ms < r, read from the offset of s, sought"
    " after ack(r) + min.compaction.lag.ms + 3 · log.cleaner.backoff.ms: it is not given s",
    level=Level.SHOULD,
    source='Kafka documentation, "Log Compaction"; topic configuration: min.cleanable.dirty.ratio; broker'
    " configuration: log.cleaner.backoff.ms",
    capabilities=("topics", "compaction"),
    mutants=("compacts-nothing",),
)
def replaced_goes(h: History) -> Finding:
    """In topics that compact and do not delete, with min.cleanable.dirty.ratio=0. A broker that does not tell how often
    its cleaner looks is held to nothing, and has kept this where they are gone; two minutes more are allowed.

    Left out are topics with transactions, or whose records say themselves how old they are; and what is read after a
    fault or an election: another leader has compacted its own copy.
    """
    sends, steps = _replaced(h), _back_at(h)
    send = find((sends.tp, sends.offset), (steps.tp, steps.before))
    since, due, patience = sought_at(h, steps), take(sends.due, send, NEVER), bounds(h).compaction
    there = steps.offset == steps.before
    late = np.zeros(len(due), dtype=np.bool_) if patience is None else there & (due <= since - patience * MILLISECOND)
    tested = late | (~there & (due <= since))
    rows = np.flatnonzero(late)
    breaches = (_still_there(h, sends, int(send[row]), int(steps.op[row])) for row in rows[firsts(steps.tp[rows])])
    return Finding(int(tested.sum()), tuple(breaches))


class Replaced(Acked, kw_only=True):
    """Sends whose record a later one has replaced, by op `by`, and from when on it was due to go."""

    by: Ints
    due: Ints


def _replaced(h: History) -> Replaced:
    sends, closed = acked(h), closed_records(h)
    sends = sends[within(h, compacting(h))[sends.tp] & (sends.key >= 0)]
    mine, asked = pack_both((closed.tp, closed.key), (sends.tp, sends.key))
    first = lowest_from(mine, closed.offset, closed.closed, asked, sends.offset + 1)
    lags = [max((lag for lag, _ in numbers_of(h, tp.topic, COMPACTION_LAG)), default=0) for tp in h.partitions.values]
    lag = np.array([*(min(max(0, lag), LONGEST) for lag in lags), 0], dtype=np.int64)[sends.tp] * MILLISECOND
    replaced = widened(Replaced, sends, by=take(closed.op, first), due=take(closed.closed, first) + lag)
    return replaced[first >= 0]


def _back_at(h: History) -> Places:
    """What readers were given where they had turned to, before leaders may have changed."""
    steps, table = positions(h), positions(h)
    fresh = (steps.kind == READ) & (steps.before >= 0) & (steps.origin >= 0)
    fresh &= table.kind[steps.origin] == SOUGHT
    return steps[fresh & (h.operations.completed[steps.op] < leaders_since(h))]


def _still_there(h: History, sends: Replaced, send: int, poll: int) -> Violation:
    where, whose = place(h, int(sends.tp[send]), int(sends.offset[send])), key(h, int(sends.key[send]))
    told = f"{value(h, int(sends.value[send]))} at {where} is still there, long after a later record of key {whose}"
    return violation(h, f"{told} should have replaced it", (sends.op[send], sends.by[send], poll))


def _tombstones(h: History) -> Acked:
    """Those that nobody asked to delete, of topics that only compact."""
    names = {topic for topic in known(h) if all(each.value == "compact" for each in values_of(h, topic, CLEANUP))}
    sends, judged = acked(h), within(h, names) & without_transactions(h)
    null = (sends.value < 0) & (sends.key >= 0)
    return sends[null & judged[sends.tp] & (sends.offset >= deleted_below(h)[sends.tp])]


def _back(h: History, sends: Acked, send: int, drain: int, older: int) -> Violation:
    read, where = drains(h)[drain : drain + 1], place(h, int(sends.tp[send]), int(sends.offset[send]))
    told = f"the tombstone of key {key(h, int(sends.key[send]))} at {where} is the last record of its key"
    reason = f"{told}, and {h.processes[read.process[0]]}, reading to {int(read.end[0])}, found its record at {older}"
    return violation(h, f"{reason} and not this{under(h, DURABLE)}", (sends.op[send],), read.row)
