"""Which topics can be judged: a promise about a log holds for one log, and while nobody asked for less of it."""

from collections.abc import Collection, Iterator
from typing import Final, TypeVar

import numpy as np

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.columns import Bools, Ints
from brokerlaw.spec.history.derived import derived
from brokerlaw.spec.history.evidence.operations import of_kind
from brokerlaw.spec.history.evidence.relations import NEVER
from brokerlaw.spec.history.evidence.settings import lifted, older_kafka
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.operation import Operation
from brokerlaw.spec.history.tables import OK

CLEAN_ELECTION: Final = "unclean.leader.election.enable=false"
"""The setting under which a log is never cut back below what was acknowledged or read."""
UNCLEAN_ELECTION: Final = "unclean.leader.election.enable=true"


@derived
def steady(h: History) -> frozenset[str]:
    """Topics that nobody asked to delete or created twice: their name stands for one log."""
    created, deleted = _asked(h, ops.CreateTopic), _asked(h, ops.DeleteTopic)
    names = {tp.topic for tp in h.partitions.values} | set(h.topics.values) | set(h.created)
    return frozenset(name for name in names if name not in deleted and len(created.get(name, ())) <= 1)


@derived
def known(h: History) -> frozenset[str]:
    """Steady topics that were certainly created in this history: nothing is in them but what it shows."""
    created = _asked(h, ops.CreateTopic)
    return frozenset(name for name in steady(h) if created.get(name) == [OK])


@derived
def topic_settings(h: History) -> frozenset[tuple[str, str, str]]:
    """Every (topic, setting, value) that somebody asked for, at the topic's creation or later."""
    found = {(topic, *each) for topic, op in h.created.items() for each in op.settings.items()}
    for op in _operations(h, ops.AlterTopic):
        found |= {(op.topic, *each) for each in op.settings.items()}
    return frozenset(found)


@derived
def clean(h: History) -> frozenset[str]:
    """Steady topics without unclean elections, or all steady ones where the user chose unclean elections."""
    asked = {(topic, f"{name}={value}") for topic, name, value in topic_settings(h)}
    default = UNCLEAN_ELECTION if unclean_by_default(h) else CLEAN_ELECTION
    never = {topic for topic in steady(h) if default == CLEAN_ELECTION or (topic, CLEAN_ELECTION) in asked}
    return steady(h) if lifted(h, CLEAN_ELECTION) else frozenset(t for t in never if (t, UNCLEAN_ELECTION) not in asked)


@derived
def unclean_by_default(h: History) -> bool:
    """Whether the broker's topics have unclean elections unless they say otherwise: Kafka's did before 0.11."""
    told = h.broker_settings.get(UNCLEAN_ELECTION.partition("=")[0])
    return told == "true" or (told is None and older_kafka(h, (0, 11)))


def within(h: History, topics: Collection[str]) -> Bools:
    """By partition, whether it is of these topics; and a last False for partition -1, none."""
    return np.array([*(tp.topic in topics for tp in h.partitions.values), False], dtype=np.bool_)


@derived
def without_transactions(h: History) -> Bools:
    """By partition, whether nobody sent to its topic in a transaction; and a last True for partition -1, none."""
    inside = np.unique(h.sends.topic[h.sends.transaction >= 0]).tolist()
    return ~within(h, {h.topics[topic] for topic in inside})


@derived
def topic_of(h: History) -> Ints:
    """By partition, the index of its topic among the topics sent to, or -2; and a last -1 for partition -1, none."""
    found = [h.topics.find(tp.topic) for tp in h.partitions.values]
    return np.array([*(-2 if topic < 0 else topic for topic in found), -1], dtype=np.int64)


@derived
def number_of(h: History) -> Ints:
    """By partition, its number in its topic; and a last -1 for partition -1, none."""
    return np.array([*(tp.partition for tp in h.partitions.values), -1], dtype=np.int64)


@derived
def totals(h: History) -> dict[str, list[tuple[int, int]]]:
    """By topic that somebody asked to expand: when, and to how many partitions, in the order of asking."""
    found: dict[str, list[tuple[int, int]]] = {}
    for number in of_kind(h, ops.CreatePartitions).tolist():
        op = h.invocations[number].value
        assert isinstance(op, ops.CreatePartitions)
        found.setdefault(op.topic, []).append((int(h.operations.invoked[number]), op.total))
    return found


@derived
def expanded(h: History) -> dict[str, int]:
    """By topic, when somebody first asked for more partitions: clients may learn of them much later."""
    return {topic: asked[0][0] for topic, asked in totals(h).items()}


@derived
def added(h: History) -> Ints:
    """By partition, when somebody first asked that a known topic be expanded to it; -1: it was or may have been there,
    or nobody did.
    """
    found = np.full(len(h.partitions.values) + 1, -1)
    for number in of_kind(h, ops.CreatePartitions).tolist():
        op = h.invocations[number].value
        assert isinstance(op, ops.CreatePartitions)
        for index in partitions_of(h, op.topic) if op.topic in known(h) else ():
            partition = h.partitions[index].partition
            if found[index] < 0 and 0 <= h.created[op.topic].partitions <= partition < op.total:
                found[index] = h.operations.invoked[number]
    return found


def partition_count(h: History, topic: str, time: int) -> int | None:
    """How many partitions a known topic had until this time; None: not told, or somebody asked for more before."""
    count = h.created[topic].partitions
    return count if count >= 0 and time < expanded(h).get(topic, NEVER) else None


def most_partitions(h: History, topic: str, time: int) -> int:
    """How many partitions a known topic can have had by this time."""
    asked = [total for begun, total in totals(h).get(topic, ()) if begun <= time]
    return max(h.created[topic].partitions, *asked, 0)


def partitions_of(h: History, topic: str) -> list[int]:
    """The partitions of a topic that the history speaks of, by index."""
    return [index for index, tp in enumerate(h.partitions.values) if tp.topic == topic]


K = TypeVar("K", bound=Operation)


def _operations(h: History, kind: type[K]) -> Iterator[K]:
    """Each operation of the kind that did not fail."""
    for number in of_kind(h, kind).tolist():
        op = h.invocations[number].value
        assert isinstance(op, kind)
        yield op


def _asked(h: History, kind: type[ops.CreateTopic] | type[ops.DeleteTopic]) -> dict[str, list[int]]:
    """By topic, what became of each operation of the kind that did not fail."""
    asked: dict[str, list[int]] = {}
    for number in of_kind(h, kind).tolist():
        op = h.invocations[number].value
        assert isinstance(op, kind)
        asked.setdefault(op.topic, []).append(int(h.operations.status[number]))
    return asked
