"""Reading: readers that seek, pause, ask for few records, are told their positions, and leave their group."""

from collections.abc import Callable, Iterator
from itertools import count, pairwise
from typing import Final

from brokerlaw.conformance.directed.vocabulary import GROUP, OUTPUT, TOPIC, member, sends, topic
from brokerlaw.conformance.plan import Settle, Step
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.values import PartitionOffset, TopicPartition

POLLS: Final = 11
LONG: Final = 3_100
"""Milliseconds of a poll that is to be given a record; so many in vain are more than half a minute."""
POLICIES: Final[tuple[tuple[str, ops.Reset], ...]] = (("c0", "earliest"), ("c1", "latest"), ("c2", "none"))
FAR: Final = 1_000
"""An offset that no log of a schedule reaches."""


def positions(replication: int) -> Iterator[Step]:
    """A reader seeks ahead and back, pauses and resumes, two records at a time, and asks where it stands each time."""
    here, stand = TopicPartition(TOPIC, 0), ops.Position("c0", TOPIC, 0)
    few = ops.Poll("c0", 2)
    yield topic(1, replication)
    yield ops.OpenProducer("p0")
    yield from sends(8)
    yield ops.OpenConsumer("c0")
    yield ops.Assign("c0", (PartitionOffset(TOPIC, 0, 1),))
    yield from (stand, few, stand)
    for offset in (6, 0, 3):
        yield from (ops.Seek("c0", TOPIC, 0, offset), stand, few, stand)
    yield from (ops.Pause("c0", (here,)), few, stand, ops.Resume("c0", (here,)), few, stand)


def leaving(replication: int) -> Iterator[Step]:
    """A member leaves its group and goes on polling; it comes back, and goes on; again and again."""
    yield topic(2, replication)
    yield ops.OpenProducer("p0")
    yield from sends(6)
    yield from member("c0")
    yield Settle(GROUP)
    for number in range(1, 5):
        yield from sends(6, start=6 * number)
        yield from (ops.Unsubscribe("c0"), ops.Poll("c0"), ops.Poll("c0"))
        yield from (ops.Subscribe("c0", (TOPIC,)), Settle(GROUP))
    yield ops.Close("c0")


def _feed(tp: TopicPartition, count: int, feeder: Iterator[int]) -> Iterator[Step]:
    for _, number in zip(range(count), feeder, strict=False):
        yield ops.Send("p0", tp.topic, b"p0-%d:" % number, partition=tp.partition)


def paused(replication: int) -> Iterator[Step]:
    """A reader of two topics pauses some partitions and resumes them; one of them is fed, and read bit by bit."""
    first, second = (tuple(TopicPartition(name, each) for each in range(3)) for name in (TOPIC, OUTPUT))
    feeder = count()
    yield from (topic(3, replication), topic(3, replication, OUTPUT))
    yield from (ops.OpenProducer("p0"), ops.OpenConsumer("c0"))
    yield ops.Assign("c0", tuple(PartitionOffset(*tp, 0) for tp in (*first, *second)))
    turns = ((first, 1), (second[:1], 0), (first[1:], 1), (second, 1), (first[:1], 0), (second[2:], 0))
    for tps, fed in 2 * turns:
        yield ops.Pause("c0", tps)
        yield from _feed(tps[fed], POLLS + 2, feeder)
        yield from (ops.Poll("c0"), ops.Poll("c0"), ops.Resume("c0", tps))
        yield from (ops.Poll("c0", 1, LONG) for _ in range(POLLS))
    for tp in (*first, *second):
        yield ops.Pause("c0", (tp,))
        yield from _feed(tp, 3, feeder)
        yield from (ops.Resume("c0", (tp,)), ops.Pause("c0", (tp,)))
        yield from (ops.Poll("c0") for _ in range(3))
        yield from (ops.Resume("c0", (tp,)), ops.Poll("c0"))


