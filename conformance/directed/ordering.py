"""Order: producers in turn, batches, and readers at different speeds."""

from collections.abc import Iterator

from brokerlaw.conformance.directed.vocabulary import TOPIC, sends, topic
from brokerlaw.conformance.plan import Elapse, Step
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.values import PartitionOffset


def order(replication: int) -> Iterator[Step]:
    """Two producers in turn, keyed records, several in flight or in a batch, and readers at different speeds."""
    yield topic(3, replication)
    yield ops.OpenProducer("p0")
    yield ops.OpenProducer("p1", idempotent=False, linger=20)
    yield from sends(4, "p0")
    yield from sends(4, "p1")
    yield from sends(5, "p0", start=4, awaited=False)
    yield ops.Flush("p0")
    yield from sends(9, "p1", start=4, awaited=False)
    yield ops.Flush("p1")
    starts = tuple(PartitionOffset(TOPIC, partition, 0) for partition in range(3))
    for reader, limit in (("c0", 100), ("c1", 2)):
        yield ops.OpenConsumer(reader)
        yield ops.Assign(reader, starts)
        yield from (ops.Poll(reader, limit) for _ in range(12))


def flushed(replication: int) -> Iterator[Step]:
    """Producers flush what is in flight, and vanish a little later: what was flushed has its outcome by then."""
    yield topic(2, replication)
    producers = [f"p{number}" for number in range(4)]
    for producer in producers:
        yield ops.OpenProducer(producer, linger=3_000)
        yield from sends(4, producer, awaited=False)
    yield from (ops.Flush(producer) for producer in producers)
    yield Elapse(1_500)
    yield from (ops.Crash(producer) for producer in producers)
