"""From rows to tables: one rule for each operation, outcome and observation that an invariant asks about."""

from collections.abc import Callable, Iterable
from functools import singledispatchmethod
from itertools import repeat
from typing import Final, NamedTuple, TypeVar, get_args

from brokerlaw.spec.history import observations as seen, operations as ops
from brokerlaw.spec.history.columns import push
from brokerlaw.spec.history.facts import Facts
from brokerlaw.spec.history.observing import Observing
from brokerlaw.spec.history.operation import ClientOperation, Operation
from brokerlaw.spec.history.outcomes import Fail, Ok
from brokerlaw.spec.history.pools import Pools
from brokerlaw.spec.history.rows import Complete, Header, Invoke, Observe, Recording, Row, Stream
from brokerlaw.spec.history.tables import (
    ABORT,
    COMMIT,
    COMMITTED_OFFSET,
    EARLIEST,
    ISOLATION,
    LAG,
    LATEST,
    PENDING,
    POSITION,
    STAMPED,
    STATUS,
    TIMESTAMP,
)
from brokerlaw.spec.history.validate import HistoryError
from brokerlaw.spec.history.values import (
    GroupListing,
    GroupState,
    PartitionOffset,
    PartitionState,
    Placed,
    Record,
    TopicPartition,
)

T = TypeVar("T")
FUNCTIONS: Final = {kind: name for name, kind in ops.OPERATIONS.items()}


class Folded(NamedTuple):
    """What a recording says, as tables and what they refer to."""

    header: Header
    pools: Pools
    facts: Facts


def folded(recording: Recording | Stream) -> Folded:
    """Raises `HistoryError` when a row cannot follow those before it."""
    pools = Pools()
    return Folded(recording.header, pools, Fold(pools).rows(recording.rows))


