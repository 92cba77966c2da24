"""Administration of topics, records, groups and their offsets: always two side by side, so that none is mistaken."""

from collections.abc import Callable, Iterator

from brokerlaw.conformance.directed.records import LIMIT, ROOM
from brokerlaw.conformance.directed.retention import LEARNED
from brokerlaw.conformance.directed.vocabulary import GROUP, OUTPUT, TOPIC, member, topic
from brokerlaw.conformance.machines.moves.administering import SETTLED
from brokerlaw.conformance.plan import Attempt, AwaitLeader, Elapse, Heal, InjectFault, Role, Settle, Step
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.values import PartitionOffset, TopicPartition

TOPICS = (TOPIC, OUTPUT)
GROUPS = ("audit", "billing")
"""Groups that no client is a member of: what they have committed, administrators have set."""
PARTITIONS = tuple(TopicPartition(name, number) for name in TOPICS for number in range(2))

IN_TURN = (*PARTITIONS[::3], *PARTITIONS[1:3])
"""The same, each of the other topic than the one before."""


def _begin(replication: int) -> Iterator[Step]:
    """Two topics; no two partitions have as many records."""
    yield from (topic(2, replication), topic(2, replication, OUTPUT))
    yield ops.OpenProducer("p0")
    for count, tp in enumerate(PARTITIONS, 2):
        for number in range(count):
            yield ops.Send("p0", tp.topic, b"p0-%d-%d:" % (count, number), partition=tp.partition)


def _set(group: str, start: int) -> Step:
    """Offsets that descend from partition to partition, while ends ascend: hardly two are as far behind."""
    return ops.ResetOffsets(group, tuple(PartitionOffset(*tp, start + 3 - at) for at, tp in enumerate(PARTITIONS)))


def _told(group: str) -> Iterator[Step]:
    yield from (ops.FetchCommitted(group, *tp) for tp in IN_TURN)


def _lags(group: str) -> Iterator[Step]:
    yield from (ops.Lag(group, *tp) for tp in IN_TURN)


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
    for deleted in (PARTITIONS[:3], PARTITIONS[1:], PARTITIONS, PARTITIONS[::2], PARTITIONS[3:], PARTITIONS):
        yield from (_set(group, 1) for group in GROUPS)
        for group in GROUPS:
            yield ops.DeleteOffsets(group, deleted)
            yield from _told(group)
        yield from _told(GROUPS[0])
    yield from _lags(GROUPS[1])


def groups_listed(replication: int) -> Iterator[Step]:
    """Groups come, one after the other, without members; one has a member for a while."""
    yield from _begin(replication)
    for group in (*GROUPS, "claims"):
        yield from (_set(group, 1), ops.ListGroups())
    yield from member("c0")
    yield Settle(GROUP)
    yield from [ops.ListGroups()] * 4
    yield ops.Close("c0")
    yield from [ops.ListGroups()] * 2


def groups_deleted(replication: int) -> Iterator[Step]:
    """Groups go with all that they have committed, and come again; the other stays."""
    yield from _begin(replication)
    for _ in range(5):
        yield from (_set(group, 1) for group in GROUPS)
        for group in GROUPS:
            yield ops.DeleteGroup(group)
            yield from (step for other in GROUPS for step in _told(other))


def groups_gone(replication: int) -> Iterator[Step]:
    """A group had a member, and is deleted: it is neither listed nor described any more, nor deleted again."""
    yield from _begin(replication)
    yield _set(GROUPS[0], 1)
    for name in ("c0", "c1"):
        yield from (*member(name), ops.DescribeGroup(GROUPS[0]), Settle(GROUP))
        yield from (ops.DescribeGroup(each) for each in (GROUP, GROUPS[0], GROUP))
        yield from (ops.ListGroups(), ops.Close(name), ops.DeleteGroup(GROUP))
        yield from (ops.ListGroups(), ops.DescribeGroup(GROUP))
        yield from (Attempt(ops.DeleteGroup(GROUP)), Attempt(ops.DeleteGroup(GROUP)), ops.ListGroups())


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
        for _ in range(3):
            yield from (ops.Poll("c0"), Attempt(act))
    yield from _told(GROUP)


