"""Positions: where each reader stands in each partition, by what it did and what it was given.

The position is the offset of the next record to be given. An assignment by hand and a seek set it, a record read moves
it behind itself, and the client tells it. Whatever leaves it uncertain is a step too: a rebalance, a poll with an
unknown outcome, whose records are lost to us, and operations of one client that overlap in time.
Source: Kafka documentation, KafkaConsumer, "Offsets and Consumer Position".
"""

from typing import Final

import numpy as np

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.columns import Bools, C, Ints, Table, gather, stacked, widened
from brokerlaw.spec.history.derived import derived
from brokerlaw.spec.history.evidence.assignments import held_before
from brokerlaw.spec.history.evidence.operations import of_kind
from brokerlaw.spec.history.evidence.relations import NEVER, among, firsts, in_order, pack, pairs, take
from brokerlaw.spec.history.evidence.settings import isolation_of
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.tables import INFO, OK, PENDING, POSITION
from brokerlaw.spec.history.values import PartitionOffset

SOUGHT, READ, TOLD, UNCERTAIN = range(4)
"""`kind` of a step; of steps that end in one row, what is uncertain comes last."""
MOVING: Final = (ops.Poll, ops.Seek, ops.Assign, ops.Position, ops.Subscribe, ops.Unsubscribe)


class Seeks(Table[C], kw_only=True):
    """Positions that clients set themselves and that were not refused."""

    op: C
    opened: C
    tp: C
    offset: C
    invoked: C


@derived
def seeks(h: History) -> Seeks[Ints]:
    rows, opened = [], h.operations.opened
    for number in of_kind(h, ops.Seek, ops.Assign).tolist():
        invocation = h.invocations[number]
        op = invocation.value
        assert isinstance(op, ops.Seek | ops.Assign)
        sought = op.offsets if isinstance(op, ops.Assign) else (PartitionOffset(op.topic, op.partition, op.offset),)
        for each in sought:
            tp = h.partitions.find(each.tp)
            rows.append(
                Seeks(op=number, opened=int(opened[number]), tp=tp, offset=each.offset, invoked=invocation.time)
            )
    return gather(Seeks[Ints], rows)


class Steps(Table[Ints], kw_only=True):
    """What sets, moves or tells a reader's position in a partition: by reader and partition, in order.

    `at` is the row where it was over, and orders them. `offset` is what was sought, read or told (-1: told that there
    is none); `after` the position from then on, -1 where that is not certain. `positioned` is that of a read, else -1.
    """

    kind: Ints
    op: Ints
    at: Ints
    opened: Ints
    tp: Ints
    offset: Ints
    after: Ints
    positioned: Ints


class Places(Steps, kw_only=True):
    """The steps with what is known just before: the position (-1: not known) and the step that set it (`origin`).

    `isolation` is the reader's.
    """

    before: Ints
    origin: Ints
    isolation: Ints


@derived
def positions(h: History) -> Places:
    moves = stacked([_sought(h), _rebalanced(h), _read(h), _told(h)])
    moves = moves[(moves.tp >= 0) & (moves.opened >= 0)]
    steps = stacked([moves, _unsettled(h, moves)])
    steps = steps[in_order(steps.opened, steps.tp, steps.at, steps.kind, steps.op)].detached()
    origin = np.arange(len(steps)) - 1
    origin[firsts(steps.opened, steps.tp)] = -1
    _blur(h, steps, origin)
    before = np.where(_adrift(steps, origin), -1, take(steps.after, origin))
    return widened(Places, steps, before=before, origin=origin, isolation=isolation_of(h)[steps.opened])


def _blur(h: History, steps: Steps, origin: Ints) -> None:
    """A rebalance in the middle of a seek, or as the position was told: which came first, nobody knows."""
    begun = take(h.operations.row, steps.op)
    unsure = among(steps.kind, (SOUGHT, TOLD)) & (take(steps.op, origin, 0) < 0) & (take(steps.at, origin) > begun)
    steps.after = np.where(unsure, -1, steps.after)


def _adrift(steps: Steps, origin: Ints) -> Bools:
    """Whether the position before was that of a member of which no assignment is told: a rebalance may have come."""
    untold = (take(steps.kind, origin) == READ) & (take(steps.positioned, origin) == take(steps.at, origin))
    return np.asarray(untold & (take(steps.op, origin) != steps.op), dtype=np.bool_)


