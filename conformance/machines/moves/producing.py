"""Producers: opened with every setting, sending records of every kind, flushed, closed, gone."""

from typing import Final, Literal

from brokerlaw.conformance.machines.choices import Choices
from brokerlaw.conformance.machines.moves.move import Steps, move
from brokerlaw.conformance.machines.scene import Scene
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.values import RecordHeader

KEYS: Final = (None, b"a", b"b", b"c", b"d", b"", b"\xff\x00", "ключ".encode())
BODIES: Final = (b"", b"x", b"\x00\xff\xfe", "ключ".encode(), b"y" * 2_000)
"""What follows the unique part of a value: nothing, text, bytes that are no text, enough to matter to batching."""
LARGE: Final = b"z" * 60_000
MOMENT: Final = 1_700_000_000_000
"""A day of 2023, in milliseconds: given timestamps lie around it, and far before it."""
COMPRESSIONS: Final[tuple[Literal["gzip", "snappy", "lz4", "zstd"], ...]] = ("gzip", "snappy", "lz4", "zstd")
PRODUCERS: Final = 4


def record(s: Scene, c: Choices, client: str, awaited: bool, topic: str | None = None) -> ops.Send:
    """A record that can be told from all others: by its value, or without one by its key or a header."""
    name = topic or c.of(s.topics())
    mark = f"{client}-{s.model.sends}:".encode()
    value: bytes | None = mark + (LARGE if c.chance(60) else c.one(*BODIES))
    key, headers = c.one(*KEYS), _headers(s, c)
    if s.mixes("tombstones") and s.takes_tombstones(name) and c.chance(4):
        value = None
        if s.mixes("headers"):
            headers = (*headers, RecordHeader("mark", mark))
        else:
            key = mark
    partition = s.partition(c, name).partition if c.chance(3) else None
    return ops.Send(client, name, value, key, partition, _timestamp(s, c), headers, awaited)


def _headers(s: Scene, c: Choices) -> tuple[RecordHeader, ...]:
    """None, one, or several, two of one name among them."""
    if not s.mixes("headers") or c.chance():
        return ()
    values = (b"", b"1", b"\x00\xff", None, b"h" * 300)
    return tuple(RecordHeader(c.one("trace", "trace", "", "имя"), c.one(*values)) for _ in range(c.number(1, 3)))


def _timestamp(s: Scene, c: Choices) -> int | None:
    """Not given, in order, all alike, or long ago."""
    if not s.mixes("timestamps") or c.chance():
        return None
    return c.one(MOMENT + 1_000 * s.model.sends, MOMENT - 1_000 * s.model.sends, MOMENT, 1_000, 0)


def opening(s: Scene, c: Choices, transactional: bool) -> ops.OpenProducer:
    """A producer with any settings that go together: idempotence and transactions ask for acks=all."""
    acks: ops.Acks = "all" if transactional else c.mostly("all", "1", "0")
    return ops.OpenProducer(
        s.new_name("p"),
        acks=acks,
        idempotent=transactional or (acks == "all" and s.has("idempotence") and c.chance()),
        transactional_id=f"tx{c.number(0, 2)}" if transactional else None,
        transaction_timeout=c.mostly(10_000, 2_000, 5_000, 60_000),
        partitioner=c.mostly("murmur2", "default"),
        linger=c.mostly(0, 5, 20, 200),
        compression=c.mostly("none", *COMPRESSIONS),
    )


@move("sends", 6)
def send_one(s: Scene, c: Choices) -> Steps:
    """A record, awaited or not."""
    if producers := s.producers():
        yield record(s, c, c.of(producers), awaited=c.chance())


@move("sends", 3)
def send_several(s: Scene, c: Choices) -> Steps:
    """Several in flight at once."""
    if producers := s.producers():
        producer, topic = c.of(producers), c.of(s.topics())
        for _ in range(c.number(2, 6)):
            yield record(s, c, producer, awaited=False, topic=c.mostly(topic, *s.topics()))


@move("sends")
def flush(s: Scene, c: Choices) -> Steps:
    """Wait for what is in flight."""
    if producers := s.model.live(ops.OpenProducer):
        yield ops.Flush(c.of(producers))


@move("producers", 3)
def open_producer(s: Scene, c: Choices) -> Steps:
    """Another producer."""
    if len(s.model.live(ops.OpenProducer)) < PRODUCERS:
        yield opening(s, c, transactional=False)


@move("producers", 1)
def close_producer(s: Scene, c: Choices) -> Steps:
    """A producer ends in good order, with what it has in flight."""
    idle = [name for name in s.producers() if not s.model.clients[name].in_transaction]
    if len(idle) > 1:
        yield ops.Close(c.of(idle))
