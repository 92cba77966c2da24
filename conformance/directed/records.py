"""Records: everything that may belong to one, in every size, batch and codec; topics that are created anew."""

from collections.abc import Callable, Iterator
from typing import Final

from brokerlaw.conformance.directed.vocabulary import TOPIC, sends, topic
from brokerlaw.conformance.plan import Elapse, Step
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.values import PartitionOffset, RecordHeader

LIMIT: Final = 4_000
"""Bytes that a topic of these schedules takes in one batch."""
ROOM: Final = 500
"""Bytes enough for all that a batch has beside one value."""
CODECS: Final = ("none", "gzip", "snappy", "lz4", "zstd")
BATCHES: Final = (1, 2, 10, 100, 1_000)
HEADERS: Final[tuple[tuple[RecordHeader, ...], ...]] = (
    (),
    (RecordHeader("trace", b"1"),),
    (RecordHeader("a", b"1"), RecordHeader("b", b"2"), RecordHeader("a", b"0"), RecordHeader("a", b"1")),
    (
        RecordHeader("empty", b""),
        RecordHeader("null", None),
        RecordHeader("", b"\x00\xff"),
        RecordHeader("é", b"x" * 300),
    ),
)
DAY: Final = 86_400_000


def read(client: str, limit: int = 500, polls: int = 2, partitions: int = 1) -> Iterator[Step]:
    """A reader of the topic from its beginning."""
    yield ops.OpenConsumer(client)
    yield ops.Assign(client, tuple(PartitionOffset(TOPIC, partition, 0) for partition in range(partitions)))
    yield from (ops.Poll(client, limit) for _ in range(polls))


def whole(replication: int) -> Iterator[Step]:
    """Null and empty keys, values from nothing to the topic's limit, and beyond it."""
    yield topic(1, replication, max_message_bytes=str(LIMIT))
    yield ops.OpenProducer("p0")
    for number, size in enumerate((0, 1, 100, LIMIT - ROOM, LIMIT + 1)):
        for key in (None, b"", b"key"):
            value = b"p0-%d-%d:" % (number, len(key or b"none")) if size else b""
            yield ops.Send("p0", TOPIC, value.ljust(size, b"x"), key, 0)
    yield from read("c0")
    yield from read("c1", limit=1, polls=4)


def large(replication: int) -> Iterator[Step]:
    """Values of many bytes, as far as a topic takes them by default."""
    yield topic(1, replication)
    yield ops.OpenProducer("p0")
    for number, size in enumerate((33_000, 70_000, 900_000)):
        yield ops.Send("p0", TOPIC, (b"p0-%d:" % number).ljust(size, b"x"), b"key", 0)
    yield from read("c0", limit=1, polls=3)


def at_intervals(replication: int) -> Iterator[Step]:
    """Records that name no time are sent some time apart."""
    yield topic(1, replication)
    yield ops.OpenProducer("p0")
    for number in range(3):
        yield from sends(1, start=number)
        yield Elapse(1_500)
    yield from read("c0")


def codec(name: str) -> Callable[[int], Iterator[Step]]:
    """Batches of one to a thousand records, in one codec."""

    def steps(replication: int) -> Iterator[Step]:
        yield topic(1, replication)
        yield ops.OpenProducer("p0", linger=20, compression=name)  # type: ignore[arg-type]  # one of the codecs
        sent = 0
        for size in BATCHES if name == "zstd" else BATCHES[:-1]:
            yield from sends(size, start=sent, awaited=False)
            yield ops.Flush("p0")
            sent += size
        yield ops.Send("p0", TOPIC, bytes(range(256)) * 100, b"key-0")
        yield from read("c0", polls=4)

    return steps


def tombstones(replication: int) -> Iterator[Step]:
    """Records without a value, beside empty ones."""
    yield topic(1, replication)
    yield ops.OpenProducer("p0")
    for key in (b"a", b"b", b""):
        for value in (b"p0-%s:" % key, None, b""):
            yield ops.Send("p0", TOPIC, value, key, 0)
    yield from read("c0")


def headers(replication: int) -> Iterator[Step]:
    """Headers of one name, in order, empty and null, one by one and in one batch."""
    yield topic(1, replication)
    for producer, linger in (("p0", 0), ("p1", 20)):
        yield ops.OpenProducer(producer, linger=linger)
        for number, each in enumerate(HEADERS):
            value = b"%s-%d:" % (producer.encode(), number)
            yield ops.Send(producer, TOPIC, value, b"key", 0, headers=each, awaited=not linger)
        yield ops.Flush(producer)
    yield from read("c0")
    yield from read("c1", limit=3, polls=3)


def timestamps(kind: str) -> Callable[[int], Iterator[Step]]:
    """Records with timestamps that go back, and others without, in a topic with one type of them."""

    def steps(replication: int) -> Iterator[Step]:
        yield topic(1, replication, message_timestamp_type=kind, retention_ms="-1")
        yield ops.OpenProducer("p0")
        for number in range(16):
            yield Elapse(10)
            time = None if number % 4 == 3 else (20 - number) * DAY + number
            yield ops.Send("p0", TOPIC, b"p0-%d:" % number, b"key", 0, time)
        yield from read("c0")
        yield from read("c1", limit=2, polls=8)

    return steps


def created_anew(replication: int) -> Iterator[Step]:
    """A topic is deleted, and created anew with fewer partitions; nothing of the old one is in it."""
    yield topic(2, replication)
    yield ops.OpenProducer("p0")
    yield from sends(6)
    yield from read("c0", partitions=2)
    yield ops.Close("c0")
    yield ops.Close("p0")
    yield ops.DeleteTopic(TOPIC)
    yield Elapse(500)
    yield topic(1, replication)
    yield Elapse(1_500)
    yield ops.ListOffsets(TOPIC, 0, "earliest")
    yield ops.ListOffsets(TOPIC, 0, "latest")
    yield ops.OpenProducer("p1")
    yield from sends(3, "p1")
    yield from read("c1")