def paused_and_regained(kind: str) -> Callable[[int], Iterator[Step]]:
    """A member pauses all that it has, loses some of it to another, has it back when that leaves, and reads it."""

    def steps(replication: int) -> Iterator[Step]:
        tps, feeder = tuple(TopicPartition(TOPIC, each) for each in range(2)), count()
        yield from (topic(2, replication), ops.OpenProducer("p0"))
        yield from member("c0", kind=kind)
        yield Settle(GROUP)
        yield ops.Pause("c0", tps)
        yield from member("c1", kind=kind)
        yield Settle(GROUP)
        yield ops.Close("c1")
        yield Settle(GROUP)
        for tp in tps:
            yield from _feed(tp, POLLS + 2, feeder)
            yield ops.Seek("c0", *tp, 0)
        yield from (ops.Poll("c0", 1, LONG) for _ in range(POLLS))

    return steps


def moved(replication: int) -> Iterator[Step]:
    """A reader turns from one partition to another, moves about in them, and polls each time."""
    feeder, places = count(), (TopicPartition(TOPIC, 0), TopicPartition(OUTPUT, 0), TopicPartition(TOPIC, 1))
    yield from (topic(2, replication), topic(2, replication, OUTPUT), ops.OpenProducer("p0"), ops.OpenConsumer("c0"))
    for tp in places:
        yield from _feed(tp, 6, feeder)
    for offset in (0, 3, 1):
        for one, other in pairwise(places):
            yield from (ops.Assign("c0", (PartitionOffset(*tp, offset),)) for tp in (one, other))
            yield from (ops.Poll("c0", 1) for _ in range(4))
        yield ops.Assign("c0", tuple(PartitionOffset(*tp, 0) for tp in places))
        for tp in places:
            yield ops.Seek("c0", *tp, offset + 2)
            yield from (ops.Position("c0", *tp), ops.Poll("c0", 1))


def beyond_the_end(replication: int) -> Iterator[Step]:
    """Readers of each policy turn to offsets beyond the end, by assignment and by seeking, and poll."""
    feeder, here = count(), TopicPartition(TOPIC, 0)
    yield from (topic(1, replication), ops.OpenProducer("p0"))
    yield from _feed(here, POLLS + 1, feeder)
    for client, reset in POLICIES:
        yield ops.OpenConsumer(client, reset=reset)
        yield ops.Assign(client, (PartitionOffset(*here, FAR),))
        yield from (ops.Poll(client), ops.Poll(client))
    yield from _feed(here, 3, feeder)
    for client, _ in POLICIES:
        yield from (ops.Poll(client, 1), ops.Position(client, *here))
        yield ops.Seek(client, *here, FAR - 10)
        yield from (ops.Poll(client), ops.Poll(client), ops.Position(client, *here))
    yield from _feed(here, 3, feeder)
    for client, _ in POLICIES:
        yield from (ops.Poll(client), ops.Poll(client))
    yield ops.Seek("c0", *here, FAR)
    yield from (ops.Poll("c0", 1, LONG) for _ in range(POLLS))
    yield ops.ListOffsets(*here)


def below_the_start(replication: int) -> Iterator[Step]:
    """Records are deleted; readers of each policy turn to where they were, and poll."""
    feeder, here = count(), TopicPartition(TOPIC, 0)
    yield from (topic(1, replication), ops.OpenProducer("p0"))
    yield from _feed(here, 8, feeder)
    yield ops.DeleteRecords(*here, 4)
    for client, reset in POLICIES:
        yield ops.OpenConsumer(client, reset=reset)
        yield ops.Assign(client, (PartitionOffset(*here, 1),))
        yield from (ops.Poll(client), ops.Poll(client), ops.Position(client, *here))
    yield from _feed(here, 3, feeder)
    for client, _ in POLICIES:
        yield from (ops.Poll(client), ops.Seek(client, *here, 2), ops.Poll(client), ops.Poll(client))
    yield from _feed(here, 3, feeder)
    for client, _ in POLICIES:
        yield from (ops.Poll(client), ops.Poll(client))
