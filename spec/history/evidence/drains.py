"""Drains: complete reads of a partition, which show what is there and, just as much, what is not."""

import numpy as np

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.columns import Bools, Ints, Table
from brokerlaw.spec.history.derived import derived
from brokerlaw.spec.history.evidence.operations import of_kind
from brokerlaw.spec.history.evidence.relations import first_after, last_before, pack, pack_both, pairs, present, take
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.tables import INFO, LATEST, PENDING


@derived
def drains(h: History) -> Table:
    """Drains that can be trusted: none of their polls has an unknown outcome, in which records may have been lost.

    row, time, process, opened, tp, start, end, isolation, and: since (the previous drain of the partition by the same
    reader, or -1) and begun (there was nothing beyond `end` at that time).
    """
    table = h.drained
    reader = pack(table.opened, table.tp)
    prior = last_before(reader, table.time, reader, table.time)
    table = table.with_columns(since=take(table.time, prior), begun=_begun(h, table))
    return table[_trusted(h, table)]


@derived
def drained_reads(h: History) -> Table:
    """What each drain read: the reads, with `drain` as its row among `drains`."""
    table, reads = drains(h), h.reads
    drain, read = pack_both((table.opened, table.tp), (reads.opened, reads.tp))
    found = first_after(drain, table.time, read, reads.completed)
    belongs = (found >= 0) & (reads.invoked > take(table.since, found))
    return reads.with_columns(drain=found)[belongs]


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


def shown(h: History, drain: Ints, *columns: tuple[str, Ints]) -> Bools:
    """Whether the drain read a record with these columns."""
    reads = drained_reads(h)
    names, wanted = zip(*columns, strict=True)
    return present((reads.drain, *(getattr(reads, name) for name in names)), (drain, *wanted))


def _begun(h: History, table: Table) -> Ints:
    """The last time before the drain when the partition was asked for its end and had this one; else the opening."""
    asked = h.answers[h.answers.kind == LATEST]
    answer, wanted = pack_both((asked.tp, asked.isolation, asked.offset), (table.tp, table.isolation, table.end))
    last = last_before(answer, asked.completed, wanted, table.time)
    return np.where(last >= 0, take(asked.invoked, last), take(h.operations.invoked, table.opened))


def _trusted(h: History, table: Table) -> Bools:
    """Whether every poll of the reader up to the drain has a known outcome."""
    operations = h.operations
    polls = of_kind(h, ops.Poll)
    unknown = polls[np.isin(operations.status[polls], (INFO, PENDING))]
    doubt = last_before(operations.opened[unknown], operations.invoked[unknown], table.opened, table.time)
    begun = take(operations.invoked[unknown], doubt)
    return np.asarray((doubt < 0) | (begun <= table.since), dtype=np.bool_)
