"""Compaction: until when a record of a compacted topic was certainly not superseded.

A record may be taken away once a later one in its partition has its key, a tombstone some time after it was written
even so, and a record without a key, or of a transaction that is not known to be committed, at any time.
Source: Kafka documentation, "Log Compaction", and topic configuration: delete.retention.ms.
"""

import numpy as np

from brokerlaw.spec.history.columns import Bools, Ints
from brokerlaw.spec.history.derived import derived
from brokerlaw.spec.history.evidence.configuration import CLEANUP, TOMBSTONES_MS, numbers_of, values_of
from brokerlaw.spec.history.evidence.records import acked, commit_asked, committed
from brokerlaw.spec.history.evidence.relations import NEVER, find, least, lowest_from, pack_both, take
from brokerlaw.spec.history.evidence.settings import idempotent
from brokerlaw.spec.history.evidence.topics import number_of, topic_of
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.numbers import MILLISECOND
from brokerlaw.spec.history.tables import FAIL, OK, Sends


@derived
def compacted(h: History) -> dict[str, int]:
    """Topics that were to compact their records at some time, and from when on."""
    names = {*h.topics.values, *(tp.topic for tp in h.partitions.values), *h.created}
    found = {name: [each.begun for each in values_of(h, name, CLEANUP) if "compact" in each.value] for name in names}
    return {name: min(begun) for name, begun in found.items() if begun}


def superseded_from(h: History, tp: Ints, offset: Ints) -> Ints:
    """By place, from when on a record that is there may have been compacted away; `NEVER`: not in this history."""
    sends = acked(h)
    there = find((sends.tp, sends.offset), (tp, offset))
    since = np.array([*(compacted(h).get(tp.topic, NEVER) for tp in h.partitions.values), NEVER], dtype=np.int64)
    gone = np.minimum(replaced_from(h, sends, there), _tombstone_ends(h, sends, there))
    certain = (take(sends.key, there) >= 0) & _settled(h, sends, there)
    return np.where(certain, np.maximum(gone, since[tp]), since[tp])


def _settled(h: History, sends: Sends, rows: Ints) -> Bools:
    transaction = take(sends.transaction, rows)
    return np.asarray((transaction < 0) | committed(h, transaction), dtype=np.bool_)


def replaced_from(h: History, sends: Sends, rows: Ints) -> Ints:
    """By row of `sends` (or -1), when the first send was begun whose record may stand behind it with the same key."""
    tp, offset, key = take(sends.tp, rows), take(sends.offset, rows), take(sends.key, rows)
    every, begun = h.sends, _begun(h)
    placed = (every.status == OK) & (every.offset >= 0) & idempotent(h)[every.opened]
    behind, anywhere = np.flatnonzero(placed), np.flatnonzero(~placed & (begun < NEVER))
    mine, asked = pack_both((every.tp[behind], every.key[behind]), (tp, key))
    first = lowest_from(mine, every.offset[behind], begun[behind], asked, offset + 1)
    topic, number = topic_of(h)[tp], number_of(h)[tp]
    rows_of = (every.topic[anywhere], every.key[anywhere], every.partition[anywhere])
    unnamed = least(rows_of, begun[anywhere], (topic, key, np.full(len(tp), -1)))
    named = least(rows_of, begun[anywhere], (topic, key, number))
    return np.minimum(take(begun[behind], first, NEVER), np.minimum(unnamed, named))


@derived
def _begun(h: History) -> Ints:
    """By send, from when on its record may have counted as a later one; `NEVER`: it failed, or was never committed."""
    sends = h.sends
    asked = np.where(sends.transaction < 0, sends.invoked, commit_asked(h)[sends.transaction])
    return np.where(sends.status == FAIL, NEVER, asked)


def _tombstone_ends(h: History, sends: Sends, rows: Ints) -> Ints:
    """By row of `sends` (or -1), from when on a tombstone has had its time; `NEVER` for other records."""
    patience = tombstones_kept(h)[take(sends.topic, rows)]
    null = (rows >= 0) & (take(sends.value, rows) < 0)
    return np.where(null, take(sends.invoked, rows) + patience, NEVER)


@derived
def tombstones_kept(h: History) -> Ints:
    """By topic that was sent to, for how long (ns) its tombstones are kept at the least; and a last 0 for none."""
    return np.array([*(_least(h, topic) for topic in h.topics.values), 0], dtype=np.int64)


def _least(h: History, topic: str) -> int:
    """The shortest time (ns) that a topic's tombstones may have been kept."""
    times = [milliseconds for milliseconds, _ in numbers_of(h, topic, TOMBSTONES_MS)]
    return min(max(0, min(times, default=0)), 2**41) * MILLISECOND
