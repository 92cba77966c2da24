"""Segments: which records are certainly in closed ones, of topics that do nothing but expire, or compact."""

from typing import Final

import numpy as np

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.columns import Ints, widened
from brokerlaw.spec.history.derived import derived
from brokerlaw.spec.history.evidence.configuration import CLEANUP, SEGMENT_MS, TIMESTAMP_TYPE, numbers_of, values_of
from brokerlaw.spec.history.evidence.deletions import deleted_below
from brokerlaw.spec.history.evidence.operations import of_kind
from brokerlaw.spec.history.evidence.outages import leaders_since
from brokerlaw.spec.history.evidence.records import Acked, acked
from brokerlaw.spec.history.evidence.relations import NEVER, first_after, take
from brokerlaw.spec.history.evidence.topics import known, topic_settings, within, without_transactions
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.numbers import MILLISECOND
from brokerlaw.spec.history.tables import EARLIEST, Answers

DIRTY_RATIO: Final = "min.cleanable.dirty.ratio"
NOTHING: Final = ("0", "0.0")
LONGEST = 2**41
"""Milliseconds of some seventy years, longer than any history."""


class Closed(Acked, kw_only=True):
    """Sends whose records are in closed segments: `closer`, at offset `behind` and acknowledged at `closed`, is not in
    the same.
    """

    closer: Ints
    behind: Ints
    closed: Ints


@derived
def closed_records(h: History) -> Closed:
    """Records of topics that only expire or compact, which all replicas had and nobody asked to delete."""
    sends = acked(h)
    plain = within(h, expiring(h) | compacting(h)) & without_transactions(h)
    sends = sends[plain[sends.tp] & (sends.acks == -1) & (sends.offset >= deleted_below(h)[sends.tp])]
    span = np.array([*(_most(h, tp.topic, SEGMENT_MS) for tp in h.partitions.values), 0], dtype=np.int64)
    closer = first_after(sends.tp, sends.invoked, sends.tp, sends.completed + span[sends.tp] * MILLISECOND + 1)
    behind, acknowledged = take(sends.offset, closer), take(sends.completed, closer, NEVER)
    closed = widened(Closed, sends, closer=take(sends.op, closer), behind=behind, closed=acknowledged)
    return closed[(closer >= 0) & (behind > sends.offset)]


@derived
def expiring(h: History) -> frozenset[str]:
    """Topics that delete and do not compact."""
    return frozenset(topic for topic in _ageing(h) if _policies(h, topic) == {"delete"})


@derived
def compacting(h: History) -> frozenset[str]:
    """Topics that compact, and do not delete, as soon as there is anything to compact."""
    ratios = [(topic, value) for topic, name, value in topic_settings(h) if name == DIRTY_RATIO]
    at_once = {topic for topic, _ in ratios} - {topic for topic, value in ratios if value not in NOTHING}
    return frozenset(topic for topic in _ageing(h) & at_once if _policies(h, topic) == {"compact"})


def _policies(h: History, topic: str) -> set[str]:
    return {each.value for each in values_of(h, topic, CLEANUP)}


@derived
def _ageing(h: History) -> frozenset[str]:
    """Known topics whose records are as old as the time says at which they were sent or appended."""
    if len(of_kind(h, ops.AdvanceClock)):
        return frozenset()
    given = {h.topics[topic] for topic in np.unique(h.sends.topic[h.sends.timestamp >= 0]).tolist()}
    return frozenset(topic for topic in known(h) if topic not in given or _appended(h, topic))


def _appended(h: History, topic: str) -> bool:
    return all(each.value == "LogAppendTime" for each in values_of(h, topic, TIMESTAMP_TYPE))


def _most(h: History, topic: str, name: str) -> int:
    """The largest number that a setting may have had."""
    return min(max((number for number, _ in numbers_of(h, topic, name)), default=LONGEST), LONGEST)


@derived
def told_starts(h: History) -> Answers:
    """Where logs began, before leaders may have changed."""
    answers = h.answers
    asked = answers[(answers.kind == EARLIEST) & (answers.offset >= 0) & (answers.completed < leaders_since(h))]
    return asked[within(h, expiring(h))[asked.tp]]
