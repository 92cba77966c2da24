"""Restarts: a broker that alone has a topic ends and begins again, and knows from its disk what it knew before."""

from collections.abc import Callable, Iterator

from brokerlaw.conformance.directed.vocabulary import GROUP, TOPIC, member, sends, topic
from brokerlaw.conformance.plan import AwaitLeader, Heal, InjectFault, Settle, Step
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.operations import FaultKind
from brokerlaw.spec.history.values import PartitionOffset


def transactions(fault: FaultKind) -> Callable[[int], Iterator[Step]]:
    """Transactions were committed and aborted, and one is open."""

    def steps(replication: int) -> Iterator[Step]:
        yield topic(1, 1)
        yield ops.OpenProducer("p0")
        yield ops.OpenProducer("p1", transactional_id="tx", transaction_timeout=60_000)
        for number in range(3):
            yield from sends(1, start=number)
            for end in (ops.AbortTransaction("p1"), ops.CommitTransaction("p1")):
                yield ops.BeginTransaction("p1")
                yield from sends(2, "p1", start=10 * number + 2 * isinstance(end, ops.CommitTransaction))
                yield from _restart(fault) if number == 1 else ()
                yield end
            yield from _restart(fault) if number != 1 else ()
            yield from _read(f"c{number}")

    return steps


def producers(fault: FaultKind) -> Callable[[int], Iterator[Step]]:
    """Producers had sent, and members had committed, when it ended; they go on."""

    def steps(replication: int) -> Iterator[Step]:
        yield topic(1, 1)
        yield ops.OpenProducer("p0")
        yield from member("c0")
        yield Settle(GROUP)
        for number in range(3):
            yield from sends(3, start=5 * number)
            yield ops.Commit("c0", (PartitionOffset(TOPIC, 0, 2 + 5 * number),))
            yield from sends(2, start=5 * number + 3, awaited=False)
            yield from _restart(fault)
            yield ops.Committed("c0", TOPIC, 0)
            yield ops.ListOffsets(TOPIC, 0)
        yield from sends(2, start=15)

    return steps


def deletions(replication: int) -> Iterator[Step]:
    """Records were deleted, one here and one there of a batch; it ends in good order, and they stay deleted."""
    yield topic(1, 1)
    yield ops.OpenProducer("p0", linger=20)
    for number in range(2):
        yield from sends(4, start=4 * number, awaited=False)
        yield ops.Flush("p0")
        yield ops.DeleteRecords(TOPIC, 0, 2 + 3 * number)
        yield ops.ListOffsets(TOPIC, 0, "earliest")
        yield from _restart("stop")
        yield ops.ListOffsets(TOPIC, 0, "earliest")
        yield from _read(f"c{number}")


def _restart(fault: FaultKind) -> Iterator[Step]:
    yield InjectFault(fault, "leader", TOPIC)
    yield Heal()
    yield AwaitLeader(TOPIC)


def _read(prefix: str) -> Iterator[Step]:
    """From the beginning, at both levels."""
    levels: tuple[ops.Isolation, ...] = ("read_committed", "read_uncommitted")
    for isolation in levels:
        reader = f"{prefix}-{isolation}"
        yield ops.OpenConsumer(reader, isolation=isolation)
        yield ops.Assign(reader, (PartitionOffset(TOPIC, 0, 0),))
        yield from (ops.Poll(reader), ops.Poll(reader))
        yield ops.Close(reader)
