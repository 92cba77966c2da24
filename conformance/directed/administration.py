"""Administration of groups: their offsets are set, asked for and deleted, and groups with them, one beside another."""

from collections.abc import Callable, Iterator

from brokerlaw.conformance.directed.vocabulary import GROUP, OUTPUT, TOPIC, member, topic
from brokerlaw.conformance.plan import Attempt, Settle, Step
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.values import PartitionOffset, TopicPartition

GROUPS = ("audit", "billing")
"""Groups that no client is a member of: what they have committed, administrators have set."""
PARTITIONS = tuple(TopicPartition(name, number) for name in (TOPIC, OUTPUT) for number in range(2))


def _begin(replication: int) -> Iterator[Step]:
    """Two topics; no two partitions have as many records."""
    yield from (topic(2, replication), topic(2, replication, OUTPUT))
    yield ops.OpenProducer("p0")
    for count, tp in enumerate(PARTITIONS, 2):
        for number in range(count):
            yield ops.Send("p0", tp.topic, b"p0-%d-%d:" % (count, number), partition=tp.partition)


def _set(group: str, start: int) -> Step:
    """Offsets that ascend from partition to partition."""
    return ops.ResetOffsets(group, tuple(PartitionOffset(*tp, start + at) for at, tp in enumerate(PARTITIONS)))


def _told(group: str) -> Iterator[Step]:
    yield from (ops.FetchCommitted(group, *tp) for tp in PARTITIONS)


def _lags(group: str) -> Iterator[Step]:
    yield from (ops.Lag(group, *tp) for tp in PARTITIONS)


def offsets_set(replication: int) -> Iterator[Step]:
    """Forward and back, in turn; each time it is asked what they are, and how far behind."""
    yield from _begin(replication)
    for start in (0, 2, 1):
        for group in GROUPS:
            yield _set(group, start + GROUPS.index(group))
            yield from _told(group)
        yield from (step for group in GROUPS for step in _lags(group))


def offsets_deleted(replication: int) -> Iterator[Step]:
    """Some are deleted, the others stay; what is deleted is set anew."""
    yield from _begin(replication)
    for deleted in (PARTITIONS[:3], PARTITIONS[1:], PARTITIONS[::2], PARTITIONS[3:]):
        yield from (_set(group, 1) for group in GROUPS)
        for group in GROUPS:
            yield ops.DeleteOffsets(group, deleted)
            yield from _told(group)
        yield from _told(GROUPS[0])
    yield from _lags(GROUPS[1])


def groups_deleted(replication: int) -> Iterator[Step]:
    """Groups go with all that they have committed, and come again; the other stays."""
    yield from _begin(replication)
    for _ in range(3):
        yield from (_set(group, 1) for group in GROUPS)
        for group in GROUPS:
            yield ops.DeleteGroup(group)
            yield from (step for other in GROUPS for step in _told(other))


def group_in_use(kind: str) -> Callable[[int], Iterator[Step]]:
    """A group that has a member is neither set nor deleted; once it has none, it is."""

    def steps(replication: int) -> Iterator[Step]:
        yield from _begin(replication)
        yield from _used(kind, (ops.ResetOffsets(GROUP, (PartitionOffset(TOPIC, 0, 0),)), ops.DeleteGroup(GROUP)))
        yield from (ops.Close("c0"), ops.DeleteGroup(GROUP), *_told(GROUP))

    return steps


def offsets_in_use(replication: int) -> Iterator[Step]:
    """Offsets of a topic that a group reads are not deleted; those of another topic are, and both once it is left."""
    yield from _begin(replication)
    yield from _used("eager", (ops.DeleteOffsets(GROUP, PARTITIONS), ops.DeleteOffsets(GROUP, PARTITIONS[:1])))
    yield from (ops.DeleteOffsets(GROUP, PARTITIONS[2:]), *_told(GROUP))
    yield from (ops.Close("c0"), ops.DeleteOffsets(GROUP, PARTITIONS), *_told(GROUP))


def _used(kind: str, refused: tuple[ops.AnyOperation, ...]) -> Iterator[Step]:
    """A member reads one topic of the two, and something is attempted."""
    yield _set(GROUP, 1)
    yield from member("c0", kind=kind)
    yield Settle(GROUP)
    for act in refused:
        for _ in range(2):
            yield from (ops.Poll("c0"), Attempt(act))
    yield from _told(GROUP)
