"""What a history tells of readers: its operations with their times, and which records certainly stood where."""

from collections.abc import Iterator
from typing import NamedTuple

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.outcomes import Fail, Ok, Outcome
from brokerlaw.spec.history.rows import Complete, Invoke, Recording
from brokerlaw.spec.history.values import Record, TopicPartition

NEVER = 2**70
UNCLEAN = "unclean.leader.election.enable"
MOVING = (ops.Poll, ops.Seek, ops.Assign, ops.Position, ops.Subscribe, ops.Unsubscribe)
Place = tuple[TopicPartition, int]


class Asked(NamedTuple):
    """An operation with its times and rows; `over` is NEVER where it never was."""

    number: int
    op: ops.AnyOperation
    row: int
    begun: int
    over_row: int
    over: int
    outcome: Outcome | None


class Fact(NamedTuple):
    """A record certainly stands at a place since a time; for read_committed readers too?"""

    tp: TopicPartition
    offset: int
    since: int
    committed: bool


def operations(recording: Recording) -> list[Asked]:
    """Every operation, in the order of invocation."""
    ends = {row.op: (i, row) for i, row in enumerate(recording.rows) if isinstance(row, Complete)}
    found = []
    for i, row in enumerate(recording.rows):
        if isinstance(row, Invoke):
            at, end = ends.get(row.op, (NEVER, None))
            over, outcome = (NEVER, None) if end is None else (end.time, end.outcome)
            found.append(Asked(row.op, row.value, i, row.time, at, over, outcome))
    return found


class Readers:
    """All that the promises ask about, worked out in the plainest way."""

    def __init__(self, recording: Recording) -> None:
        self.rows = recording.rows
        self.asked = operations(recording)
        self.by_client = {asked.op.client: asked.op for asked in self.asked if isinstance(asked.op, ops.OpenConsumer)}
        created = next(asked.op for asked in self.asked if isinstance(asked.op, ops.CreateTopic))
        self.clean = UNCLEAN not in created.settings
        self.keeps = created.settings.get("retention.ms", "-1") == "-1" and "cleanup.policy" not in created.settings
        self.facts = list(self._facts()) if self.clean else []

    def records(self, asked: Asked) -> tuple[Record, ...]:
        """What a poll was told."""
        if not isinstance(asked.op, ops.Poll) or asked.outcome is None:
            return ()
        told = asked.outcome.value if isinstance(asked.outcome, Ok) else asked.outcome.told
        return told or ()

    def _facts(self) -> Iterator[Fact]:
        acks: dict[str, str] = {}
        ends: dict[int, bool] = {}
        current: dict[str, int] = {}
        sends: dict[bytes | None, tuple[Asked, int | None]] = {}
        for asked in self.asked:
            match asked.op:
                case ops.OpenProducer():
                    acks[asked.op.client] = asked.op.acks
                case ops.BeginTransaction():
                    current[asked.op.client] = asked.number
                case ops.CommitTransaction() | ops.AbortTransaction():
                    committed = isinstance(asked.op, ops.CommitTransaction) and isinstance(asked.outcome, Ok)
                    ends[current.get(asked.op.client, -1)] = (
                        ends.get(current.get(asked.op.client, -1), False) or committed
                    )
                    if isinstance(asked.outcome, Ok):
                        current.pop(asked.op.client, None)
                case ops.Send():
                    sends[asked.op.value] = asked, current.get(asked.op.client)
        for asked, transaction in sends.values():
            assert isinstance(asked.op, ops.Send)
            if isinstance(asked.outcome, Ok) and acks[asked.op.client] == "all":
                placed = asked.outcome.value
                certain = transaction is None or ends.get(transaction, False)
                yield Fact(TopicPartition(placed.topic, placed.partition), placed.offset, asked.over, certain)
        for asked in self.asked:
            for record in self.records(asked):
                assert isinstance(asked.op, ops.Poll)
                _, transaction = sends[record.value]
                certain = transaction is None or ends.get(transaction, False)
                certain = certain or self.by_client[asked.op.client].isolation == "read_committed"
                yield Fact(TopicPartition(record.topic, record.partition), record.offset, asked.over, certain)

    def between(self, client: str, tp: TopicPartition, begin: int, end: int) -> bool:
        """Whether a record for this reader stands in [begin, end)."""
        isolated = self.by_client[client].isolation == "read_committed"
        return any(f.tp == tp and begin <= f.offset < end and (f.committed or not isolated) for f in self.facts)

    def end_by(self, tp: TopicPartition, time: int) -> int:
        """The end that was known before a time."""
        return max((fact.offset + 1 for fact in self.facts if fact.tp == tp and fact.since < time), default=0)

    def cut(self, tp: TopicPartition, time: int) -> int:
        """Below which records may be deleted by a time."""
        found = 0
        for asked in self.asked:
            op = asked.op
            if not isinstance(op, ops.DeleteRecords) or isinstance(asked.outcome, Fail) or asked.begun > time:
                continue
            if TopicPartition(op.topic, op.partition) == tp:
                found = max(found, self._spared(tp, asked) if op.before < 0 else op.before)
        return found

    def _spared(self, tp: TopicPartition, deletion: Asked) -> int:
        if not isinstance(deletion.outcome, Ok):
            return NEVER
        sent = [each for each in self.asked if isinstance(each.op, ops.Send) and isinstance(each.outcome, Ok)]
        durable = {
            client.op.client
            for client in self.asked
            if isinstance(client.op, ops.OpenProducer) and client.op.acks == "all"
        }
        later = [
            each.outcome.value.offset
            for each in sent
            if each.begun >= deletion.over
            and each.op.client in durable
            and TopicPartition(each.outcome.value.topic, each.outcome.value.partition) == tp
        ]
        return min(later, default=NEVER)

    def overlaps(self, asked: Asked) -> bool:
        """Whether the client did something else that may move its position at the same time."""
        return any(
            other.number != asked.number
            and isinstance(other.op, MOVING)
            and not isinstance(other.outcome, Fail)
            and ops.client_of(other.op) == ops.client_of(asked.op)
            and other.row < asked.over_row
            and asked.row < other.over_row
            for other in self.asked
        )
