"""Failover: leaders die, stand still or are cut off while records are on their way."""

from collections.abc import Iterable, Iterator
from typing import Final

from brokerlaw.conformance.directed.vocabulary import GROUP, TOPIC, member, sends, topic
from brokerlaw.conformance.plan import (
    AwaitIsr,
    AwaitLeader,
    DeclareApplication,
    Elapse,
    Heal,
    InjectFault,
    ResumePaused,
    Role,
    RunApplication,
    Settle,
    Step,
)
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.values import PartitionOffset

ROLLING: Final[tuple[Role, ...]] = ("follower", "last-follower", "leader")
"""Whoever plays these roles, one after the other, are all brokers of a partition with three replicas."""


def leader_killed(replication: int) -> Iterator[Step]:
    """The leader dies after each acknowledgement, until every broker has led."""
    yield topic(1, replication)
    yield ops.OpenProducer("p0")
    yield ops.DescribePartition(TOPIC, 0)
    for number in range(2):
        yield from sends(3, start=3 * number)
        yield InjectFault("kill", "leader", TOPIC)
        yield AwaitLeader(TOPIC)
        yield from sends(1, start=3 * number + 100)
        yield Heal()
        yield ops.DescribePartition(TOPIC, 0)


def follower_missed(replication: int) -> Iterator[Step]:
    """One follower after the other stands still, is out of the in-sync set after a while, and comes back."""
    followers: tuple[Role, ...] = ("follower", "last-follower")
    yield topic(1, replication)
    yield ops.OpenProducer("p0")
    for number, role in enumerate(followers):
        yield from sends(2, start=4 * number)
        yield InjectFault("pause", role, TOPIC)
        yield AwaitIsr(TOPIC, 0, replication - 1)
        yield from sends(2, start=4 * number + 2)
        yield Heal()


def rolling_restart(replication: int) -> Iterator[Step]:
    """Every broker of a partition is shut down and started again in turn, the leader last, while records come and go.

    Each time there is time to get back in sync, as an operator would wait for it.
    """
    yield topic(1, replication)
    yield ops.OpenProducer("p0")
    yield DeclareApplication(GROUP, TOPIC, "at-least-once", "sink")
    yield from member("c0")
    yield Settle(GROUP)
    yield ops.DescribePartition(TOPIC, 0)
    for number, role in enumerate(ROLLING):
        yield from sends(2, start=4 * number, awaited=False)
        yield InjectFault("stop", role, TOPIC)
        yield from sends(1, start=4 * number + 2)
        yield RunApplication("c0")
        yield from sends(1, start=4 * number + 3, awaited=False)
        yield Heal()
        yield Elapse(1_000)
        yield ops.DescribePartition(TOPIC, 0)
    yield ops.Flush("p0")


def acked_by_the_leader_alone(replication: int) -> Iterator[Step]:
    """Followers stand still, the leader takes records and dies, the followers wake: acks=1 loses what they lack.

    One record comes before, and has time to reach them all. The fetch that waits when they stop may bring them the
    next one, and what is sent in the same moment; what comes after that is the leader's alone.
    """
    yield topic(1, replication)
    yield ops.OpenProducer("p0", idempotent=False)
    yield from sends(1)
    yield Elapse(1_000)
    yield InjectFault("pause", "followers", TOPIC)
    for number in (1, 2):
        yield from sends(1, start=number, awaited=False)
        yield Elapse(200)
    yield InjectFault("kill", "leader", TOPIC)
    yield ResumePaused()
    yield AwaitLeader(TOPIC)
    yield from sends(1, start=3)


def read_of_the_leader_alone(replication: int) -> Iterator[Step]:
    """A reader asks for what the leader alone has, which then dies: it was given nothing that is gone now."""
    yield topic(1, replication)
    yield ops.OpenProducer("p0", acks="1", idempotent=False)
    yield ops.OpenConsumer("c0")
    yield ops.Assign("c0", (PartitionOffset(TOPIC, 0, 0),))
    yield from sends(1)
    yield Elapse(1_000)
    yield InjectFault("pause", "followers", TOPIC)
    for number in range(1, 4):
        yield from sends(1, start=number, awaited=False)
        yield Elapse(200)
        yield ops.Poll("c0", timeout=100)
    yield InjectFault("kill", "leader", TOPIC)
    yield ResumePaused()
    yield AwaitLeader(TOPIC)
    yield ops.OpenProducer("p1", idempotent=False)
    yield from sends(3, "p1")
    yield ops.Poll("c0")


def leader_overtaken(replication: int) -> Iterator[Step]:
    """A producer is late to learn of a new leader: one record is refused, the next is sent before the retry."""
    yield topic(1, replication)
    yield ops.OpenProducer("p0")
    yield InjectFault("kill", "leader", TOPIC)
    yield AwaitLeader(TOPIC)
    yield Heal()
    yield Elapse(1_000)
    yield from sends(1)
    yield ops.ElectLeader(TOPIC, 0)
    yield from sends(1, start=1, awaited=False)
    yield Elapse(10)
    yield from sends(1, start=2, awaited=False)
    yield ops.Flush("p0")


def elected_behind(replication: int) -> Iterator[Step]:
    """The first replica is out of sync when it is asked to lead again: it has missed what was acknowledged since."""
    yield topic(1, replication)
    yield ops.OpenProducer("p0", idempotent=False)
    yield from sends(1)
    for number in range(2):
        yield InjectFault("isolate" if number else "pause", "leader", TOPIC)
        yield AwaitLeader(TOPIC)
        yield from sends(2, start=3 * number + 1)
        yield ops.ElectLeader(TOPIC, 0)
        yield ops.DescribePartition(TOPIC, 0)
        yield Heal()
        yield from sends(1, start=3 * number + 3)
        yield Elapse(1_500)
        yield ops.ElectLeader(TOPIC, 0)


