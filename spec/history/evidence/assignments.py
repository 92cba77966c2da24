"""Assignments: which member held which partition of a group, from when until when, by what members were told."""

import numpy as np

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.columns import Bools, Ints, Table
from brokerlaw.spec.history.derived import derived
from brokerlaw.spec.history.evidence.operations import of_kind
from brokerlaw.spec.history.evidence.relations import (
    NEVER,
    first_after,
    highest_before,
    last_before,
    neighbours,
    pack_both,
    take,
)
from brokerlaw.spec.history.evidence.settings import consumers
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.tables import ASSIGNED


class Assignments(Table[Ints], kw_only=True):
    """A row for each assignment of a partition.

    `row` and `begin` are when the member was told. `end` is when it gave the partition back or lost it, left, vanished
    or stopped being a member (`NEVER`: it did not). `identity`: see there.
    """

    row: Ints
    group: Ints
    tp: Ints
    opened: Ints
    process: Ints
    generation: Ints
    begin: Ints
    end: Ints
    identity: Ints


@derived
def assignments(h: History) -> Assignments:
    events = h.ownership
    event_end = np.full(len(events), NEVER)
    earlier, later = neighbours(events.opened, events.tp, order=events.row)
    event_end[earlier] = events.time[later]
    assigned = events.kind == ASSIGNED
    held, leaving = events[assigned], _leaving(h)
    left = first_after(leaving.opened, leaving.row, held.opened, held.row)
    return Assignments(
        row=held.row,
        group=held.group,
        tp=held.tp,
        opened=held.opened,
        process=held.process,
        generation=held.generation,
        begin=held.time,
        end=np.minimum(event_end[assigned], take(leaving.time, left, NEVER)),
        identity=identity(h)[held.opened],
    )


@derived
def identity(h: History) -> Ints:
    """By the operation that opened a member: the first opening with its static id in its group, or itself."""
    same = np.arange(len(h.operations) + 1)
    first: dict[tuple[str | None, str], int] = {}
    for opened, consumer in consumers(h).items():
        if consumer.instance_id is not None:
            same[opened] = first.setdefault((consumer.group, consumer.instance_id), opened)
    same[-1] = -1
    return same


@derived
def contested(h: History) -> Ints:
    """By the operation that opened a member: since when there are two clients with its static id; `NEVER`.

    Whichever joins last fences the other, which owns nothing from then on, and may not have heard of it (KIP-345).
    """
    when = np.full(len(h.operations) + 1, NEVER)
    static = np.array([op for op, consumer in consumers(h).items() if consumer.instance_id is not None], dtype=np.int64)
    if not len(static):
        return when
    same, opened, until = identity(h)[static], h.operations.invoked[static], gone(h)[static]
    earlier, later = neighbours(same, order=static)
    met = until[earlier] > opened[later]
    when[static[earlier[met]]] = opened[later[met]]
    longest = highest_before(same, static, until, same, static)
    comes_second = (longest >= 0) & (take(until, longest) > opened)
    when[static[comes_second]] = opened[comes_second]
    return when


class Leaving(Table[Ints], kw_only=True):
    """When a member certainly stopped owning: it closed, crashed, unsubscribed, or its name was opened anew."""

    opened: Ints
    row: Ints
    time: Ints


@derived
def _leaving(h: History) -> Leaving:
    operations = h.operations
    ends = of_kind(h, ops.Close, ops.Crash, ops.Unsubscribe, failed=True)
    opens = of_kind(h, ops.OpenConsumer, ops.OpenProducer, failed=True)
    earlier, later = neighbours(operations.client[opens])
    opened = np.concatenate([operations.opened[ends], opens[earlier]])
    by = np.concatenate([ends, opens[later]])
    return Leaving(opened=opened, row=operations.row[by], time=operations.invoked[by])


@derived
def gone(h: History) -> Ints:
    """By the operation that opened it: when a member first closed, crashed, unsubscribed or was replaced; `NEVER`."""
    leaving = _leaving(h)
    when = np.full(len(h.operations) + 1, NEVER)
    np.minimum.at(when, leaving.opened, leaving.time)
    return when


def holders(held: Assignments, time: int) -> Bools:
    """Which of these assignments are going on at a time."""
    return np.asarray((held.begin <= time) & (time < held.end), dtype=np.bool_)


def of_group(h: History, group: str) -> Assignments:
    """The assignments of a group."""
    table = assignments(h)
    return table[table.group == h.groups.find(group)]


@derived
def held_before(h: History) -> Bools:
    """By read: whether its poll saw the partition assigned anew while its reader already held it when it began.

    Such a poll may bring records of both assignments, in no order that can be told.
    """
    table, during = assignments(h), h.reads.positioned > h.operations.row[h.reads.op]
    reads = h.reads[during]  # few, as a rule
    held, asked = pack_both((table.opened, table.tp), (reads.opened, reads.tp))
    prior = last_before(held, table.row, asked, reads.positioned)
    before = np.zeros(len(during), dtype=np.bool_)
    before[during] = take(table.end, prior) > reads.invoked
    return before
