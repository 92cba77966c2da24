"""Reading: readers that seek, pause, ask for few records, are told their positions, and leave their group."""

from collections.abc import Iterator

from brokerlaw.conformance.directed.vocabulary import GROUP, TOPIC, member, sends, topic
from brokerlaw.conformance.plan import Settle, Step
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.values import PartitionOffset, TopicPartition


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
    """A member leaves its group and goes on polling; it comes back, and goes on."""
    yield topic(2, replication)
    yield ops.OpenProducer("p0")
    yield from sends(6)
    yield from member("c0")
    yield Settle(GROUP)
    yield from sends(6, start=6)
    yield from (ops.Unsubscribe("c0"), ops.Poll("c0"), ops.Poll("c0"))
    yield from (ops.Subscribe("c0", (TOPIC,)), Settle(GROUP))
