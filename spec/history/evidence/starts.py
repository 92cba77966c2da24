"""Starts: the first record that a member reads of a partition it was just assigned, and where it may start."""

import numpy as np

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.columns import Bools, Ints, stacked, widened
from brokerlaw.spec.history.derived import derived
from brokerlaw.spec.history.evidence.assignments import held_before
from brokerlaw.spec.history.evidence.commits import admissible, unaccountable
from brokerlaw.spec.history.evidence.deletions import deleted_below
from brokerlaw.spec.history.evidence.expiry import keeping
from brokerlaw.spec.history.evidence.operations import completed, of_kind
from brokerlaw.spec.history.evidence.relations import NEVER, among, firsts, last_before, take
from brokerlaw.spec.history.evidence.settings import resets_to_earliest
from brokerlaw.spec.history.evidence.topics import clean, within
from brokerlaw.spec.history.evidence.versions import known_end, left_out
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.numbers import MOST
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
    by_hand = ~among(first.group, list(unaccountable(h)))
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
    knowable = within(h, keeping(h))[table.tp] & (sure | table.earliest) & (cut < MOST)
    return np.where(knowable, np.maximum(table.highest, cut), -1).clip(min=np.where(knowable, 0, -1))


def passed_over(h: History, table: Starts, floor: Ints) -> Ints:
    """For each start the op that shows a record between its floor and what it read first; -1: none is known."""
    known = floor >= 0
    if not known.any():
        return np.full(len(table), -1)
    return np.where(known, left_out(h, table.isolation, table.tp, floor, np.where(known, table.offset, floor)), -1)


def reread(h: History, table: Starts) -> Bools:
    """Whether each start is below all that its group may have committed, where the log certainly reached that far.

    A commit beyond the end is out of range, and the reset policy says where to begin.
    """
    end = known_end(h, table.tp, table.assigned)
    below = (table.latest >= 0) & (table.offset < table.lowest) & (table.highest <= end)
    return np.asarray(below, dtype=np.bool_)


def _starts(h: History, first: Reads, assigned: Ints, level: int) -> Starts:
    commits = admissible(h, first.group, first.tp, assigned, first.completed, level)
    earliest = resets_to_earliest(h)[first.opened]
    return widened(Starts, first, **commits.columns, assigned=assigned, earliest=earliest)


def _row(rows: Ints, wanted: Ints) -> Ints:
    """The place of each wanted row number among the rows, which ascend; -1: it is none of them."""
    at = np.searchsorted(rows, wanted)
    return np.where(take(rows, at) == wanted, at, -1)


def _may_have_missed(h: History, first: Reads, assigned: Ints) -> Bools:
    """Whether a poll with an unknown outcome came between the assignment and the read: its records are lost to us."""
    operations = h.operations
    polls = of_kind(h, ops.Poll)
    unknown = polls[among(operations.status[polls], (INFO, PENDING))]
    last = last_before(operations.opened[unknown], unknown, first.opened, first.op)
    return np.asarray(take(completed(h, unknown, NEVER), last) >= assigned, dtype=np.bool_)
