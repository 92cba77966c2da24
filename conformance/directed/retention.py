"""Retention and compaction: what is old goes, what is not stays; of each key the last record stays."""

from collections.abc import Iterator
from typing import Final

from brokerlaw.conformance.directed.records import HEADERS, read
from brokerlaw.conformance.directed.vocabulary import OUTPUT, TOPIC, sends, topic
from brokerlaw.conformance.plan import AwaitCompacted, AwaitEarliest, AwaitLeader, Elapse, Heal, InjectFault, Step
from brokerlaw.spec.history import operations as ops

LEARNED: Final = 11_000
"""Milliseconds in which all brokers have learned of a change."""
COMPACT: Final = {
    "cleanup_policy": "compact",
    "segment_ms": "100",
    "min_cleanable_dirty_ratio": "0",
    "delete_retention_ms": "1500",
}
"""Compact often, and all but what was written last."""


def expired(replication: int) -> Iterator[Step]:
    """Some records grow old before others are sent; an administrator asks for less and for more to be kept."""
    yield topic(1, replication, retention_ms="60000")
    yield ops.OpenProducer("p0")
    yield from sends(4)
    yield from read("c0")
    yield ops.AlterTopic(TOPIC, {"retention.ms": "2000"})
    yield Elapse(3_000)
    yield from sends(4, start=4)
    yield ops.ListOffsets(TOPIC, 0, "earliest")
    yield from read("c1")
    yield ops.AlterTopic(TOPIC, {"retention.ms": "-1"})
    yield Elapse(LEARNED)
    for number in range(2):
        yield from sends(2, start=8 + 2 * number)
        yield Elapse(3_000)
        yield ops.ListOffsets(TOPIC, 0, "earliest")
        yield ops.AlterTopic(TOPIC, {"retention.ms": f"{60_000 + number}"})


def expired_in_part(replication: int) -> Iterator[Step]:
    """In one segment old records stand beside younger ones: sent earlier, or in a batch where others say that they are.

    Each batch has a record without a timestamp, and so the segment is not rolled; what comes behind it is old again.
    """
    yield topic(2, replication, retention_ms="6000")
    yield ops.OpenProducer("p0", linger=20)
    yield Elapse(7_000)
    yield ops.Send("p0", TOPIC, b"p0-0:", b"key-0", 0)
    yield from _in_one_batch(1, (1, None, 1))
    yield Elapse(1_500)
    yield ops.ListOffsets(TOPIC, 1, "earliest")
    yield ops.Send("p0", TOPIC, b"p0-4:", b"key-1", 1, 1)
    yield Elapse(1_500)
    yield ops.ListOffsets(TOPIC, 1, "earliest")
    yield ops.Send("p0", TOPIC, b"p0-5:", b"key-0", 0)
    yield Elapse(4_500)
    yield ops.ListOffsets(TOPIC, 0, "earliest")


def _in_one_batch(start: int, timestamps: tuple[int | None, ...]) -> Iterator[Step]:
    for number, timestamp in enumerate(timestamps, start):
        yield ops.Send("p0", TOPIC, b"p0-%d:" % number, b"key-1", 1, timestamp, awaited=False)
    yield ops.Flush("p0")


def expired_whole(replication: int) -> Iterator[Step]:
    """Some records grow old in a segment that is closed, and go."""
    yield topic(1, replication, retention_ms="2000", segment_ms="500")
    yield ops.OpenProducer("p0")
    yield from sends(3)
    yield Elapse(1_000)
    yield from sends(1, start=3)
    yield Elapse(2_100)
    yield AwaitEarliest(TOPIC, 0, 3)


def expired_in_turn(replication: int) -> Iterator[Step]:
    """The segments of a log grow old one after the other."""
    yield topic(1, replication, retention_ms="6000", segment_ms="100")
    yield ops.OpenProducer("p0")
    for number in range(3):
        yield from sends(1, start=number)
        yield Elapse(3_500)
        yield ops.ListOffsets(TOPIC, 0, "earliest")


def expired_and_failed_over(replication: int) -> Iterator[Step]:
    """A follower expires its own copy; when it leads, what is young in it is still there."""
    yield topic(1, replication, retention_ms="8000", segment_ms="5000")
    yield ops.OpenProducer("p0")
    yield from sends(1)
    yield Elapse(4_000)
    yield from sends(1, start=1)
    yield Elapse(1_500)
    yield from sends(1, start=2)
    yield Elapse(4_000)
    yield InjectFault("kill", "leader", TOPIC)
    yield AwaitLeader(TOPIC)
    yield ops.ListOffsets(TOPIC, 0, "earliest")


