"""Expiry: until when a record was certainly there, although its topic expires or compacts records.

Retention takes whole segments from the front of a log, once their youngest record is older than `retention.ms`, or once
the log has `retention.bytes` without them. So a record stays as long as one before it in its log has to.
Compaction takes a record once a later one has its key, and a tombstone `delete.retention.ms` after it was written.

A record's age is known by the clock of the history: since its send was asked for. Where the send gave it a timestamp,
that is of another clock; how far apart they are is told by records to which nobody gave one.
Sources: Kafka documentation, topic configuration: cleanup.policy, retention.ms, delete.retention.ms; KIP-32.
"""

from typing import Final

import numpy as np

from brokerlaw.spec.history.columns import C, Ints, Table, gather, stacked
from brokerlaw.spec.history.derived import derived
from brokerlaw.spec.history.evidence.compaction import compacted, superseded_from
from brokerlaw.spec.history.evidence.configuration import (
    CLEANUP,
    COMPACTION_LAG,
    RETENTION_BYTES,
    RETENTION_MS,
    TIMESTAMP_TYPE,
    numbers_of,
    values_of,
)
from brokerlaw.spec.history.evidence.records import acked, send_of_read, sizes
from brokerlaw.spec.history.evidence.relations import NEVER, find, highest_before, pairs, take
from brokerlaw.spec.history.evidence.topics import known, within
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.numbers import MILLISECOND
from brokerlaw.spec.history.tables import EARLIEST, FAIL, LATEST, OK

LONGEST: Final = 2**41
"""Milliseconds of some seventy years, longer than any history: what is larger counts as this, so that ns suffice."""
OVERHEAD: Final = 512
"""More bytes than a batch of one record takes beside its key, value and headers."""


@derived
def keeping(h: History) -> frozenset[str]:
    """Known topics of which nothing can have expired, nor been compacted, by the end of the history."""
    sends = h.sends
    gone = (sends.status != FAIL) & (_expired_from(h) <= _last_time(h))
    shed = {h.topics[topic] for topic in np.unique(sends.topic[gone]).tolist()}
    return known(h) - shed - compacted(h).keys()


def kept_until(h: History, tp: Ints, offset: Ints) -> Ints:
    """By place: until when a record that was there was certainly not let go of; `NEVER`, -1: not known.

    Of places in known topics; records that somebody asked to delete are another matter.
    """
    until, compacting = _kept_from_the_front(h, tp, offset), np.flatnonzero(within(h, compacted(h))[tp])
    if len(compacting):
        places = tp[compacting], offset[compacting]
        gone = np.maximum(superseded_from(h, *places), young_until(h, *places))
        until[compacting] = np.minimum(until[compacting], gone)
    return until


def young_until(h: History, tp: Ints, offset: Ints) -> Ints:
    """By place: until when a record that was there was too young to be compacted; -1: not known."""
    sends = acked(h)
    there = find((sends.tp, sends.offset), (tp, offset))
    send = find((h.sends.op,), (take(sends.op, there),))
    lag = take(_compaction_lags(h), take(h.sends.topic, send), 0)
    born = np.minimum(take(_born(h), send), take(h.sends.invoked, send))
    return np.where((send >= 0) & (lag > 0), born + lag, -1)


@derived
def _compaction_lags(h: History) -> Ints:
    """By topic that was sent to, for how long (ns) its records are not compacted, at the least."""
    every = ([most for most, _ in numbers_of(h, topic, COMPACTION_LAG)] for topic in h.topics.values)
    return np.array([min(max(0, min(each, default=0)), LONGEST) * MILLISECOND for each in every], dtype=np.int64)


def _kept_from_the_front(h: History, tp: Ints, offset: Ints) -> Ints:
    """The same for all that compaction does not concern: until when the log certainly began no later."""
    until = np.where(within(h, known(h))[tp], NEVER, -1)
    expiring = np.flatnonzero(within(h, known(h) - keeping(h) - _never_expiring(h))[tp])
    if len(expiring):
        there, asked = _there(h), (tp[expiring], offset[expiring] + 1)
        until[expiring] = take(there.until, highest_before(there.tp, there.offset, there.until, *asked))
    return until


class There(Table[Ints], kw_only=True):
    """Until when a log certainly began no later than at an offset."""

    tp: Ints
    offset: Ints
    until: Ints


@derived
def _there(h: History) -> There:
    """By records that are too young to go; by readers that were opened later and still found a record; as was told."""
    sends, reads = acked(h), h.reads
    young = take(_expired_from(h), find((h.sends.op,), (sends.op,)))
    told = h.answers[(h.answers.kind == EARLIEST) & (h.answers.offset >= 0)]
    return stacked(
        [
            There(tp=sends.tp, offset=sends.offset, until=young),
            There(tp=reads.tp, offset=reads.offset, until=take(h.operations.invoked, reads.opened)),
            There(tp=told.tp, offset=told.offset, until=told.invoked),
        ]
    )