def _sought(h: History) -> Steps:
    table = seeks(h)
    certain = (h.operations.status[table.op] == OK) & ~overlapping(h)[table.op]
    return Steps(
        kind=np.full(len(table), SOUGHT),
        op=table.op,
        at=_over(h, table.op),
        opened=table.opened,
        tp=table.tp,
        offset=table.offset,
        after=np.where(certain, table.offset, -1),
        positioned=np.full(len(table), -1),
    )


def _rebalanced(h: History) -> Steps:
    """A member that is given a partition begins where its group says; one that gives it back has no position in it."""
    table = h.ownership
    nowhere = np.full(len(table), -1)
    return Steps(
        kind=np.full(len(table), UNCERTAIN),
        op=nowhere,
        at=table.row,
        opened=table.opened,
        tp=table.tp,
        offset=nowhere,
        after=nowhere,
        positioned=nowhere,
    )


def _read(h: History) -> Steps:
    reads = h.reads
    unsure = held_before(h) | overlapping(h)[reads.op]
    lost = unsure | among(reads.status, (INFO, PENDING))
    return Steps(
        kind=np.where(unsure, UNCERTAIN, READ),
        op=reads.op,
        at=_over(h, reads.op),
        opened=reads.opened,
        tp=reads.tp,
        offset=reads.offset,
        after=np.where(lost, -1, reads.offset + 1),
        positioned=reads.positioned,
    )


def _told(h: History) -> Steps:
    answers = h.answers
    answers = answers[(answers.kind == POSITION) & (answers.status == OK) & ~overlapping(h)[answers.op]]
    return Steps(
        kind=np.full(len(answers), TOLD),
        op=answers.op,
        at=_over(h, answers.op),
        opened=h.operations.opened[answers.op],
        tp=answers.tp,
        offset=answers.offset,
        after=answers.offset,
        positioned=np.full(len(answers), -1),
    )


def _unsettled(h: History, moves: Steps) -> Steps:
    """Operations that may move a client's position in any of its partitions, to where the history does not tell."""
    operations = h.operations
    polls, others = of_kind(h, ops.Poll), of_kind(h, ops.Assign, ops.Subscribe, ops.Unsubscribe)
    lost = polls[among(operations.status[polls], (INFO, PENDING))]
    numbers = np.concatenate([lost, others])
    places = moves[firsts(moves.opened, moves.tp)] if len(moves) else moves
    which, place = pairs(operations.opened[numbers], places.opened)
    number, nowhere = numbers[which], np.full(len(which), -1)
    return Steps(
        kind=np.full(len(which), UNCERTAIN),
        op=number,
        at=_over(h, number) - among(number, others),
        opened=places.opened[place],
        tp=places.tp[place],
        offset=nowhere,
        after=nowhere,
        positioned=nowhere,
    )


def _over(h: History, op: Ints) -> Ints:
    """The row where an operation was over; of one that never was, the row where it began."""
    operations = h.operations
    return np.where(operations.ended[op] >= 0, operations.ended[op], operations.row[op])


@derived
def overlapping(h: History) -> Bools:
    """By operation, whether another that may move its client's position went on at the same time.

    Parts of one operation follow one another.
    """
    operations, number = h.operations, of_kind(h, *MOVING)
    found = np.zeros(len(operations) + 1, dtype=np.bool_)
    begun = operations.row[operations.whole[number]]
    over = np.where(operations.ended[number] >= 0, operations.ended[number], NEVER // 2)
    order = in_order(operations.opened[number], begun, number)
    number, begun, over = number[order], begun[order], over[order]
    client, whole = operations.opened[number], operations.whole[number]
    reach = pack(client, over)
    longest = np.maximum.accumulate(np.where(reach == np.maximum.accumulate(reach), np.arange(len(number)), 0))
    earlier, later = longest[:-1], np.arange(1, len(number))
    clash = (client[earlier] == client[later]) & (whole[earlier] != whole[later]) & (over[earlier] > begun[later])
    found[number[earlier[clash]]] = found[number[later[clash]]] = True
    return found


def sought_at(h: History, steps: Places) -> Ints:
    """By step whose origin is known: when its position was asked for."""
    return h.operations.invoked[positions(h).op[steps.origin]]
