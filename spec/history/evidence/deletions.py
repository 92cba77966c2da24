"""Deletions: which records somebody asked to delete, from when, and until when that was certainly done."""

import numpy as np

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.columns import C, Ints, Table, gather
from brokerlaw.spec.history.derived import derived
from brokerlaw.spec.history.evidence.operations import of_kind
from brokerlaw.spec.history.evidence.outages import brought_back, leaders_since
from brokerlaw.spec.history.evidence.records import acked
from brokerlaw.spec.history.evidence.relations import NEVER, highest_before, lowest_from, take
from brokerlaw.spec.history.evidence.versions import known_end
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.numbers import MOST
from brokerlaw.spec.history.tables import OK
from brokerlaw.spec.history.values import TopicPartition


class Deletions(Table[C], kw_only=True):
    """Deletions that did not certainly fail: of everything below `before`, at `begun` or later.

    `done` is when it was certain (`NEVER`: it is not). `asked` is what was asked for; who asked for all there is (-1)
    deleted no record that was sent after it was done.
    """

    op: C
    tp: C
    asked: C
    before: C
    begun: C
    done: C


@derived
def deletions(h: History) -> Deletions[Ints]:
    rows, operations = [], h.operations
    for number in of_kind(h, ops.DeleteRecords).tolist():
        op = h.invocations[number].value
        assert isinstance(op, ops.DeleteRecords)
        rows.append(
            Deletions(
                op=number,
                tp=h.partitions.find(TopicPartition(op.topic, op.partition)),
                asked=op.before,
                before=op.before,
                begun=int(operations.invoked[number]),
                done=int(operations.completed[number]) if operations.status[number] == OK else NEVER,
            )
        )
    table = gather(Deletions[Ints], rows)
    sends = acked(h)
    kept = take(sends.offset, lowest_from(sends.tp, sends.invoked, sends.offset, table.tp, table.done), MOST)
    table.before = np.where(table.asked < 0, kept, table.asked)
    return table[table.tp >= 0]


@derived
def deleted_below(h: History) -> Ints:
    """By partition, the offset below which somebody asked for the records to be deleted; 0 for partition -1, none."""
    below, table = np.zeros(len(h.partitions) + 1, dtype=np.int64), deletions(h)
    np.maximum.at(below, table.tp, table.before)
    return below


class Cut(Table[Ints], kw_only=True):
    """By question: the offset below which everything was certainly deleted by then (0: nothing), by which op (-1)."""

    below: Ints
    op: Ints


def deleted(h: History, tp: Ints, time: Ints) -> Cut:
    """Who asked for all there is (-1) had deleted at least what was known to be there, where leaders have not changed:
    a new one learns only by and by how far its log was acknowledged (KIP-207).

    A broker that was killed may have forgotten where its log began: once it is back nothing is certain.
    """
    table = deletions(h)
    table = table[table.done < NEVER]
    end = np.where(table.begun < leaders_since(h), known_end(h, table.tp, table.begun), 0)
    below = np.where(table.asked < 0, end, table.asked)
    last = highest_before(table.tp, table.done, below, tp, time)
    sure = (last >= 0) & ~brought_back(h, take(table.begun, last), time)
    return Cut(below=np.where(sure, take(below, last), 0), op=np.where(sure, take(table.op, last), -1))


def may_be_deleted(h: History, tp: Ints, time: Ints) -> Ints:
    """The offset below which each partition may have nothing left by a time, since somebody asked for it."""
    table = deletions(h)
    return take(table.before, highest_before(table.tp, table.begun, table.before, tp, time), 0)
