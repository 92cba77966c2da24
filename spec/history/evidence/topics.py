"""Which topics can be judged: a promise about a log holds for one log, and while nobody asked for less of it."""

from collections.abc import Collection
from typing import Final

import numpy as np

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.columns import Bools, Ints
from brokerlaw.spec.history.derived import derived
from brokerlaw.spec.history.evidence.operations import of_kind
from brokerlaw.spec.history.evidence.settings import lifted
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.tables import OK
from brokerlaw.spec.history.values import TopicPartition

CLEAN_ELECTION: Final = "unclean.leader.election.enable=false"
"""The setting under which a log is never cut back below what was acknowledged or read."""


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
def keeping(h: History) -> frozenset[str]:
    """Known topics whose settings neither expire nor compact records."""
    return frozenset(name for name in known(h) if not any(map(_sheds, h.created[name].settings.items())))


@derived
def clean(h: History) -> frozenset[str]:
    """Steady topics without unclean elections, or all steady ones where the user chose unclean elections."""
    setting = CLEAN_ELECTION.partition("=")[0]
    unclean = {name for name, op in h.created.items() if op.settings.get(setting) == "true"}
    return steady(h) if lifted(h, CLEAN_ELECTION) else steady(h) - unclean


def within(h: History, topics: Collection[str]) -> Bools:
    """By partition, whether it is of these topics; and a last False for partition -1, none."""
    return np.array([*(tp.topic in topics for tp in h.partitions.values), False], dtype=np.bool_)


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
def deleted_below(h: History) -> Ints:
    """By partition, the offset below which somebody asked for the records to be deleted; 0 for partition -1, none."""
    below = np.zeros(len(h.partitions) + 1, dtype=np.int64)
    for number in of_kind(h, ops.DeleteRecords).tolist():
        op = h.invocations[number].value
        assert isinstance(op, ops.DeleteRecords)
        tp = h.partitions.find(TopicPartition(op.topic, op.partition))
        below[tp] = max(below[tp], op.before)
    below[-1] = 0
    return below


def partition_count(h: History, topic: str) -> int:
    """The partitions of a known topic."""
    return h.created[topic].partitions


def partitions_of(h: History, topic: str) -> list[int]:
    """The partitions of a topic that the history speaks of, by index."""
    return [index for index, tp in enumerate(h.partitions.values) if tp.topic == topic]


def _sheds(setting: tuple[str, str]) -> bool:
    name, value = setting
    expires = name.startswith(("retention.", "local.retention.")) and value != "-1"
    return expires or (name == "cleanup.policy" and value != "delete")


def _asked(h: History, kind: type[ops.CreateTopic] | type[ops.DeleteTopic]) -> dict[str, list[int]]:
    """By topic, what became of each operation of the kind that did not fail."""
    asked: dict[str, list[int]] = {}
    for number in of_kind(h, kind).tolist():
        op = h.invocations[number].value
        assert isinstance(op, kind)
        asked.setdefault(op.topic, []).append(int(h.operations.status[number]))
    return asked
