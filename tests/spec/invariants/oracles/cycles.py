"""`cycles.write-read`, read off its statement: every pair of a transaction and a read, and every path."""

from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.outcomes import Fail, Ok
from brokerlaw.spec.history.rows import Complete, Invoke, Recording
from brokerlaw.spec.history.values import Placed, Record

NEVER = 2**70


class Transaction(NamedTuple):
    """`node` is the operation of which its beginning is a part; `records` are where it was told that they stand."""

    node: int
    asked: int
    certain: bool
    values: frozenset[bytes | None]
    records: frozenset[tuple[int, int]]


class Read(NamedTuple):
    """One record that a read_committed consumer was given."""

    node: int
    completed: int
    record: Record


def broken(recording: Recording) -> tuple[int, bool]:
    """How many pairs of a commit and a reader that read past it before, and whether there is a circle or a path."""
    transactions, reads = list(_transactions(recording)), list(_reads(recording))
    past = set()
    for read in reads:
        behind = [
            transaction.asked
            for transaction in transactions
            for partition, offset in transaction.records
            if transaction.certain and partition == read.record.partition and offset < read.record.offset
        ]
        if behind and max(behind) > read.completed:
            past.add((max(behind), read.node))
    return len(past), _tangled(transactions, reads)


def _tangled(transactions: list[Transaction], reads: list[Read]) -> bool:
    edges = {
        (transaction.node, read.node)
        for transaction, read in product(transactions, reads)
        if read.record.value in transaction.values
        and transaction.node != read.node
        and transaction.asked <= read.completed
    }
    paths = set(edges)
    while longer := {(a, d) for (a, b), (c, d) in product(paths, edges) if b == c} - paths:
        paths |= longer
    asked = {transaction.node: transaction.asked for transaction in transactions}
    ended = {read.node: read.completed for read in reads}
    return any(a == b or asked[a] > ended[b] for a, b in paths)


def _invoked(recording: Recording) -> dict[int, Invoke]:
    return {row.op: row for row in recording.rows if isinstance(row, Invoke)}


def _outcomes(recording: Recording) -> dict[int, Complete]:
    return {row.op: row for row in recording.rows if isinstance(row, Complete)}


def _node(row: Invoke) -> int:
    return row.op if row.part_of is None else row.part_of


def _transactions(recording: Recording) -> Iterator[Transaction]:
    """Each is what its producer did from its beginning to its end."""
    done = _outcomes(recording)
    for begun in _invoked(recording).values():
        if not isinstance(begun.value, ops.BeginTransaction):
            continue
        mine = _until_the_next(recording, begun)
        commits = [row for row in mine if isinstance(row.value, ops.CommitTransaction)]
        asked = [row.time for row in commits if row.op not in done or not isinstance(done[row.op].outcome, Fail)]
        certain = any(row.op in done and isinstance(done[row.op].outcome, Ok) for row in commits)
        sends = [row for row in mine if isinstance(row.value, ops.Send)]
        placed = [done[row.op].outcome for row in sends if row.op in done]
        records = {_stands(each.value) for each in placed if isinstance(each, Ok) and each.value.offset >= 0}
        values = frozenset(row.value.value for row in sends if isinstance(row.value, ops.Send))
        yield Transaction(_node(begun), min(asked, default=NEVER), certain, values, frozenset(records))


def _until_the_next(recording: Recording, begun: Invoke) -> list[Invoke]:
    client = ops.client_of(begun.value)
    after = [row for row in _invoked(recording).values() if row.op > begun.op and ops.client_of(row.value) == client]
    next_one = min((row.op for row in after if isinstance(row.value, ops.BeginTransaction)), default=NEVER)
    return [row for row in after if row.op < next_one]


def _stands(placed: Placed) -> tuple[int, int]:
    return placed.partition, placed.offset


def _reads(recording: Recording) -> Iterator[Read]:
    invoked = _invoked(recording)
    opened = {row.value.client: row.value for row in invoked.values() if isinstance(row.value, ops.OpenConsumer)}
    for op, complete in _outcomes(recording).items():
        poll = invoked[op].value
        isolated = isinstance(poll, ops.Poll) and opened[poll.client].isolation == "read_committed"
        if isolated and isinstance(complete.outcome, Ok):
            for record in complete.outcome.value:
                yield Read(_node(invoked[op]), complete.time, record)