def expired_by_append_time(replication: int) -> Iterator[Step]:
    """What clients say of the time of their records does not make them old where the broker says it."""
    yield topic(1, replication, message_timestamp_type="LogAppendTime", retention_ms="6000")
    yield ops.OpenProducer("p0")
    yield Elapse(7_000)
    for number in range(2):
        yield ops.Send("p0", TOPIC, b"p0-%d:" % number, b"key-0", timestamp=1)
    yield Elapse(3_000)
    yield ops.ListOffsets(TOPIC, 0, "earliest")


def expired_unreplicated(replication: int) -> Iterator[Step]:
    """Records are old when they are sent, and some of them wait for followers that stand still."""
    yield topic(1, max(2, replication), retention_ms="1000", min_insync_replicas="2")
    yield ops.OpenProducer("p0", idempotent=False)
    yield Elapse(2_000)
    yield ops.Send("p0", TOPIC, b"p0-0:", b"key-0", timestamp=1)
    yield InjectFault("pause", "followers", TOPIC)
    yield Elapse(500)
    for number in (1, 2):
        yield ops.Send("p0", TOPIC, b"p0-%d:" % number, b"key-0", timestamp=1, awaited=False)
    for _ in range(3):
        yield Elapse(1_000)
        yield from (ops.ListOffsets(TOPIC, 0, "earliest"), ops.ListOffsets(TOPIC, 0, "latest"))
    yield Heal()


def outgrown(replication: int) -> Iterator[Step]:
    """A log that may have so many bytes has more."""
    yield topic(1, replication, retention_bytes="20000", segment_ms="100")
    yield ops.OpenProducer("p0")
    for number in range(12):
        yield ops.Send("p0", TOPIC, (b"p0-%d:" % number).ljust(5_000, b"x"), b"key-0")
        if number % 2:
            yield Elapse(500)
            yield ops.ListOffsets(TOPIC, 0, "earliest")
    yield AwaitEarliest(TOPIC, 0, 8)
    yield from read("c0")


def compacted(replication: int) -> Iterator[Step]:
    """Keys are written again and again, deleted, and written again."""
    yield topic(1, replication, **COMPACT)
    yield ops.OpenProducer("p0")
    yield from sends(9)
    yield from read("c0")
    for number, key in enumerate((b"key-0", b"key-1", b"key-2")):
        yield Elapse(500)
        yield ops.Send("p0", TOPIC, None, key)
        yield ops.Send("p0", TOPIC, b"p0-only-%d:" % number, b"only-%d" % number)
    yield from sends(1, start=9)
    yield Elapse(500)
    yield ops.Send("p0", TOPIC, b"p0-last:", b"last")
    yield Elapse(1_000)
    yield from read("c1")
    yield Elapse(3_000)
    yield from read("c2")


def compacted_tombstones(replication: int) -> Iterator[Step]:
    """Of some keys the last value is null, or empty; time passes, and less than tombstones are kept for."""
    yield topic(1, replication, **COMPACT | {"delete_retention_ms": "8000"})
    yield ops.OpenProducer("p0", linger=20)
    yield from _of_each_key(*(b"p0-%d-old:" % number for number in range(5)))
    yield Elapse(500)
    yield from _of_each_key(*(b"p0-%d-new:" % number for number in range(5)))
    yield Elapse(500)
    yield from _of_each_key(None, b"", None, b"p0-newest:")
    for number, wait in enumerate((500, 500, 3_000, 500)):
        yield Elapse(wait)
        yield ops.Send("p0", TOPIC, b"p0-behind-%d:" % number, b"behind-%d" % number)
    yield Elapse(1_500)


def compacted_and_failed_over(replication: int) -> Iterator[Step]:
    """The same, and then it is a follower that leads: it has compacted its own copy."""
    yield from compacted_tombstones(replication)
    yield InjectFault("kill", "leader", TOPIC)
    yield AwaitLeader(TOPIC)


def _of_each_key(*values: bytes | None) -> Iterator[Step]:
    """In one batch, a value for each of the first keys."""
    for key, value in zip((b"a", b"b", b"", b"c", b"d"), values, strict=False):
        yield ops.Send("p0", TOPIC, value, key, 0, awaited=False)
    yield ops.Flush("p0")


def compacted_again(replication: int) -> Iterator[Step]:
    """Values are compacted; then they are deleted, and compacted again until their tombstones have had their time."""
    yield topic(1, replication, **COMPACT)
    yield ops.OpenProducer("p0")
    yield from sends(2)
    yield from _behind(0)
    for key in (b"key-0", b"key-1"):
        yield ops.Send("p0", TOPIC, None, key)
    yield from _behind(2)
    yield Elapse(2_000)
    yield from _behind(4)


