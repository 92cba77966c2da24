"""One Kafka client in a process of its own, so that a crash is a kill -9 and a zombie a stopped process.

It speaks the contract as JSON lines (`adapters.serve`): `python -m brokerlaw.adapters.kafka.client`.
"""

import base64
import logging
import struct
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from threading import Event, Thread
from typing import Any, Final, TypeVar

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

from brokerlaw.adapters.contract import Adapter, AdapterError, Answer, Description, Timed
from brokerlaw.adapters.kafka.outcomes import attempt, outcome_of
from brokerlaw.adapters.serve import serve
from brokerlaw.spec import operations as ops
from brokerlaw.spec.observations import Assigned, Lost, Revoked
from brokerlaw.spec.operations import Operation, name_of
from brokerlaw.spec.outcomes import Fail, Ok, Outcome, Unknown
from brokerlaw.spec.values import GroupState, Placed, Record
from brokerlaw.spec.values import TopicPartition as Partition

DELIVERY_TIMEOUT: Final = 6_000
PATIENCE: Final = 12.0
"""Seconds: beyond every timeout that librdkafka has for one request and its repetition."""
EXPELLED: Final = frozenset({KafkaError._FATAL, KafkaError.FENCED_INSTANCE_ID})
"""Errors that end a consumer: another of its instance id has taken its place."""
LIMIT: Final = 25.0
"""Seconds after which any operation is given up: librdkafka can wait for a dead coordinator beyond its own timeouts."""
T = TypeVar("T")
QUICK: Final[dict[str, Any]] = {
    "reconnect.backoff.ms": 50,
    "reconnect.backoff.max.ms": 300,
    "retry.backoff.ms": 50,
    "socket.timeout.ms": 4_000,
    "topic.metadata.refresh.interval.ms": 2_000,
    "topic.metadata.refresh.fast.interval.ms": 50,
    "allow.auto.create.topics": False,
    "log_level": 0,
    "broker.address.family": "v4",
}