class Fold(Observing):
    """Where each client is, so that a row finds its place: folding needs this, judging does not."""

    def __init__(self, pools: Pools) -> None:
        super().__init__(pools)
        self.pending: dict[int, Invoke] = {}
        self.sends: dict[int, int] = {}
        self.created_before: dict[int, ops.CreateTopic | None] = {}
        self.transaction_before: dict[int, int | None] = {}
        self.consumers: dict[str, ops.OpenConsumer] = {}
        self.producers: set[str] = set()
        self.subscribers: set[str] = set()
        self.transaction: dict[str, int] = {}

    def rows(self, rows: Iterable[Row]) -> Facts:
        """Raises `HistoryError` when a row cannot follow those before it."""
        for self.row, row in enumerate(rows):
            try:
                match row:
                    case Invoke():
                        self.invoke(row)
                    case Complete():
                        self.complete(row)
                    case Observe():
                        _OBSERVED[type(row.value)](self, row.value, row)
            except HistoryError as error:
                raise HistoryError(str(error), self.row) from error
        return self.facts

    def invoke(self, row: Invoke) -> None:
        operations, pools, op, kind = self.facts.operations, self.pools, row.value, type(row.value)
        if row.op != len(operations.row):
            raise HistoryError(f"operation {row.op} is out of turn: the next is {len(operations.row)}")
        if row.part_of is not None:
            self._check_part(row, row.part_of)
        if not kind.bulk:
            self.facts.invocations[row.op] = row
        self.pending[row.op] = row
        _INVOKED[kind](self, op, row)
        client = op.client if isinstance(op, ClientOperation) else None
        operations.row.append(self.row)
        operations.ended.append(-1)
        operations.whole.append(row.op if row.part_of is None else row.part_of)
        operations.process.append(pools.processes.add(row.process))
        operations.client.append(pools.processes.add(client))
        operations.opened.append(self.opened.get(client, -1))
        operations.f.append(pools.functions.add(FUNCTIONS[kind]))
        operations.most.append(op.max_records if isinstance(op, ops.Poll) else -1)
        operations.invoked.append(row.time)
        operations.completed.append(-1)
        operations.status.append(PENDING)

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
        self.positions.pop(op.client, None)

    @invoked.register
    def _(self, op: ops.CreateTopic, row: Invoke) -> None:
        self.created_before[row.op] = self.facts.created.get(op.topic)
        self.facts.created[op.topic] = op

    @invoked.register
    def _(self, op: ops.Send, row: Invoke) -> None:
        self._check_producer(op.client, row)
        pools, sent = self.pools, self.facts.sent
        self.sends[row.op] = len(sent.op)
        sent.op.append(row.op)
        sent.topic.append(pools.topics.add(op.topic))
        sent.partition.append(-1 if op.partition is None else op.partition)
        sent.key.append(pools.keys.add(op.key))
        sent.value.append(pools.values.add(op.value))
        sent.headers.append(pools.headers.add(op.headers or None))
        sent.timestamp.append(-1 if op.timestamp is None else op.timestamp)
        sent.transaction.append(self.transaction.get(op.client, -1))
        sent.tp.append(-1)
        sent.offset.append(-1)

    @invoked.register
    def _(self, op: ops.BeginTransaction, row: Invoke) -> None:
        self._check_producer(op.client, row)
        self.transaction_before[row.op] = self.transaction.get(op.client)
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
            self.positions.setdefault(op.client, {})[offset.tp] = self.row

    @invoked.register
    def _(self, op: ops.Seek, row: Invoke) -> None:
        self.positions.setdefault(op.client, {})[TopicPartition(op.topic, op.partition)] = self.row

    def complete(self, row: Complete) -> None:
        invoke = self.pending.pop(row.op, None)
        if invoke is None:
            raise HistoryError(f"operation {row.op} completes without being invoked, or twice")
        if row.time < invoke.time:
            raise HistoryError(f"operation {row.op} completes at {row.time}, before it was invoked at {invoke.time}")
        operations, outcome = self.facts.operations, row.outcome
        operations.status[row.op] = STATUS[type(outcome)]
        operations.completed[row.op], operations.ended[row.op] = row.time, self.row
        if not isinstance(outcome, Ok):
            push(self.facts.errors, op=row.op, code=self.pools.codes.add(outcome.error))
        if isinstance(outcome, Fail):
            self._refused(invoke)
        if isinstance(outcome, Ok):
            _SUCCEEDED[type(invoke.value)](self, invoke.value, invoke, outcome.value)
        elif outcome.told is not None:
            _SUCCEEDED[type(invoke.value)](self, invoke.value, invoke, outcome.told)

    def _refused(self, row: Invoke) -> None:
        """What certainly had no effect: the topic is as it was made before, the transaction goes on that was open."""
        match row.value:
            case ops.CreateTopic() as op if self.facts.created.get(op.topic) is op:
                _restore(self.facts.created, op.topic, self.created_before.pop(row.op))
            case ops.BeginTransaction() as op if self.transaction.get(op.client) == row.op:
                _restore(self.transaction, op.client, self.transaction_before.pop(row.op))
            case _:
                pass

    @singledispatchmethod
    def succeeded(self, op: Operation, row: Invoke, value: object) -> None:
        """Most operations answer nothing that an invariant asks about."""

    @succeeded.register
    def _(self, op: ops.Send, row: Invoke, placed: Placed) -> None:
        send, sent = self.sends.pop(row.op), self.facts.sent
        sent.tp[send] = self.pools.partitions.add(TopicPartition(placed.topic, placed.partition))
        sent.offset[send] = placed.offset

    @succeeded.register(ops.CommitTransaction)
    @succeeded.register(ops.AbortTransaction)
    def _(self, op: ops.CommitTransaction | ops.AbortTransaction, row: Invoke, value: None) -> None:
        self.transaction.pop(op.client, None)

    @succeeded.register
    def _(self, op: ops.Poll, row: Invoke, records: tuple[Record, ...]) -> None:
        pools, returned = self.pools, self.facts.returned
        pools.groups.add(self._consumer(op.client, row).group)
        untold = self.row if op.client in self.subscribers else -1  # whose rebalances nobody told may be anywhere
        places = [(record.topic, record.partition) for record in records]
        tps = {place: TopicPartition(*place) for place in dict.fromkeys(places)}
        number = {place: pools.partitions.add(tp) for place, tp in tps.items()}
        positions = self.positions.get(op.client, {})
        positioned = {place: positions.get(tp, untold) for place, tp in tps.items()}
        returned.op.extend(repeat(row.op, len(places)))
        returned.positioned.extend(map(positioned.__getitem__, places))
        returned.tp.extend(map(number.__getitem__, places))
        returned.offset.extend([record.offset for record in records])
        returned.key.extend(pools.keys.each([record.key for record in records]))
        returned.value.extend(pools.values.each([record.value for record in records]))
        returned.headers.extend(pools.headers.each([record.headers or None for record in records]))
        returned.timestamp.extend([record.timestamp for record in records])
        returned.stamped.extend([STAMPED[record.timestamp_type] for record in records])

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
        push(
            self.facts.described,
            op=row.op,
            tp=pools.partitions.add(TopicPartition(op.topic, op.partition)),
            leader=-1 if state.leader is None else state.leader,
            epoch=state.epoch,
            replicas=pools.brokers.add(frozenset(state.replicas)),
            isr=pools.brokers.add(frozenset(state.isr)),
            listed_replicas=pools.lists.add(state.replicas),
            listed_isr=pools.lists.add(state.isr),
        )

    @succeeded.register
    def _(self, op: ops.DescribeGroup, row: Invoke, state: GroupState) -> None:
        self.facts.described_groups.append((row.op, state))

    @succeeded.register
    def _(self, op: ops.ListGroups, row: Invoke, groups: tuple[GroupListing, ...]) -> None:
        self.facts.listed_groups.append((row.op, groups))

    @succeeded.register
    def _(self, op: ops.ReadReplica, row: Invoke, records: tuple[Record, ...]) -> None:
        pools = self.pools
        pools.partitions.add(TopicPartition(op.topic, op.partition))
        for record in records:
            push(
                self.facts.copied,
                op=row.op,
                tp=pools.partitions.add(TopicPartition(record.topic, record.partition)),
                offset=record.offset,
                key=pools.keys.add(record.key),
                value=pools.values.add(record.value),
                headers=pools.headers.add(record.headers or None),
                timestamp=record.timestamp,
                stamped=STAMPED[record.timestamp_type],
            )

    def _end(self, client: str, row: Invoke, how: int) -> None:
        begun = self.transaction.get(client)
        if begun is not None:
            push(self.facts.ends, begin=begun, end=row.op, how=how)

    def _commit(
        self, client: str, group: str | None, offsets: Iterable[PartitionOffset], row: Invoke, transaction: int
    ) -> None:
        process = self.pools.processes.add(client)
        for offset in offsets:
            push(
                self.facts.committing,
                op=row.op,
                process=process,
                opened=self.opened.get(client, -1),
                group=self.pools.groups.add(group),
                tp=self.pools.partitions.add(offset.tp),
                offset=offset.offset,
                generation=self.generation.get(client, -1),
                transaction=transaction,
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
        push(
            self.facts.answered,
            op=row.op,
            kind=kind,
            at=at,
            group=self.pools.groups.add(group),
            tp=self.pools.partitions.add(tp),
            offset=-1 if offset is None else offset,
            isolation=isolation,
        )

    def _consumer(self, client: str, row: Invoke) -> ops.OpenConsumer:
        if client not in self.consumers:
            raise HistoryError(f"operation {row.op} is by {client!r}, a consumer that was never opened")
        return self.consumers[client]

    def _check_producer(self, client: str, row: Invoke) -> None:
        if client not in self.producers:
            raise HistoryError(f"operation {row.op} is by {client!r}, a producer that was never opened")


def _rules(rules: type, of: str, kinds: Iterable[type]) -> dict[type, Callable[..., None]]:
    """Which rule is for which type, looked up once: there are millions of rows."""
    dispatcher = vars(rules)[of].dispatcher
    return {kind: dispatcher.dispatch(kind) for kind in kinds}


_INVOKED: Final = _rules(Fold, "invoked", FUNCTIONS)
_SUCCEEDED: Final = _rules(Fold, "succeeded", FUNCTIONS)
_OBSERVED: Final = _rules(Observing, "observed", get_args(seen.AnyObservation))


def _restore(known: dict[str, T], name: str, before: T | None) -> None:
    if before is None:
        del known[name]
    else:
        known[name] = before
