"""The producer's operations, over librdkafka."""

import base64
import time
from collections.abc import Mapping
from concurrent.futures import Future
from contextlib import suppress
from threading import Event, Thread
from typing import Any, Final

from confluent_kafka import KafkaError, KafkaException, Message, Producer, TopicPartition

from brokerlaw.adapters.contract import Adapter, Answer, Timed
from brokerlaw.adapters.kafka.librdkafka import DELIVERY_TIMEOUT, QUICK, silent
from brokerlaw.adapters.kafka.outcomes import attempt, outcome_of
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.outcomes import Fail, Ok, Outcome, Unknown
from brokerlaw.spec.history.values import Placed

LARGEST: Final = 8_000_000
"""Bytes: what is too large, the broker shall say."""


class ProducerClient(Adapter):
    """One producer at a time; a thread of its own serves delivery reports."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        super().__init__(settings)
        self._producer: Producer | None = None
        self._known_topics: set[str] = set()
        self._retries = True
        self._stop_polling = Event()

    def open_producer(self, op: ops.OpenProducer) -> Outcome:
        """A producer without idempotence does not retry: a retry could repeat or overtake (librdkafka manual).

        librdkafka opens none that waits for an answer, or for a delivery, for longer than a transaction may last.
        """
        transactional = op.transactional_id is not None
        config: dict[str, Any] = {
            **QUICK,
            **self.settings,
            "acks": op.acks,
            "enable.idempotence": op.idempotent or transactional,
            "partitioner": "murmur2_random" if op.partitioner == "murmur2" else "consistent_random",
            "linger.ms": op.linger,
            "compression.type": op.compression,
            "message.max.bytes": LARGEST,
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
                "socket.timeout.ms": min(int(config["socket.timeout.ms"]), op.transaction_timeout),
            }
        try:
            self._producer = Producer(config, logger=silent())
        except KafkaException as error:
            return Fail(error.args[0].name(), error.args[0].str())
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

        if op.timestamp == 0:
            return Fail("_INVALID_ARG", "librdkafka takes 0 for the present")
        self._learn(op.topic)
        extra: dict[str, Any] = {"headers": list(op.headers)} if op.headers else {}
        if op.partition is not None:
            extra["partition"] = op.partition
        if op.timestamp is not None:
            extra["timestamp"] = op.timestamp
        try:
            self._the_producer.produce(op.topic, value=op.value, key=op.key, on_delivery=delivered, **extra)
        except BufferError as error:
            return Fail("QUEUE_FULL", str(error))
        except KafkaException as error:
            return Fail(error.args[0].name(), error.args[0].str())  # not even queued
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
        try:
            left = self._the_producer.flush(DELIVERY_TIMEOUT / 1000 + 4)
        except KafkaException as error:
            return Unknown(error.args[0].name(), error.args[0].str())
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
        return attempt(lambda: self._the_producer.commit_transaction(6), retry_for=10, commits=True)

    def abort_transaction(self, op: ops.AbortTransaction) -> Outcome:
        """Again while that is safe."""
        return attempt(lambda: self._the_producer.abort_transaction(6), retry_for=10)

    def close_producer(self) -> None:
        """Flush, and end it."""
        if self._producer is not None:
            with suppress(KafkaException):  # a fatal error that nobody has met yet
                self._producer.flush(DELIVERY_TIMEOUT / 1000)
            self._stop_polling.set()
            self._producer = None

    @property
    def _the_producer(self) -> Producer:
        assert self._producer is not None
        return self._producer


def _serve_deliveries(producer: Producer, stop: Event) -> None:
    """A fatal error is raised here, once. Nothing is sent any more then, and what is in flight must be given up."""
    while not stop.is_set():
        try:
            producer.poll(0.05)
        except KafkaException:
            producer.purge(blocking=False)
