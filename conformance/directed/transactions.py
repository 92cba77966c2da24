"""Transactions: committed, aborted, left open, timed out, and with their coordinator killed."""

from collections.abc import Iterator

from brokerlaw.conformance.directed.vocabulary import TOPIC, sends, topic
from brokerlaw.conformance.plan import AwaitLeader, Elapse, Heal, InjectFault, Step
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.values import PartitionOffset


def transactions(replication: int) -> Iterator[Step]:
    """Transactions committed and aborted, one left open by a producer that is then fenced."""
    yield topic(2, replication)
    yield ops.OpenProducer("p0", transactional_id="tx")
    commit, abort = ops.CommitTransaction("p0"), ops.AbortTransaction("p0")
    ends: tuple[Step, ...] = (commit, abort, abort, commit, abort)
    for number, end in enumerate(ends):
        yield ops.BeginTransaction("p0")
        yield from sends(4, start=4 * number)
        yield end
    yield ops.BeginTransaction("p0")
    yield from sends(3, start=20)
    yield ops.OpenConsumer("c0", isolation="read_committed")
    yield ops.Assign("c0", tuple(PartitionOffset(TOPIC, partition, 0) for partition in range(2)))
    yield from (ops.Poll("c0") for _ in range(3))
    yield ops.OpenProducer("p1", transactional_id="tx")
    yield ops.BeginTransaction("p1")
    yield from sends(2, "p1")
    yield ops.CommitTransaction("p0")
    yield ops.CommitTransaction("p1")
    yield from (ops.Poll("c0") for _ in range(3))


def interleaved(replication: int) -> Iterator[Step]:
    """Two are open in the same partitions; whichever ends first, the other keeps readers from what comes behind it."""
    yield topic(2, replication)
    for producer in ("p0", "p1"):
        yield ops.OpenProducer(producer, transactional_id=f"tx-{producer}")
    yield ops.OpenConsumer("c0", isolation="read_committed")
    yield ops.Assign("c0", tuple(PartitionOffset(TOPIC, partition, 0) for partition in range(2)))
    for turn in range(4):
        first, second = ("p0", "p1") if turn % 2 else ("p1", "p0")
        for producer in (first, second):
            yield ops.BeginTransaction(producer)
            yield from sends(2, producer, start=2 * turn)
            yield from _seen("c0")
        for producer in (second, first) if turn < 2 else (first, second):
            yield ops.AbortTransaction(producer) if turn % 3 == 0 else ops.CommitTransaction(producer)
            yield from _seen("c0")


def _seen(reader: str) -> Iterator[Step]:
    """What one who reads what was committed is given, and where the log ends for it."""
    yield ops.Poll(reader)
    yield from (ops.ListOffsets(TOPIC, partition, "latest", "read_committed") for partition in range(2))


def transaction_timed_out(replication: int) -> Iterator[Step]:
    """A transaction is left alone until the coordinator aborts it; its producer goes on with it, unaware.

    Kafka looks for such transactions every 10 s, unless its settings say otherwise.
    """
    yield topic(2, replication)
    yield ops.OpenProducer("p0", transactional_id="tx", transaction_timeout=2_000)
    yield ops.BeginTransaction("p0")
    yield ops.Send("p0", TOPIC, b"p0-0:", partition=0)
    yield Elapse(13_000)
    yield ops.Send("p0", TOPIC, b"p0-1:", partition=1)
    yield ops.CommitTransaction("p0")


def coordinator_killed(replication: int) -> Iterator[Step]:
    """One broker after the other dies and comes back while a transaction is open; one of them coordinates it."""
    yield topic(3, replication)
    yield ops.OpenProducer("p0", transactional_id="tx", transaction_timeout=60_000)
    yield ops.BeginTransaction("p0")
    for partition in range(3):
        yield ops.Send("p0", TOPIC, b"p0-%d:" % partition, partition=partition)
        yield InjectFault("kill", "leader", TOPIC, partition)
        yield AwaitLeader(TOPIC, partition)
        yield Heal()
    yield ops.CommitTransaction("p0")
    yield ops.BeginTransaction("p0")
    yield from (ops.Send("p0", TOPIC, b"p0-%d:" % (3 + partition), partition=partition) for partition in range(3))
    yield ops.AbortTransaction("p0")
