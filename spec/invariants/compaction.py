"""Compaction: a log that keeps the last record of each key."""

import numpy as np

from brokerlaw.spec.history.evidence.compaction import compacted
from brokerlaw.spec.history.evidence.deletions import deleted_below
from brokerlaw.spec.history.evidence.drains import covering, drains, shown
from brokerlaw.spec.history.evidence.expiry import kept_until
from brokerlaw.spec.history.evidence.records import DURABLE, Acked, acked, owed_to
from brokerlaw.spec.history.evidence.settings import under
from brokerlaw.spec.history.evidence.topics import known, within
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.tables import COMMITTED, UNCOMMITTED
from brokerlaw.spec.invariants.invariant import Finding, Violation, invariant
from brokerlaw.spec.invariants.wording import key, place, value, violation


@invariant(
    "compaction.keeps-last",
    statement="A compacted log keeps the last record of each key at its offset, and a tombstone for its time.",
    formal="∀ acknowledged send s with a key, complete read d of its partition in reach of it: no send may stand behind"
    " s with its key ∧ (value(s) = null ⇒ d ended before s + delete.retention.ms) ⇒ s ∈ d",
    source='Kafka documentation, "Log Compaction", What guarantees does log compaction provide',
    capabilities=("topics", "compaction"),
    promised=DURABLE,
    mutants=("compaction-keeps-older", "compaction-drops-tombstones"),
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
    told = f"{value(h, int(sends.value[send]))} at {where} is the last record of key {key(h, int(sends.key[send]))}"
    reader = h.processes[read.process[0]]
    reason = f"{told}, and {reader} read everything from {int(read.start[0])} to {int(read.end[0])} and not this"
    return violation(h, reason + under(h, DURABLE), (sends.op[send],), read.row)
