"""Refusals: what cannot be done is asked for all the same."""

from collections.abc import Iterator

from brokerlaw.conformance.directed.vocabulary import GROUP, OUTPUT, TOPIC, member, sends, topic
from brokerlaw.conformance.machines.moves.administering import IMPOSSIBLE
from brokerlaw.conformance.plan import Attempt, Settle, Step
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.values import PartitionOffset, TopicPartition


def topics(replication: int) -> Iterator[Step]:
    """A topic is created again, in other ways; what is no topic, partition or offset is asked for."""
    yield topic(2, replication)
    yield ops.OpenProducer("p0")
    yield from sends(3)
    for partitions in (2, 1, 3):
        yield Attempt(ops.CreateTopic(TOPIC, partitions, replication))
    for name, value in IMPOSSIBLE * 3:
        yield Attempt(ops.CreateTopic(OUTPUT, 1, replication, {name: value}))
    yield Attempt(ops.DeleteTopic("nowhere"))
    yield Attempt(ops.ListOffsets(TOPIC, 2))
    yield Attempt(ops.Send("p0", TOPIC, b"p0-nowhere:", partition=2))
    yield from sends(3, start=3)


def expansions(replication: int) -> Iterator[Step]:
    """Partitions become no more, and settings get no values that there are not."""
    yield topic(2, replication)
    yield ops.OpenProducer("p0")
    yield ops.CreatePartitions(TOPIC, 3)
    for total in (3, 2):
        yield Attempt(ops.CreatePartitions(TOPIC, total))
    for name, value in IMPOSSIBLE * 3:
        yield Attempt(ops.AlterTopic(TOPIC, {name: value}))
    yield from sends(3)


def transactions(replication: int) -> Iterator[Step]:
    """A transaction in another, and what is done outside of any."""
    yield topic(1, replication)
    yield ops.OpenProducer("p0", transactional_id="tx")
    yield from member("c0")
    yield Settle(GROUP)
    outside = (
        ops.Send("p0", TOPIC, b"p0-outside:"),
        ops.SendOffsets("p0", "c0", (PartitionOffset(TOPIC, 0, 1),)),
        ops.CommitTransaction("p0"),
        ops.AbortTransaction("p0"),
    )
    ends: tuple[Step, ...] = (ops.CommitTransaction("p0"), ops.AbortTransaction("p0"))
    for number, end in enumerate(3 * ends):
        yield from (Attempt(each) for each in outside)
        yield ops.BeginTransaction("p0")
        yield from sends(1, start=2 * number)
        yield Attempt(ops.BeginTransaction("p0"))
        yield from sends(1, start=2 * number + 1)
        yield end
    yield from (Attempt(each) for each in outside)


def groupless(replication: int) -> Iterator[Step]:
    """A consumer without a group subscribes and commits."""
    yield topic(1, replication)
    yield ops.OpenProducer("p0")
    yield from sends(2)
    yield ops.OpenConsumer("c0")
    yield ops.Assign("c0", (PartitionOffset(TOPIC, 0, 0),))
    yield ops.Poll("c0")
    yield Attempt(ops.Commit("c0", (PartitionOffset(TOPIC, 0, 1),)))
    yield ops.OpenConsumer("c1")
    for _ in range(3):
        yield Attempt(ops.Subscribe("c1", (TOPIC,)))
        yield Attempt(ops.Committed("c0", TOPIC, 0))


def unassigned(replication: int) -> Iterator[Step]:
    """A consumer turns to what was never assigned to it: a reader, and one that has nothing yet."""
    here = TopicPartition(TOPIC, 1)
    yield topic(2, replication)
    yield ops.OpenProducer("p0")
    yield from sends(4)
    yield from (ops.OpenConsumer("c0"), ops.Assign("c0", (PartitionOffset(TOPIC, 0, 0),)), ops.OpenConsumer("c1"))
    for client in ("c0", "c1") * 4:
        for step in (
            ops.Seek(client, *here, 1),
            ops.Position(client, *here),
            ops.Pause(client, (here,)),
            ops.Resume(client, (here,)),
        ):
            yield Attempt(step)
        yield ops.Poll("c0")


def assigned_by_hand(replication: int) -> Iterator[Step]:
    """A member of a group assigns to itself what its group has given it: most clients refuse that, some do it."""
    yield topic(1, replication)
    yield ops.OpenProducer("p0")
    yield from sends(8)
    yield from member("c0")
    yield Settle(GROUP)
    for number in range(6):
        yield from sends(2, start=8 + 2 * number)
        yield Attempt(ops.Assign("c0", (PartitionOffset(TOPIC, 0, number),)))
        yield from (ops.Poll("c0"), ops.Poll("c0"))


def deletions(replication: int) -> Iterator[Step]:
    """Records are deleted beyond the end, of one partition and another, and of one that is not there."""
    yield topic(2, replication)
    yield ops.OpenProducer("p0")
    for number in range(4):
        yield ops.Send("p0", TOPIC, b"p0-%d:" % number, partition=number % 2)
    for before in (3, 1_000):
        for partition in range(3):
            yield Attempt(ops.DeleteRecords(TOPIC, partition, before))
        yield from (ops.ListOffsets(TOPIC, partition) for partition in range(2))
    yield Attempt(ops.DeleteRecords(TOPIC, 2, -1))


def deletions_compacted(replication: int) -> Iterator[Step]:
    """Records are deleted of a topic that is compacted."""
    yield topic(1, replication, cleanup_policy="compact")
    yield ops.OpenProducer("p0")
    yield from sends(3)
    for before in (1, 2, -1):
        yield Attempt(ops.DeleteRecords(TOPIC, 0, before))
    yield ops.ListOffsets(TOPIC, 0, "earliest")


def commits(replication: int) -> Iterator[Step]:
    """A group commits for a partition that is not there, and for one that is there."""
    yield topic(2, replication)
    yield ops.OpenProducer("p0")
    yield from sends(6)
    yield from member("c0")
    yield Settle(GROUP)
    for offset in (1, 2):
        for partition in (2, 5):
            yield Attempt(ops.Commit("c0", (PartitionOffset(TOPIC, partition, offset),)))
        yield ops.Commit("c0", (PartitionOffset(TOPIC, 0, offset),))


def groups_set(replication: int) -> Iterator[Step]:
    """An administrator sets a group's offset for a partition that is not there, and for one that is there."""
    yield topic(2, replication)
    for offset in (0, 1):
        for partition in (2, 5):
            yield Attempt(ops.ResetOffsets(GROUP, (PartitionOffset(TOPIC, partition, offset),)))
        yield ops.ResetOffsets(GROUP, (PartitionOffset(TOPIC, 1, offset),))


def consumers(replication: int) -> Iterator[Step]:
    """Consumers are opened with times between polls that there are, and others that there cannot be."""
    yield topic(1, replication)
    for number, most in enumerate(6 * ("600000", "0", "2147483648")):
        yield ops.OpenConsumer(f"c{number}", settings={"max.poll.interval.ms": most})
