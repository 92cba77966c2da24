"""From rows to tables: one rule for each operation, outcome and observation that an invariant asks about."""

from collections.abc import Iterable
from functools import singledispatchmethod
from typing import Final

from brokerlaw.spec.history import observations as seen, operations as ops
from brokerlaw.spec.history.operation import Operation
from brokerlaw.spec.history.outcomes import Ok
from brokerlaw.spec.history.pools import Pools
from brokerlaw.spec.history.rows import Complete, Invoke, Observe, Row
from brokerlaw.spec.history.tables import (
    ABORT,
    ASSIGNED,
    COMMIT,
    COMMITTED_OFFSET,
    EARLIEST,
    ISOLATION,
    LAG,
    LATEST,
    LOST,
    PENDING,
    POSITION,
    REVOKED,
    STAMPED,
    STATUS,
    TIMESTAMP,
    Answered,
    Applied,
    Committing,
    Described,
    Drained,
    Ends,
    Operations,
    Ownership,
    Returned,
    Sent,
)
from brokerlaw.spec.history.validate import HistoryError
from brokerlaw.spec.history.values import PartitionOffset, PartitionState, Placed, Record, TopicPartition

FUNCTIONS: Final = {kind: name for name, kind in ops.OPERATIONS.items()}


class Facts:
    """What the rows say: rows of tables, and what is kept as it was said."""

    def __init__(self) -> None:
        self.operations: list[Operations[int]] = []
        self.sent: list[Sent[int]] = []
        self.returned: list[Returned[int]] = []
        self.ends: list[Ends[int]] = []
        self.committing: list[Committing[int]] = []
        self.answered: list[Answered[int]] = []
        self.described: list[Described[int]] = []
        self.ownership: list[Ownership[int]] = []
        self.applied: list[Applied[int]] = []
        self.drained: list[Drained[int]] = []
        self.invocations: list[Invoke] = []
        self.clients: list[tuple[int, ops.OpenProducer | ops.OpenConsumer]] = []
        self.created: dict[str, ops.CreateTopic] = {}
        self.declared: list[tuple[int, seen.Declared]] = []
        self.stable: list[tuple[int, int, seen.Stable]] = []
        self.caught: list[tuple[int, int, seen.CaughtUp]] = []
        self.timed_out: list[tuple[int, int, seen.WaitTimedOut]] = []