def _behind(start: int) -> Iterator[Step]:
    """Records that close the segment of those before them, and time in which that is compacted."""
    for number in (start, start + 1):
        yield Elapse(500)
        yield ops.Send("p0", TOPIC, b"p0-behind-%d:" % number, b"behind-%d" % number)
    yield Elapse(1_500)


def compacted_away(replication: int) -> Iterator[Step]:
    """Values are written over, in closed segments, and are gone after a while."""
    yield topic(1, replication, **COMPACT)
    yield ops.OpenProducer("p0")
    yield from _of_each_key(b"p0-0:", b"p0-1:")
    yield from _of_each_key(b"p0-2:", b"p0-3:")
    yield from _behind(0)
    yield AwaitCompacted(TOPIC, 0, 0)
    yield AwaitCompacted(TOPIC, 0, 1)


def compacted_young(replication: int) -> Iterator[Step]:
    """Values are written over, in closed segments, and all of them are too young to be compacted."""
    yield topic(1, replication, **COMPACT | {"min_compaction_lag_ms": "600000"})
    yield ops.OpenProducer("p0")
    for number in range(3):
        yield from _of_each_key(*(b"p0-%d-%d:" % (number, key) for key in range(3)), None)
        yield from _behind(2 * number)


def compacted_whole(replication: int) -> Iterator[Step]:
    """What compaction leaves of a batch is as it was sent: offset, headers, timestamp, and an empty key or value."""
    yield topic(1, replication, **COMPACT)
    yield ops.OpenProducer("p0", linger=20)
    for turn in range(2):
        for number, key in enumerate((b"a", b"b", b"", b"c")[turn:]):
            value = b"p0-%d-%d:" % (turn, number) if number else b""
            yield ops.Send("p0", TOPIC, value, key, 0, 1_000 + number, HEADERS[number], awaited=False)
        yield ops.Flush("p0")
        yield Elapse(500)
    for number in range(2):
        yield ops.Send("p0", TOPIC, b"p0-behind-%d:" % number, b"behind-%d" % number)
        yield Elapse(500)
    yield Elapse(1_500)


def compacted_keyless(replication: int) -> Iterator[Step]:
    """Some records have no key, or an empty one, in a topic that compacts and in one that does not."""
    yield topic(1, replication, **COMPACT)
    yield topic(1, replication, OUTPUT)
    yield ops.OpenProducer("p0", idempotent=False)
    for name in (TOPIC, OUTPUT):
        for number, key in enumerate((b"", None, b"k", None)):
            yield ops.Send("p0", name, b"p0-%s-%d:" % (name.encode(), number), key)


def compacted_producers(replication: int) -> Iterator[Step]:
    """All records of a producer are superseded by another's, and then it goes on."""
    yield topic(1, replication, **COMPACT)
    yield ops.OpenProducer("p0")
    yield ops.OpenProducer("p1")
    yield from sends(3, "p1")
    for number in range(3):
        yield from sends(3, start=3 * number)
        yield Elapse(1_200)
    yield from sends(3, "p1", start=3)
    yield from read("c0")


def compacted_transactions(replication: int) -> Iterator[Step]:
    """What is committed supersedes, what is aborted does not, and neither is taken for the other once cleaned."""
    yield topic(1, replication, **COMPACT)
    yield ops.OpenProducer("p0")
    yield ops.OpenProducer("t0", transactional_id="t")
    yield from sends(3)
    for number in range(3):
        yield ops.BeginTransaction("t0")
        yield from sends(3, "t0", start=3 * number)
        yield ops.AbortTransaction("t0") if number else ops.CommitTransaction("t0")
        yield Elapse(1_500)
    yield from sends(1, start=3)
    yield ops.OpenConsumer("c0", isolation="read_committed")
    yield from tuple(read("c0"))[1:]


def compacted_beside_a_transaction(replication: int) -> Iterator[Step]:
    """A transaction that stays open has written all keys while the log is compacted; in the end it is aborted."""
    yield topic(1, replication, **COMPACT)
    yield ops.OpenProducer("p0")
    yield ops.OpenProducer("t0", transactional_id="t", transaction_timeout=60_000)
    yield from sends(3)
    yield Elapse(500)
    yield ops.BeginTransaction("t0")
    yield from sends(3, "t0")
    for number in range(3):
        yield Elapse(500)
        yield ops.Send("p0", TOPIC, b"p0-other-%d:" % number, b"other-%d" % number)
    yield Elapse(2_000)
    yield ops.AbortTransaction("t0")
    for number in range(3, 5):
        yield ops.Send("p0", TOPIC, b"p0-other-%d:" % number, b"other-%d" % number)
        yield Elapse(1_500)
    yield ops.OpenConsumer("c0", isolation="read_committed")
    yield from tuple(read("c0"))[1:]
