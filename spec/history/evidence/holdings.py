"""Holdings: which partitions a consumer may be given records of, and which of them it has paused.

A consumer may read what its group gave it, or what it assigned to itself, until it is taken from it, or it is over.
Clients of which neither is told are not judged.
"""

import numpy as np

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.columns import Bools, C, Ints, Table, gather, stacked
from brokerlaw.spec.history.derived import derived
from brokerlaw.spec.history.evidence.operations import of_kind
from brokerlaw.spec.history.evidence.positions import seeks
from brokerlaw.spec.history.evidence.relations import (
    among,
    first_after,
    highest_before,
    last_before,
    pack_both,
    pairs,
    present,
    take,
)
from brokerlaw.spec.history.evidence.topics import partitions_of
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.tables import ASSIGNED, FAIL, OK


class Changes(Table[C], kw_only=True):
    """A partition comes to a consumer, or goes from it: at a time, shown by an operation (-1: none) or by a row."""

    op: C
    row: C
    opened: C
    tp: C
    time: C


@derived
def given(h: History) -> Changes[Ints]:
    """From when on a consumer may have had a partition."""
    told, sought = h.ownership[h.ownership.kind == ASSIGNED], seeks(h)
    by_hand = sought[among(sought.op, of_kind(h, ops.Assign))]
    group = Changes(op=np.full(len(told), -1), row=told.row, opened=told.opened, tp=told.tp, time=told.time)
    own = Changes(
        op=by_hand.op,
        row=np.full(len(by_hand), -1),
        opened=by_hand.opened,
        tp=by_hand.tp,
        time=h.operations.invoked[by_hand.op],
    )
    return stacked([group, own])


@derived
def taken(h: History) -> Changes[Ints]:
    """When a consumer certainly had given a partition back, lost it, or ended what gave it to it."""
    told, operations = h.ownership[h.ownership.kind != ASSIGNED], h.operations
    numbers = of_kind(h, ops.Assign, ops.Unsubscribe, ops.Close, ops.Crash)
    numbers = numbers[operations.status[numbers] == OK]
    had = given(h)
    number, place = pairs(operations.opened[numbers], had.opened)
    number = numbers[number]
    again = present((seeks(h).op, seeks(h).tp), (number, had.tp[place]))
    number, place = number[~again], place[~again]
    group = Changes(op=np.full(len(told), -1), row=told.row, opened=told.opened, tp=told.tp, time=told.time)
    own = Changes(
        op=number,
        row=np.full(len(number), -1),
        opened=had.opened[place],
        tp=had.tp[place],
        time=operations.completed[number],
    )
    return stacked([group, own])


def without_holding(h: History) -> tuple[Bools, Ints]:
    """By read: whether its reader certainly did not have the partition during the poll; and what took it, as a row
    among `taken` (-1: it never had it). Reads of clients of which it is not told what they have are left out.
    """
    reads, came, went = h.reads, given(h), taken(h)
    told = among(reads.opened, came.opened)
    have, read = pack_both((came.opened, came.tp), (reads.opened, reads.tp))
    last_given = take(came.time, last_before(have, came.time, read, reads.completed + 1))
    gone, read = pack_both((went.opened, went.tp), (reads.opened, reads.tp))
    last_taken = last_before(gone, went.time, read, reads.invoked)
    without = (last_given < 0) | (last_given < take(went.time, last_taken))
    return np.asarray(told & without, dtype=np.bool_), last_taken


@derived
def unsubscribed(h: History) -> Bools:
    """By read: whether its reader, which has subscribed, never asked for the topic in any way."""
    opened = h.operations.opened
    asked: list[tuple[int, int]] = list(zip(seeks(h).opened.tolist(), seeks(h).tp.tolist(), strict=True))
    subscribers: set[int] = set()
    for number in of_kind(h, ops.Subscribe).tolist():
        op, client = h.invocations[number].value, int(opened[number])
        assert isinstance(op, ops.Subscribe)
        subscribers.add(client)
        asked += [(client, tp) for topic in op.topics for tp in partitions_of(h, topic)]
    wanted = np.array(asked, dtype=np.int64).reshape(-1, 2)
    named = present((wanted[:, 0], wanted[:, 1]), (h.reads.opened, h.reads.tp))
    return np.asarray(among(h.reads.opened, list(subscribers)) & ~named, dtype=np.bool_)


