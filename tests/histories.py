"""A tiny builder of histories, and the three verdicts that a test may expect.

Every row is a millisecond after the one before; `wait` lets more time pass. What is done comes to its outcome at once,
unless it is only `begin`-ed.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.observations import (
    Applied,
    Assigned,
    CaughtUp,
    Declared,
    Drained,
    Lost,
    Observation,
    Revoked,
    Stable,
)
from brokerlaw.spec.history.outcomes import Fail, Ok, Outcome, Unknown
from brokerlaw.spec.history.rows import Complete, Header, Invoke, Observe, Recording, Row
from brokerlaw.spec.history.values import PartitionOffset, PartitionState, Placed, Record, TopicPartition
from brokerlaw.spec.invariants import INVARIANTS

MILLISECOND = 1_000_000
UNKNOWN = Unknown("TIMED_OUT")
REFUSED = Fail("REFUSED")


class Call(NamedTuple):
    """An operation: its number, and the row of its invocation."""

    op: int
    row: int


class HistoryBuilder:
    """A history that is being told, row by row."""

    def __init__(self, **overrides: str) -> None:
        self.rows: list[Row] = []
        self.overrides = overrides
        self.broker_settings: dict[str, str] = {}
        self.brokers: tuple[int, ...] = ()
        self.now = 0
        self._asked = 0

    # --- the words of any history ---

    def wait(self, milliseconds: float) -> None:
        self.now += round(milliseconds * MILLISECOND)

    def begin(self, process: str, op: ops.AnyOperation) -> Call:
        self._asked += 1
        return Call(self._asked - 1, self._add(Invoke(self._asked - 1, self._tick(), process, op)))

    def end(self, asked: Call, outcome: Outcome) -> None:
        self._add(Complete(asked.op, self._tick(), outcome))

    def do(self, op: ops.AnyOperation, outcome: Outcome | None = None, process: str = "admin") -> Call:
        asked = self.begin(ops.client_of(op) or process, op)
        self.end(asked, Ok() if outcome is None else outcome)
        return asked

    def see(self, process: str, observation: Observation) -> int:
        return self._add(Observe(self._tick(), process, observation))  # type: ignore[arg-type]  # any observation

    def _tick(self) -> int:
        self.now += MILLISECOND
        return self.now

    def _add(self, row: Row) -> int:
        self.rows.append(row)
        return len(self.rows) - 1

    # --- topics and producers ---

    def topic(self, name: str = "t", partitions: int = 1, replication: int = 1, **settings: str) -> Call:
        given = {key.replace("_", "."): text for key, text in settings.items()}
        return self.do(ops.CreateTopic(name, partitions, replication, given))

    def producer(self, name: str = "p", **settings: Any) -> Call:
        return self.do(ops.OpenProducer(name, **settings))

    def sending(self, value: bytes | None, client: str = "p", topic: str = "t", **fields: Any) -> Call:
        """Begin a send."""
        return self.begin(client, ops.Send(client, topic, value, **fields))

    def placed(self, send: Call, offset: int, partition: int = 0, topic: str = "t") -> None:
        """The send is acknowledged."""
        self.end(send, Ok(Placed(topic, partition, offset)))

    def send(
        self, value: bytes | None, offset: int, partition: int = 0, client: str = "p", topic: str = "t", **fields: Any
    ) -> Call:
        """A send that is acknowledged at once."""
        asked = self.sending(value, client, topic, **fields)
        self.placed(asked, offset, partition, topic)
        return asked

    def transaction(self, *sends: tuple[bytes, int, int], client: str = "p") -> Call:
        """Begin a transaction with acknowledged sends: (value, offset, partition)."""
        begun = self.do(ops.BeginTransaction(client))
        for value, offset, partition in sends:
            self.send(value, offset, partition, client)
        return begun

    # --- consumers ---

    def consumer(self, name: str = "c", group: str | None = None, **settings: Any) -> Call:
        return self.do(ops.OpenConsumer(name, group, **settings))

    def member(self, name: str, group: str = "g", **settings: Any) -> Call:
        asked = self.consumer(name, group, **settings)
        self.do(ops.Subscribe(name, ("t",)))
        return asked

    def assign(self, name: str = "c", offset: int = 0, partition: int = 0, topic: str = "t") -> Call:
        return self.do(ops.Assign(name, (PartitionOffset(topic, partition, offset),)))

    def records(
        self, *records: tuple[int, bytes | None], partition: int = 0, topic: str = "t", key: bytes | None = None
    ) -> Ok:
        """What a poll returns: (offset, value)."""
        return Ok(tuple(Record(topic, partition, offset, value, key) for offset, value in records))

    def poll(self, name: str = "c", *records: tuple[int, bytes | None], **where: Any) -> Call:
        return self.do(ops.Poll(name), self.records(*records, **where))

    def given(self, offset: int, value: bytes | None, name: str = "c", partition: int = 0, **fields: Any) -> Call:
        """A poll that returns one record, with whatever belongs to it."""
        return self.do(ops.Poll(name), Ok((Record("t", partition, offset, value, **fields),)))

    def alter(self, topic: str = "t", outcome: Outcome | None = None, **settings: str) -> Call:
        given = {key.replace("_", "."): text for key, text in settings.items()}
        return self.do(ops.AlterTopic(topic, given), outcome)

    def assigned(self, name: str, *partitions: int, generation: int = 1, group: str = "g", topic: str = "t") -> int:
        tps = tuple(TopicPartition(topic, partition) for partition in partitions)
        return self.see(name, Assigned(group, f"member-{name}", generation, tps))

    def revoked(self, name: str, *partitions: int, lost: bool = False, group: str = "g", topic: str = "t") -> int:
        tps = tuple(TopicPartition(topic, partition) for partition in partitions)
        return self.see(name, (Lost if lost else Revoked)(group, f"member-{name}", 1, tps))

    def commit(self, name: str, offset: int, outcome: Outcome | None = None, partition: int = 0) -> Call:
        return self.do(ops.Commit(name, (PartitionOffset("t", partition, offset),)), outcome)

    def stable(self, *members: str, group: str = "g", topics: tuple[str, ...] = ("t",)) -> int:
        return self.see(members[0], Stable(group, topics, members))

    def rest(self, *members: str) -> int:
        """Each polls, and their group is at rest."""
        for name in members:
            self.poll(name)
        return self.stable(*members)

    # --- looking ---

    def list_offset(self, answer: int, at: str = "latest", partition: int = 0, isolation: str = "uncommitted") -> Call:
        op = ops.ListOffsets("t", partition, at, isolation=f"read_{isolation}")  # type: ignore[arg-type]  # as words
        return self.do(op, Ok(answer))

    def drain(
        self,
        records: Iterable[tuple[int, bytes | None]],
        end: int,
        start: int = 0,
        reader: str = "reader",
        partition: int = 0,
        isolation: str = "uncommitted",
        topic: str = "t",
        key: bytes | None = None,
    ) -> int:
        """A complete read by a new reader; returns the row of `Drained`."""
        level: Any = f"read_{isolation}"
        self.do(ops.ListOffsets(topic, partition, "latest", level), Ok(end))
        self.consumer(reader, isolation=level)
        self.assign(reader, start, partition, topic)
        self.poll(reader, *records, partition=partition, topic=topic, key=key)
        return self.see(reader, Drained(topic, partition, start, end, level))

    def describe(self, leader: int | None, epoch: int, isr: tuple[int, ...] = (0,), replicas: Any = None) -> Call:
        return self.do(ops.DescribePartition("t", 0), Ok(PartitionState(leader, epoch, replicas or isr, isr)))

    # --- applications ---

    def declare(self, discipline: Any, sink: str = "sink", group: str = "g", bound: int | None = None) -> int:
        return self.see("g", Declared(group, "t", discipline, sink, bound))

    def apply(self, name: str, offset: int, value: bytes, duplicate: bool = False, sink: str = "sink") -> int:
        return self.see(name, Applied("g", sink, "t", 0, offset, value, duplicate))

    def caught(self, group: str = "g") -> int:
        return self.see("admin", CaughtUp(group, "t"))

    # --- judging ---

    @property
    def recording(self) -> Recording:
        told = Header(overrides=self.overrides, broker_settings=self.broker_settings, brokers=self.brokers)
        return Recording(told, tuple(self.rows))

    @property
    def history(self) -> History:
        return History(self.recording)


def row_of(told: HistoryBuilder, kind: type[ops.Operation], client: str) -> int:
    """The row in which a client first invoked an operation of this kind."""
    invoked = (i for i, row in enumerate(told.rows) if isinstance(row, Invoke) and isinstance(row.value, kind))
    return next(i for i in invoked if ops.client_of(told.rows[i].value) == client)  # type: ignore[union-attr, arg-type]


def guilty(told: HistoryBuilder, name: str, *witnesses: Call | int) -> str:
    """The invariant is broken once, and these rows show it; returns the reason."""
    finding = INVARIANTS[name].judge(told.history)
    assert len(finding.violations) == 1, finding
    violation = finding.violations[0]
    shown = sorted(each.row if isinstance(each, Call) else each for each in witnesses)
    assert list(violation.witnesses) == shown, violation
    assert finding.exercised > 0
    assert "\n" not in violation.reason
    return violation.reason


def innocent(told: HistoryBuilder, name: str) -> int:
    """The invariant was put to the test and holds; returns how often."""
    finding = INVARIANTS[name].judge(told.history)
    assert finding.violations == ()
    assert finding.exercised > 0
    return finding.exercised


def untested(told: HistoryBuilder, name: str) -> None:
    """The invariant was not put to the test."""
    assert INVARIANTS[name].judge(told.history) == (0, ())
