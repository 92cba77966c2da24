"""The reference as an adapter: operations become requests of clients to the cluster, on simulated time."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any

from brokerlaw import __version__
from brokerlaw.adapters.contract import CAPABILITIES, Adapter, AdapterError, Answer, Capability, Description
from brokerlaw.reference.administration import Administration
from brokerlaw.reference.client import Client
from brokerlaw.reference.cluster import Cluster
from brokerlaw.reference.consumer import Consumer
from brokerlaw.reference.errors import BrokerError
from brokerlaw.reference.mutants import parts_of
from brokerlaw.reference.producer import Producer
from brokerlaw.reference.settings import Settings
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.numbers import MILLISECOND
from brokerlaw.spec.history.operation import Operation
from brokerlaw.spec.history.outcomes import Fail, Ok, Outcome
from brokerlaw.spec.history.values import TopicPartition

BOUNDS: dict[Capability, int] = {"topics": 64, "groups": 16}
LACKING: tuple[Capability, ...] = ("queues",)


class ReferenceAdapter(Adapter):
    """Each method is one operation; what a broker refuses is `Fail`, since it then had no effect."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        super().__init__(settings)
        self._settings = Settings.of(settings)
        self._parts = parts_of(self._settings.mutant)
        self._build()

    def describe(self) -> Description:
        """Everything but `LACKING`."""
        name = "reference" if self._settings.mutant is None else f"reference with {self._settings.mutant}"
        capabilities: dict[Capability, int | None] = {each: BOUNDS.get(each) for each in CAPABILITIES}
        for lacking in LACKING:
            del capabilities[lacking]
        capabilities["replication"] = self._settings.brokers
        brokers = tuple(range(self._settings.brokers))
        return Description(name, __version__, capabilities, brokers, ("murmur2", "fresh"), self._settings.told())

    def reset(self) -> None:
        """An empty cluster, the same one each time: a case is what it is, whatever ran before."""
        self._build()

    def now(self) -> int:
        """Simulated time: no two answers are the same."""
        return self._cluster.scheduler.tick()

    def wait(self, milliseconds: int) -> None:
        """Let simulated time pass."""
        self._cluster.scheduler.run_for(milliseconds * MILLISECOND)

    def perform(self, op: Operation) -> Answer:
        """As any adapter, with refusals told from faults of our own: those are not the broker's to answer for."""
        try:
            method = getattr(self, ops.name_of(op), None)
            answer: Answer = super().perform(op) if method is None else method(op)
        except BrokerError as error:
            return Fail(error.code, error.message)
        except AdapterError:
            raise
        except Exception as error:
            raise AdapterError(f"the reference failed in {ops.name_of(op)}: {type(error).__name__}: {error}") from error
        return answer

    def _build(self) -> None:
        self._cluster = Cluster(self._settings, self._parts)
        self._administration = Administration(self._cluster)
        self._clients: dict[str, Client] = {}

    def __getattr__(self, name: str) -> Any:
        """What concerns no client is the administration's."""
        if name.startswith("_") or name not in ops.OPERATIONS:
            raise AttributeError(name)
        return getattr(self._administration, name)

    # --- the life of a client ---

    def open_producer(self, op: ops.OpenProducer) -> Outcome:
        """Open, and get a producer id where one is needed."""
        producer = self._cluster.parts.producer(self._cluster, op)
        self._clients[op.client] = producer
        producer.open()
        return Ok()

    def open_consumer(self, op: ops.OpenConsumer) -> Outcome:
        """Open; nothing is asked of the cluster yet."""
        self._clients[op.client] = self._cluster.parts.consumer(self._cluster, op, self.observe)
        return Ok()

    def close(self, op: ops.Close) -> Outcome:
        """In good order."""
        client = self._client(op.client)
        del self._clients[op.client]
        assert isinstance(client, Producer | Consumer)
        client.close()
        return Ok()

    def crash(self, op: ops.Crash) -> Outcome:
        """Without a word, frozen or not."""
        self._client(op.client, awake=False).kill()
        del self._clients[op.client]
        return Ok()

    def freeze(self, op: ops.Freeze) -> Outcome:
        """Stand still."""
        self._client(op.client).pause()
        return Ok()

    def thaw(self, op: ops.Thaw) -> Outcome:
        """Go on."""
        self._client(op.client, awake=False).resume()
        return Ok()

    def _client(self, name: str, awake: bool = True) -> Client:
        client = self._clients.get(name)
        if client is None:
            raise BrokerError("UNKNOWN_CLIENT", f"{name} is not open")
        if awake and client.paused:
            raise BrokerError("CLIENT_FROZEN", f"{name} stands still")
        return client

    def _producer(self, name: str) -> Producer:
        client = self._client(name)
        if not isinstance(client, Producer):
            raise BrokerError("UNKNOWN_CLIENT", f"{name} is no producer")
        return client

    def _consumer(self, name: str) -> Consumer:
        client = self._client(name)
        if not isinstance(client, Consumer):
            raise BrokerError("UNKNOWN_CLIENT", f"{name} is no consumer")
        return client

    # --- producers ---

    def send(self, op: ops.Send) -> Answer:
        """Awaited, the outcome; else what will be it."""
        future: Future[Outcome] = Future()
        producer = self._producer(op.client)
        producer.send(op, future.set_result)
        if not op.awaited:
            return future
        producer.sender.hurry()
        deadline = self._cluster.scheduler.now + 2 * producer.delivery_timeout
        self._cluster.scheduler.run_until(future.done, deadline)
        return future.result(timeout=0)

    def flush(self, op: ops.Flush) -> Outcome:
        """Until nothing is in flight."""
        self._producer(op.client).flush()
        return Ok()

    def begin_transaction(self, op: ops.BeginTransaction) -> Outcome:
        """Begin."""
        self._producer(op.client).begin()
        return Ok()

    def send_offsets(self, op: ops.SendOffsets) -> Outcome:
        """On behalf of the consumer as it sees itself."""
        self._producer(op.client).send_offsets(self._consumer(op.consumer).membership, op.offsets)
        return Ok()

    def commit_transaction(self, op: ops.CommitTransaction) -> Outcome:
        """Commit."""
        self._producer(op.client).commit()
        return Ok()

    def abort_transaction(self, op: ops.AbortTransaction) -> Outcome:
        """Abort."""
        self._producer(op.client).abort()
        return Ok()

    # --- consumers ---

    def subscribe(self, op: ops.Subscribe) -> Outcome:
        """Join while polling."""
        self._consumer(op.client).subscribe(op.topics)
        return Ok()

    def unsubscribe(self, op: ops.Unsubscribe) -> Outcome:
        """Leave."""
        self._consumer(op.client).unsubscribe()
        return Ok()

    def assign(self, op: ops.Assign) -> Outcome:
        """Read these, whatever a group says."""
        self._consumer(op.client).assign(op.offsets)
        return Ok()

    def poll(self, op: ops.Poll) -> Outcome:
        """Serve the group and fetch."""
        return Ok(self._consumer(op.client).poll(op.max_records, op.timeout * MILLISECOND))

    def seek(self, op: ops.Seek) -> Outcome:
        """Move a position."""
        self._consumer(op.client).seek(TopicPartition(op.topic, op.partition), op.offset)
        return Ok()

    def position(self, op: ops.Position) -> Outcome:
        """Tell a position."""
        return Ok(self._consumer(op.client).position(TopicPartition(op.topic, op.partition)))

    def pause(self, op: ops.Pause) -> Outcome:
        """Stop fetching."""
        self._consumer(op.client).hold(op.partitions)
        return Ok()

    def resume(self, op: ops.Resume) -> Outcome:
        """Fetch again."""
        self._consumer(op.client).release(op.partitions)
        return Ok()

    def commit(self, op: ops.Commit) -> Answer:
        """Commit, and wait for it or not."""
        consumer = self._consumer(op.client)
        if op.awaited:
            consumer.commit(op.offsets)
            return Ok()
        future: Future[Outcome] = Future()
        consumer.commit_later(op.offsets, future.set_result)
        return future

    def committed(self, op: ops.Committed) -> Outcome:
        """As the coordinator tells the consumer."""
        consumer = self._consumer(op.client)
        tp = TopicPartition(op.topic, op.partition)
        return Ok(consumer.insist(lambda: consumer.committed_offset(tp)))