def topics_deleted(replication: int) -> Iterator[Step]:
    """Topics go and come again, one by one and both; what is there is created again, what is gone is deleted again."""
    made = tuple(topic(1, replication, name) for name in TOPICS)
    for _ in range(3):
        yield from (*made, Elapse(SETTLED))
        yield from (Attempt(ops.CreateTopic(name, 1, replication)) for name in TOPICS)
        yield from (ops.ListOffsets(name, 0) for name in TOPICS)
        for name, again in zip(TOPICS, made, strict=True):
            yield ops.DeleteTopic(name)
            yield Elapse(SETTLED)
            yield Attempt(ops.DeleteTopic(name))
            yield again
        yield from (ops.DeleteTopic(name) for name in TOPICS)
        yield from (Elapse(SETTLED), Attempt(ops.ListOffsets(TOPIC, 0)))
        yield from (Attempt(ops.DeleteTopic(name)) for name in TOPICS)
    yield made[0]


def partitions_created(replication: int) -> Iterator[Step]:
    """Two topics grow in turn; what they have already, and what they do not have, is asked for."""
    yield from (topic(1, replication, name) for name in TOPICS)
    yield ops.OpenProducer("p0")
    for total, name in enumerate(TOPICS * 4, 2):
        yield from (ops.CreatePartitions(name, total), Attempt(ops.CreatePartitions(name, total)))
        for partition in (total - 1, total):
            send = ops.Send("p0", name, b"p0-%d-%d:" % (total, partition), partition=partition)
            yield send if partition < total else Attempt(send)
    yield from (Attempt(ops.ListOffsets(name, 10)) for name in TOPICS)


def settings_apart(replication: int) -> Iterator[Step]:
    """Topics unlike in size and settings, one created after the other, and written to alike."""
    yield ops.OpenProducer("p0")
    yield ops.OpenConsumer("c0")
    for number in range(6):
        name, odd = f"{TOPIC}-{number}", number % 2
        settings = {"message_timestamp_type": ("CreateTime", "LogAppendTime")[odd], "max_message_bytes": str(LIMIT)}
        yield topic(1 + odd, max(1, replication - odd), name, **settings)
        for size in (LIMIT - ROOM, LIMIT + 1):
            yield ops.Send("p0", name, (b"p0-%d-%d:" % (number, size)).ljust(size, b"x"), b"key", timestamp=1_000)
        yield from (ops.Assign("c0", (PartitionOffset(name, 0, 0),)), ops.Poll("c0"))


def topics_altered(replication: int) -> Iterator[Step]:
    """Two topics are to take less, then more: each takes what it may, and no more, though it did before."""
    yield from (topic(1, replication, name, max_message_bytes=str(7 * LIMIT)) for name in TOPICS)
    yield ops.OpenProducer("p0")
    yield from (ops.Send("p0", name, b"p0-first:".ljust(7 * LIMIT - ROOM, b"x")) for name in TOPICS)
    for limit in (6 * LIMIT, 2 * LIMIT, 4 * LIMIT):
        for name in TOPICS:
            yield ops.AlterTopic(name, {"max.message.bytes": str(limit)})
            yield ops.AlterTopic(name, {"retention.ms": str(3_600_000 + limit)})
        yield Elapse(LEARNED)
        for name in TOPICS:
            for size in (limit - ROOM, limit + 1):
                yield ops.Send("p0", name, (b"p0-%d:" % size).ljust(size, b"x"))


def records_deleted(replication: int) -> Iterator[Step]:
    """Of each partition something else; and what lies beyond its end. All are asked where they begin."""
    yield from _begin(replication)
    for first in (1, 2):
        for number, tp in enumerate(IN_TURN):
            yield ops.DeleteRecords(*tp, first + number % 2)
            yield from (ops.ListOffsets(*each, "earliest") for each in PARTITIONS)
    for tp in PARTITIONS:
        yield from (Attempt(ops.DeleteRecords(*tp, 100)), ops.ListOffsets(*tp, "earliest"))


def nobody_up(replication: int) -> Iterator[Step]:
    """All brokers stand still, and are asked what they had told before, and what has changed since."""
    questions = (ops.ListGroups(), ops.DescribeGroup(GROUPS[0]), ops.FetchCommitted(GROUPS[0], *PARTITIONS[0]))
    asked = (*questions, ops.Lag(GROUPS[0], *PARTITIONS[0]))
    yield from _begin(replication)
    yield from (_set(GROUPS[0], 1), *asked, _set(GROUPS[0], 2))
    roles: tuple[Role, ...] = ("followers", "leader")
    yield from (InjectFault("pause", role, TOPIC) for role in roles)
    yield from (Attempt(each) for each in (*asked, ops.ListGroups()))
    yield from (Heal(), AwaitLeader(TOPIC))
