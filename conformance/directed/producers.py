"""Producers: two of one transactional id, a commit with records under way, and one that comes too late."""

from collections.abc import Iterator

from brokerlaw.conformance.directed.vocabulary import sends, topic
from brokerlaw.conformance.plan import Elapse, Step
from brokerlaw.spec.history import operations as ops


def taken_over(replication: int) -> Iterator[Step]:
    """Another producer takes over a transactional id; the first goes on, in its transaction and with another."""
    yield topic(2, replication)
    yield ops.OpenProducer("p0", transactional_id="tx")
    yield ops.BeginTransaction("p0")
    yield from sends(2)
    yield ops.OpenProducer("p1", transactional_id="tx")
    yield from sends(2, start=2)
    yield ops.CommitTransaction("p0")
    yield ops.BeginTransaction("p1")
    yield from sends(2, "p1")
    yield ops.CommitTransaction("p1")
    yield ops.BeginTransaction("p0")
    yield from sends(1, start=4)
    yield ops.CommitTransaction("p0")


def under_way(replication: int) -> Iterator[Step]:
    """A commit comes while the records of its transaction wait to be sent."""
    yield topic(2, replication)
    yield ops.OpenProducer("p0", transactional_id="tx", linger=100)
    for start in (0, 4):
        yield ops.BeginTransaction("p0")
        yield from sends(4, start=start, awaited=False)
        yield ops.CommitTransaction("p0")


def too_late(replication: int) -> Iterator[Step]:
    """A transaction is left open for longer than its timeout and all that the coordinator needs to see it."""
    yield topic(1, replication)
    yield ops.OpenProducer("p0", transactional_id="tx", transaction_timeout=2_000)
    yield ops.BeginTransaction("p0")
    yield from sends(1)
    yield Elapse(24_000)
    yield ops.CommitTransaction("p0")
