"""Records whole: a record is read as it was sent, with all that belongs to it."""

from typing import Final

import numpy as np

from brokerlaw.spec.history.columns import Bools, Ints
from brokerlaw.spec.history.derived import derived
from brokerlaw.spec.history.evidence.configuration import MOST_BYTES, TIMESTAMP_TYPE, numbers_of, values_of
from brokerlaw.spec.history.evidence.outages import leaders_since
from brokerlaw.spec.history.evidence.records import DURABLE, acked, sizes, source_of_read
from brokerlaw.spec.history.evidence.relations import NEVER, among, find, firsts, neighbours, present, take
from brokerlaw.spec.history.evidence.settings import uncompressed, under
from brokerlaw.spec.history.evidence.topics import CLEAN_ELECTION, clean, known, topic_of, within
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.tables import CREATE_TIME, FAIL, LOG_APPEND_TIME, OK, PENDING, STAMPED, Reads
from brokerlaw.spec.invariants.invariant import Finding, Level, Violation, invariant
from brokerlaw.spec.invariants.wording import headers, place, value, violation

TYPES: Final = {kind: name for name, kind in STAMPED.items() if name}
UNKNOWN: Final = -1


@invariant(
    "records.null-stays-null",
    statement="A record without a value (a tombstone) or key is read without it, and an empty one is read as empty.",
    formal="∀ acknowledged send s, read r at place(s): value(s) = null ⇔ value(r) = null; key alike",
    source="Kafka protocol, record format (a length of -1 is null, 0 is empty); KIP-87, tombstones",
    promised=DURABLE,
    covers=("tombstones",),
    liars=("poll.answer.[].value: none", "poll.answer.[].key: none"),
)
def null_stays_null(h: History) -> Finding:
    """Judged where a record was acknowledged to stand and one was read that differs from it in this alone."""
    reads, sends = h.reads, acked(h)
    send = find((sends.tp, sends.offset), (reads.tp, reads.offset))
    no_value, no_key = h.values.find(b""), h.keys.find(b"")
    values, keys = (take(sends.value, send), reads.value), (take(sends.key, send), reads.key)
    value_differs, key_differs = _swapped(*values, no_value), _swapped(*keys, no_key)
    alike = (value_differs | (values[0] == values[1])) & (key_differs | (keys[0] == keys[1]))
    tested = (send >= 0) & alike & (_void(values[0], no_value) | _void(keys[0], no_key))
    wrong = np.flatnonzero(tested & (value_differs | key_differs))
    once = wrong[firsts(reads.tp[wrong], reads.offset[wrong])]
    breaches = (_swap(h, reads, i, int(sends.op[send[i]]), bool(value_differs[i])) for i in once.tolist())
    return Finding(len(firsts(reads.tp[tested], reads.offset[tested])), tuple(breaches))


def _void(each: Ints, empty: int) -> Bools:
    """Null or empty."""
    return np.asarray((each < 0) | (each == empty), dtype=np.bool_)


def _swapped(one: Ints, other: Ints, empty: int) -> Bools:
    """One is null and the other is empty."""
    return np.asarray(_void(one, empty) & _void(other, empty) & (one != other), dtype=np.bool_)


def _swap(h: History, reads: Reads, read: int, send: int, is_value: bool) -> Violation:
    what, null = ("value", reads.value[read] < 0) if is_value else ("key", reads.key[read] < 0)
    sent, seen = ("an empty", "none") if null else ("no", "an empty one")
    where = place(h, int(reads.tp[read]), int(reads.offset[read]))
    reason = f"{where} was sent with {sent} {what}, and {_reader(h, reads, read)} read {seen}{under(h, DURABLE)}"
    return violation(h, reason, (send, reads.op[read]))


def _reader(h: History, reads: Reads, read: int) -> str:
    return h.processes[reads.process[read]]


