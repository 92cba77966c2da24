"""Batches: records that lie in one batch are looked up, read, cut off and committed one by one."""

from collections.abc import Iterator

from brokerlaw.conformance.directed.vocabulary import GROUP, TOPIC, member, topic
from brokerlaw.conformance.plan import Settle, Step
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.values import PartitionOffset

SIZE = 6
"""Records that are sent at once."""
MOMENT = 1_000_000


def _batches(count: int, first: int = 0, timed: bool = False) -> Iterator[Step]:
    """So many batches; `timed`: the times in each go up, and a record is older than the one before."""
    for batch in range(first, first + count):
        for place, later in enumerate((0, 10, 20, 15, 30, 40)):
            number = SIZE * batch + place
            time = MOMENT + 100 * batch + later if timed else None
            yield ops.Send("p0", TOPIC, b"p0-%d:" % number, timestamp=time, awaited=False)
        yield ops.Flush("p0")


def looked_up(replication: int) -> Iterator[Step]:
    """Records in the middle of batches are looked up by their times."""
    yield topic(1, replication, retention_ms="-1")
    yield ops.OpenProducer("p0", linger=100)
    yield from _batches(3, timed=True)
    for batch in range(3):
        for later in (0, 5, 11, 15, 16, 25, 31, 41):
            yield ops.ListOffsets(TOPIC, 0, MOMENT + 100 * batch + later)


def read(replication: int) -> Iterator[Step]:
    """A reader begins, stops, pauses and is cut off in the middle of batches."""
    yield topic(1, replication)
    yield ops.OpenProducer("p0", linger=100)
    yield from _batches(3)
    yield ops.OpenConsumer("c0")
    yield ops.Assign("c0", (PartitionOffset(TOPIC, 0, 2),))
    for offset in (None, 9, 5, 16, 0, 13):
        yield from () if offset is None else (ops.Seek("c0", TOPIC, 0, offset),)
        for _ in range(2):
            yield ops.Poll("c0", max_records=2)
            yield ops.Position("c0", TOPIC, 0)


def cut_off(replication: int) -> Iterator[Step]:
    """Records are deleted up to the middle of a batch."""
    yield topic(1, replication, retention_ms="-1")
    yield ops.OpenProducer("p0", linger=100)
    yield from _batches(3, timed=True)
    for number, before in enumerate((4, 9, 17)):
        reader = f"c{number}"
        yield ops.DeleteRecords(TOPIC, 0, before)
        yield ops.ListOffsets(TOPIC, 0, "earliest")
        yield from (ops.ListOffsets(TOPIC, 0, MOMENT + later) for later in (0, 20, 116, 230))
        yield ops.OpenConsumer(reader)
        yield ops.Assign(reader, (PartitionOffset(TOPIC, 0, before),))
        yield ops.Poll(reader)


def committed(replication: int) -> Iterator[Step]:
    """Members go on from the middle of batches, one after the other."""
    yield topic(1, replication)
    yield ops.OpenProducer("p0", linger=100)
    yield from _batches(3)
    for number, offset in enumerate((4, 9, 15)):
        client = f"c{number}"
        yield from member(client)
        yield Settle(GROUP)
        yield ops.Commit(client, (PartitionOffset(TOPIC, 0, offset),))
        yield ops.Close(client)
    yield from member("last")
    yield Settle(GROUP)
    yield ops.Poll("last")


def of_transactions(replication: int) -> Iterator[Step]:
    """Transactions of several records, committed and aborted in turn, beside one another in one partition."""
    yield topic(1, replication)
    for producer in ("p0", "p1"):
        yield ops.OpenProducer(producer, transactional_id=f"tx-{producer}", linger=100)
    for turn in range(4):
        for producer in ("p0", "p1"):
            yield ops.BeginTransaction(producer)
            for number in range(4 * turn, 4 * turn + 4):
                yield ops.Send(producer, TOPIC, b"%s-%d:" % (producer.encode(), number), awaited=False)
            yield ops.Flush(producer)
        yield ops.AbortTransaction("p0") if turn % 2 else ops.CommitTransaction("p0")
        yield ops.CommitTransaction("p1") if turn < 2 else ops.AbortTransaction("p1")
    for isolation in ("read_committed", "read_uncommitted"):
        reader = f"c-{isolation}"
        yield ops.OpenConsumer(reader, isolation=isolation)
        yield ops.Assign(reader, (PartitionOffset(TOPIC, 0, 0),))
        yield from (ops.Poll(reader, max_records=3) for _ in range(6))
        yield ops.Seek(reader, TOPIC, 0, 0)
        yield from (ops.Poll(reader, max_records=20) for _ in range(3))
