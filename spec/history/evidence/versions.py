"""The version order: what is known to stand where in each partition, derived once from acknowledgements and reads.

A partition is one sequence. Where its elections are clean, whoever is given the record at an offset can be sure that
all records below it were there before: so a fact about an offset holds for all who read beyond it, whenever it became
known. At an offset that no fact speaks of there may be a record, or a gap that no reader is given: a marker of a
transaction, or what was aborted. Source: Jepsen's Kafka workload (version orders); Adya (1999).
"""

import numpy as np

from brokerlaw.spec.history.columns import Bools, Ints, Table, stacked
from brokerlaw.spec.history.derived import derived
from brokerlaw.spec.history.evidence.records import Acked, PlacedReads, acked, committed, owed_to, placed_reads
from brokerlaw.spec.history.evidence.relations import NEVER, first_after, firsts, highest_before, in_order, take
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.tables import COMMITTED, UNCOMMITTED


class Versions(Table[Ints], kw_only=True):
    """Each offset at which a record certainly stands for readers at one isolation level, in order, once.

    `op` shows it: a read, or else the send. It is known from `since` on; its send was invoked at `begun` (-1: unknown).
    """

    op: Ints
    tp: Ints
    offset: Ints
    key: Ints
    value: Ints
    since: Ints
    begun: Ints


def versions(h: History, isolation: int) -> Versions:
    """The version order that a reader at this level goes by."""
    return _committed(h) if isolation == COMMITTED else _uncommitted(h)


@derived
def _uncommitted(h: History) -> Versions:
    return _versions(h, UNCOMMITTED)


@derived
def _committed(h: History) -> Versions:
    return _versions(h, COMMITTED)


def _versions(h: History, isolation: int) -> Versions:
    reads, sends = placed_reads(h), acked(h)
    reads, sends = reads[_meant_for(h, reads, isolation)], sends[owed_to(h, sends, isolation)]
    facts = stacked([_read(h, reads), _acked(sends)])
    facts = facts[in_order(facts.tp, facts.offset)]  # of one offset the reads come first
    first = np.sort(firsts(facts.tp, facts.offset))
    order = facts[first].detached()
    order.since = np.minimum.reduceat(facts.since, first) if len(facts) else facts.since
    return order


def _read(h: History, reads: PlacedReads) -> Versions:
    return Versions(
        op=reads.op,
        tp=reads.tp,
        offset=reads.offset,
        key=reads.key,
        value=reads.value,
        since=reads.completed,
        begun=take(h.sends.invoked, reads.send),
    )


def _acked(sends: Acked) -> Versions:
    return Versions(
        op=sends.op,
        tp=sends.tp,
        offset=sends.offset,
        key=sends.key,
        value=sends.value,
        since=sends.completed,
        begun=sends.invoked,
    )


def _meant_for(h: History, reads: PlacedReads, isolation: int) -> Bools:
    """Whether what was read is for readers at this level: one of them read it, or it was certainly committed."""
    transaction = take(h.sends.transaction, reads.send)
    certain = (reads.send >= 0) & ((transaction < 0) | committed(h, transaction))
    return np.asarray((reads.isolation == isolation) | (isolation == UNCOMMITTED) | certain, dtype=np.bool_)


def first_from(h: History, isolation: int, tp: Ints, offset: Ints) -> Ints:
    """For each partition and offset the version that stands there, or next behind it; -1: none is known."""
    order = versions(h, isolation)
    return first_after(order.tp, order.offset, tp, offset)


def left_out(h: History, isolation: Ints, tp: Ints, begin: Ints, end: Ints) -> Ints:
    """By question, the op that shows the first record in [begin, end) for readers at its level; -1: none is known."""
    shown = np.full(len(tp), -1)
    for level in (UNCOMMITTED, COMMITTED):
        order, mine = versions(h, level), np.flatnonzero((isolation == level) & (begin < end))
        following = first_from(h, level, tp[mine], begin[mine])
        between = take(order.offset, following, NEVER) < end[mine]
        shown[mine[between]] = take(order.op, following)[between]
    return shown


def known_end(h: History, tp: Ints, time: Ints) -> Ints:
    """Behind the highest offset at which a record certainly stood before each time; 0: none."""
    order = _uncommitted(h)
    return take(order.offset, highest_before(order.tp, order.since, order.offset, tp, time)) + 1


def shown_by(h: History, tp: Ints, time: Ints) -> Ints:
    """The op that shows this end; -1: none."""
    order = _uncommitted(h)
    return take(order.op, highest_before(order.tp, order.since, order.offset, tp, time))
