"""Idle readers: those that poll again and again and are given nothing."""

import numpy as np

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.columns import Bools, Ints, Table
from brokerlaw.spec.history.derived import derived
from brokerlaw.spec.history.evidence.operations import of_kind
from brokerlaw.spec.history.evidence.relations import firsts, in_order
from brokerlaw.spec.history.evidence.settings import consumers
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.operation import LifeOperation
from brokerlaw.spec.history.tables import OK

MOVING = (ops.Assign, ops.Subscribe, ops.Unsubscribe, ops.Seek, ops.Pause, ops.Resume)
LIVING = tuple(kind for kind in ops.OPERATIONS.values() if issubclass(kind, LifeOperation))
HOLDING_UP = ("fetch", "wait")
"""A reader whose settings have these in their names may wait for more than one record."""


class Idle(Table[Ints], kw_only=True):
    """Polls in a row by one reader that were all given nothing, while nothing else happened to the reader.

    `first` and `last` are the polls, `begun` and `ended` their times, `polls` is how many they are.
    """

    opened: Ints
    first: Ints
    last: Ints
    begun: Ints
    ended: Ints
    polls: Ints


@derived
def idle(h: History) -> Idle:
    """All of them, by readers that wait for no more than one record."""
    operations, polls = h.operations, of_kind(h, ops.Poll, failed=True)
    given = np.bincount(h.reads.op, minlength=len(operations))[polls] > 0
    empty = (operations.status[polls] == OK) & ~given & _plain(h)[operations.opened[polls]]
    other = of_kind(h, *MOVING, *LIVING, failed=True)
    opened = np.concatenate([operations.opened[polls], operations.opened[other], h.ownership.opened])
    row = np.concatenate([operations.row[polls], operations.row[other], h.ownership.row])
    poll = np.concatenate([np.where(empty, polls, -1), np.full(len(other) + len(h.ownership), -1)])
    order = in_order(opened, row)
    opened, poll = opened[order], poll[order]
    others = np.diff(opened, prepend=-2) != 0
    series = np.cumsum((poll < 0) | others)[poll >= 0]
    poll = poll[poll >= 0]
    first = firsts(series)
    count = np.diff(np.append(first, len(poll)))
    begin, end = poll[first], poll[first + count - 1]
    return Idle(
        opened=operations.opened[begin],
        first=begin,
        last=end,
        begun=operations.invoked[begin],
        ended=operations.completed[end],
        polls=count,
    )


@derived
def _plain(h: History) -> Bools:
    """By the operation that opened it: whether a reader waits for any record."""
    plain = np.zeros(len(h.operations) + 1, dtype=np.bool_)
    for opened, consumer in consumers(h).items():
        plain[opened] = not any(word in name for name in consumer.settings for word in HOLDING_UP)
    return plain