class Fold:
    """Where each client is, so that a row finds its place: folding needs this, judging does not."""

    def __init__(self, pools: Pools) -> None:
        self.pools = pools
        self.facts = Facts()
        self.row = 0
        self.pending: dict[int, Invoke] = {}
        self.sends: dict[int, Sent[int]] = {}
        self.opened: dict[str, int] = {}
        self.consumers: dict[str, ops.OpenConsumer] = {}
        self.producers: set[str] = set()
        self.subscribers: set[str] = set()
        self.transaction: dict[str, int] = {}
        self.generation: dict[str, int] = {}
        self.positions: dict[tuple[str, TopicPartition], int] = {}
        self._invoked, self._succeeded, self._observed = self.invoked, self.succeeded, self.observed  # bound once

    def rows(self, rows: Iterable[Row]) -> Facts:
        """Raises `HistoryError` when a row cannot follow those before it."""
        try:
            for self.row, row in enumerate(rows):
                match row:
                    case Invoke():
                        self.invoke(row)
                    case Complete():
                        self.complete(row)
                    case Observe():
                        self._observed(row.value, row)
        except HistoryError as error:
            raise HistoryError(str(error), self.row) from error
        return self.facts

    def invoke(self, row: Invoke) -> None:
        facts, pools, op = self.facts, self.pools, row.value
        if row.op != len(facts.operations):
            raise HistoryError(f"operation {row.op} is out of turn: the next is {len(facts.operations)}")
        if row.part_of is not None:
            self._check_part(row, row.part_of)
        facts.invocations.append(row)
        self.pending[row.op] = row
        self._invoked(op, row)
        client = ops.client_of(op)
        facts.operations.append(
            Operations(
                row=self.row,
                ended=-1,
                whole=row.op if row.part_of is None else row.part_of,
                process=pools.processes.add(row.process),
                client=pools.processes.add(client),
                opened=-1 if client is None else self.opened.get(client, -1),
                f=pools.functions.add(FUNCTIONS[type(op)]),
                invoked=row.time,
                completed=-1,
                status=PENDING,
            )
        )

    def _check_part(self, row: Invoke, first: int) -> None:
        whole = self.pending.get(first)
        if whole is None or whole.process != row.process or whole.time != row.time:
            raise HistoryError(f"operation {row.op} is part of {first}, which {row.process!r} does not do at that time")

    @singledispatchmethod
    def invoked(self, op: Operation, row: Invoke) -> None:
        """Most operations leave nothing but their times until they complete."""

    @invoked.register
    def _(self, op: ops.OpenProducer, row: Invoke) -> None:
        self.facts.clients.append((row.op, op))
        self.opened[op.client] = row.op
        self.producers.add(op.client)
        self.transaction.pop(op.client, None)

    @invoked.register
    def _(self, op: ops.OpenConsumer, row: Invoke) -> None:
        self.facts.clients.append((row.op, op))
        self.opened[op.client] = row.op
        self.consumers[op.client] = op
        self.subscribers.discard(op.client)
        self.generation.pop(op.client, None)

    @invoked.register
    def _(self, op: ops.CreateTopic, row: Invoke) -> None:
        self.facts.created[op.topic] = op

    @invoked.register
    def _(self, op: ops.Send, row: Invoke) -> None:
        self._check_producer(op.client, row)
        pools = self.pools
        send = self.sends[row.op] = Sent(
            op=row.op,
            topic=pools.topics.add(op.topic),
            partition=-1 if op.partition is None else op.partition,
            key=pools.keys.add(op.key),
            value=pools.values.add(op.value),
            headers=pools.headers.add(op.headers or None),
            timestamp=-1 if op.timestamp is None else op.timestamp,
            transaction=self.transaction.get(op.client, -1),
            tp=-1,
            offset=-1,
        )
        self.facts.sent.append(send)

    @invoked.register
    def _(self, op: ops.BeginTransaction, row: Invoke) -> None:
        self._check_producer(op.client, row)
        self.transaction[op.client] = row.op

    @invoked.register
    def _(self, op: ops.CommitTransaction, row: Invoke) -> None:
        self._end(op.client, row, COMMIT)

    @invoked.register
    def _(self, op: ops.AbortTransaction, row: Invoke) -> None:
        self._end(op.client, row, ABORT)

    @invoked.register
    def _(self, op: ops.Commit, row: Invoke) -> None:
        self._commit(op.client, self._consumer(op.client, row).group, op.offsets, row, -1)

    @invoked.register
    def _(self, op: ops.ResetOffsets, row: Invoke) -> None:
        self._commit(row.process, op.group, op.offsets, row, -1)

    @invoked.register
    def _(self, op: ops.SendOffsets, row: Invoke) -> None:
        group, transaction = self._consumer(op.consumer, row).group, self.transaction.get(op.client, -1)
        self._commit(op.consumer, group, op.offsets, row, transaction)

    @invoked.register
    def _(self, op: ops.Subscribe, row: Invoke) -> None:
        self.subscribers.add(op.client)

    @invoked.register
    def _(self, op: ops.Assign, row: Invoke) -> None:
        for offset in op.offsets:
            self.positions[op.client, offset.tp] = self.row

    @invoked.register
    def _(self, op: ops.Seek, row: Invoke) -> None:
        self.positions[op.client, TopicPartition(op.topic, op.partition)] = self.row

    def complete(self, row: Complete) -> None:
        invoke = self.pending.pop(row.op, None)
        if invoke is None:
            raise HistoryError(f"operation {row.op} completes without being invoked, or twice")
        if row.time < invoke.time:
            raise HistoryError(f"operation {row.op} completes at {row.time}, before it was invoked at {invoke.time}")
        operation = self.facts.operations[row.op]
        operation.status, operation.completed, operation.ended = STATUS[type(row.outcome)], row.time, self.row
        if isinstance(row.outcome, Ok):
            self._succeeded(invoke.value, invoke, row.outcome.value)
        elif row.outcome.told is not None:
            self._succeeded(invoke.value, invoke, row.outcome.told)

    @singledispatchmethod
    def succeeded(self, op: Operation, row: Invoke, value: object) -> None:
        """Most operations answer nothing that an invariant asks about."""

    @succeeded.register
    def _(self, op: ops.Send, row: Invoke, placed: Placed) -> None:
        send = self.sends.pop(row.op)
        send.tp = self.pools.partitions.add(TopicPartition(placed.topic, placed.partition))
        send.offset = placed.offset

    @succeeded.register(ops.CommitTransaction)
    @succeeded.register(ops.AbortTransaction)
    def _(self, op: ops.CommitTransaction | ops.AbortTransaction, row: Invoke, value: None) -> None:
        self.transaction.pop(op.client, None)

    @succeeded.register
    def _(self, op: ops.Poll, row: Invoke, records: tuple[Record, ...]) -> None:
        pools, returned = self.pools, self.facts.returned
        pools.groups.add(self._consumer(op.client, row).group)
        untold = self.row if op.client in self.subscribers else -1  # whose rebalances nobody told may be anywhere
        for record in records:
            tp = TopicPartition(record.topic, record.partition)
            returned.append(
                Returned(
                    op=row.op,
                    positioned=self.positions.get((op.client, tp), untold),
                    tp=pools.partitions.add(tp),
                    offset=record.offset,
                    key=pools.keys.add(record.key),
                    value=pools.values.add(record.value),
                    headers=pools.headers.add(record.headers or None),
                    timestamp=record.timestamp,
                    stamped=STAMPED[record.timestamp_type],
                )
            )

    @succeeded.register
    def _(self, op: ops.ListOffsets, row: Invoke, offset: int | None) -> None:
        kind = {"earliest": EARLIEST, "latest": LATEST}.get(str(op.at), TIMESTAMP)
        at = op.at if isinstance(op.at, int) else -1
        self._answer(row, kind, None, TopicPartition(op.topic, op.partition), offset, ISOLATION[op.isolation], at)

    @succeeded.register
    def _(self, op: ops.Position, row: Invoke, offset: int | None) -> None:
        group = self._consumer(op.client, row).group
        self._answer(row, POSITION, group, TopicPartition(op.topic, op.partition), offset)

    @succeeded.register
    def _(self, op: ops.Committed, row: Invoke, offset: int | None) -> None:
        group = self._consumer(op.client, row).group
        self._answer(row, COMMITTED_OFFSET, group, TopicPartition(op.topic, op.partition), offset)

    @succeeded.register
    def _(self, op: ops.FetchCommitted, row: Invoke, offset: int | None) -> None:
        self._answer(row, COMMITTED_OFFSET, op.group, TopicPartition(op.topic, op.partition), offset)

    @succeeded.register
    def _(self, op: ops.Lag, row: Invoke, lag: int | None) -> None:
        self._answer(row, LAG, op.group, TopicPartition(op.topic, op.partition), lag)

    @succeeded.register
    def _(self, op: ops.DescribePartition, row: Invoke, state: PartitionState) -> None:
        pools = self.pools
        self.facts.described.append(
            Described(
                op=row.op,
                tp=pools.partitions.add(TopicPartition(op.topic, op.partition)),
                leader=-1 if state.leader is None else state.leader,
                epoch=state.epoch,
                replicas=pools.brokers.add(frozenset(state.replicas)),
                isr=pools.brokers.add(frozenset(state.isr)),
                listed_replicas=pools.lists.add(state.replicas),
                listed_isr=pools.lists.add(state.isr),
            )
        )

    @singledispatchmethod
    def observed(self, value: seen.Observation, row: Observe) -> None:
        raise HistoryError(f"no such observation: {value!r}")

    @observed.register
    def _(self, value: seen.Assigned, row: Observe) -> None:
        self.generation[row.process] = value.generation
        for tp in value.partitions:
            self.positions[row.process, tp] = self.row
        self._owned(ASSIGNED, value, row)

    @observed.register
    def _(self, value: seen.Revoked, row: Observe) -> None:
        self._owned(REVOKED, value, row)

    @observed.register
    def _(self, value: seen.Lost, row: Observe) -> None:
        self._owned(LOST, value, row)

    @observed.register
    def _(self, value: seen.Declared, row: Observe) -> None:
        self.facts.declared.append((self.row, value))

    @observed.register
    def _(self, value: seen.Stable, row: Observe) -> None:
        self.facts.stable.append((self.row, row.time, value))

    @observed.register
    def _(self, value: seen.CaughtUp, row: Observe) -> None:
        self.facts.caught.append((self.row, row.time, value))

    @observed.register
    def _(self, value: seen.WaitTimedOut, row: Observe) -> None:
        self.facts.timed_out.append((self.row, row.time, value))

    @observed.register
    def _(self, value: seen.Applied, row: Observe) -> None:
        pools = self.pools
        self.facts.applied.append(
            Applied(
                row=self.row,
                time=row.time,
                process=pools.processes.add(row.process),
                opened=self.opened.get(row.process, -1),
                group=pools.groups.add(value.group),
                sink=pools.sinks.add(value.sink),
                tp=pools.partitions.add(TopicPartition(value.topic, value.partition)),
                offset=value.offset,
                value=pools.values.add(value.value),
                duplicate=value.duplicate,
            )
        )

    @observed.register
    def _(self, value: seen.Drained, row: Observe) -> None:
        self.facts.drained.append(
            Drained(
                row=self.row,
                time=row.time,
                process=self.pools.processes.add(row.process),
                opened=self.opened.get(row.process, -1),
                tp=self.pools.partitions.add(TopicPartition(value.topic, value.partition)),
                start=value.start,
                end=value.end,
                isolation=ISOLATION[value.isolation],
            )
        )

    def _end(self, client: str, row: Invoke, how: int) -> None:
        begun = self.transaction.get(client)
        if begun is not None:
            self.facts.ends.append(Ends(begin=begun, end=row.op, how=how))

    def _commit(
        self, client: str, group: str | None, offsets: Iterable[PartitionOffset], row: Invoke, transaction: int
    ) -> None:
        process = self.pools.processes.add(client)
        for offset in offsets:
            self.facts.committing.append(
                Committing(
                    op=row.op,
                    process=process,
                    opened=self.opened.get(client, -1),
                    group=self.pools.groups.add(group),
                    tp=self.pools.partitions.add(offset.tp),
                    offset=offset.offset,
                    generation=self.generation.get(client, -1),
                    transaction=transaction,
                )
            )

    def _answer(
        self,
        row: Invoke,
        kind: int,
        group: str | None,
        tp: TopicPartition,
        offset: int | None,
        isolation: int = -1,
        at: int = -1,
    ) -> None:
        self.facts.answered.append(
            Answered(
                op=row.op,
                kind=kind,
                at=at,
                group=self.pools.groups.add(group),
                tp=self.pools.partitions.add(tp),
                offset=-1 if offset is None else offset,
                isolation=isolation,
            )
        )

    def _owned(self, kind: int, value: seen.Assigned | seen.Revoked | seen.Lost, row: Observe) -> None:
        pools = self.pools
        process, group, member = (
            pools.processes.add(row.process),
            pools.groups.add(value.group),
            pools.members.add(value.member),
        )
        for tp in value.partitions:
            self.facts.ownership.append(
                Ownership(
                    row=self.row,
                    time=row.time,
                    kind=kind,
                    process=process,
                    opened=self.opened.get(row.process, -1),
                    group=group,
                    member=member,
                    generation=value.generation,
                    tp=pools.partitions.add(tp),
                )
            )

    def _consumer(self, client: str, row: Invoke) -> ops.OpenConsumer:
        if client not in self.consumers:
            raise HistoryError(f"operation {row.op} is by {client!r}, a consumer that was never opened")
        return self.consumers[client]

    def _check_producer(self, client: str, row: Invoke) -> None:
        if client not in self.producers:
            raise HistoryError(f"operation {row.op} is by {client!r}, a producer that was never opened")
