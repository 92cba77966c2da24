"""MyBroker before the law: what brokerlaw asks for, in the words of MyBroker's client library.

So far this is a toy that keeps everything in memory, and it is complete: `brokerlaw smoke` passes. Replace the
body of one method after the other by what your client library has for it, and claim more in `describe`
as you go; the operations of each capability are in `brokerlaw.spec.history.operations`.

Answer `Ok` only for what has happened, `Fail` only for what certainly has not and never will, `Unknown` for
timeouts, lost connections and everything else. An exception counts as `Unknown`.
"""

import time
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field

from brokerlaw.adapters.contract import Adapter, Answer, Description, Fail, Ok, Outcome
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.values import Placed, Record, TopicPartition


@dataclass
class Consumer:
    """A reader: the next offset of each assigned partition, and what is paused."""

    positions: dict[TopicPartition, int] = field(default_factory=dict)
    paused: set[TopicPartition] = field(default_factory=set)


class MyBroker(Adapter):
    """MyBroker, as brokerlaw sees it."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        super().__init__(settings)  # what the user gave as --settings KEY=VALUE, for example bootstrap=localhost:9092
        self.logs: dict[TopicPartition, list[Record]] = {}
        self.sending: dict[str, list[tuple[ops.Send, Future[Outcome]]]] = {}
        self.consumers: dict[str, Consumer] = {}

    def start(self) -> None:
        """Connect, or start the broker. Raise `AdapterError` with the mend when that cannot be done."""

    def stop(self) -> None:
        """End whatever `start` started."""

    def reset(self) -> None:
        """Between two cases: end the clients that were left open."""
        self.sending.clear()
        self.consumers.clear()

    def describe(self) -> Description:
        """Claim what the broker has: only what is claimed is judged."""
        return Description("my-broker", "0.1", {"topics": 8, "headers": None, "tombstones": None})

    # --- topics ---

    def create_topic(self, op: ops.CreateTopic) -> Outcome:
        """Answer when the topic can be written to."""
        if TopicPartition(op.topic, 0) in self.logs:
            return Fail("TOPIC_ALREADY_EXISTS", op.topic)
        for partition in range(op.partitions):
            self.logs[TopicPartition(op.topic, partition)] = []
        return Ok()

    def delete_topic(self, op: ops.DeleteTopic) -> Outcome:
        """The topic and its records."""
        doomed = [tp for tp in self.logs if tp.topic == op.topic]
        for tp in doomed:
            del self.logs[tp]
        return Ok() if doomed else Fail("UNKNOWN_TOPIC_OR_PARTITION", op.topic)

    def list_offsets(self, op: ops.ListOffsets) -> Outcome:
        """The start or the end of a log; by timestamp only if you claim `timestamps`."""
        log = self.logs.get(TopicPartition(op.topic, op.partition))
        if log is None:
            return Fail("UNKNOWN_TOPIC_OR_PARTITION", op.topic)
        return Ok(0 if op.at == "earliest" else len(log))

    # --- producers ---

    def open_producer(self, op: ops.OpenProducer) -> Outcome:
        """A client of its own for each `op.client`, with the settings that the operation names."""
        self.sending[op.client] = []
        return Ok()

    def send(self, op: ops.Send) -> Answer:
        """Awaited: answer when the broker has acknowledged. Else answer a `Future` at once, and complete it then."""
        if op.client not in self.sending:
            return Fail("NO_SUCH_CLIENT", op.client)
        if op.awaited:
            self._deliver(op.client)
            return self._append(op)
        later: Future[Outcome] = Future()
        self.sending[op.client].append((op, later))
        return later

    def flush(self, op: ops.Flush) -> Outcome:
        """Answer when no send is in flight any more."""
        self._deliver(op.client)
        return Ok()

    def _deliver(self, client: str) -> None:
        for op, later in self.sending.pop(client, []):
            later.set_result(self._append(op))
        self.sending[client] = []

    def _append(self, op: ops.Send) -> Outcome:
        tp = TopicPartition(op.topic, op.partition if op.partition is not None else self._partition(op))
        if tp not in self.logs:
            return Fail("UNKNOWN_TOPIC_OR_PARTITION", str(tp))
        offset = len(self.logs[tp])
        timestamp = op.timestamp if op.timestamp is not None else time.time_ns() // 1_000_000
        self.logs[tp].append(Record(*tp, offset, op.value, op.key, timestamp, headers=op.headers))
        return Ok(Placed(*tp, offset))

    def _partition(self, op: ops.Send) -> int:
        """One key, one partition."""
        partitions = sum(tp.topic == op.topic for tp in self.logs)
        return sum(op.key or b"") % max(partitions, 1)

    # --- consumers ---

    def open_consumer(self, op: ops.OpenConsumer) -> Outcome:
        """As with producers. `op.group` is None unless you claim `groups`."""
        self.consumers[op.client] = Consumer()
        return Ok()

    def assign(self, op: ops.Assign) -> Outcome:
        """Read these partitions and no others, from these offsets."""
        self.consumers[op.client].positions = {each.tp: each.offset for each in op.offsets}
        return Ok()

    def poll(self, op: ops.Poll) -> Outcome:
        """Wait for the first record up to `op.timeout` ms; no records are `Ok(())`."""
        consumer = self.consumers[op.client]
        records: list[Record] = []
        for tp in consumer.positions.keys() - consumer.paused:
            start = consumer.positions[tp]
            got = self.logs.get(tp, [])[start : start + op.max_records - len(records)]
            consumer.positions[tp] += len(got)
            records += got
        if not records:
            self.wait(op.timeout)
        return Ok(tuple(records))

    def seek(self, op: ops.Seek) -> Outcome:
        """The next poll reads from here."""
        self.consumers[op.client].positions[TopicPartition(op.topic, op.partition)] = op.offset
        return Ok()

    def position(self, op: ops.Position) -> Outcome:
        """The offset that comes next; None if there is none yet."""
        return Ok(self.consumers[op.client].positions.get(TopicPartition(op.topic, op.partition)))

    def pause(self, op: ops.Pause) -> Outcome:
        """Poll passes these over."""
        self.consumers[op.client].paused |= set(op.partitions)
        return Ok()

    def resume(self, op: ops.Resume) -> Outcome:
        """Poll reads these again."""
        self.consumers[op.client].paused -= set(op.partitions)
        return Ok()

    # --- both ---

    def close(self, op: ops.Close) -> Outcome:
        """In good order: what is in flight is delivered first."""
        if op.client in self.sending:
            self._deliver(op.client)
        self.sending.pop(op.client, None)
        self.consumers.pop(op.client, None)
        return Ok()