class KafkaClient(Adapter):
    """A producer or a consumer, whichever it is told to open; after a close it can be another."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        super().__init__(settings)
        self._producer: Producer | None = None
        self._consumer: Consumer | None = None
        self._opened: ops.OpenProducer | ops.OpenConsumer | None = None
        self._sought: dict[tuple[str, int], int] = {}
        self._rebalanced = False
        self._held: set[Partition] = set()
        self._fatal: KafkaError | None = None
        self._known_topics: set[str] = set()
        self._retries = True
        self._stuck = ""
        self._stale: set[Partition] = set()
        self._stop_polling = Event()

    def perform(self, op: Operation) -> Answer:
        """As the contract says, but bounded in time; a client that hangs is of no use any more, and says so."""
        if self._stuck:
            return Unknown("STUCK", f"{self._stuck} has not returned")
        try:
            return _bounded(lambda: super(KafkaClient, self).perform(op), LIMIT)
        except TimeoutError:
            self._stuck = name_of(op)
            return Unknown("STUCK", f"{self._stuck} did not return within {LIMIT:g} s")

    def describe(self) -> Description:
        """Only the adapter that runs this asks."""
        return Description("librdkafka client", "1", {"topics": None})

    # --- producers ---

    def open_producer(self, op: ops.OpenProducer) -> Outcome:
        """A producer without idempotence does not retry: a retry could repeat or overtake (librdkafka manual)."""
        transactional = op.transactional_id is not None
        config: dict[str, Any] = {
            **QUICK,
            **self.settings,
            "acks": op.acks,
            "enable.idempotence": op.idempotent or transactional,
            "partitioner": "murmur2_random" if op.partitioner == "murmur2" else "consistent_random",
            "linger.ms": op.linger,
            "compression.type": op.compression,
            "delivery.timeout.ms": DELIVERY_TIMEOUT,
            **op.settings,
        }
        if not (op.idempotent or transactional):
            config["retries"] = 0
        if transactional:
            config |= {
                "transactional.id": op.transactional_id,
                "transaction.timeout.ms": op.transaction_timeout,
                "delivery.timeout.ms": min(DELIVERY_TIMEOUT, op.transaction_timeout),
            }
        self._producer, self._opened = Producer(config, logger=_silent()), op
        self._retries, self._known_topics = config.get("retries") != 0, set()
        self._stop_polling = Event()
        Thread(target=_serve_deliveries, args=(self._producer, self._stop_polling), daemon=True).start()
        if transactional:
            return attempt(lambda: self._the_producer.init_transactions(8), retry_for=12)
        return Ok()

    def send(self, op: ops.Send) -> Answer:
        """The outcome comes with the delivery report."""
        future: Future[Timed] = Future()
        begun = time.monotonic()

        def delivered(error: KafkaError | None, message: Message) -> None:
            now = self.now()
            if error is not None:
                future.set_result(Timed(outcome_of(error, begun if self._retries else None), now))
            else:
                offset = message.offset()
                future.set_result(
                    Timed(Ok(Placed(op.topic, message.partition() or 0, -1 if offset is None else offset)), now)
                )

        self._learn(op.topic)
        extra: dict[str, Any] = {}
        if op.partition is not None:
            extra["partition"] = op.partition
        if op.timestamp is not None:
            extra["timestamp"] = op.timestamp
        try:
            self._the_producer.produce(op.topic, value=op.value, key=op.key, on_delivery=delivered, **extra)
        except BufferError as error:
            return Fail("QUEUE_FULL", str(error))
        except KafkaException as error:
            return outcome_of(error.args[0])
        if not op.awaited:
            return future
        return future.result(DELIVERY_TIMEOUT / 1000 + 8)

    def _learn(self, topic: str) -> None:
        """Ask for a new topic's leaders until a broker knows them: left alone, librdkafka asks once a second."""
        deadline = time.monotonic() + 1
        while topic not in self._known_topics and time.monotonic() < deadline:
            with suppress(KafkaException):
                found = self._the_producer.list_topics(topic, timeout=1).topics[topic]
                if found.error is None and all(each.leader >= 0 for each in found.partitions.values()):
                    self._known_topics.add(topic)
                    return
            time.sleep(0.02)

    def flush(self, op: ops.Flush) -> Outcome:
        """Until every delivery report has come."""
        left = self._the_producer.flush(DELIVERY_TIMEOUT / 1000 + 4)
        return Ok() if left == 0 else Unknown("FLUSH", f"{left} still in flight")

    def begin_transaction(self, op: ops.BeginTransaction) -> Outcome:
        """Local."""
        return attempt(self._the_producer.begin_transaction)

    def send_offsets(self, op: ops.SendOffsets) -> Outcome:
        """`consumer` is the consumer's membership, as its own process gave it."""
        membership = base64.b64decode(op.consumer)
        offsets = [TopicPartition(*offset) for offset in op.offsets]
        return attempt(lambda: self._the_producer.send_offsets_to_transaction(offsets, membership, 6), retry_for=6)

    def commit_transaction(self, op: ops.CommitTransaction) -> Outcome:
        """Again while that is safe; what must be aborted was not committed."""
        return attempt(lambda: self._the_producer.commit_transaction(6), retry_for=10, abort_is_fail=True)

    def abort_transaction(self, op: ops.AbortTransaction) -> Outcome:
        """Again while that is safe."""
        return attempt(lambda: self._the_producer.abort_transaction(6), retry_for=10)

    # --- consumers ---

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
        self._held, self._fatal = set(), None
        self._consumer, self._opened, self._sought = Consumer(config, logger=_silent()), op, {}
        return Ok()

    def subscribe(self, op: ops.Subscribe) -> Outcome:
        """Rebalances are told from the polling thread, as they happen."""

        def told(kind: type[Assigned] | type[Revoked] | type[Lost]) -> Callable[[Consumer, list[TopicPartition]], None]:
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
        self._sought = {(offset.topic, offset.partition): offset.offset for offset in op.offsets}
        return Ok()

    def poll(self, op: ops.Poll) -> Outcome:
        """The first record within the timeout, and what is there behind it; a rebalance ends the call."""
        consumer, wait = self._the_consumer, op.timeout / 1000
        records: list[Record] = []
        self._rebalanced = False
        deadline = time.monotonic() + wait
        while len(records) < op.max_records and self._fatal is None:
            message = consumer.poll(max(0.0, deadline - time.monotonic()) if not records else 0)
            if message is None:
                break
            error = message.error()
            if error is not None:
                if error.code() == KafkaError.INVALID_SESSION_TIMEOUT:
                    raise AdapterError("the broker refuses so short a session: give --settings session_timeout=6000")
                if error.fatal() or error.code() in EXPELLED:
                    self._fatal = error
                    break
                if time.monotonic() >= deadline:
                    break
                continue
            record = _record(message)
            self._sought.pop((record.topic, record.partition), None)
            records.append(record)
            if self._rebalanced:
                break
        return self._expelled(self._fatal) if self._fatal is not None and not records else Ok(tuple(records))

    def seek(self, op: ops.Seek) -> Outcome:
        """Again for a moment while the partition is not fetched yet."""
        outcome = attempt(
            lambda: self._the_consumer.seek(TopicPartition(op.topic, op.partition, op.offset)),
            retry_for=2,
            retry_on=(KafkaError._STATE,),
        )
        if isinstance(outcome, Ok):
            self._sought[op.topic, op.partition] = op.offset
        return outcome

    def position(self, op: ops.Position) -> Outcome:
        """What was sought counts until a record is returned."""
        (here,) = self._the_consumer.position([TopicPartition(op.topic, op.partition)])
        known = max(here.offset, self._sought.get((op.topic, op.partition), -1))
        return Ok(None if known < 0 else known)

    def pause(self, op: ops.Pause) -> Outcome:
        """Stop fetching."""
        return attempt(lambda: self._the_consumer.pause([TopicPartition(*tp) for tp in op.partitions]))

    def resume(self, op: ops.Resume) -> Outcome:
        """Fetch again."""
        return attempt(lambda: self._the_consumer.resume([TopicPartition(*tp) for tp in op.partitions]))

    def commit(self, op: ops.Commit) -> Outcome:
        """Awaited always: librdkafka tells an outcome of the other kind to nobody."""
        offsets, begun = [TopicPartition(*offset) for offset in op.offsets], time.monotonic()
        consumer = self._the_consumer
        try:
            done = _bounded(lambda: consumer.commit(offsets=offsets, asynchronous=False))
        except KafkaException as error:
            if error.args[0].code() in EXPELLED:
                self._fatal = error.args[0]
            return outcome_of(error.args[0], begun)
        except TimeoutError:
            return Unknown("TIMEOUT", "the commit did not come back")
        failed = next((tp.error for tp in done or [] if tp.error is not None), None)
        return Ok() if failed is None else outcome_of(failed, begun)

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

    def close(self, op: ops.Close) -> Outcome:
        """In good order, and the process can be used again; a broker that hangs can hold up a consumer for ever."""
        if self._producer is not None:
            self._producer.flush(DELIVERY_TIMEOUT / 1000)
            self._stop_polling.set()
            self._producer = None
        if self._consumer is not None:
            try:
                _bounded(self._consumer.close)
            except TimeoutError:
                return Unknown("TIMEOUT", "the consumer did not close")
            self._consumer = None
        return Ok()

    def _meant(
        self, kind: type[Assigned] | type[Revoked] | type[Lost], consumer: Consumer, held: set[Partition]
    ) -> tuple[Partition, ...] | None:
        """None for an assignment that waited in a client standing still until its membership was over, and for its end.

        librdkafka hands it out all the same, under no member id, and takes it back at once as lost.
        """
        if kind is Assigned and not consumer.memberid():
            self._stale = held
            return None
        stale, self._stale = self._stale, set()
        return None if stale and stale == held else tuple(sorted(held))

    @property
    def _the_producer(self) -> Producer:
        assert self._producer is not None
        return self._producer

    @property
    def _the_consumer(self) -> Consumer:
        assert self._consumer is not None
        return self._consumer

    def _rebalance(
        self, kind: type[Assigned] | type[Revoked] | type[Lost], consumer: Consumer, partitions: list[TopicPartition]
    ) -> None:
        assert isinstance(self._opened, ops.OpenConsumer) and self._opened.group is not None
        self._rebalanced = True
        for tp in partitions:
            self._sought.pop((tp.topic, tp.partition), None)
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
        if self._held and isinstance(opened, ops.OpenConsumer) and opened.group is not None:
            held, self._held = tuple(sorted(self._held)), set()
            self.observe(opened.client, Lost(opened.group, self._the_consumer.memberid() or "", -1, held))
        return Fail(error.name(), error.str())


def _bounded(action: Callable[[], T], seconds: float = PATIENCE) -> T:
    """Do what librdkafka puts no bound to, in a thread that nobody waits for longer. Raises `TimeoutError`."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(action())
        except Exception as error:  # the caller's to handle
            future.set_exception(error)

    Thread(target=run, daemon=True).start()
    return future.result(seconds)


def _record(message: Message) -> Record:
    _, timestamp = message.timestamp()
    key, value = message.key(), message.value()
    topic, partition, offset = message.topic(), message.partition(), message.offset()
    assert topic is not None and partition is not None and offset is not None
    return Record(topic, partition, offset, _bytes(value), _bytes(key), timestamp)


def _bytes(data: str | bytes | None) -> bytes | None:
    return data.encode() if isinstance(data, str) else data


def _serve_deliveries(producer: Producer, stop: Event) -> None:
    while not stop.is_set():
        producer.poll(0.05)


def _silent() -> logging.Logger:
    logger = logging.getLogger("brokerlaw.kafka")
    logger.addHandler(logging.NullHandler())
    logger.propagate = False
    return logger


if __name__ == "__main__":
    serve(KafkaClient)