@invariant(
    "records.headers-kept",
    statement="A record is read with the headers it was sent with: the same names and values, in the same order.",
    formal="∀ read r ∃ send s that r comes from: headers(r) = headers(s)",
    source="KIP-82; Kafka, Headers: duplicates and order are kept",
    capabilities=("topics", "headers"),
    liars=("send.request.headers", "poll.answer.[].headers"),
)
def headers_kept(h: History) -> Finding:
    """A record that no send certainly explains must have the headers of one of those that may have sent it."""
    reads, sends = h.reads, h.sends
    if not len(h.headers):
        return Finding(0)
    send = source_of_read(h)
    possible = sends[sends.status != FAIL]
    read = (topic_of(h)[reads.tp], reads.key, reads.value)
    candidates = (possible.topic, possible.key, possible.value)
    explained = present((*candidates, possible.headers), (*read, reads.headers))
    kept = np.where(send >= 0, take(sends.headers, send) == reads.headers, explained)
    nearest = np.where(send >= 0, take(sends.op, send), take(possible.op, find(candidates, read)))
    sure = (nearest >= 0) & ((send >= 0) | within(h, known(h))[reads.tp])
    tested = sure & ((reads.headers >= 0) | (take(sends.headers, find((sends.op,), (nearest,))) >= 0))
    wrong = np.flatnonzero(tested & ~kept)
    once = wrong[firsts(reads.tp[wrong], reads.offset[wrong], reads.headers[wrong])]
    breaches = tuple(_changed(h, reads, i, int(nearest[i])) for i in once.tolist())
    return Finding(len(firsts(reads.tp[tested], reads.offset[tested])), breaches)


def _changed(h: History, reads: Reads, read: int, send: int) -> Violation:
    sent = int(h.sends.headers[np.searchsorted(h.sends.op, send)])
    where = place(h, int(reads.tp[read]), int(reads.offset[read]))
    told = f"{value(h, int(reads.value[read]))} was sent with {headers(h, sent)}"
    reason = f"{told}, and {_reader(h, reads, read)} read it at {where} with {headers(h, int(reads.headers[read]))}"
    return violation(h, reason, (send, reads.op[read]))


@invariant(
    "records.create-time-kept",
    statement="Where timestamps are of their creation, a record is read with the timestamp that its send gave.",
    formal="∀ read r of send s with a timestamp, type(topic(r)) = CreateTime: timestamp(r) = timestamp(s)",
    source="KIP-32; Kafka documentation, topic configuration: message.timestamp.type",
    capabilities=("topics", "timestamps"),
    liars=("send.request.timestamp", "poll.answer.[].timestamp"),
)
def create_time_kept(h: History) -> Finding:
    """To the millisecond. Readers that tell no timestamps, of any record, are left out."""
    reads, sends = h.reads, h.sends
    send = source_of_read(h)
    given = take(sends.timestamp, send)
    if not (given >= 0).any():
        return Finding(0)
    tested = (given >= 0) & of_creation(h)
    wrong = np.flatnonzero(tested & (reads.timestamp != given))
    once = wrong[firsts(reads.tp[wrong], reads.offset[wrong], reads.timestamp[wrong])]
    breaches = tuple(_another_time(h, reads, i, int(send[i])) for i in once.tolist())
    return Finding(len(firsts(reads.tp[tested], reads.offset[tested])), breaches)


def of_creation(h: History) -> Bools:
    """By read, whether its reader tells timestamps, and this one is certainly of the record's creation."""
    reads, own = h.reads, _types(h)[h.reads.tp]
    told = (reads.stamped == CREATE_TIME) | ((reads.stamped < 0) & ~_may_be_appended(h)[reads.tp])
    created = np.where(own == UNKNOWN, told, own == CREATE_TIME)
    return np.asarray(created & _tells(h)[reads.opened], dtype=np.bool_)


def _may_be_appended(h: History) -> Bools:
    """By partition, whether its topic was ever to have timestamps of the appending."""
    topics = {tp.topic for tp in h.partitions.values}
    asked = {t for t in topics if any(each.value == TYPES[LOG_APPEND_TIME] for each in values_of(h, t, TIMESTAMP_TYPE))}
    return within(h, asked)


def _tells(h: History) -> Bools:
    """By the operation that opened it: whether a reader tells any timestamp, or the type of one."""
    reads, tells = h.reads, np.zeros(len(h.operations) + 1, dtype=np.bool_)
    tells[reads.opened[(reads.timestamp >= 0) | (reads.stamped >= 0)]] = True
    return tells


