"""From rows to columns: one rule for each operation, outcome and observation that an invariant asks about."""

from collections.abc import Iterable
from functools import singledispatchmethod
from typing import Final

from brokerlaw.spec.history import observations as seen
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.outcomes import Ok
from brokerlaw.spec.history.rows import Complete, HistoryError, Invoke, Observe, Row
from brokerlaw.spec.history.tables import (
    ABORT,
    ACKS,
    ASSIGNED,
    COMMIT,
    COMMITTED_OFFSET,
    EARLIEST,
    ISOLATION,
    LATEST,
    LOST,
    POSITION,
    REVOKED,
    STATUS,
    TIMESTAMP,
    Tables,
)
from brokerlaw.spec.history.values import PartitionOffset, PartitionState, Placed, Record, TopicPartition

FUNCTIONS: Final = {kind: name for name, kind in ops.OPERATIONS.items()}


class Fold:
    """Where each client stands, so that a row finds its place: folding needs this, judging does not."""

    def __init__(self, tables: Tables) -> None:
        self.h = tables
        self.pending: dict[int, Invoke] = {}
        self.opened: dict[str, int] = {}
        self.consumers: dict[str, ops.OpenConsumer] = {}
        self.producers: dict[str, ops.OpenProducer] = {}
        self.transaction: dict[str, int] = {}
        self.generation: dict[str, int] = {}
        self.positions: dict[tuple[str, TopicPartition], int] = {}
        self._invoked, self._succeeded, self._observed = self.invoked, self.succeeded, self.observed  # bound once

    def row(self, row: Row) -> None:
        """Add one row."""
        match row:
            case Invoke():
                self.invoke(row)
            case Complete():
                self.complete(row)
            case Observe():
                self._observed(row.value, row)
        self.h.rows += 1

    def invoke(self, row: Invoke) -> None:
        """An operation begins."""
        h, op = self.h, row.value
        if row.op != len(h.raw_operations):
            raise HistoryError(f"operation {row.op} is out of turn: the next is {len(h.raw_operations)}")
        h.invocations[row.op] = row
        self.pending[row.op] = row
        self._invoked(op, row)
        client = ops.client_of(op)
        opened = -1 if client is None else self.opened.get(client, -1)
        process, function = h.processes.add(row.process), h.functions.add(FUNCTIONS[type(op)])
        h.raw_operations.append(h.rows, process, h.processes.add(client), opened, function, row.time)

    @singledispatchmethod
    def invoked(self, op: ops.Operation, row: Invoke) -> None:
        """Most operations leave nothing but their times until they complete."""

    @invoked.register
    def _(self, op: ops.OpenProducer, row: Invoke) -> None:
        self.h.clients.append((row.op, op))
        self.opened[op.client] = row.op
        self.producers[op.client] = op
        self.transaction.pop(op.client, None)

    @invoked.register
    def _(self, op: ops.OpenConsumer, row: Invoke) -> None:
        self.h.clients.append((row.op, op))
        self.opened[op.client] = row.op
        self.consumers[op.client] = op
        self.generation.pop(op.client, None)

    @invoked.register
    def _(self, op: ops.CreateTopic, row: Invoke) -> None:
        self.h.created[op.topic] = op

    @invoked.register
    def _(self, op: ops.Send, row: Invoke) -> None:
        h = self.h
        producer = self._producer(op.client, row)
        h.raw_sends.append(
            row.op,
            h.processes.add(op.client),
            self.opened[op.client],
            h.topics.add(op.topic),
            -1 if op.partition is None else op.partition,
            h.keys.add(op.key),
            h.values.add(op.value),
            ACKS[producer.acks],
            self.transaction.get(op.client, -1),
        )

    @invoked.register
    def _(self, op: ops.BeginTransaction, row: Invoke) -> None:
        self._producer(op.client, row)
        self.transaction[op.client] = row.op
        self.h.raw_transactions.append(row.op, self.h.processes.add(op.client), self.opened[op.client])

    @invoked.register
    def _(self, op: ops.CommitTransaction, row: Invoke) -> None:
        self._end(op.client, row, COMMIT)

    @invoked.register
    def _(self, op: ops.AbortTransaction, row: Invoke) -> None:
        self._end(op.client, row, ABORT)

    @invoked.register
    def _(self, op: ops.Commit, row: Invoke) -> None:
        group = self._consumer(op.client, row).group
        self._commit(op.client, group, op.offsets, row, -1)

    @invoked.register
    def _(self, op: ops.ResetOffsets, row: Invoke) -> None:
        self._commit(row.process, op.group, op.offsets, row, -1)

    @invoked.register
    def _(self, op: ops.SendOffsets, row: Invoke) -> None:
        group = self._consumer(op.consumer, row).group
        self._commit(op.consumer, group, op.offsets, row, self.transaction.get(op.client, -1))

    @invoked.register
    def _(self, op: ops.Assign, row: Invoke) -> None:
        for offset in op.offsets:
            self.positions[op.client, offset.tp] = self.h.rows

    @invoked.register
    def _(self, op: ops.Seek, row: Invoke) -> None:
        self.positions[op.client, TopicPartition(op.topic, op.partition)] = self.h.rows

    def complete(self, row: Complete) -> None:
        """An operation comes to its outcome."""
        h, invoke = self.h, self.pending.pop(row.op, None)
        if invoke is None:
            raise HistoryError(f"operation {row.op} completes without being invoked, or twice")
        if row.time < invoke.time:
            raise HistoryError(f"operation {row.op} completes at {row.time}, before it was invoked at {invoke.time}")
        h.raw_completions.append(row.op, STATUS[type(row.outcome)], row.time)
        if isinstance(row.outcome, Ok):
            self._succeeded(invoke.value, invoke, row.outcome.value)

    @singledispatchmethod
    def succeeded(self, op: ops.Operation, row: Invoke, value: object) -> None:
        """Most operations answer nothing that an invariant asks about."""

    @succeeded.register
    def _(self, op: ops.Send, row: Invoke, placed: Placed) -> None:
        tp = TopicPartition(placed.topic, placed.partition)
        self.h.raw_placed.append(row.op, self.h.partitions.add(tp), placed.offset)

    @succeeded.register(ops.CommitTransaction)
    @succeeded.register(ops.AbortTransaction)
    def _(self, op: ops.CommitTransaction | ops.AbortTransaction, row: Invoke, value: None) -> None:
        self.transaction.pop(op.client, None)

    @succeeded.register
    def _(self, op: ops.Poll, row: Invoke, records: tuple[Record, ...]) -> None:
        h, consumer = self.h, self._consumer(op.client, row)
        process, group = h.processes.add(op.client), h.groups.add(consumer.group)
        opened, isolation = self.opened[op.client], ISOLATION[consumer.isolation]
        for record in records:
            tp = TopicPartition(record.topic, record.partition)
            h.raw_reads.append(
                row.op,
                process,
                opened,
                self.positions.get((op.client, tp), -1),
                h.partitions.add(tp),
                record.offset,
                h.keys.add(record.key),
                h.values.add(record.value),
                record.timestamp,
                group,
                isolation,
            )

    @succeeded.register
    def _(self, op: ops.ListOffsets, row: Invoke, offset: int | None) -> None:
        kind = {"earliest": EARLIEST, "latest": LATEST}.get(str(op.at), TIMESTAMP)
        self._offset(row, kind, None, TopicPartition(op.topic, op.partition), offset, ISOLATION[op.isolation])

    @succeeded.register
    def _(self, op: ops.Position, row: Invoke, offset: int | None) -> None:
        group = self._consumer(op.client, row).group
        self._offset(row, POSITION, group, TopicPartition(op.topic, op.partition), offset)

    @succeeded.register
    def _(self, op: ops.Committed, row: Invoke, offset: int | None) -> None:
        group = self._consumer(op.client, row).group
        self._offset(row, COMMITTED_OFFSET, group, TopicPartition(op.topic, op.partition), offset)

    @succeeded.register
    def _(self, op: ops.FetchCommitted, row: Invoke, offset: int | None) -> None:
        self._offset(row, COMMITTED_OFFSET, op.group, TopicPartition(op.topic, op.partition), offset)

    @succeeded.register
    def _(self, op: ops.DescribePartition, row: Invoke, state: PartitionState) -> None:
        h, leader = self.h, -1 if state.leader is None else state.leader
        tp = h.partitions.add(TopicPartition(op.topic, op.partition))
        replicas, isr = h.brokers.add(frozenset(state.replicas)), h.brokers.add(frozenset(state.isr))
        h.leaders.append(row.op, tp, leader, state.epoch, replicas, isr)

    @singledispatchmethod
    def observed(self, value: seen.Observation, row: Observe) -> None:
        """Something was seen."""
        raise HistoryError(f"no such observation: {value!r}")

    @observed.register
    def _(self, value: seen.Assigned, row: Observe) -> None:
        self.generation[row.process] = value.generation
        for tp in value.partitions:
            self.positions[row.process, tp] = self.h.rows
        self._owned(ASSIGNED, value, row)

    @observed.register
    def _(self, value: seen.Revoked, row: Observe) -> None:
        self._owned(REVOKED, value, row)

    @observed.register
    def _(self, value: seen.Lost, row: Observe) -> None:
        self._owned(LOST, value, row)

    @observed.register
    def _(self, value: seen.Declared, row: Observe) -> None:
        self.h.declared.append((self.h.rows, value))

    @observed.register
    def _(self, value: seen.Stable, row: Observe) -> None:
        self.h.stable.append((self.h.rows, row.time, value))

    @observed.register
    def _(self, value: seen.CaughtUp, row: Observe) -> None:
        self.h.caught.append((self.h.rows, row.time, value))

    @observed.register
    def _(self, value: seen.Applied, row: Observe) -> None:
        h = self.h
        h.applied.append(
            h.rows,
            row.time,
            h.processes.add(row.process),
            self.opened.get(row.process, -1),
            h.groups.add(value.group),
            h.sinks.add(value.sink),
            h.partitions.add(TopicPartition(value.topic, value.partition)),
            value.offset,
            h.values.add(value.value),
            value.duplicate,
        )

    @observed.register
    def _(self, value: seen.Drained, row: Observe) -> None:
        h, tp = self.h, TopicPartition(value.topic, value.partition)
        isolation = ISOLATION[value.isolation]
        process, opened = h.processes.add(row.process), self.opened.get(row.process, -1)
        h.drained.append(h.rows, row.time, process, opened, h.partitions.add(tp), value.start, value.end, isolation)

    def _end(self, client: str, row: Invoke, how: int) -> None:
        begun = self.transaction.get(client)
        if begun is not None:
            self.h.raw_ends.append(begun, row.op, how)

    def _commit(
        self, client: str, group: str | None, offsets: Iterable[PartitionOffset], row: Invoke, txn: int
    ) -> None:
        h = self.h
        process, generation = h.processes.add(client), self.generation.get(client, -1)
        opened = self.opened.get(client, -1)
        for offset in offsets:
            tp = h.partitions.add(offset.tp)
            h.raw_commits.append(row.op, process, opened, h.groups.add(group), tp, offset.offset, generation, txn)

    def _offset(
        self,
        row: Invoke,
        kind: int,
        group: str | None,
        tp: TopicPartition,
        offset: int | None,
        isolation: int = -1,
    ) -> None:
        h = self.h
        answer = -1 if offset is None else offset
        process = h.processes.add(row.process)
        h.offsets.append(row.op, kind, process, h.groups.add(group), h.partitions.add(tp), answer, isolation)

    def _owned(self, kind: int, value: seen.Assigned | seen.Revoked | seen.Lost, row: Observe) -> None:
        h, opened = self.h, self.opened.get(row.process, -1)
        process, group, member = (
            h.processes.add(row.process),
            h.groups.add(value.group),
            h.members.add(value.member),
        )
        for tp in value.partitions:
            index = h.partitions.add(tp)
            h.ownership.append(h.rows, row.time, kind, process, opened, group, member, value.generation, index)

    def _consumer(self, client: str, row: Invoke) -> ops.OpenConsumer:
        if client not in self.consumers:
            raise HistoryError(f"operation {row.op} is by {client!r}, a consumer that was never opened")
        return self.consumers[client]

    def _producer(self, client: str, row: Invoke) -> ops.OpenProducer:
        if client not in self.producers:
            raise HistoryError(f"operation {row.op} is by {client!r}, a producer that was never opened")
        return self.producers[client]
