"""The consumer's operations, over librdkafka, and the rebalances that it sees while it polls."""

import base64
import struct
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple, TypeAlias

from confluent_kafka import (
    TIMESTAMP_CREATE_TIME,
    TIMESTAMP_LOG_APPEND_TIME,
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    TopicPartition,
)

from brokerlaw.adapters.contract import Adapter, AdapterError, Answer
from brokerlaw.adapters.kafka.librdkafka import QUICK, bounded, silent
from brokerlaw.adapters.kafka.outcomes import attempt, of_all, outcome_of
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.observations import Assigned, Lost, Revoked
from brokerlaw.spec.history.operation import GroupOperation, Operation
from brokerlaw.spec.history.outcomes import Fail, Ok, Outcome, Unknown
from brokerlaw.spec.history.values import GroupState, Record, RecordHeader, TimestampType, TopicPartition as Partition

Rebalance: TypeAlias = type[Assigned] | type[Revoked] | type[Lost]

STAMPED: Final[dict[int, TimestampType]] = {
    TIMESTAMP_CREATE_TIME: "CreateTime",
    TIMESTAMP_LOG_APPEND_TIME: "LogAppendTime",
}
NO_OFFSET: Final = "NO_OFFSET_FOR_PARTITION"
"""There is no position, and no policy to reset it: the Java client says so at each poll, librdkafka once."""
EXPELLED: Final = frozenset({KafkaError._FATAL, KafkaError.FENCED_INSTANCE_ID})
"""Errors that end a consumer: another of its instance id has taken its place."""


class Sought(NamedTuple):
    """An offset that was asked for, and the position that librdkafka told just then."""

    offset: int
    before: int


