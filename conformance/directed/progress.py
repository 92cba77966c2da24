"""Progress: leaders that acknowledge alone, partitions without a leader, transactions that nobody ends."""

from collections.abc import Iterator

from brokerlaw.conformance.directed.vocabulary import TOPIC, sends, topic
from brokerlaw.conformance.plan import AwaitLeader, Elapse, Heal, InjectFault, Step
from brokerlaw.spec.history import operations as ops


def acked_alone(replication: int) -> Iterator[Step]:
    """The leader alone acknowledges, and its followers fetch: what it said becomes visible."""
    yield topic(1, replication)
    yield ops.DescribePartition(TOPIC, 0)
    yield ops.OpenProducer("p0", acks="1", idempotent=False)
    yield from sends(3)
    yield Elapse(1_000)
    yield ops.ListOffsets(TOPIC, 0)
    yield ops.DescribePartition(TOPIC, 0)


def all_killed(replication: int) -> Iterator[Step]:
    """All brokers of a partition die one after the other, and come back: it has a leader again, and all in sync."""
    yield topic(1, replication)
    yield ops.OpenProducer("p0", linger=50)
    yield from sends(3, awaited=False)
    yield ops.Flush("p0")
    for _ in range(replication):
        yield InjectFault("kill", "leader", TOPIC)
        yield AwaitLeader(TOPIC)
    yield Heal()
    yield AwaitLeader(TOPIC)
    yield from sends(1, start=3)


def marker_delayed(replication: int) -> Iterator[Step]:
    """A transaction is ended while one of its partitions has no leader: its marker comes when there is one again."""
    yield topic(1, replication)
    yield ops.OpenProducer("p0", transactional_id="tx")
    yield ops.BeginTransaction("p0")
    yield from sends(2)
    yield InjectFault("pause", "leader", TOPIC)
    yield ops.CommitTransaction("p0")
    yield AwaitLeader(TOPIC)
    yield Heal()
