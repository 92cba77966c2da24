"""The promises of records whole, read off their statements."""

from oracles.told import Done, Read, Told

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.operation import BrokerFault

VOID = (None, b"")
Verdict = tuple[int, int]


def by_value(told: Told, read: Read) -> Done | None:
    """The only send that can have put the value into this log."""
    alike = [send for send in told.sends if send.op.value == read.record.value]
    named = [send for send in alike if send.op.partition == read.record.partition]
    if len(alike) == 1:
        return alike[0]
    everywhere = any(send.op.partition is None for send in alike)
    return named[0] if len(named) == 1 and not everywhere else None


def source(told: Told, read: Read) -> Done | None:
    """The send that a record certainly comes from."""
    for send in told.acked():
        if send.place == read.place and (send.op.key, send.op.value) == (read.record.key, read.record.value):
            return send
    only = by_value(told, read)
    return only if only and only.op.key == read.record.key and told.known else None


def null_stays_null(told: Told) -> Verdict:
    tested, wrong = set(), set()
    for read in told.reads:
        for send in [send for send in told.acked() if send.place == read.place][:1]:
            pairs = [(send.op.value, read.record.value), (send.op.key, read.record.key)]
            swapped = [one != other and one in VOID and other in VOID for one, other in pairs]
            alike = all(swap or one == other for swap, (one, other) in zip(swapped, pairs, strict=True))
            if alike and (send.op.value in VOID or send.op.key in VOID):
                tested.add(read.place)
                if any(swapped):
                    wrong.add(read.place)
    return len(tested), len(wrong)


def headers_kept(told: Told) -> Verdict:
    tested, wrong = set(), set()
    for read in told.reads:
        record, send = read.record, source(told, read)
        may = [s for s in told.sends if not s.failed and (s.op.key, s.op.value) == (record.key, record.value)]
        if send is None and not (may and told.known):
            continue
        nearest = send or may[0]
        if record.headers or nearest.op.headers:
            tested.add(read.place)
            if record.headers not in ([send.op.headers] if send else [s.op.headers for s in may]):
                wrong.add((read.place, record.headers))
    return len(tested), len(wrong)


def _type(told: Told) -> str | None:
    """The type that the topic certainly has: its creation says so, and it was not changed."""
    explicit = "message.timestamp.type" in told.created.settings
    values = {value for value, _, _ in told.values("message.timestamp.type", "CreateTime")}
    return values.pop() if told.known and explicit and len(values) == 1 else None


def create_time_kept(told: Told) -> Verdict:
    tested, wrong = set(), set()
    telling = {r.opened for r in told.reads if r.record.timestamp >= 0 or r.record.timestamp_type}
    for read in told.reads:
        send, own, record = source(told, read), _type(told), read.record
        appended = any(value == "LogAppendTime" for value, _, _ in told.values("message.timestamp.type", "CreateTime"))
        untold = record.timestamp_type is None and not appended
        created = own == "CreateTime" if own else record.timestamp_type == "CreateTime" or untold
        if send and send.op.timestamp is not None and created and read.opened in telling:
            tested.add(read.place)
            if record.timestamp != send.op.timestamp:
                wrong.add((read.place, record.timestamp))
    return len(tested), len(wrong)


def timestamp_type(told: Told) -> Verdict:
    own = _type(told)
    reads = [read for read in told.reads if own and read.record.timestamp_type]
    wrong = {read.place for read in reads if read.record.timestamp_type != own}
    return len({read.place for read in reads}), len(wrong)


def append_time_ascends(told: Told) -> Verdict:
    tested, wrong, first = 0, 0, dict[tuple[int, int], int]()
    if any(not each.failed for each in told.of(ops.ElectLeader, BrokerFault)) or _type(told) != "LogAppendTime":
        return 0, 0
    for read in told.reads:
        if read.record.timestamp >= 0:
            first.setdefault(read.place, read.record.timestamp)
    for partition, offset in first:
        before = [place for place in first if place[0] == partition and place[1] < offset]
        tested += bool(before)
        wrong += bool(before) and first[max(before)] > first[partition, offset]
    return tested, wrong


def read_alike(told: Told) -> Verdict:
    tested, broken = 0, 0
    for number, read in enumerate(told.reads if told.steady else ()):
        record = read.record
        for before in [
            each.record
            for each in told.reads[:number]
            if each.place == read.place and (each.record.key, each.record.value) == (record.key, record.value)
        ][-1:]:
            tested += 1
            broken += before.headers != record.headers
            broken += -1 not in (before.timestamp, record.timestamp) and before.timestamp != record.timestamp
            types = before.timestamp_type, record.timestamp_type
            broken += None not in types and types[0] != types[1]
    return tested, broken


def too_large_refused(told: Told) -> Verdict:
    explicit = told.known and "max.message.bytes" in told.created.settings
    large = []
    for send in told.sends if explicit else ():
        limits = [
            int(value)
            for value, begun, over in told.values("max.message.bytes", "")
            if begun <= send.over and send.begun < over
        ]
        headers = sum(len(header.name) + len(header.value or b"") for header in send.op.headers)
        if len(send.op.key or b"") + len(send.op.value or b"") + headers > max(limits):
            large.append(send)
    taken = [send for send in large if send.ok]
    sources = [source(told, read) for read in told.reads]
    return len(large), len(taken) + sum(send in sources for send in large if not send.ok)


ORACLES = {
    "records.null-stays-null": null_stays_null,
    "records.headers-kept": headers_kept,
    "records.create-time-kept": create_time_kept,
    "records.timestamp-type": timestamp_type,
    "records.append-time-ascends": append_time_ascends,
    "records.read-alike": read_alike,
    "records.too-large-refused": too_large_refused,
}