def _types(h: History) -> Ints:
    """By partition, the type of its timestamps: told by nobody, or changed, it is `UNKNOWN`."""
    topics = {tp.topic for tp in h.partitions.values}
    types = {topic: _type(h, topic) for topic in topics}
    return np.array([*(types[tp.topic] for tp in h.partitions.values), UNKNOWN], dtype=np.int64)


def _type(h: History, topic: str) -> int:
    created = h.created.get(topic)
    told = {each.value for each in values_of(h, topic, TIMESTAMP_TYPE)}
    explicit = created is not None and TIMESTAMP_TYPE in created.settings
    sure = topic in known(h) and (explicit or "log.message.timestamp.type" in h.broker_settings)
    return next((kind for kind, name in TYPES.items() if told == {name}), UNKNOWN) if sure else UNKNOWN


def _another_time(h: History, reads: Reads, read: int, send: int) -> Violation:
    where, given = place(h, int(reads.tp[read]), int(reads.offset[read])), int(h.sends.timestamp[send])
    told = f"{value(h, int(reads.value[read]))} was sent with the timestamp {given}"
    reason = f"{told}, and {_reader(h, reads, read)} read it at {where} with {int(reads.timestamp[read])}"
    return violation(h, reason, (h.sends.op[send], reads.op[read]))


@invariant(
    "records.timestamp-type",
    statement="A record is told with the type of timestamp that its topic is configured to have.",
    formal="∀ read r with a type: type(r) = message.timestamp.type(topic(r))",
    source="KIP-32; Kafka documentation, topic configuration: message.timestamp.type",
    capabilities=("topics", "timestamps"),
    liars=("poll.answer.[].timestamp_type: another", "create_topic.request.settings", "alter_topic"),
)
def timestamp_type(h: History) -> Finding:
    """For topics created here with a type, or whose broker told its own, and that kept it."""
    reads, own = h.reads, _types(h)[h.reads.tp]
    tested = (own != UNKNOWN) & (reads.stamped >= 0)
    wrong = np.flatnonzero(tested & (reads.stamped != own))
    once = wrong[firsts(reads.tp[wrong], reads.offset[wrong])]
    breaches = tuple(_another_type(h, reads, i, int(own[i])) for i in once.tolist())
    return Finding(len(firsts(reads.tp[tested], reads.offset[tested])), breaches)


def _another_type(h: History, reads: Reads, read: int, own: int) -> Violation:
    where, told = place(h, int(reads.tp[read]), int(reads.offset[read])), TYPES[int(reads.stamped[read])]
    reason = f"{_reader(h, reads, read)} was told that {where} has a {told}, and its topic has {TYPES[own]}"
    return violation(h, reason, (reads.op[read],))


@invariant(
    "records.append-time-ascends",
    statement="Where timestamps are of their appending, they never go back from one offset of a partition to the next.",
    formal="∀ reads a, b of a partition, type LogAppendTime: offset(a) < offset(b) ⇒ timestamp(a) ≤ timestamp(b)",
    source="KIP-32, KIP-33: the broker stamps records as it appends them",
    level=Level.SHOULD,
    capabilities=("topics", "timestamps"),
    liars=("create_topic.request.settings: emptied",),
)
def append_time_ascends(h: History) -> Finding:
    """Of one leader: histories with faults or elections are left out, since clocks of brokers differ.

    A clock that is set back breaks it, so that it is no promise without conditions.
    """
    reads = h.reads[(_types(h)[h.reads.tp] == LOG_APPEND_TIME) & (h.reads.timestamp >= 0)]
    reads = reads[: 0 if leaders_since(h) < NEVER else len(reads)]
    reads = reads[firsts(reads.tp, reads.offset)]
    earlier, later = neighbours(reads.tp, order=reads.offset)
    back = np.flatnonzero(reads.timestamp[later] < reads.timestamp[earlier])
    return Finding(len(later), tuple(_went_back(h, reads, int(earlier[i]), int(later[i])) for i in back))


def _went_back(h: History, reads: Reads, one: int, other: int) -> Violation:
    told = [f"{place(h, reads.tp[i], reads.offset[i])} was appended at {reads.timestamp[i]}" for i in (one, other)]
    return violation(h, f"{told[0]}, and {told[1]}", (reads.op[one], reads.op[other]))