@derived
def _last_time(h: History) -> int:
    operations = h.operations
    times = (operations.invoked, operations.completed, h.drained.time, h.applied.time)
    return max(int(each.max(initial=0)) for each in times)


class Limits(Table[C], kw_only=True):
    """A limit of a topic's retention, in ms or bytes, that may have been in force from `begun` until `over`."""

    topic: C
    most: C
    begun: C
    over: C


def _limits(h: History, name: str) -> Limits[Ints]:
    """The limits of the topics that were sent to, but for those that no record of this history can reach."""
    expiring = [(index, topic) for index, topic in enumerate(h.topics.values) if topic not in _never_expiring(h)]
    rows = [
        Limits(topic=index, most=most, begun=setting.begun, over=setting.over)
        for index, topic in expiring
        for most, setting in numbers_of(h, topic, name)
        if 0 <= most <= LONGEST
    ]
    return gather(Limits[Ints], rows)


@derived
def _never_expiring(h: History) -> frozenset[str]:
    """Topics that were never to delete what is old: they compact only."""
    names = {*h.topics.values, *(tp.topic for tp in h.partitions.values)}
    return frozenset(name for name in names if not any("delete" in each.value for each in values_of(h, name, CLEANUP)))


@derived
def _expired_from(h: History) -> Ints:
    """By send, from when on its record may have expired, if no record before it held it back; `NEVER`."""
    until = np.full(len(h.sends), NEVER)
    by_age, by_size = _limits(h, RETENTION_MS), _limits(h, RETENTION_BYTES)
    send, limit = pairs(h.sends.topic, by_age.topic)
    old = _born(h)[send] + by_age.most[limit] * MILLISECOND
    _lower(until, send, np.maximum(old, by_age.begun[limit]), by_age.over[limit])
    if len(by_size):
        send, limit = pairs(h.sends.topic, by_size.topic)
        beyond = _bytes_from(h)[send] > by_size.most[limit]
        send, limit = send[beyond], limit[beyond]
        _lower(until, send, np.maximum(h.sends.invoked[send], by_size.begun[limit]), by_size.over[limit])
    return until


def _lower(until: Ints, send: Ints, since: Ints, over: Ints) -> None:
    """A limit that was over by the time when it would have mattered does not."""
    mattered = since < over
    np.minimum.at(until, send[mattered], since[mattered])


@derived
def _born(h: History) -> Ints:
    """By send, the least time by the history's clock that its record's timestamp may stand for."""
    sends = h.sends
    if (sends.timestamp < 0).all():
        return sends.invoked
    given = np.clip(sends.timestamp, 0, LONGEST) * MILLISECOND - _wall_clock(h)
    kinds = [{each.value for each in values_of(h, topic, TIMESTAMP_TYPE)} for topic in h.topics.values]
    kept = np.array(["CreateTime" in each for each in kinds], dtype=np.bool_)[sends.topic]
    replaced = np.array(["LogAppendTime" in each for each in kinds], dtype=np.bool_)[sends.topic]
    by_sender = np.where(sends.timestamp >= 0, given, sends.invoked)
    return np.where(kept, np.where(replaced, np.minimum(by_sender, sends.invoked), by_sender), sends.invoked)


@derived
def _wall_clock(h: History) -> int:
    """How far (ns) the clock of timestamps is ahead of the history's, at most; `LONGEST` ms: nobody knows."""
    reads, sends = h.reads, h.sends
    send = send_of_read(h)
    plain = np.flatnonzero((send >= 0) & (take(sends.timestamp, send) < 0) & (reads.timestamp >= 0))
    if not len(plain):
        return LONGEST * MILLISECOND
    told = (np.minimum(reads.timestamp[plain], LONGEST) + 1) * MILLISECOND
    return int((told - sends.invoked[send[plain]]).max())


@derived
def _bytes_from(h: History) -> Ints:
    """By send, the most bytes that its log can have had from its record on; where that is not known, very many."""
    sends, reads, told = h.sends, h.reads, h.answers[h.answers.kind == LATEST]
    end = np.zeros(len(h.partitions) + 1, dtype=np.int64)
    for tp, offset in ((sends.tp, sends.offset + 1), (reads.tp, reads.offset + 1), (told.tp, told.offset)):
        np.maximum.at(end, tp, offset)
    np.maximum.at(end, h.drained.tp, h.drained.end)
    unplaced = np.bincount(sends.topic[sends.offset < 0], minlength=len(h.topics)) + len(h.ends)
    behind = end[sends.tp] - sends.offset + unplaced[sends.topic]
    largest = np.zeros(len(h.topics), dtype=np.int64)
    np.maximum.at(largest, sends.topic, sizes(h))
    most = behind * (largest[sends.topic] + OVERHEAD)
    return np.where((sends.status == OK) & (sends.offset >= 0), most, NEVER)