def led_in_vain(replication: int) -> Iterator[Step]:
    """A broker leads for a while and takes no record; the one before leads again, and it has to follow once more."""
    yield topic(1, replication)
    yield ops.OpenProducer("p0")
    yield from sends(2)
    for _ in range(2):
        yield InjectFault("kill", "leader", TOPIC)
        yield AwaitLeader(TOPIC)
        yield Heal()
        yield Elapse(1_000)
    yield from sends(2, start=2)


def double_failover(replication: int) -> Iterator[Step]:
    """The leader dies, and the one that is to follow it stands still: the third leads once the second is missed."""
    yield topic(1, replication)
    yield ops.OpenProducer("p0", idempotent=False)
    yield from sends(2)
    yield InjectFault("kill", "leader", TOPIC)
    yield InjectFault("pause", "follower", TOPIC)
    yield Elapse(1_500)
    yield AwaitLeader(TOPIC)
    yield from sends(1, start=2)
    yield Heal()


def deposed_leader(replication: int) -> Iterator[Step]:
    """A leader that is cut off takes records in an epoch that no one else has seen, comes back, and leads again."""
    yield topic(1, replication)
    yield ops.OpenProducer("p0", idempotent=False)
    yield InjectFault("isolate", "leader", TOPIC)
    yield from sends(2, awaited=False)
    yield Elapse(100)
    yield ops.Crash("p0")
    yield Elapse(1_500)
    yield AwaitLeader(TOPIC)
    yield ops.OpenProducer("p1", idempotent=False)
    yield from sends(3, "p1")
    yield Heal()
    yield Elapse(1_500)
    yield ops.ElectLeader(TOPIC, 0)
    yield from sends(1, "p1", start=3)


def last_in_sync_replica(replication: int) -> Iterator[Step]:
    """Followers fall out of the in-sync set, the leader acknowledges alone and dies: an unclean election loses it."""
    yield topic(1, replication, min_insync_replicas="1")
    yield ops.OpenProducer("p0", idempotent=False)
    yield from sends(1)
    yield InjectFault("pause", "followers", TOPIC)
    yield AwaitIsr(TOPIC, 0, 1)
    yield from sends(2, start=1)
    yield InjectFault("kill", "leader", TOPIC)
    yield ResumePaused()
    yield AwaitLeader(TOPIC)
    yield from sends(1, start=3)


def joined_early(replication: int) -> Iterator[Step]:
    """A replica comes back to a leader that was elected just now, and that dies before the replica has everything.

    That is a matter of a moment: several partitions with the same brokers in the same roles have a chance each.
    """
    alike = range(0, 5 * replication, replication)
    yield topic(alike[-1] + 1, replication)
    yield ops.OpenProducer("p0", idempotent=False)
    yield from _to_each(alike, 0)
    yield InjectFault("stop", "leader", TOPIC)
    yield Heal()
    yield Elapse(1_000)
    yield InjectFault("pause", "last-follower", TOPIC)
    yield AwaitIsr(TOPIC, 0, 2)
    yield from _to_each(alike, 1)
    yield InjectFault("isolate", "leader", TOPIC)
    yield from (ops.ElectLeader(TOPIC, partition) for partition in alike)
    yield ResumePaused()
    yield Elapse(3)
    yield InjectFault("stop", "leader", TOPIC)
    yield Elapse(1_500)
    yield Heal()


def _to_each(partitions: Iterable[int], number: int) -> Iterator[Step]:
    for each in partitions:
        yield ops.Send("p0", TOPIC, b"p0-%d-%d:" % (number, each), b"key-%d" % each, each)


def end_told(replication: int) -> Iterator[Step]:
    """The end is asked for just after an election, while the new leader waits for a replica that stands still."""
    yield topic(1, replication)
    yield ops.OpenProducer("p0")
    for number in range(2):
        yield from sends(1, start=number)
        yield Elapse(50)
    yield ops.ListOffsets(TOPIC, 0)
    yield InjectFault("pause", "last-follower", TOPIC)
    yield InjectFault("stop", "leader", TOPIC)
    yield from (ops.ListOffsets(TOPIC, 0) for _ in range(3))
    yield Heal()
    yield ops.ListOffsets(TOPIC, 0)


def min_isr_lost(replication: int) -> Iterator[Step]:
    """A record is on its way when the followers stand still: that they are taken out of the in-sync set is no help."""
    yield topic(1, max(2, replication), min_insync_replicas="2")
    yield ops.OpenProducer("p0", idempotent=False)
    yield from sends(1)
    yield Elapse(1_000)
    yield InjectFault("pause", "followers", TOPIC)
    yield ops.DescribePartition(TOPIC, 0)
    yield Elapse(500)
    yield from sends(1, start=1, awaited=False)
    yield AwaitIsr(TOPIC, 0, 1)
    yield Elapse(200)
    yield ops.DescribePartition(TOPIC, 0)
    yield Heal()


def min_isr(replication: int) -> Iterator[Step]:
    """Fewer in sync than min.insync.replicas: the leader refuses, and takes records again when the others are back."""
    yield topic(1, max(2, replication), min_insync_replicas="2")
    yield ops.OpenProducer("p0", idempotent=False)
    yield from sends(1)
    yield InjectFault("pause", "followers", TOPIC)
    yield AwaitIsr(TOPIC, 0, 1)
    yield ops.DescribePartition(TOPIC, 0)
    yield from sends(1, start=1)
    yield ops.DescribePartition(TOPIC, 0)
    yield Heal()
    yield from sends(1, start=2)
