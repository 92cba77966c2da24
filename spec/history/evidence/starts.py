"""Starts: the first record that a member reads of a partition it was just assigned, and where it may start."""

import numpy as np

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.columns import Bools, Ints, Table, stacked
from brokerlaw.spec.history.derived import derived
from brokerlaw.spec.history.evidence.assignments import held_before
from brokerlaw.spec.history.evidence.commits import admissible, unaccountable
from brokerlaw.spec.history.evidence.expiry import keeping
from brokerlaw.spec.history.evidence.operations import completed, of_kind
from brokerlaw.spec.history.evidence.records import acked, owed_to, placed_reads
from brokerlaw.spec.history.evidence.relations import NEVER, first_after, firsts, highest_before, last_before, take
from brokerlaw.spec.history.evidence.settings import consumers
from brokerlaw.spec.history.evidence.topics import clean, deleted_below, within
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.tables import ASSIGNED, COMMITTED, INFO, PENDING, UNCOMMITTED, Reads


class Starts(Reads, kw_only=True):
    """The first read of each assignment, where it is certain that it is the first, in groups that commit by hand.

    `earliest`: whether the member starts at the log's start when its group has committed nothing. `latest`, `lowest`
    and `highest` are those of `Admissible`.
    """

    assigned: Ints
    earliest: Bools
    latest: Ints
    lowest: Ints
    highest: Ints


@derived
def starts(h: History) -> Starts:
    begun = np.sort(firsts(h.reads.opened, h.reads.tp, h.reads.positioned))
    first = h.reads[begun[~held_before(h)[begun]]]
    first = first[within(h, clean(h))[first.tp]]
    told = h.ownership[h.ownership.kind == ASSIGNED]
    assigned = take(told.time, _row(told.row, first.positioned))
    by_hand = ~np.isin(first.group, list(unaccountable(h)))
    certain = np.flatnonzero((assigned >= 0) & by_hand & ~_may_have_missed(h, first, assigned))
    levels = [certain[first.isolation[certain] == level] for level in (UNCOMMITTED, COMMITTED)]
    parts = [_starts(h, first[rows], assigned[rows], level) for level, rows in enumerate(levels)]
    return stacked(parts)


@derived
def floors(h: History) -> Ints:
    """By start, the lowest offset that it may pass over nothing from: beyond its group's commits; -1: not known."""
    table = starts(h)
    cut = deleted_below(h)[table.tp]
    sure = (table.latest >= 0) & (table.earliest | (cut == 0))
    knowable = within(h, keeping(h))[table.tp] & (sure | table.earliest)
    return np.where(knowable, np.maximum(table.highest, cut), -1).clip(min=np.where(knowable, 0, -1))


def passed_over(h: History, table: Starts, floor: Ints) -> Ints:
    """For each start the op that shows a record between its floor and what it read first; -1: none is known."""
    shown = np.full(len(table), -1)
    for level in (UNCOMMITTED, COMMITTED):
        places = _places(h, level)
        mine = np.flatnonzero((table.isolation == level) & (floor >= 0))
        following = first_after(places.tp, places.offset, table.tp[mine], floor[mine])
        before = (following >= 0) & (take(places.offset, following) < table.offset[mine])
        shown[mine[before]] = take(places.op, following)[before]
    return shown


def reread(h: History, table: Starts) -> Bools:
    """Whether each start is below all that its group may have committed, where the log certainly reached that far."""
    reads, sends = placed_reads(h), acked(h)
    tp, time = np.concatenate([reads.tp, sends.tp]), np.concatenate([reads.completed, sends.completed])
    offset = np.concatenate([reads.offset, sends.offset])
    end = take(offset, highest_before(tp, time, offset, table.tp, table.assigned)) + 1
    below = (table.latest >= 0) & (table.offset < table.lowest) & (table.lowest <= end)
    return np.asarray(below, dtype=np.bool_)


class Places(Table[Ints], kw_only=True):
    """Where records are for certain that readers at an isolation level are given."""

    op: Ints
    tp: Ints
    offset: Ints


def _places(h: History, level: int) -> Places:
    reads, sends = placed_reads(h), acked(h)
    reads = reads[(reads.isolation == level) | (level == UNCOMMITTED)]
    sends = sends[owed_to(h, sends, level)]
    return stacked([Places(op=table.op, tp=table.tp, offset=table.offset) for table in (reads, sends)])


def _starts(h: History, first: Reads, assigned: Ints, level: int) -> Starts:
    commits = admissible(h, first.group, first.tp, assigned, first.completed, level)
    earliest = _resets_to_earliest(h)[first.opened]
    return Starts(**first.columns, **commits.columns, assigned=assigned, earliest=earliest)


def _row(rows: Ints, wanted: Ints) -> Ints:
    """The place of each wanted row number among the rows, which ascend; -1: it is none of them."""
    at = np.searchsorted(rows, wanted)
    return np.where(take(rows, at) == wanted, at, -1)


def _may_have_missed(h: History, first: Reads, assigned: Ints) -> Bools:
    """Whether a poll with an unknown outcome came between the assignment and the read: its records are lost to us."""
    operations = h.operations
    polls = of_kind(h, ops.Poll)
    unknown = polls[np.isin(operations.status[polls], (INFO, PENDING))]
    last = last_before(operations.opened[unknown], unknown, first.opened, first.op)
    return np.asarray(take(completed(h, unknown, NEVER), last) >= assigned, dtype=np.bool_)


@derived
def _resets_to_earliest(h: History) -> Bools:
    earliest = np.zeros(len(h.operations) + 1, dtype=np.bool_)
    for opened, consumer in consumers(h).items():
        earliest[opened] = consumer.reset == "earliest"
    return earliest
