"""Logs: producers of every kind, sends awaited and in flight, readers that seek and pause, transactions."""

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from brokerlaw.conformance.machines.base import PlanMachine, bodies, indices, keys, pick
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.values import PartitionOffset, TopicPartition

TOPIC = "orders"


class LogMachine(PlanMachine):
    """One topic, read and written at will, by clients that may crash."""

    name = "logs"
    needs = ("topics",)
    steps_per_example = 30

    @initialize(partitions=st.integers(1, 3))
    def create(self, partitions: int) -> None:
        """A topic, and somebody to write to it."""
        replication = min(3, self.description.capabilities.get("replication") or 1)
        self.do(ops.CreateTopic(TOPIC, partitions, replication), ops.OpenProducer(self.new_name("p"), idempotent=False))

    @rule(idempotent=st.booleans(), linger=st.sampled_from([0, 0, 20]), transactional=st.booleans())
    @precondition(lambda self: len(self.model.live(ops.OpenProducer)) < 3)
    def open_producer(self, idempotent: bool, linger: int, transactional: bool) -> None:
        """Another producer; transactional ones share two ids, so that they fence one another."""
        name = self.new_name("p")
        transactional = transactional and self.has("transactions")
        self.do(
            ops.OpenProducer(
                name,
                idempotent=transactional or (idempotent and self.has("idempotence")),
                transactional_id=f"tx{len(self.model.names) % 2}" if transactional else None,
                linger=linger,
            )
        )

    @rule(who=indices, key=keys, body=bodies, partition=st.sampled_from([None, None, 0, 1]), awaited=st.booleans())
    @precondition(lambda self: self.producers())
    def send_one(self, who: int, key: bytes | None, body: bytes, partition: int | None, awaited: bool) -> None:
        """A record, to a partition or wherever its key belongs."""
        self.send(pick(self.producers(), who), TOPIC, body, key, partition, awaited)

    @rule(who=indices, key=keys, count=st.integers(2, 5))
    @precondition(lambda self: self.producers())
    def send_several(self, who: int, key: bytes | None, count: int) -> None:
        """Several in flight at once, and then all awaited."""
        producer = pick(self.producers(), who)
        for _ in range(count):
            self.send(producer, TOPIC, b"", key, None, awaited=False)
        self.do(ops.Flush(producer))

    @rule(who=indices, how=st.sampled_from(["close", "crash"]))
    @precondition(lambda self: len(self.model.live(ops.OpenProducer)) > 1)
    def end_producer(self, who: int, how: str) -> None:
        """A producer goes, in good order or not."""
        producer = pick(self.model.live(ops.OpenProducer), who)
        if how == "close" and not self.model.clients[producer].in_transaction:
            self.do(ops.Close(producer))
        elif self.has("clients.crash"):
            self.do(ops.Crash(producer))

    @rule(who=indices)
    @precondition(lambda self: self._transactional())
    def begin(self, who: int) -> None:
        """Begin a transaction."""
        self.do(ops.BeginTransaction(pick(self._transactional(), who)))

    @rule(who=indices, commit=st.booleans())
    @precondition(lambda self: self._in_transaction())
    def end(self, who: int, commit: bool) -> None:
        """Commit or abort one."""
        producer = pick(self._in_transaction(), who)
        self.do(ops.CommitTransaction(producer) if commit else ops.AbortTransaction(producer))

    @rule(committed=st.booleans())
    @precondition(lambda self: len(self.model.live(ops.OpenConsumer)) < 3)
    def open_reader(self, committed: bool) -> None:
        """A reader of all partitions from their beginning."""
        isolation: ops.Isolation = "read_committed" if committed and self.has("transactions") else "read_uncommitted"
        reader = self.new_name("c")
        partitions = range(self.model.topics[TOPIC].partitions)
        start = tuple(PartitionOffset(TOPIC, partition, 0) for partition in partitions)
        self.do(ops.OpenConsumer(reader, isolation=isolation), ops.Assign(reader, start))

    @rule(who=indices, limit=st.sampled_from([1, 3, 100]))
    @precondition(lambda self: self.model.live(ops.OpenConsumer))
    def poll(self, who: int, limit: int) -> None:
        """Read on."""
        self.do(ops.Poll(pick(self.model.live(ops.OpenConsumer), who), limit))

    @rule(who=indices, partition=indices, offset=st.integers(0, 4))
    @precondition(lambda self: self.model.live(ops.OpenConsumer))
    def seek(self, who: int, partition: int, offset: int) -> None:
        """Go back, or ahead, and read from there."""
        reader, tp = pick(self.model.live(ops.OpenConsumer), who), self._partition(partition)
        self.do(ops.Seek(reader, *tp, offset), ops.Poll(reader, 3), ops.Position(reader, *tp))

    @rule(who=indices, partition=indices)
    @precondition(lambda self: self.model.live(ops.OpenConsumer))
    def pause_and_resume(self, who: int, partition: int) -> None:
        """A pause loses nothing and repeats nothing."""
        reader, tps = pick(self.model.live(ops.OpenConsumer), who), (self._partition(partition),)
        self.do(ops.Pause(reader, tps), ops.Poll(reader), ops.Resume(reader, tps), ops.Poll(reader))

    @rule(partition=indices)
    def look_at_offsets(self, partition: int) -> None:
        """Where the log begins and ends."""
        tp = self._partition(partition)
        self.do(ops.ListOffsets(*tp, "earliest"), ops.ListOffsets(*tp, "latest"))

    def _partition(self, index: int) -> TopicPartition:
        return TopicPartition(TOPIC, index % self.model.topics[TOPIC].partitions)

    def _transactional(self) -> list[str]:
        clients = self.model.clients
        return [
            name
            for name in self.model.live(ops.OpenProducer)
            if clients[name].transactional and not clients[name].in_transaction
        ]

    def _in_transaction(self) -> list[str]:
        return [name for name in self.model.live(ops.OpenProducer) if self.model.clients[name].in_transaction]
