"""The promises of logs, read off their statements: every send, read, look and complete read beside every other."""

from functools import lru_cache
from typing import NamedTuple

from oracles.records import by_value
from oracles.shedding import expires, kept_until
from oracles.told import NEVER, Done, Read, Told

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.clients import MAX_IN_FLIGHT
from brokerlaw.spec.history.observations import Assigned, Drained, Lost, Revoked
from brokerlaw.spec.history.outcomes import Unknown
from brokerlaw.spec.history.rows import Complete, Invoke, Observe

Verdict = tuple[int, int]


class Reading:
    """What a reader is at, row by row."""

    def __init__(self) -> None:
        self.opened = -1
        self.subscribed = False
        self.set_in: dict[int, int] = {}
        self.held: set[int] = set()
        self.polls: dict[int, set[int]] = {}
        self.last: dict[tuple[int, int], tuple[Done, int]] = {}


def offsets_increase(told: Told) -> Verdict:
    tested = wrong = 0
    readers: dict[str, Reading] = {}
    for number, row in enumerate(told.rows):
        match row:
            case Invoke(value=ops.OpenConsumer() as op):
                readers[op.client] = Reading()
            case Invoke(value=ops.Subscribe() as op):
                readers[op.client].subscribed = True
            case Invoke(value=ops.Assign() as op):
                readers[op.client].set_in |= {each.partition: number for each in op.offsets}
            case Invoke(value=ops.Seek() as op):
                readers[op.client].set_in[op.partition] = number
            case Invoke(value=ops.Poll() as op):
                readers[op.client].polls[row.op] = set(readers[op.client].held)
            case Observe(value=Assigned() as seen):
                reader = readers[row.process]
                for partition in [tp.partition for tp in seen.partitions]:
                    reader.set_in[partition] = number
                    reader.held.add(partition)
            case Observe(value=Revoked() | Lost() as seen):
                readers[row.process].held -= {tp.partition for tp in seen.partitions}
            case Complete() if isinstance(told.all[row.op].op, ops.Poll) and told.clean:
                poll = told.all[row.op]
                found = _reading_on(told, readers[poll.op.client], poll, number)
                tested += len(found)
                wrong += sum(found)
    return tested, wrong


def _reading_on(told: Told, reader: Reading, poll: Done, number: int) -> list[bool]:
    """For each record that certainly follows another: whether it does not stand behind it."""
    found = []
    for record in poll.told:
        since = reader.set_in.get(record.partition, number if reader.subscribed else -1)
        anew = [row for row in told.rows[poll.row : since] if _gives(row, poll.op.client, record.partition)]
        if since > poll.row and (record.partition in reader.polls[poll.number] or anew):
            continue
        before = reader.last.get((since, record.partition))
        if before and (before[0] is poll or before[0].ended_row < poll.row):
            found.append(record.offset <= before[1])
        reader.last[since, record.partition] = poll, record.offset
    return found


def _gives(row: object, client: str, partition: int) -> bool:
    given = isinstance(row, Observe) and isinstance(row.value, Assigned) and row.process == client
    return given and any(tp.partition == partition for tp in row.value.partitions)  # type: ignore[union-attr, attr-defined]


def one_record_per_offset(told: Told) -> Verdict:
    facts = [(send.place, send.op.key, send.op.value) for send in told.acked()]
    facts += [(read.place, read.record.key, read.record.value) for read in told.reads if told.clean]
    tested, wrong, last = 0, 0, dict[tuple[int, int], tuple[object, object]]()
    for place, *record in facts:
        tested += place in last
        wrong += last.get(place, tuple(record)) != tuple(record)
        last[place] = record[0], record[1]
    return tested, wrong


def producer_order(told: Told) -> Verdict:
    before = {
        send.number: [
            one
            for one in told.acked()
            if told.opening(one) is told.opening(send) and one.number < send.number
            if _in_order(told, send) or one.over < send.begun
        ]
        for send in told.acked()
    }
    return _behind(told, before)


def _in_order(told: Told, send: Done) -> bool:
    one_by_one = any(told.opening(send).op.settings.get(name) == "1" for name in MAX_IN_FLIGHT)
    return one_by_one or _held_to_idempotence(told, send)