class ConsumerClient(Adapter):
    """One consumer at a time."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        super().__init__(settings)
        self._consumer: Consumer | None = None
        self._opened: ops.OpenConsumer | None = None
        self._sought: dict[tuple[str, int], Sought] = {}
        self._rebalanced = False
        self._held: set[Partition] = set()
        self._stale: set[Partition] = set()
        self._fatal: KafkaError | None = None
        self._unplaced: dict[tuple[str, int], str] = {}
        self._paused: set[tuple[str, int]] = set()

    def open_consumer(self, op: ops.OpenConsumer) -> Outcome:
        """Quick to fetch, quiet, and with the timeouts that the plan asks for."""
        config: dict[str, Any] = {
            **QUICK,
            **self.settings,
            "group.id": op.group or f"none-{time.monotonic_ns()}",
            "auto.offset.reset": {"none": "error"}.get(op.reset, op.reset),
            "isolation.level": op.isolation,
            "enable.auto.commit": op.auto_commit,
            "auto.commit.interval.ms": op.auto_commit_interval,
            "fetch.wait.max.ms": 50,
            "fetch.error.backoff.ms": 50,
            "max.poll.interval.ms": max(op.max_poll_interval, op.session_timeout),
            "group.protocol": op.protocol,
            **op.settings,
        }
        if op.protocol == "classic":
            config |= {
                "partition.assignment.strategy": "range" if op.assignor == "uniform" else op.assignor,
                "session.timeout.ms": op.session_timeout,
                "heartbeat.interval.ms": max(100, op.session_timeout // 8),
            }
        if op.instance_id is not None:
            config["group.instance.id"] = op.instance_id
        try:
            self._consumer = Consumer(config, logger=silent())
        except KafkaException as error:
            return Fail(error.args[0].name(), error.args[0].str())
        self._opened, self._sought, self._held, self._fatal, self._unplaced = op, {}, set(), None, {}
        self._paused = set()
        return Ok()

    def perform(self, op: Operation) -> Answer:
        """librdkafka asks each reader for the name of a group. Who has none of its own is no member of anything."""
        of_a_group = isinstance(op, GroupOperation | ops.DescribeGroup)
        if of_a_group and self._opened is not None and self._opened.group is None:
            return Fail("INVALID_GROUP_ID", f"{self._opened.client} has no group")
        return super().perform(op)

    def subscribe(self, op: ops.Subscribe) -> Outcome:
        """Rebalances are told from the polling thread, as they happen."""

        def told(kind: Rebalance) -> Callable[[Consumer, list[TopicPartition]], None]:
            return lambda consumer, partitions: self._rebalance(kind, consumer, partitions)

        self._the_consumer.subscribe(
            list(op.topics), on_assign=told(Assigned), on_revoke=told(Revoked), on_lost=told(Lost)
        )
        return Ok()

    def unsubscribe(self, op: ops.Unsubscribe) -> Outcome:
        """Leave the group."""
        self._the_consumer.unsubscribe()
        return Ok()

    def assign(self, op: ops.Assign) -> Outcome:
        """From these offsets."""
        self._the_consumer.assign([TopicPartition(*offset) for offset in op.offsets])
        self._sought = {}
        for offset in op.offsets:
            self._note_sought(offset.topic, offset.partition, offset.offset)
        self._unplaced.clear()
        return Ok()

    def poll(self, op: ops.Poll) -> Outcome:
        """The first record within the timeout, and what is there behind it; a rebalance ends the call."""
        records: list[Record] = []
        self._rebalanced = False
        deadline = time.monotonic() + op.timeout / 1000
        while len(records) < op.max_records and self._fatal is None and not (records and self._rebalanced):
            message = self._the_consumer.poll(0 if records else max(0.0, deadline - time.monotonic()))
            if message is None:
                break
            error = message.error()
            if error is None:
                record = _record(message)
                self._sought.pop((record.topic, record.partition), None)
                records.append(record)
                continue
            self._refused(message, error)
            if time.monotonic() >= deadline:
                break
        if records:
            return Ok(tuple(records))
        if self._fatal is not None:
            return self._expelled(self._fatal)
        return Fail(NO_OFFSET, "; ".join(self._unplaced.values())) if self._unplaced else Ok(())

    def _refused(self, message: Message, error: KafkaError) -> None:
        """What poll brings instead of a record. Most passes; what stays is kept. Raises `AdapterError`."""
        if error.code() == KafkaError.INVALID_SESSION_TIMEOUT:
            asked = self._opened.session_timeout if self._opened else 0
            mend = "give --settings session_timeout=MILLISECONDS, as long as it takes"
            raise AdapterError(f"the broker refuses a session of {asked} ms, and does not tell its bounds: {mend}")
        if error.fatal() or error.code() in EXPELLED:
            self._fatal = error
        topic, partition = message.topic(), message.partition()
        if error.code() == KafkaError._AUTO_OFFSET_RESET and topic is not None and partition is not None:
            self._unplaced[topic, partition] = error.str()

    def seek(self, op: ops.Seek) -> Outcome:
        """Again for a moment while the partition is not fetched yet."""
        if refusal := self._not_assigned((op.topic, op.partition)):
            return refusal
        here = TopicPartition(op.topic, op.partition, op.offset)
        if (op.topic, op.partition) in self._unplaced:
            outcome = attempt(lambda: self._place(here))
        else:
            outcome = attempt(lambda: self._the_consumer.seek(here), retry_for=2, retry_on=(KafkaError._STATE,))
        if isinstance(outcome, Ok):
            self._note_sought(op.topic, op.partition, op.offset)
            self._unplaced.pop((op.topic, op.partition), None)
        return outcome

    def _place(self, here: TopicPartition) -> None:
        """librdkafka moves no partition that has no position: it is assigned anew."""
        self._the_consumer.incremental_unassign([here])
        self._the_consumer.incremental_assign([here])

    def position(self, op: ops.Position) -> Outcome:
        """What was sought counts until librdkafka has moved on, be it past markers alone: it tells where it was."""
        if refusal := self._not_assigned((op.topic, op.partition)):
            return refusal
        here, sought = self._told(op.topic, op.partition), self._sought.get((op.topic, op.partition))
        known = here if sought is None or (here >= 0 and here != sought.before) else sought.offset
        return Ok(None if known < 0 else known)

    def _note_sought(self, topic: str, partition: int, offset: int) -> None:
        self._sought[topic, partition] = Sought(offset, self._told(topic, partition))

    def _told(self, topic: str, partition: int) -> int:
        """The position by librdkafka; negative: none."""
        (here,) = self._the_consumer.position([TopicPartition(topic, partition)])
        return int(here.offset)

    def pause(self, op: ops.Pause) -> Outcome:
        """Stop fetching."""
        partitions = [TopicPartition(*tp) for tp in op.partitions]
        outcome = self._not_assigned(*op.partitions) or attempt(lambda: self._the_consumer.pause(partitions))
        self._paused |= {(tp.topic, tp.partition) for tp in partitions if isinstance(outcome, Ok)}
        return outcome

    def resume(self, op: ops.Resume) -> Outcome:
        """Fetch again."""
        partitions = [TopicPartition(*tp) for tp in op.partitions]
        return self._not_assigned(*op.partitions) or attempt(lambda: self._the_consumer.resume(partitions))

    def _not_assigned(self, *partitions: tuple[str, int]) -> Fail | None:
        """librdkafka takes some operations on what is not assigned for done."""
        assigned = {(tp.topic, tp.partition) for tp in self._the_consumer.assignment()}
        strange = next((each for each in partitions if each not in assigned), None)
        return None if strange is None else Fail("_STATE", f"{strange[0]}/{strange[1]} is not assigned")

    def commit(self, op: ops.Commit) -> Outcome:
        """Awaited always: librdkafka tells an outcome of the other kind to nobody."""
        offsets, begun = [TopicPartition(*offset) for offset in op.offsets], time.monotonic()
        consumer = self._the_consumer
        try:
            done = bounded(lambda: consumer.commit(offsets=offsets, asynchronous=False))
        except KafkaException as error:
            if error.args[0].code() in EXPELLED:
                self._fatal = error.args[0]
            return outcome_of(error.args[0], begun)
        except TimeoutError:
            return Unknown("TIMEOUT", "the commit did not come back")
        return of_all([tp.error for tp in done or []], begun)

    def committed(self, op: ops.Committed) -> Outcome:
        """Asked of the coordinator."""
        found: list[TopicPartition] = []

        def ask() -> None:
            found[:] = self._the_consumer.committed([TopicPartition(op.topic, op.partition)], timeout=4)

        outcome = attempt(ask, retry_for=8)
        if not isinstance(outcome, Ok):
            return outcome
        return Ok(None if found[0].offset < 0 else found[0].offset)

    def describe_group(self, op: ops.DescribeGroup) -> Outcome:
        """The consumer's own membership, for a transactional producer in another process."""
        return Ok(GroupState(base64.b64encode(self._the_consumer.consumer_group_metadata()).decode(), ()))

    def close_consumer(self) -> None:
        """Leave the group, and end it. Raises `TimeoutError`: a broker that hangs can hold it up for ever."""
        if self._consumer is not None:
            bounded(self._consumer.close)
            self._consumer = None

    @property
    def _the_consumer(self) -> Consumer:
        assert self._consumer is not None
        return self._consumer

    def _resume_assigned(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """In librdkafka a pause outlives a rebalance, in the Java client it does not."""
        paused = [tp for tp in partitions if (tp.topic, tp.partition) in self._paused]
        if paused:
            consumer.resume(paused)
            self._paused -= {(tp.topic, tp.partition) for tp in paused}

    def _rebalance(self, kind: Rebalance, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        assert self._opened is not None and self._opened.group is not None
        self._rebalanced = True
        if kind is Assigned:
            self._resume_assigned(consumer, partitions)
        for tp in partitions:
            self._sought.pop((tp.topic, tp.partition), None)
            self._unplaced.pop((tp.topic, tp.partition), None)
        held = self._meant(kind, consumer, {Partition(tp.topic, tp.partition) for tp in partitions})
        if held is None:
            return
        self._held = self._held | set(held) if kind is Assigned else self._held - set(held)
        metadata = consumer.consumer_group_metadata()
        (generation,) = struct.unpack_from("<i", metadata, 7)
        self.observe(self._opened.client, kind(self._opened.group, consumer.memberid() or "", generation, held))

    def _expelled(self, error: KafkaError) -> Outcome:
        """Its partitions are lost: librdkafka tells so by a fatal error alone, the Java client by onPartitionsLost."""
        opened = self._opened
        if self._held and opened is not None and opened.group is not None:
            held, self._held = tuple(sorted(self._held)), set()
            self.observe(opened.client, Lost(opened.group, self._the_consumer.memberid() or "", -1, held))
        return Fail(error.name(), error.str())

    def _meant(self, kind: Rebalance, consumer: Consumer, held: set[Partition]) -> tuple[Partition, ...] | None:
        """None for an assignment that waited in a client standing still until its membership was over, and for its end.

        librdkafka hands it out all the same, under no member id, and takes it back at once as lost.
        """
        if kind is Assigned and not consumer.memberid():
            self._stale = held
            return None
        stale, self._stale = self._stale, set()
        if stale and stale == held:
            return None
        return tuple(sorted(held if kind is Assigned else held - stale))


def _record(message: Message) -> Record:
    stamped, timestamp = message.timestamp()
    key, value = message.key(), message.value()
    topic, partition, offset = message.topic(), message.partition(), message.offset()
    assert topic is not None and partition is not None and offset is not None
    headers = tuple(RecordHeader(*each) for each in _headers(message))
    return Record(topic, partition, offset, _bytes(value), _bytes(key), timestamp, STAMPED.get(stamped), headers)


def _headers(message: Message) -> list[tuple[str, bytes | None]]:
    """In their order; the client's own type admits more than it returns."""
    found: Any = message.headers()
    return found or []


def _bytes(data: str | bytes | None) -> bytes | None:
    return data.encode() if isinstance(data, str) else data
