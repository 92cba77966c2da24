"""Expiry in time: what has expired goes, not only what has not stays.

A broker looks at its segments from time to time. A segment is closed when a record comes that is `segment.ms` younger
than its first; so a record that was acknowledged so long before another was sent is in another segment than that. When
all that stands before the second is older than `retention.ms`, or there are `retention.bytes` from the second on, the
segment of the first goes, with all before it.
"""

from collections.abc import Callable
from typing import Final, TypeAlias

import numpy as np

from brokerlaw.spec.history.columns import Bools, Ints
from brokerlaw.spec.history.derived import derived
from brokerlaw.spec.history.evidence.configuration import RETENTION_BYTES, RETENTION_MS, Setting, numbers_of
from brokerlaw.spec.history.evidence.records import acked, sizes
from brokerlaw.spec.history.evidence.relations import NEVER, among, find, firsts, in_order, pairs, take
from brokerlaw.spec.history.evidence.segments import LONGEST, Closed, closed_records, expiring, told_starts
from brokerlaw.spec.history.evidence.settings import uncompressed
from brokerlaw.spec.history.evidence.topics import partitions_of, topic_settings
from brokerlaw.spec.history.evidence.waits import bounds
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.numbers import MILLISECOND
from brokerlaw.spec.history.tables import Answers
from brokerlaw.spec.invariants.invariant import Finding, Level, Violation, invariant
from brokerlaw.spec.invariants.wording import place, value, violation

COMPRESSION: Final = "compression.type"
Tell: TypeAlias = Callable[[History, Closed, Answers], Violation]
"""How it is told that a record is still there, by an answer where its log begins."""


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
    question, send = _asked_of(h)
    since = closed_records(h).closed[send]
    due = since <= _expired(h, told_starts(h), 0)[question]
    late = since <= _overdue(h, told_starts(h))[question]
    return _finding(h, question, send, due, late, _stays)


@invariant(
    "retention.outgrown-goes",
    statement="A closed segment is gone three checks of retention after the log behind it has come to retention.bytes.",
    formal="∀ acknowledged sends s, r, ack(s) + segment.ms < r, earliest offset b told three checks after sends from r"
    " on were acknowledged that have retention.bytes in all: offset(s) < b",
    level=Level.SHOULD,
    source="Kafka documentation, topic configuration: retention.bytes, segment.ms; broker configuration:"
    " log.retention.check.interval.ms",
    capabilities=("topics", "retention"),
    mutants=("outgrows-its-bytes",),
)
def outgrown_goes(h: History) -> Finding:
    """As `retention.expired-goes`. Counted are the bytes of keys, values and headers that nobody compressed; topics
    that may have had no limit are left out.
    """
    question, send = _asked_of(h)
    grown, asked, patience = _outgrown(h)[send], told_starts(h).invoked[question], bounds(h).expiry
    late = np.zeros(len(send), dtype=np.bool_) if patience is None else grown <= asked - patience * MILLISECOND
    return _finding(h, question, send, grown <= asked, late, _too_large)


def _asked_of(h: History) -> tuple[Ints, Ints]:
    """Each question where a log begins, with each record of a closed segment of that log."""
    return pairs(told_starts(h).tp, closed_records(h).tp)


def _finding(h: History, question: Ints, send: Ints, due: Bools, late: Bools, tell: Tell) -> Finding:
    """Put to the test where a record that was due is gone, and where it is too late."""
    closed, asked = closed_records(h), told_starts(h)
    there = asked.offset[question] <= closed.offset[send]
    late = due & late & there
    tested = np.unique(send[(due & ~there) | late])
    question, send = question[late], send[late]
    each = firsts(asked.tp[question])
    breaches = (tell(h, closed[send[i : i + 1]], asked[question[i : i + 1]]) for i in each.tolist())
    return Finding(len(tested), tuple(breaches))


@derived
def _outgrown(h: History) -> Ints:
    """By record of a closed segment: when the log behind that had certainly come to its limit; `NEVER`: it has none."""
    closed, sends = closed_records(h), acked(h)
    found, plain = np.full(len(closed), NEVER), take(_least_bytes(h), find((h.sends.op,), (sends.op,)), 0)
    for topic in expiring(h):
        limits = [limit for limit, _ in numbers_of(h, topic, RETENTION_BYTES)]
        for tp in partitions_of(h, topic) if limits and min(limits) >= 0 else ():
            rows = np.flatnonzero(sends.tp == tp)
            rows = rows[in_order(sends.offset[rows])]
            total = np.append(0, np.cumsum(plain[rows]))
            done = np.append(np.maximum.accumulate(sends.completed[rows]), NEVER)
            first = np.searchsorted(sends.offset[rows], closed.behind[closed.tp == tp])
            enough = np.searchsorted(total, total[first] + max(limits))
            found[closed.tp == tp] = done[np.maximum(enough, first + 1) - 1]
    return found


def _least_bytes(h: History) -> Ints:
    """By send, the bytes that its record has at the least; 0 where its producer or its topic may compress."""
    compressing = [h.topics.find(topic) for topic, name, _ in topic_settings(h) if name == COMPRESSION]
    return np.where(uncompressed(h)[h.sends.opened] & ~among(h.sends.topic, compressing), sizes(h), 0)


def _overdue(h: History, asked: Answers) -> Ints:
    """By question, what was closed until then should be gone; -1: nothing."""
    patience = bounds(h).expiry
    return np.full(len(asked), -1) if patience is None else _expired(h, asked, patience)


def _expired(h: History, asked: Answers, patience: int) -> Ints:
    """By question, what was closed until then had expired for so long (ms), by any limit in force; -1: nothing."""
    since = asked.invoked - patience * MILLISECOND
    found = np.full(len(asked), -1)
    for topic in expiring(h):
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


def _too_large(h: History, closed: Closed, asked: Answers) -> Violation:
    where, tp = place(h, int(closed.tp[0]), int(closed.offset[0])), h.partitions[int(closed.tp[0])]
    limit = max(limit for limit, _ in numbers_of(h, tp.topic, RETENTION_BYTES))
    told = f"{value(h, int(closed.value[0]))} was acknowledged at {where}, {limit} bytes or more are behind its segment"
    reason = f"{told}, and the log still begins at {int(asked.offset[0])}"
    return violation(h, reason, (closed.op[0], closed.closer[0], asked.op[0]))


def _stays(h: History, closed: Closed, asked: Answers) -> Violation:
    where = place(h, int(closed.tp[0]), int(closed.offset[0]))
    seconds = (int(asked.invoked[0]) - int(closed.closed[0])) / 1_000 / MILLISECOND
    told = f"{value(h, int(closed.value[0]))} was acknowledged at {where}, its segment was closed {seconds:.0f} s ago"
    reason = f"{told} and has expired, and the log still begins at {int(asked.offset[0])}"
    return violation(h, reason, (closed.op[0], closed.closer[0], asked.op[0]))