def _held_to_idempotence(told: Told, send: Done) -> bool:
    """The producer is idempotent, or the user chose what all are."""
    return told.idempotent(send) or "idempotent" in told.chosen


def ack_precedes_send(told: Told) -> Verdict:
    return _behind(told, {s.number: [one for one in told.acked() if one.over < s.begun] for s in told.acked()})


def _behind(told: Told, before: dict[int, list[Done]]) -> Verdict:
    """Each send against those before it in its partition."""
    tested = wrong = 0
    for send in told.acked():
        offsets = [one.place[1] for one in before[send.number] if one.place[0] == send.place[0]]
        tested += bool(offsets)
        wrong += any(offset >= send.place[1] for offset in offsets)
    return tested, wrong


def nothing_invented(told: Told) -> Verdict:
    reads = told.reads if told.known else []
    return len(reads), sum(not any(_may_be(send, read) for send in told.sends) for read in reads)


def _may_be(send: Done, read: Read) -> bool:
    same = (send.op.key, send.op.value) == (read.record.key, read.record.value)
    return (
        same and not send.failed and send.op.partition in (None, read.record.partition) and send.begun <= read.poll.over
    )


@lru_cache(maxsize=8)
def placed(told: Told) -> list[Read]:
    """The first read of each record at each place, by readers of either isolation."""
    found = {}
    for read in told.reads if told.clean else ():
        level = told.opening(read.poll).op.isolation
        found.setdefault((read.place, read.record.key, read.record.value, level), read)
    return list(found.values())


def _its_send(told: Told, read: Read) -> Done | None:
    return by_value(told, read) if told.known else None


def acked_at_offset(told: Told) -> Verdict:
    tested, wrong = set(), 0
    for read in placed(told):
        here = [send for send in told.acked() if send.place == read.place]
        tested |= {send.number for send in here}
        wrong += any((send.op.key, send.op.value) != (read.record.key, read.record.value) for send in here)
        send = _its_send(told, read)
        if send in told.acked() and send.place != read.place and told.idempotent(send) and not _at_home(told, send):
            tested.add(send.number)
            wrong += 1
    return len(tested), wrong


def _at_home(told: Told, send: Done) -> bool:
    return any(read.place == send.place and read.record.value == send.op.value for read in placed(told))


def no_duplicates(told: Told) -> Verdict:
    places: dict[int, set[tuple[int, int]]] = {}
    for read in placed(told):
        send = _its_send(told, read)
        if send and _held_to_idempotence(told, send):
            places.setdefault(send.number, set()).add(read.place)
    return len(places), sum(len(each) - 1 for each in places.values())


class Whole(NamedTuple):
    """A complete read that can be trusted."""

    time: int
    begun: int
    partition: int
    start: int
    end: int
    full: bool
    records: list[tuple[int, bytes | None]]


@lru_cache(maxsize=8)
def wholes(told: Told) -> list[Whole]:
    found, since = [], dict[tuple[int, int], int]()
    for row in told.rows:
        if isinstance(row, Observe) and isinstance(row.value, Drained):
            value: Drained = row.value
            openings = [each for each in told.of(ops.OpenConsumer) if each.op.client == row.process]
            opened = [each for each in openings if each.begun < row.time][-1]
            last = since.get((opened.number, value.partition), -1)
            since[opened.number, value.partition] = row.time
            polls = [
                each for each in told.of(ops.Poll) if last < each.begun < row.time and told.opening(each) is opened
            ]
            if all(poll.outcome is not None and not isinstance(poll.outcome, Unknown) for poll in polls):
                own = [record for poll in polls if poll.over <= row.time for record in poll.told]
                records = [(each.offset, each.value) for each in own if each.partition == value.partition]
                span = value.partition, value.start, value.end, value.isolation == "read_uncommitted"
                found.append(Whole(row.time, _begun(told, value, row.time, opened), *span, records))
    return found


def _begun(told: Told, value: Drained, time: int, opened: Done) -> int:
    """When it was last asked where the log ends, and the answer was this end."""
    asked = [each for each in told.of(ops.ListOffsets) if each.ok and each.op.at == "latest" and each.over < time]
    asked = [each for each in asked if (each.op.partition, each.op.isolation) == (value.partition, value.isolation)]
    alike = [each for each in asked if each.outcome.value == value.end]
    return max(alike, key=lambda each: each.over).begun if alike else opened.begun


