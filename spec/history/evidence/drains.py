"""Drains: complete reads of a partition, which show what is there and, just as much, what is not."""

import numpy as np

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.columns import Bools, Ints, widened
from brokerlaw.spec.history.derived import derived
from brokerlaw.spec.history.evidence.operations import of_kind
from brokerlaw.spec.history.evidence.relations import (
    among,
    first_after,
    last_before,
    pack,
    pack_both,
    pairs,
    present,
    take,
)
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.tables import INFO, LATEST, PENDING, Drained, Reads


class Drains(Drained[Ints], kw_only=True):
    """Drains that can be trusted: none of their polls has an unknown outcome, in which records may have been lost.

    `since` is the previous drain of the partition by the same reader, or -1. At `begun` there was nothing beyond `end`.
    """

    since: Ints
    begun: Ints


@derived
def drains(h: History) -> Drains:
    table = h.drained
    reader = pack(table.opened, table.tp)
    prior = last_before(reader, table.time, reader, table.time)
    all_drains = widened(Drains, table, since=take(table.time, prior), begun=_begun(h, table))
    return all_drains[_trusted(h, all_drains)]


class DrainedReads(Reads, kw_only=True):
    """What each drain read: `drain` is its row among `drains`."""

    drain: Ints


@derived
def drained_reads(h: History) -> DrainedReads:
    table, reads = drains(h), h.reads
    drain, read = pack_both((table.opened, table.tp), (reads.opened, reads.tp))
    found = first_after(drain, table.time, read, reads.completed)
    belongs = (found >= 0) & (reads.invoked > take(table.since, found))
    return widened(DrainedReads, reads, drain=found)[belongs]


def covering(h: History, tp: Ints, offset: Ints) -> tuple[Ints, Ints]:
    """Every pair of a drain and an offset that it covered, as rows among `drains` and among the offsets asked about."""
    table = drains(h)
    drain, item = pairs(table.tp, tp)
    inside = (table.start[drain] <= offset[item]) & (offset[item] < table.end[drain])
    return drain[inside], item[inside]


def short_of(h: History, tp: Ints, offset: Ints, time: Ints) -> tuple[Ints, Ints]:
    """Every pair of a drain and an offset at or beyond its end, where the log was said to end there after `time`."""
    table = drains(h)
    drain, item = pairs(table.tp, tp)
    beyond = (offset[item] >= table.end[drain]) & (time[item] < table.begun[drain])
    return drain[beyond], item[beyond]


def shown(h: History, drain: Ints, *, offset: Ints | None = None, value: Ints | None = None) -> Bools:
    """Whether the drain read a record at this offset, or with this value, or both."""
    reads = drained_reads(h)
    rows, asked = [reads.drain], [drain]
    for column, wanted in ((reads.offset, offset), (reads.value, value)):
        if wanted is not None:
            rows.append(column)
            asked.append(wanted)
    return present(tuple(rows), tuple(asked))


def _begun(h: History, table: Drained[Ints]) -> Ints:
    """The last time before the drain when the partition was asked for its end and had this one; else the opening."""
    asked = h.answers[h.answers.kind == LATEST]
    answer, wanted = pack_both((asked.tp, asked.isolation, asked.offset), (table.tp, table.isolation, table.end))
    last = last_before(answer, asked.completed, wanted, table.time)
    return np.where(last >= 0, take(asked.invoked, last), take(h.operations.invoked, table.opened))


def _trusted(h: History, table: Drains) -> Bools:
    """Whether every poll of the reader up to the drain has a known outcome."""
    operations = h.operations
    polls = of_kind(h, ops.Poll)
    unknown = polls[among(operations.status[polls], (INFO, PENDING))]
    doubt = last_before(operations.opened[unknown], operations.invoked[unknown], table.opened, table.time)
    begun = take(operations.invoked[unknown], doubt)
    return np.asarray((doubt < 0) | (begun <= table.since), dtype=np.bool_)
