"""Assignments: which member held which partition of a group, from when until when, by what members were told."""

import numpy as np

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.columns import Bools, Ints, Table
from brokerlaw.spec.history.derived import derived
from brokerlaw.spec.history.evidence.operations import of_kind
from brokerlaw.spec.history.evidence.relations import NEVER, first_after, last_before, neighbours, pack_both, take
from brokerlaw.spec.history.evidence.settings import consumers
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.tables import ASSIGNED


@derived
def assignments(h: History) -> Table:
    """A row for each assignment of a partition.

    group, tp, opened, process, member, generation, identity (see `identity`), row and begin (when it was told), end
    (when it was given back or lost, or its holder left, vanished or stopped being a member; `NEVER`: it was not).
    """
    events = h.ownership
    event_end = np.full(len(events), NEVER)
    earlier, later = neighbours(events.opened, events.tp, order=events.row)
    event_end[earlier] = events.time[later]
    held = events.with_columns(end=event_end, begin=events.time)[events.kind == ASSIGNED]
    leaving = _leaving(h)
    left = first_after(leaving.opened, leaving.row, held.opened, held.row)
    end = np.minimum(held.end, take(leaving.time, left, NEVER))
    return Table.of(
        **{name: getattr(held, name) for name in ("group", "tp", "opened", "process", "member", "generation", "row")},
        begin=held.begin,
        end=end,
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
def _leaving(h: History) -> Table:
    """When a member certainly stopped owning: it closed, crashed, unsubscribed, or its name was opened anew."""
    operations = h.operations
    ends = of_kind(h, ops.Close, ops.Crash, ops.Unsubscribe, failed=True)
    opens = of_kind(h, ops.OpenConsumer, ops.OpenProducer, failed=True)
    earlier, later = neighbours(operations.client[opens])
    opened = np.concatenate([operations.opened[ends], opens[earlier]])
    by = np.concatenate([ends, opens[later]])
    return Table.of(opened=opened, row=operations.row[by], time=operations.invoked[by])


@derived
def gone(h: History) -> Ints:
    """By the operation that opened it: when a member first closed, crashed, unsubscribed or was replaced; `NEVER`."""
    leaving = _leaving(h)
    when = np.full(len(h.operations) + 1, NEVER)
    np.minimum.at(when, leaving.opened, leaving.time)
    return when


def holders(held: Table, time: int) -> Bools:
    """Which of these assignments are going on at a time."""
    return np.asarray((held.begin <= time) & (time < held.end), dtype=np.bool_)


def of_group(h: History, group: str) -> Table:
    """The assignments of a group."""
    table = assignments(h)
    return table[table.group == h.groups.find(group)]


@derived
def held_before(h: History) -> Bools:
    """By read: whether its poll saw the partition assigned anew while its reader already held it when it began.

    Such a poll may bring records of both assignments, in no order that can be told.
    """
    reads, table, operations = h.reads, assignments(h), h.operations
    polled = operations.row[reads.op]
    held, asked = pack_both((table.opened, table.tp), (reads.opened, reads.tp))
    prior = last_before(held, table.row, asked, reads.positioned)
    still = take(table.end, prior) > reads.invoked
    return np.asarray((reads.positioned > polled) & still, dtype=np.bool_)
