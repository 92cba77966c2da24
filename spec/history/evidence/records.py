"""Records: which were acknowledged under a promise, which send each read came from, how transactions were ended."""

from typing import Final

import numpy as np

from brokerlaw.spec.history.columns import Bools, Ints, widened
from brokerlaw.spec.history.derived import derived
from brokerlaw.spec.history.evidence.relations import NEVER, find, firsts, least, pack, present, take
from brokerlaw.spec.history.evidence.settings import lifted
from brokerlaw.spec.history.evidence.topics import CLEAN_ELECTION, clean, known, number_of, topic_of, within
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.tables import COMMIT, COMMITTED, FAIL, OK, Reads, Sends

ALL_REPLICAS: Final = "acks=all"
DURABLE: Final = (ALL_REPLICAS, CLEAN_ELECTION)
"""The settings under which an acknowledged record stays, and stays where it is."""


class Acked(Sends, kw_only=True):
    """Sends acknowledged at an offset under `DURABLE` (or under what the user chose instead)."""

    once: Bools
    """See `sent_once`."""


@derived
def acked(h: History) -> Acked:
    sends = _acked(h)
    return sends[sends.offset >= 0]


@derived
def acked_somewhere(h: History) -> Acked:
    """Sends acknowledged so, but not where they stand, that can be told by their values."""
    sends = _acked(h)
    return sends[(sends.offset < 0) & sends.once & (sends.value >= 0)]


def _acked(h: History) -> Acked:
    sends = widened(Acked, h.sends, once=sent_once(h))
    owed = (sends.acks == -1) | lifted(h, ALL_REPLICAS)
    return sends[owed & (sends.status == OK) & (sends.tp >= 0) & within(h, clean(h))[sends.tp]]


@derived
def sizes(h: History) -> Ints:
    """By send, how many bytes its key, value and headers have."""
    keys, values, headers = h.keys.values, h.values.values, h.headers.values
    key, value = ([*map(len, each), 0] for each in (keys, values))
    header = [*(sum(len(name) + len(value or b"") for name, value in each) for each in headers), 0]
    sends = h.sends
    length: Ints = np.array(key)[sends.key] + np.array(value)[sends.value] + np.array(header)[sends.headers]
    return length


@derived
def sent_once(h: History) -> Bools:
    """By send, whether no other send put the same value into the topic: then the value stands for the send."""
    return np.asarray(_alike(pack(h.sends.topic, h.sends.value)) == 1, dtype=np.bool_)


@derived
def send_of_read(h: History) -> Ints:
    """By read, the row among the sends of the one that put its value into its log; -1 where that is not certain.

    In topics that may have held records before, values tell no send.
    """
    sends, reads, topic = h.sends, h.reads, topic_of(h)[h.reads.tp]
    only, here = np.flatnonzero(sent_once(h)), np.flatnonzero(_sent_there_once(h))
    found = take(only, find((sends.topic[only], sends.value[only]), (topic, reads.value)))
    if len(here):
        place = (topic, number_of(h)[reads.tp], reads.value)
        there = find((sends.topic[here], sends.partition[here], sends.value[here]), place)
        found = np.where(found >= 0, found, take(here, there))
    return np.where(within(h, known(h))[reads.tp], found, -1)


def _sent_there_once(h: History) -> Bools:
    """By send, whether other sends put its value only into other partitions of the topic, and all name theirs."""
    sends = h.sends
    anywhere = sends[sends.partition < 0]
    perhaps = present((anywhere.topic, anywhere.value), (sends.topic, sends.value))
    alone = _alike(pack(sends.topic, sends.partition, sends.value)) == 1
    return np.asarray(alone & ~perhaps & ~sent_once(h), dtype=np.bool_)


def _alike(code: Ints) -> Ints:
    """By row, how many rows have its code."""
    _, group, count = np.unique(code, return_inverse=True, return_counts=True)
    return np.asarray(count[group], dtype=np.int64)


@derived
def source_of_read(h: History) -> Ints:
    """By read, the row of the send that it certainly comes from, by its place or else by its value; -1: not known."""
    sends, reads = h.sends, h.reads
    placed = np.flatnonzero((sends.status == OK) & (sends.offset >= 0) & within(h, clean(h))[sends.tp])
    rows = sends[placed]
    at = (reads.tp, reads.offset, reads.key, reads.value)
    here = take(placed, find((rows.tp, rows.offset, rows.key, rows.value), at))
    only = send_of_read(h)
    only = np.where(take(sends.key, only) == reads.key, only, -1)
    return np.where(here >= 0, here, only)


class PlacedReads(Reads, kw_only=True):
    """The first read of each record at each place and level, of steady and cleanly led topics."""

    send: Ints
    """See `send_of_read`."""


@derived
def placed_reads(h: History) -> PlacedReads:
    reads = widened(PlacedReads, h.reads, send=send_of_read(h))[within(h, clean(h))[h.reads.tp]]
    return reads[np.sort(firsts(reads.tp, reads.offset, reads.key, reads.value, reads.isolation))]


@derived
def commit_asked(h: History) -> Ints:
    """By operation that began a transaction: when its commit was first asked for and not refused, or `NEVER`."""
    ends, operations = h.ends, h.operations
    asked = ends[(ends.how == COMMIT) & (operations.status[ends.end] != FAIL)]
    begun = np.arange(len(operations) + 1)
    return least((asked.begin,), operations.invoked[asked.end], (begun,))


@derived
def commit_ended(h: History) -> Ints:
    """By operation that began a transaction: when its commit was confirmed, or `NEVER`."""
    ends, operations = h.ends, h.operations
    done = ends[(ends.how == COMMIT) & (operations.status[ends.end] == OK)]
    begun = np.arange(len(operations) + 1)
    return least((done.begin,), operations.completed[done.end], (begun,))


def committed(h: History, transaction: Ints) -> Bools:
    """Whether these transactions (the operations that began them) were certainly committed."""
    return np.asarray((transaction >= 0) & (commit_ended(h)[transaction] < NEVER), dtype=np.bool_)


def owed_to(h: History, sends: Sends, isolation: Ints | int) -> Bools:
    """Whether these acknowledged sends are for readers at an isolation level: at read_committed, once committed."""
    outside = sends.transaction < 0
    return np.asarray((np.asarray(isolation) != COMMITTED) | outside | committed(h, sends.transaction), dtype=np.bool_)
