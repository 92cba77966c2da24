"""What readers are given of transactions, read off the statements: each record beside each transaction.

Nothing expires here. Values are sent once, and each consumer is opened once.
"""

from collections.abc import Iterator
from typing import NamedTuple

from oracles.progress import NEVER, Told

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.observations import Drained
from brokerlaw.spec.history.rows import Invoke, Observe
from brokerlaw.spec.history.values import TopicPartition

Place = tuple[TopicPartition, int]


class Read(NamedTuple):
    """A record that a read_committed consumer was given."""

    op: int
    who: str
    place: Place
    value: bytes
    begun: int
    ended: int


class Transaction:
    """A transaction: the values that were sent in it, and what was acknowledged where."""

    def __init__(self, begun: int) -> None:
        self.begun = begun
        self.values: set[bytes] = set()
        self.acked: dict[Place, bytes] = {}
        self.asked = NEVER
        self.committed = False


def transactions(told: Told) -> list[Transaction]:
    found: list[Transaction] = []
    current: dict[str, Transaction] = {}
    for each in told.done:
        match each.op:
            case ops.BeginTransaction() if not each.refused:
                current[each.op.client] = Transaction(each.number)
                found.append(current[each.op.client])
            case ops.Send() if each.op.client in current:
                inside = current[each.op.client]
                inside.values.add(each.op.value)
                if each.ok:
                    placed = each.outcome.value
                    inside.acked[TopicPartition(placed.topic, placed.partition), placed.offset] = each.op.value
            case ops.CommitTransaction() if each.op.client in current:
                if not each.refused:
                    current[each.op.client].asked = min(current[each.op.client].asked, each.begun)
                current[each.op.client].committed |= each.ok
            case _:
                pass
        if isinstance(each.op, ops.CommitTransaction | ops.AbortTransaction) and each.ok:
            current.pop(each.op.client, None)
    return found


def _reads(told: Told) -> Iterator[Read]:
    isolated = {each.op.client for each in told.of(ops.OpenConsumer) if each.op.isolation == "read_committed"}
    for poll in sorted(told.of(ops.Poll), key=lambda each: each.ended):
        given = () if poll.outcome is None else poll.outcome.value if poll.ok else poll.outcome.told
        for record in given or () if poll.op.client in isolated else ():
            place = TopicPartition(record.topic, record.partition), record.offset
            yield Read(poll.number, poll.op.client, place, record.value, poll.begun, poll.ended)


def _drains(told: Told) -> Iterator[tuple[int, str, Drained]]:
    """Complete reads at read_committed, of readers whose polls all have a known outcome."""
    for row in told.rows:
        if isinstance(row, Observe) and isinstance(row.value, Drained) and row.value.isolation == "read_committed":
            polls = [each for each in told.of(ops.Poll) if each.op.client == row.process and each.begun < row.time]
            if all(each.ok or each.refused for each in polls):
                yield row.time, row.process, row.value


def _covers(drain: Drained, place: Place) -> bool:
    tp, offset = place
    return (drain.topic, drain.partition) == tp and drain.start <= offset < drain.end


def committed_only(told: Told) -> tuple[int, int]:
    reads, tested, broken = list(_reads(told)), set(), 0
    seen, passed = set(), 0
    wholes = {row.op: row.op if row.part_of is None else row.part_of for row in told.rows if isinstance(row, Invoke)}
    for transaction in transactions(told):
        for read in reads:
            if not told.clean("t") or not told.known("t") or read.value not in transaction.values:
                continue
            tested.add(read.place)
            if transaction.asked > read.ended:
                if (read.place, read.value) not in seen:  # a record is told once, as it was first read
                    broken += 1
            elif wholes[transaction.begun] == wholes[read.op]:
                broken += 1
            seen.add((read.place, read.value))
        for place in transaction.acked if transaction.asked == NEVER and told.clean("t") else ():
            beyond = any(read.place[0] == place[0] and read.place[1] > place[1] for read in reads)
            passed += beyond or any(_covers(drain, place) for _, _, drain in _drains(told))
    return len(tested) + passed, broken


def atomic(told: Told) -> tuple[int, int]:
    if not told.known("t") or not told.clean("t"):
        return 0, 0
    tested = broken = 0
    reads, drains = list(_reads(told)), list(_drains(told))
    for transaction in transactions(told):
        reached, seen, unseen = set(), False, False
        for place, value in transaction.acked.items():
            for time, who, drain in drains:
                if _covers(drain, place) and place[1] >= _deleted(told, place[0]):
                    reached.add(place)
                    there = any(
                        (read.who, read.place, read.value) == (who, place, value) and read.ended <= time
                        for read in reads
                    )
                    seen, unseen = seen or there, unseen or not there
        tested += len(reached) > 1 or (transaction.committed and bool(reached))
        broken += unseen and (seen or transaction.committed)
    return tested, broken


def _deleted(told: Told, tp: TopicPartition) -> int:
    asked = [each for each in told.of(ops.DeleteRecords) if not each.refused]
    return max((each.op.before for each in asked if (each.op.topic, each.op.partition) == tp), default=0)


ORACLES = {"transactions.committed-only": committed_only, "transactions.atomic": atomic}