@derived
def refused_all(h: History) -> Bools:
    """By read: whether its reader had asked for partitions until the poll was over, and was refused each time."""
    operations, reads = h.operations, h.reads
    asked = of_kind(h, ops.Assign, ops.Subscribe, failed=True)
    refused = operations.status[asked] == FAIL

    def before(numbers: Ints) -> Bools:
        last = last_before(operations.opened[numbers], operations.invoked[numbers], reads.opened, reads.completed + 1)
        return np.asarray(last >= 0, dtype=np.bool_)

    return before(asked[refused]) & ~before(asked[~refused])


class Pauses(Table[C], kw_only=True):
    """A consumer pauses a partition: certainly from row `begin` on, and at least up to row `end`."""

    op: C
    opened: C
    tp: C
    begin: C
    end: C


@derived
def pauses(h: History) -> Pauses[Ints]:
    """A pause ends where a resume is asked for, or the partition is assigned anew or taken away."""
    operations, rows = h.operations, []
    for number in of_kind(h, ops.Pause, ops.Resume).tolist():
        op = h.invocations[number].value
        assert isinstance(op, ops.Pause | ops.Resume)
        rows += [_pause(h, number, h.partitions.find(tp), isinstance(op, ops.Resume)) for tp in op.partitions]
    table = gather(Pauses[Ints], rows)
    if not len(table):
        return table
    table, resumes = table[table.begin >= 0], table[table.begin < 0]
    others = of_kind(h, ops.Assign, ops.Subscribe, ops.Unsubscribe, ops.Close, ops.Crash)
    ends = [
        _next(table, resumes.opened, resumes.end, resumes.tp),
        _next(table, h.ownership.opened, h.ownership.row, h.ownership.tp),
        _next(table, operations.opened[others], operations.row[others]),
    ]
    table.end = np.minimum.reduce(ends) if len(table) else table.end
    return table


def _pause(h: History, number: int, tp: int, resumed: bool) -> Pauses[int]:
    operations = h.operations
    done = not resumed and operations.status[number] == OK
    begin = int(operations.ended[number]) if done else -1
    return Pauses(op=number, opened=int(operations.opened[number]), tp=tp, begin=begin, end=int(operations.row[number]))


def perhaps_paused(h: History, opened: Ints, tp: Ints, row: Ints) -> Bools:
    """Whether these consumers may have paused these partitions by these rows, and not certainly resumed them."""
    paused, resumed = _asked_to(h, ops.Pause), _asked_to(h, ops.Resume)
    resumed = resumed[resumed.begin >= 0]
    have, asked = pack_both((paused.opened, paused.tp), (opened, tp))
    pause = last_before(have, paused.end, asked, row)
    have, asked = pack_both((resumed.opened, resumed.tp), (opened, tp))
    resume = last_before(have, resumed.end, asked, row)
    return np.asarray((pause >= 0) & (take(resumed.end, resume) < take(paused.end, pause)), dtype=np.bool_)


def given_anew(h: History, opened: Ints, tp: Ints, row: Ints) -> Bools:
    """Whether these consumers have certainly been given these partitions anew by these rows, after each pause was done
    and they had been taken from them.
    """
    told, asked_to = h.ownership, _asked_to(h, ops.Pause)
    done = np.where(asked_to.begin >= 0, asked_to.begin, np.iinfo(np.int64).max)
    given_, taken_ = told[told.kind == ASSIGNED], told[told.kind != ASSIGNED]
    have, asked = pack_both((given_.opened, given_.tp), (opened, tp))
    given_row = take(given_.row, last_before(have, given_.row, asked, row))
    have, asked = pack_both((taken_.opened, taken_.tp), (opened, tp))
    taken_row = take(taken_.row, last_before(have, taken_.row, asked, given_row))
    have, asked = pack_both((asked_to.opened, asked_to.tp), (opened, tp))
    paused = take(done, highest_before(have, asked_to.end, done, asked, row))
    return np.asarray((given_row >= 0) & (taken_row >= 0) & (paused >= 0) & (paused < taken_row), dtype=np.bool_)


def _asked_to(h: History, kind: type[ops.Pause | ops.Resume]) -> Pauses[Ints]:
    rows = []
    for number in of_kind(h, kind).tolist():
        op = h.invocations[number].value
        assert isinstance(op, kind)
        rows += [_pause(h, number, h.partitions.find(tp), False) for tp in op.partitions]
    return gather(Pauses[Ints], rows)


def _next(table: Pauses[Ints], opened: Ints, row: Ints, tp: Ints | None = None) -> Ints:
    """The first of these rows after each pause began, of the same consumer (and partition)."""
    if tp is None:
        theirs, asked = opened, table.opened
    else:
        theirs, asked = pack_both((opened, tp), (table.opened, table.tp))
    return take(row, first_after(theirs, row, asked, table.begin), np.iinfo(np.int64).max)
