"""Sessions: whether a member was certainly still known to its coordinator, so that nobody else could own what it did.

A member loses its partitions without knowing when it misses heartbeats for its session timeout, or polls for its
maximum poll interval. It learns of it with its next polls. So it is in session at a time only if, since it was last
told anything about its partitions, no two polls lay further apart than half of the shorter timeout (half, since a
member learns of a rebalance a heartbeat late), it was not frozen, no other client had its static id, and no broker was
disturbed lately.
Sources: KIP-62, KIP-345, KIP-848.
"""

import numpy as np

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.columns import Bools, Ints, Table
from brokerlaw.spec.history.derived import derived
from brokerlaw.spec.history.evidence.assignments import contested
from brokerlaw.spec.history.evidence.operations import completed, of_kind
from brokerlaw.spec.history.evidence.outages import disturbed
from brokerlaw.spec.history.evidence.relations import NEVER, first_after, in_order, last_before, take
from brokerlaw.spec.history.evidence.settings import consumers
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.numbers import MILLISECOND
from brokerlaw.spec.history.tables import OK


def in_session(h: History, opened: Ints, time: Ints, namesakes: bool = True) -> Bools:
    """Whether these members (by the operations that opened them) were in session at these times.

    Who shares a static id with another is not, where `namesakes` count: either may have fenced the other.
    """
    if not len(opened):
        return np.empty(0, dtype=np.bool_)
    told = take(h.ownership.time, last_before(h.ownership.opened, h.ownership.time, opened, time + 1))
    patience = _patience(h)[opened]
    calm = ~disturbed(h, time - 2 * patience, time, 2 * patience)
    if namesakes:
        calm &= contested(h)[opened] > time
    return (told >= 0) & calm & _polling(h, opened, told, time, patience) & ~_frozen(h, opened, told, time)


def _polling(h: History, opened: Ints, told: Ints, time: Ints, patience: Ints) -> Bools:
    """Whether there was no long silence between what the member was told last and the time."""
    polls = _polls(h)
    first = first_after(polls.opened, polls.completed, opened, told)
    last = last_before(polls.opened, polls.completed, opened, time + 1)
    polled = take(polls.completed, last) >= told
    steady = (take(polls.completed, first) - told <= patience) & (time - take(polls.completed, last) <= patience)
    unbroken = take(polls.silences, first) == take(polls.silences, last)
    return np.where(polled, steady & unbroken, time - told <= patience)


class Polls(Table[Ints], kw_only=True):
    """Polls that came back, by member and time; `silences` counts the long ones among the gaps between them."""

    opened: Ints
    completed: Ints
    silences: Ints


@derived
def _polls(h: History) -> Polls:
    operations = h.operations
    number = of_kind(h, ops.Poll)
    number = number[operations.status[number] == OK]
    opened, time = operations.opened[number], operations.completed[number]
    order = in_order(opened, time)
    opened, time = opened[order], time[order]
    gap = np.diff(time, prepend=time[:1])
    return Polls(opened=opened, completed=time, silences=np.cumsum(gap > _patience(h)[opened]))


def _frozen(h: History, opened: Ints, told: Ints, time: Ints) -> Bools:
    """Whether the member was frozen, or thawed and not told anything about its partitions since."""
    operations = h.operations
    freezes, thaws = of_kind(h, ops.Freeze), of_kind(h, ops.Thaw)
    if not len(freezes):
        return np.zeros(len(opened), dtype=np.bool_)
    freeze = last_before(operations.opened[freezes], operations.invoked[freezes], opened, time + 1)
    frozen_at = take(operations.invoked[freezes], freeze)
    thawed = completed(h, thaws, NEVER)
    thaw = first_after(operations.opened[thaws], thawed, opened, frozen_at)
    return np.asarray((freeze >= 0) & (told < take(thawed, thaw, NEVER)), dtype=np.bool_)


@derived
def _patience(h: History) -> Ints:
    """By the operation that opened a member: half the time (ns) that its coordinator waits for it; 0: no member."""
    wait = np.zeros(len(h.operations) + 1, dtype=np.int64)
    for opened, consumer in consumers(h).items():
        wait[opened] = min(consumer.session_timeout, consumer.max_poll_interval) * MILLISECOND // 2
    return wait
