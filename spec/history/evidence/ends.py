"""Ends: where a log ends for certain, at least and at most, for readers at each isolation level.

A record that was acknowledged by all in sync, or read, stands below the end (the high watermark). Readers at
read_committed are told the last stable offset, which no open transaction lets pass. Sources: Kafka documentation,
"Replication"; KIP-98 (last stable offset).
"""

import numpy as np

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.columns import Ints, Table
from brokerlaw.spec.history.derived import derived
from brokerlaw.spec.history.evidence.operations import of_kind
from brokerlaw.spec.history.evidence.records import acked
from brokerlaw.spec.history.evidence.relations import (
    NEVER,
    among,
    first_after,
    firsts,
    highest_before,
    in_order,
    least,
    pack,
    take,
)
from brokerlaw.spec.history.evidence.settings import idempotent
from brokerlaw.spec.history.evidence.topics import known, number_of, topic_of
from brokerlaw.spec.history.evidence.versions import known_end, shown_by
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.numbers import MILLISECOND
from brokerlaw.spec.history.tables import COMMITTED, FAIL, LATEST, OK, Answers


class Bound(Table[Ints], kw_only=True):
    """By question, a bound of the end, and the op that shows it (-1: none does)."""

    end: Ints
    op: Ints


def at_least(h: History, asked: Answers) -> Bound:
    """Behind all that was certainly there for such readers before it was asked."""
    reads = h.reads[h.reads.isolation == COMMITTED]
    last = highest_before(reads.tp, reads.completed, reads.offset, asked.tp, asked.invoked)
    read = Bound(end=take(reads.offset, last) + 1, op=take(reads.op, last))
    end, op = known_end(h, asked.tp, asked.invoked), shown_by(h, asked.tp, asked.invoked)
    plain = (asked.isolation != COMMITTED) & (end >= read.end)
    return Bound(end=np.where(plain, end, read.end), op=np.where(plain, op, read.op))


@derived
def ends_told(h: History) -> Answers:
    """Each time that an end was told."""
    answers = h.answers
    return answers[(answers.kind == LATEST) & (answers.status == OK) & (answers.offset >= 0)]


def stable_at_most(h: History, asked: Answers) -> Bound:
    """For read_committed: at the first record of a transaction that was open all the time; `NEVER`: none known."""
    table = _open(h)
    last = highest_before(table.tp, table.since, table.until, asked.tp, asked.invoked)
    holds = (asked.isolation == COMMITTED) & (take(table.until, last) > asked.completed)
    return Bound(end=np.where(holds, take(table.offset, last), NEVER), op=np.where(holds, take(table.op, last), -1))


class Open(Table[Ints], kw_only=True):
    """The first acknowledged record of a transaction in a partition: there `since`, certainly undecided `until`."""

    op: Ints
    tp: Ints
    offset: Ints
    since: Ints
    until: Ints


@derived
def _open(h: History) -> Open:
    """A transaction ends when somebody asks for it, when its producer goes or is opened anew, and by its timeout."""
    sends = acked(h)
    sends = sends[sends.transaction >= 0]
    sends = sends[np.argsort(sends.offset, kind="stable")]
    sends = sends[firsts(sends.transaction, sends.tp)] if len(sends) else sends
    begun = np.arange(len(h.operations) + 1)
    asked = least((h.ends.begin,), h.operations.invoked[h.ends.end], (begun,))
    until = np.minimum(asked[sends.transaction], h.operations.invoked[sends.transaction] + _timeout(h)[sends.opened])
    for kinds in ((ops.Close, ops.Crash), (ops.OpenProducer,)):
        numbers = of_kind(h, *kinds, failed=True)
        who = _alike(h)
        client = first_after(
            who[h.operations.opened[numbers]], h.operations.invoked[numbers], who[sends.opened], sends.invoked
        )
        until = np.minimum(until, take(h.operations.invoked[numbers], client, NEVER))
    return Open(op=sends.op, tp=sends.tp, offset=sends.offset, since=sends.completed, until=until)


@derived
def _timeout(h: History) -> Ints:
    """By the operation that opened it: a producer's transaction timeout (ns)."""
    found = np.zeros(len(h.operations) + 1, dtype=np.int64)
    for opened, client in h.clients:
        if isinstance(client, ops.OpenProducer):
            own = client.settings.get("transaction.timeout.ms", "")
            timeout = int(own) if own.isdecimal() else client.transaction_timeout
            found[opened] = min(timeout, client.transaction_timeout) * MILLISECOND
    return found


@derived
def _alike(h: History) -> Ints:
    """By the operation that opened it: the first producer of the same transactional id, or itself; -1 of none."""
    same, first = np.arange(len(h.operations) + 1), dict[str, int]()
    for opened, client in h.clients:
        if isinstance(client, ops.OpenProducer) and client.transactional_id is not None:
            same[opened] = first.setdefault(client.transactional_id, opened)
    same[-1] = -1
    return same


def at_most(h: History, asked: Answers) -> Ints:
    """How many records the log can have had when it was told; `NEVER`: not known.

    Known topics in which only idempotent producers wrote, and not in transactions, whose markers take offsets too.
    """
    sends = h.sends[h.sends.status != FAIL]
    odd = (sends.transaction >= 0) | ~idempotent(h)[sends.opened]
    sound = np.array([tp.topic in known(h) for tp in h.partitions.values] + [False], dtype=np.bool_)
    topic, number = topic_of(h)[asked.tp], number_of(h)[asked.tp]
    sound = sound[asked.tp] & ~among(topic, sends.topic[odd])
    placed, named = sends[sends.tp >= 0], sends[(sends.tp < 0) & (sends.partition >= 0)]
    free = sends[(sends.tp < 0) & (sends.partition < 0)]
    count = _before((placed.tp,), placed.invoked, (asked.tp,), asked.completed)
    count = count + _before((named.topic, named.partition), named.invoked, (topic, number), asked.completed)
    count = count + _before((free.topic,), free.invoked, (topic,), asked.completed)
    return np.where(sound, count, NEVER)


def _before(rows: tuple[Ints, ...], time: Ints, asked: tuple[Ints, ...], until: Ints) -> Ints:
    """How many rows of each asked group are of a time up to `until`."""
    both = pack(*(np.concatenate(pair) for pair in zip(rows, asked, strict=True)))
    group, wanted = both[: len(time)], both[len(time) :]
    order = in_order(group, time)
    key = pack(np.concatenate([group, wanted, wanted]), np.concatenate([time, until + 1, np.full(len(until), -1)]))
    have, end, begin = np.split(key, [len(time), len(time) + len(wanted)])
    found: Ints = np.searchsorted(have[order], end) - np.searchsorted(have[order], begin)
    return found
