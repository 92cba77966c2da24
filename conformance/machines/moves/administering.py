"""Administration: topics and their settings, records, groups and their offsets, while all others go on."""

from typing import Final

from brokerlaw.conformance.machines.choices import Choices
from brokerlaw.conformance.machines.moves.committing import offsets
from brokerlaw.conformance.machines.moves.move import Steps, move
from brokerlaw.conformance.machines.moves.producing import MOMENT
from brokerlaw.conformance.machines.scene import OTHERS, Scene
from brokerlaw.conformance.plan import Attempt, Elapse
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.administration import used_by_settings

NOWHERE: Final = "nowhere"
"""A topic that there never was."""
NOBODY: Final = "nobody"
"""A group that there never was."""
SETTLED: Final = 1_500
"""Milliseconds in which all brokers have learned that a topic is gone."""
IMPOSSIBLE: Final = (("min.insync.replicas", "0"), ("min.cleanable.dirty.ratio", "2"), ("cleanup.policy", "keep"))
"""Settings next to what a topic can have: one too few, one too many, and another word."""
LIMITS: Final = ("1000", "1500", "100000")
"""Bytes of a batch: most bodies pass the second."""


def settings(s: Scene, c: Choices) -> dict[str, str]:
    """Some settings of a topic that the broker can be asked for."""
    found: dict[str, str] = {}
    if s.has("min-isr") and c.chance(3):
        found[ops.MIN_ISR] = c.one("1", "2")
    if s.has("alter-configs") and c.chance(4):
        found["max.message.bytes"] = c.one(*LIMITS)
    if s.has("timestamps") and c.chance(3):
        found["message.timestamp.type"] = c.one("CreateTime", "LogAppendTime")
    if s.has("retention") and c.chance(4):
        found |= {"retention.ms": c.one("-1", "2000", "60000")} if c.chance() else {"retention.bytes": "3000"}
    if s.has("compaction") and c.chance(4):
        found[ops.CLEANUP] = c.one("delete", "compact", "compact,delete")
    return found


def creation(s: Scene, c: Choices, topic: str, most: int) -> ops.CreateTopic:
    """A topic of any size and, where plans mix in policies, with any settings."""
    chosen = settings(s, c) if s.mixes("policies") else {}
    return ops.CreateTopic(topic, c.number(1, most), s.replication(c), chosen)


@move("topics", 2)
def create_topic(s: Scene, c: Choices) -> Steps:
    """One topic more, perhaps under the name of one that is gone."""
    missing = [topic for topic in OTHERS if topic not in s.model.topics]
    if missing:
        yield creation(s, c, c.of(missing), 3)


@move("topics", 2)
def delete_topic(s: Scene, c: Choices) -> Steps:
    """A topic that no group depends on goes, and comes again at once, or is deleted again."""
    unused = [topic for topic in s.others() if topic not in s.subscribed_to()]
    if unused:
        topic = c.of(unused)
        yield ops.DeleteTopic(topic)
        if c.chance():
            yield creation(s, c, topic, 3)
        elif (waited := s.wait(SETTLED)) > 0:
            yield from (Elapse(waited), Attempt(ops.DeleteTopic(topic)))


@move("topics", 2)
def create_partitions(s: Scene, c: Choices) -> Steps:
    """More partitions, where no group waits until its members have heard of them."""
    topics = sorted(set(s.topics()) - s.subscribed_to())
    bound = s.description.capabilities.get("topics") or 8
    if topics:
        topic = c.of(topics)
        more = ops.CreatePartitions(topic, min(bound, s.model.topics[topic].partitions + c.number(1, 2)))
        yield from (more, Attempt(more))


@move("policies", 2)
def alter_topic(s: Scene, c: Choices) -> Steps:
    """Other settings for a topic that is in use."""
    if chosen := settings(s, c):
        yield ops.AlterTopic(c.of(s.open_to_change()), chosen)


@move("topics", 1)
def attempt(s: Scene, c: Choices) -> Steps:
    """What cannot be done: a topic that there is, fewer partitions, or settings that there are not."""
    topic = c.of(s.topics())
    impossible = dict([c.of([each for each in IMPOSSIBLE if s.has(*used_by_settings(dict([each])))])])
    ways: list[ops.AnyOperation] = [ops.CreateTopic(topic, c.number(1, 3), s.replication(c)), ops.DeleteTopic(NOWHERE)]
    ways.append(ops.CreateTopic(NOWHERE, 1, s.replication(c), impossible))
    if s.has("create-partitions"):
        ways.append(ops.CreatePartitions(topic, s.model.topics[topic].partitions))
    if s.has("alter-configs"):
        ways.append(ops.AlterTopic(topic, impossible))
    yield Attempt(c.of(ways))


@move("deletions", 2)
def delete_records(s: Scene, c: Choices) -> Steps:
    """The beginning of a log goes, or all of it."""
    tp = s.partition(c)
    yield from (ops.DeleteRecords(*tp, c.one(-1, 0, 1, 2, 3, 5)), ops.ListOffsets(*tp, "earliest"))


@move("looks", 3)
def list_offsets(s: Scene, c: Choices) -> Steps:
    """Start, end, or by time."""
    tp, committed = s.partition(c), s.has("transactions") and c.chance()
    level: ops.Isolation = "read_committed" if committed else "read_uncommitted"
    if s.has("timestamps") and c.chance():
        yield ops.ListOffsets(*tp, c.one(0, MOMENT - 5_000, MOMENT, MOMENT + 3_000, MOMENT + 10**9), level)
    else:
        yield ops.ListOffsets(*tp, c.one("earliest", "latest", "latest"), level)


@move("looks", 1)
def describe_partition(s: Scene, c: Choices) -> Steps:
    """Who leads, and who is in sync."""
    yield ops.DescribePartition(*s.partition(c))


@move("looks", 1)
def read_replica(s: Scene, c: Choices) -> Steps:
    """One replica's log."""
    yield ops.ReadReplica(*s.partition(c), c.of(s.description.brokers))


def _groups(s: Scene) -> tuple[str, ...]:
    return (*(team.name for team in s.teams), NOBODY)


@move("offices", 2)
def look_at_groups(s: Scene, c: Choices) -> Steps:
    """Who is in a group, and which groups there are."""
    yield ops.ListGroups() if s.has("groups.list") and c.chance(3) else ops.DescribeGroup(c.of(_groups(s)))


@move("offices", 3)
def look_at_commits(s: Scene, c: Choices) -> Steps:
    """What a group has committed, and what it is behind."""
    group, tp = c.of(_groups(s)), s.partition(c)
    yield ops.Lag(group, *tp) if s.has("groups.lag") and c.chance() else ops.FetchCommitted(group, *tp)


@move("offices", 3)
def change_commits(s: Scene, c: Choices) -> Steps:
    """An administrator moves, deletes, or takes away whole what a group has committed; refused while it is used."""
    if teams := s.freely_run():
        group = c.of(teams).name
        ways: list[ops.AnyOperation] = [
            ops.ResetOffsets(group, offsets(s, c)),
            ops.DeleteOffsets(group, s.partitions(c)),
            ops.DeleteGroup(group),
        ]
        yield c.of(ways)
        for tp in c.some(s.partitions(c)):
            yield ops.FetchCommitted(group, *tp)
