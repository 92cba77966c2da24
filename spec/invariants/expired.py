"""Expiry in time: what has expired goes, not only what has not stays.

A broker looks at its segments from time to time. A segment is closed when a record comes that is `segment.ms` younger
than its first; so a record that was acknowledged so long before another was sent is in another segment than that. When
all that stands before the second is older than `retention.ms`, the segment of the first goes, with all before it.
"""

import numpy as np

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.columns import Bools, Ints, widened
from brokerlaw.spec.history.derived import derived
from brokerlaw.spec.history.evidence.configuration import (
    CLEANUP,
    RETENTION_MS,
    SEGMENT_MS,
    TIMESTAMP_TYPE,
    Setting,
    numbers_of,
    values_of,
)
from brokerlaw.spec.history.evidence.deletions import deleted_below
from brokerlaw.spec.history.evidence.operations import of_kind
from brokerlaw.spec.history.evidence.outages import leaders_since
from brokerlaw.spec.history.evidence.records import Acked, acked
from brokerlaw.spec.history.evidence.relations import NEVER, among, first_after, firsts, pairs, take
from brokerlaw.spec.history.evidence.topics import known, partitions_of, within, without_transactions
from brokerlaw.spec.history.evidence.waits import bounds
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.tables import EARLIEST, Answers
from brokerlaw.spec.invariants.invariant import Finding, Level, Violation, invariant
from brokerlaw.spec.invariants.wording import place, value, violation

MILLISECOND = 1_000_000
LONGEST = 2**41
"""Milliseconds of some seventy years, longer than any history."""


class Closed(Acked, kw_only=True):
    """Sends whose records are in closed segments: a later one, acknowledged at `closed`, is not in the same."""

    closer: Ints
    closed: Ints


@invariant(
    "retention.expired-goes",
    statement="A closed segment is gone three checks of retention after its last record has expired.",
    formal="∀ acknowledged sends s, r, ack(s) + segment.ms < r, earliest offset b told after"
    " ack(r) + retention.ms + 3 · log.retention.check.interval.ms: offset(s) < b",
    level=Level.SHOULD,
    source="Kafka documentation, topic configuration: retention.ms, segment.ms; broker configuration:"
    " log.retention.check.interval.ms",
    capabilities=("topics", "retention"),
    mutants=("expires-nothing",),
)
def expired_goes(h: History) -> Finding:
    """A broker that does not tell how often it checks is held to nothing, and has kept this when they are gone.

    It may take two minutes more. Left out are topics that compact, that have transactions, or whose records say
    themselves how old they are; and what is told after a fault or an election: another leader's segments are others.
    """
    closed, asked = _closed(h), _asked(h)
    question, send = pairs(asked.tp, closed.tp)
    if not len(send):
        return Finding(0)
    expired = closed.closed[send] <= _expired(h, asked, 0)[question]
    question, send = question[expired], send[expired]
    there = asked.offset[question] <= closed.offset[send]
    late = there & (closed.closed[send] <= _overdue(h, asked)[question])
    tested = np.unique(send[~there | late])
    question, send = question[late], send[late]
    each = firsts(asked.tp[question])
    breaches = (_stays(h, closed[send[i : i + 1]], asked[question[i : i + 1]]) for i in each.tolist())
    return Finding(len(tested), tuple(breaches))


@derived
def _closed(h: History) -> Closed:
    """Records of topics that only expire, which all replicas had and nobody asked to delete."""
    sends = acked(h)
    plain = within(h, _expiring(h)) & without_transactions(h)
    sends = sends[plain[sends.tp] & (sends.acks == -1) & (sends.offset >= deleted_below(h)[sends.tp])]
    span = np.array([*(_most(h, tp.topic, SEGMENT_MS) for tp in h.partitions.values), 0], dtype=np.int64)
    closer = first_after(sends.tp, sends.invoked, sends.tp, sends.completed + span[sends.tp] * MILLISECOND + 1)
    closed = widened(Closed, sends, closer=take(sends.op, closer), closed=take(sends.completed, closer, NEVER))
    return closed[(closer >= 0) & (take(sends.offset, closer) > sends.offset)]


@derived
def _expiring(h: History) -> frozenset[str]:
    """Known topics that delete and do not compact, by the time at which their records were sent or appended."""
    if len(of_kind(h, ops.AdvanceClock)):
        return frozenset()
    given = {h.topics[topic] for topic in np.unique(h.sends.topic[h.sends.timestamp >= 0]).tolist()}
    deleting = (topic for topic in known(h) if all(each.value == "delete" for each in values_of(h, topic, CLEANUP)))
    return frozenset(topic for topic in deleting if topic not in given or _appended(h, topic))


def _appended(h: History, topic: str) -> bool:
    return all(each.value == "LogAppendTime" for each in values_of(h, topic, TIMESTAMP_TYPE))


def _most(h: History, topic: str, name: str) -> int:
    """The largest number that a setting may have had."""
    return min(max((number for number, _ in numbers_of(h, topic, name)), default=LONGEST), LONGEST)


@derived
def _asked(h: History) -> Answers:
    """Where logs began, before leaders may have changed."""
    answers = h.answers
    asked = answers[(answers.kind == EARLIEST) & (answers.offset >= 0) & (answers.completed < leaders_since(h))]
    return asked[within(h, _expiring(h))[asked.tp]]


def _overdue(h: History, asked: Answers) -> Ints:
    """By question, what was closed until then should be gone; -1: nothing."""
    patience = bounds(h).expiry
    return np.full(len(asked), -1) if patience is None else _expired(h, asked, patience)


def _expired(h: History, asked: Answers, patience: int) -> Ints:
    """By question, what was closed until then had expired for so long (ms), by any limit in force; -1: nothing."""
    since = asked.invoked - patience * MILLISECOND
    found = np.full(len(asked), -1)
    for topic in _expiring(h):
        of_it = among(asked.tp, partitions_of(h, topic))
        limit = np.zeros(len(asked), dtype=np.int64)
        for most, setting in numbers_of(h, topic, RETENTION_MS):
            longest = LONGEST if most < 0 else min(most, LONGEST)
            limit = np.where(_in_force(setting, since, asked), np.maximum(limit, longest), limit)
        found[of_it] = (since - limit * MILLISECOND)[of_it]
    found[found < 0] = -1
    return found


def _in_force(setting: Setting, since: Ints, asked: Answers) -> Bools:
    """Whether a setting may have been in force between then and the answer."""
    return np.asarray((setting.begun <= asked.completed) & (since <= setting.over), dtype=np.bool_)


def _stays(h: History, closed: Closed, asked: Answers) -> Violation:
    where = place(h, int(closed.tp[0]), int(closed.offset[0]))
    seconds = (int(asked.invoked[0]) - int(closed.closed[0])) / 1_000 / MILLISECOND
    told = f"{value(h, int(closed.value[0]))} was acknowledged at {where}, its segment was closed {seconds:.0f} s ago"
    reason = f"{told} and has expired, and the log still begins at {int(asked.offset[0])}"
    return violation(h, reason, (closed.op[0], closed.closer[0], asked.op[0]))
