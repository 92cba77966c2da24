"""Dependencies between transactions: who read what whom had written, and what stood before it in its log.

A node is an operation that begins a transaction, or one that read on its own: of several parts of one operation, the
first. What is done at read_committed inside a transaction is done before that is asked to be committed.
Sources: Adya, Weak Consistency (1999); Jepsen, jepsen.tests.kafka (ww and wr edges); KIP-98 (last stable offset).
"""

import numpy as np

from brokerlaw.spec.history.columns import Bools, Ints, Table, widened
from brokerlaw.spec.history.derived import derived
from brokerlaw.spec.history.evidence.records import acked, commit_asked, committed, send_of_read
from brokerlaw.spec.history.evidence.relations import among, firsts, highest_before, neighbours, take
from brokerlaw.spec.history.evidence.topics import clean, within
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.tables import COMMITTED, Reads


class IsolatedReads(Reads, kw_only=True):
    """What read_committed consumers were given, of steady and cleanly led topics.

    `reader` is the node that read, `writer` the transaction whose record it is, `send` the row of its send (-1: none,
    or not known). `asked` is when that transaction was first asked to be committed.
    """

    reader: Ints
    writer: Ints
    send: Ints
    asked: Ints


@derived
def isolated_reads(h: History) -> IsolatedReads:
    reads, send = h.reads, send_of_read(h)
    rows = np.flatnonzero((reads.isolation == COMMITTED) & within(h, clean(h))[reads.tp])
    reads, send = reads[rows], send[rows]
    begun = take(h.sends.transaction, send)
    return widened(
        IsolatedReads,
        reads,
        reader=h.operations.whole[reads.op],
        writer=np.where(begun >= 0, take(h.operations.whole, begun), -1),
        send=send,
        asked=commit_asked(h)[begun],
    )


def own_reads(h: History) -> IsolatedReads:
    """Records that a transaction read of itself, which it did before it was asked to be committed."""
    reads = isolated_reads(h)
    return reads[(reads.writer >= 0) & (reads.writer == reads.reader) & (reads.asked <= reads.completed)]


class Passed(Table[Ints], kw_only=True):
    """By isolated read: of the records before it in its log, one whose transaction was asked to be committed last.

    `send` is its row among the acknowledged ones, -1: there is none; `asked` is when that was. It was committed.
    """

    send: Ints
    asked: Ints


def passed(h: History) -> Passed:
    reads, sends = isolated_reads(h), acked(h)
    rows = np.flatnonzero(committed(h, sends.transaction))
    inside = sends[rows]
    asked = commit_asked(h)[inside.transaction]
    found = highest_before(inside.tp, inside.offset, asked, reads.tp, reads.offset)
    return Passed(send=take(rows, found), asked=take(asked, found))


class Edges(Table[Ints], kw_only=True):
    """A row for each pair of a transaction and the one that follows it; `example` is a row that shows it."""

    before: Ints
    after: Ints
    example: Ints


def reads_of_others(h: History) -> Edges:
    """Write-read edges, with a row among the isolated reads. What was read too early is left to another promise."""
    reads = isolated_reads(h)
    other = (reads.writer >= 0) & (reads.writer != reads.reader) & (reads.asked <= reads.completed)
    rows = np.flatnonzero(other)
    rows = rows[np.sort(firsts(reads.writer[rows], reads.reader[rows]))]
    return Edges(before=reads.writer[rows], after=reads.reader[rows], example=rows)


def writes_before(h: History) -> Edges:
    """Write-write edges between neighbours in a log, with the row of the earlier among the acknowledged sends."""
    sends = acked(h)
    rows = np.flatnonzero(sends.transaction >= 0)
    earlier, later = neighbours(sends.tp[rows], order=sends.offset[rows])
    earlier, later = rows[earlier], rows[later]
    before, after = (h.operations.whole[sends.transaction[each]] for each in (earlier, later))
    apart = np.flatnonzero(before != after)
    apart = apart[np.sort(firsts(before[apart], after[apart]))]
    return Edges(before=before[apart], after=after[apart], example=earlier[apart])


def overlapping(h: History, edges: Edges) -> Bools:
    """Whether each edge may belong to a circle: the one before had not read all when the one after was begun.

    What lies on a circle, or on a path against time, also lies on one without the edges that go with time.
    """
    operations = h.operations
    ended, begun = operations.completed[edges.before], operations.invoked[edges.after]
    reads_nothing = ~among(edges.before, edges.after)
    return np.asarray(reads_nothing | (ended < 0) | (ended >= begun), dtype=np.bool_)