@lru_cache(maxsize=8)
def deleted_below(told: Told, partition: int) -> int:
    below = 0
    for each in told.of(ops.DeleteRecords):
        if each.op.partition == partition and not each.failed:
            sent_after = [
                s.place[1] for s in told.acked() if s.place[0] == partition and each.ok and s.begun >= each.over
            ]
            below = max(below, each.op.before if each.op.before >= 0 else min(sent_after, default=NEVER))
    return below


def acked_survives(told: Told) -> Verdict:
    compacted = any("compact" in value for value, _, _ in told.values("cleanup.policy", "delete"))
    tested, lost = set(), set()
    for send in told.acked() if told.known and not compacted else ():
        partition, offset = send.place
        if offset < deleted_below(told, partition):
            continue
        once = [other.op.value for other in told.sends].count(send.op.value) == 1
        for whole in [each for each in wholes(told) if each.partition == partition]:
            seen = (offset, send.op.value) in whole.records
            if whole.start <= offset < whole.end:
                owed = (whole.full or told.visible(send)) and kept_until(told, partition, offset) > whole.time
            else:
                owed, seen = offset >= whole.end and whole.full and send.over < whole.begun, False
            if owed:
                tested.add(send.number)
                if not seen and not (once and any(value == send.op.value for _, value in whole.records)):
                    lost.add(send.number)
    somewhere = _survives_somewhere(told)
    return len(tested) + somewhere[0], len(lost) + somewhere[1]


def _survives_somewhere(told: Told) -> Verdict:
    """The same of what was acknowledged without an offset."""
    tested, lost = set(), set()
    compacted = any("compact" in value for value, _, _ in told.values("cleanup.policy", "delete"))
    deleting = any("delete" in value for value, _, _ in told.values("cleanup.policy", "delete"))
    expired = deleting and any(expires(told, send) <= told.last for send in told.sends if not send.failed)
    for send in told.durable if told.known and not compacted and not expired else ():
        once = [other.op.value for other in told.sends].count(send.op.value) == 1
        if send.place[1] < 0 and once and send.op.value is not None and not deleted_below(told, send.place[0]):
            for whole in [each for each in wholes(told) if each.partition == send.place[0]]:
                if whole.start == 0 and whole.full and send.over < whole.begun:
                    tested.add(send.number)
                    if all(value != send.op.value for _, value in whole.records):
                        lost.add(send.number)
    return len(tested), len(lost)


def consuming_deletes_nothing(told: Told) -> Verdict:
    tested, cut, lost = set(), set(), []
    for read in placed(told) if told.known else ():
        partition, offset = read.place
        if offset < deleted_below(told, partition):
            continue
        until = kept_until(told, partition, offset)
        after = [each for each in told.starts() if each.op.partition == partition and each.begun > read.poll.over]
        in_time = [each for each in after if each.over < until]
        if after and min(after, key=lambda each: each.begun) in in_time:
            tested.add(read.place)
        again = [_again(told, read, whole, until) for whole in wholes(told) if whole.partition == partition]
        if any(each is not None for each in again):
            tested.add(read.place)
        if any(each.outcome.value > offset for each in in_time):
            tested.add(read.place)
            cut.add(partition)
        elif False in again:
            lost.append(read)
    return len(tested), len(cut) + len(lost)


def _again(told: Told, read: Read, whole: Whole, until: int) -> bool | None:
    """Whether a later complete read has it; None: it need not."""
    if read.poll.over >= whole.begun:
        return None
    if read.place[1] >= whole.end:
        return False if whole.full else None
    level = whole.full or told.opening(read.poll).op.isolation == "read_committed"
    if not level or read.place[1] < whole.start or whole.time >= until:
        return None
    return any(offset == read.place[1] for offset, _ in whole.records)


ORACLES = {
    "ordering.offsets-increase": offsets_increase,
    "ordering.one-record-per-offset": one_record_per_offset,
    "ordering.producer-order": producer_order,
    "ordering.ack-precedes-send": ack_precedes_send,
    "integrity.nothing-invented": nothing_invented,
    "durability.acked-at-offset": acked_at_offset,
    "idempotence.no-duplicates": no_duplicates,
    "durability.acked-survives": acked_survives,
    "retention.consuming-deletes-nothing": consuming_deletes_nothing,
}