@invariant(
    "records.read-alike",
    statement="All who read a record are told the same headers, the same timestamp and the same type of it.",
    formal="∀ reads a, b: place(a) = place(b) ⇒ headers, timestamp and its type of a are those of b",
    source='Kafka documentation, "Topics and Logs": a partition is one immutable sequence of records',
    promised=(CLEAN_ELECTION,),
    covers=("headers", "timestamps"),
    liars=("poll.answer.[].headers", "poll.answer.[].timestamp"),
)
def read_alike(h: History) -> Finding:
    """Timestamps and types are compared where both readers tell them. Another record there is another matter."""
    reads = h.reads[within(h, clean(h))[h.reads.tp]]
    earlier, later = neighbours(reads.tp, reads.offset, reads.key, reads.value)
    differ = {
        "headers": reads.headers[earlier] != reads.headers[later],
        "timestamp": _both(reads.timestamp, earlier, later),
        "type of timestamp": _both(reads.stamped, earlier, later),
    }
    breaches = [
        _told_otherwise(h, reads, int(earlier[i]), int(later[i]), what)
        for what, wrong in differ.items()
        for i in np.flatnonzero(wrong)
    ]
    return Finding(len(later), tuple(breaches))


def _both(told: Ints, earlier: Ints, later: Ints) -> Bools:
    """Whether both tell, and not the same."""
    one, other = told[earlier], told[later]
    return np.asarray((one >= 0) & (other >= 0) & (one != other), dtype=np.bool_)


def _told_otherwise(h: History, reads: Reads, one: int, other: int, what: str) -> Violation:
    where = place(h, int(reads.tp[one]), int(reads.offset[one]))
    reason = f"{_reader(h, reads, one)} and {_reader(h, reads, other)} were told another {what} of {where}"
    return violation(h, reason + under(h, (CLEAN_ELECTION,)), (reads.op[one], reads.op[other]))


@invariant(
    "records.too-large-refused",
    statement="A record larger than its topic takes is refused, and in nobody's log.",
    formal="∀ send s, uncompressed: size(key, value, headers of s) > max.message.bytes ⇒ s is not acknowledged"
    " ∧ no read is of s",
    source="Kafka documentation, topic configuration: max.message.bytes",
    covers=("alter-configs",),
    liars=("send.outcome: ok for refused", "create_topic.request.settings", "alter_topic"),
)
def too_large_refused(h: History) -> Finding:
    """For topics created here with a limit, under every limit that may have been in force. It holds for whole batches
    as they are written, so that all that compresses is left out; a batch is never smaller than what is in it. With
    acks=0 nobody is told of a refusal.
    """
    sends = h.sends
    large = np.flatnonzero((sizes(h) > _largest(h)) & uncompressed(h)[sends.opened])
    if not len(large):
        return Finding(0)
    taken = large[(sends.status[large] == OK) & (sends.acks[large] != 0)]
    source = source_of_read(h)
    seen = np.flatnonzero(among(source, np.setdiff1d(large, taken)))
    seen = seen[firsts(source[seen])]
    breaches = [_taken(h, int(i), ()) for i in taken]
    breaches += [_taken(h, int(source[i]), (int(h.reads.op[i]),)) for i in seen]
    return Finding(len(large), tuple(breaches))


@derived
def _largest(h: History) -> Ints:
    """By send, the most bytes that its topic may have taken, where its creation says; else more than any record."""
    sends, most = h.sends, np.full(len(h.sends), 2**62)
    done = np.where(sends.status == PENDING, NEVER, sends.completed)
    for index, topic in enumerate(h.topics.values):
        if topic in known(h) and MOST_BYTES in h.created[topic].settings:
            mine = np.flatnonzero(sends.topic == index)
            most[mine] = -1
            for number, setting in numbers_of(h, topic, MOST_BYTES):
                during = mine[(setting.begun <= done[mine]) & (sends.invoked[mine] < setting.over)]
                most[during] = np.maximum(most[during], number)
    return most


def _taken(h: History, send: int, reads: tuple[int, ...]) -> Violation:
    size, most = int(sizes(h)[send]), int(_largest(h)[send])
    what = "was read" if reads else "was acknowledged"
    reason = f"{value(h, int(h.sends.value[send]))}, with {size} bytes, {what}, and its topic takes {most} at most"
    return violation(h, reason, (h.sends.op[send], *reads))
