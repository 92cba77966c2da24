"""The promises of reading, read off their statements: one walk over the rows, with each reader's position in hand."""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from oracles.readers import NEVER, Asked, Readers

from brokerlaw.spec.history import observations as seen, operations as ops
from brokerlaw.spec.history.outcomes import Fail, Ok
from brokerlaw.spec.history.rows import Invoke, Observe, Recording
from brokerlaw.spec.history.values import TopicPartition


class Stand(NamedTuple):
    """A position: what set it (an operation), whether that was a read, and of which row its start is."""

    offset: int
    by: Asked
    read: bool
    set_in: int


class Verdict(NamedTuple):
    """How often the promise was put to the test, and the (operation, partition) of each breach."""

    exercised: int
    broken: Counter[tuple[int, TopicPartition]]


def judge(recording: Recording) -> dict[str, Verdict]:
    """The verdict of each promise of reading."""
    readers = Readers(recording)
    walk = Walk(readers)
    return {
        "reading.leaves-nothing-out": walk.left_out(),
        "reading.begins-at-position": walk.begins(),
        "reading.position-told": walk.told(),
        "reading.max-records": _max_records(readers),
        "reading.paused-gives-nothing": _paused(readers),
        "reading.only-what-is-assigned": _assigned(readers),
    }


class Step(NamedTuple):
    """A record returned (`told` False) or a position told, and where its reader stood before it."""

    asked: Asked
    tp: TopicPartition
    offset: int
    told: bool
    before: Stand | None
    set_in: int


class Walk:
    """Walks over the rows, and keeps each reader's position in each partition."""

    def __init__(self, readers: Readers) -> None:
        self.readers = readers
        self.stands: dict[tuple[str, TopicPartition], Stand] = {}
        self.set_in: dict[tuple[str, TopicPartition], int] = {}
        self.held: dict[tuple[str, TopicPartition], tuple[int, int]] = {}
        self.steps: list[Step] = []
        self.given: list[tuple[Asked, TopicPartition, int, int]] = []
        self.subscribers: set[str] = set()
        over = {asked.over_row: asked for asked in readers.asked}
        begun = {asked.row: asked for asked in readers.asked}
        for i, row in enumerate(readers.rows):
            if isinstance(row, Observe):
                self._observed(i, row)
            elif i in begun:
                self._begins(begun[i])
            elif i in over:
                self._ends(over[i])

    def _observed(self, i: int, row: Observe) -> None:
        if isinstance(row.value, seen.Assigned | seen.Revoked | seen.Lost):
            for tp in row.value.partitions:
                self.stands.pop((row.process, tp), None)
                if isinstance(row.value, seen.Assigned):
                    self.set_in[row.process, tp] = i

    def _begins(self, asked: Asked) -> None:
        op = asked.op
        if isinstance(op, ops.Subscribe):
            self.subscribers.add(op.client)
        if isinstance(op, ops.Assign):
            self.set_in |= {(op.client, offset.tp): asked.row for offset in op.offsets}
        if isinstance(op, ops.Seek):
            self.set_in[op.client, TopicPartition(op.topic, op.partition)] = asked.row

    def _ends(self, asked: Asked) -> None:
        op, sure = asked.op, isinstance(asked.outcome, Ok) and not self.readers.overlaps(asked)
        if isinstance(op, ops.Poll):
            self._polled(asked)
        elif isinstance(asked.outcome, Fail):
            return
        elif isinstance(op, ops.Assign | ops.Unsubscribe | ops.Subscribe):
            self._forget(op.client)
            for offset in op.offsets if isinstance(op, ops.Assign) and sure else ():
                self.stands[op.client, offset.tp] = Stand(offset.offset, asked, False, asked.row)
        elif isinstance(op, ops.Seek):
            tp = TopicPartition(op.topic, op.partition)
            self.stands.pop((op.client, tp), None)
            if sure:
                self.stands[op.client, tp] = Stand(op.offset, asked, False, asked.row)
        elif isinstance(op, ops.Position) and sure:
            self._position(asked, op)

    def _forget(self, client: str) -> None:
        self.stands = {key: stand for key, stand in self.stands.items() if key[0] != client}

    def _position(self, asked: Asked, op: ops.Position) -> None:
        tp, told = TopicPartition(op.topic, op.partition), asked.outcome.value  # type: ignore[union-attr]  # it is Ok
        told = -1 if told is None else told
        before = self.stands.pop((op.client, tp), None)
        if before is not None and self._untold(before):
            before = None
        self.steps.append(Step(asked, tp, told, True, before, -1))
        if told >= 0:
            self.stands[op.client, tp] = Stand(told, asked, False, -1)

    def _untold(self, stand: Stand) -> bool:
        """Whether a member read it that was never told to have the partition: a rebalance may have come since."""
        return stand.read and stand.set_in == stand.by.over_row

    def _polled(self, asked: Asked) -> None:
        assert isinstance(asked.op, ops.Poll)
        client, overlaps = asked.op.client, self.readers.overlaps(asked)
        unset = asked.over_row if client in self.subscribers else -1
        for record in self.readers.records(asked):
            tp = TopicPartition(record.topic, record.partition)
            before, set_in = self.stands.pop((client, tp), None), self.set_in.get((client, tp), unset)
            self.given.append((asked, tp, record.offset, set_in))
            if before is not None and before.by is not asked and self._untold(before):
                before = None
            if overlaps or self._held_before(asked, client, tp):
                continue
            self.steps.append(Step(asked, tp, record.offset, False, before, set_in))
            if isinstance(asked.outcome, Ok | Fail):
                self.stands[client, tp] = Stand(record.offset + 1, asked, True, set_in)
        if not isinstance(asked.outcome, Ok | Fail):
            self._forget(client)

    def _held_before(self, asked: Asked, client: str, tp: TopicPartition) -> bool:
        """Whether the partition was assigned anew during the poll, and was held when it began."""
        held, anew = False, False
        for i, row in enumerate(self.readers.rows[: asked.over_row]):
            if isinstance(row, Observe) and row.process == client and tp in getattr(row.value, "partitions", ()):
                given = isinstance(row.value, seen.Assigned)
                if i < asked.row:
                    held = given
                anew |= given and i > asked.row
            ended = isinstance(row, Invoke) and isinstance(row.value, ops.Unsubscribe) and row.value.client == client
            if ended and i < asked.row:
                held = False
        return held and anew

    def _known(self, told: bool) -> list[tuple[Step, Stand, int]]:
        """Steps with a known position before them, and from where on nothing may be passed over (NEVER: anything)."""
        readers = self.readers
        if not (readers.keeps and readers.clean):
            return []
        found = []
        for step in self.steps:
            if step.told == told and step.before is not None:
                cut = readers.cut(step.tp, step.asked.over)
                earliest = readers.by_client[step.asked.op.client].reset == "earliest"  # type: ignore[union-attr]
                anywhere = cut > step.before.offset and not earliest
                found.append((step, step.before, NEVER if anywhere else max(cut, step.before.offset)))
        return found

    def _passes_over(self, step: Step, begin: int) -> bool:
        return self.readers.between(step.asked.op.client, step.tp, begin, step.offset)  # type: ignore[union-attr]

    def _in_range(self, step: Step, before: Stand) -> bool:
        return before.read or before.offset <= self.readers.end_by(step.tp, before.by.begun)

    def left_out(self) -> Verdict:
        tested = [(step, begin) for step, _, begin in self._known(False) if begin <= step.offset]
        return _verdict(len(tested), [step for step, begin in tested if self._passes_over(step, begin)])

    def begins(self) -> Verdict:
        tested = [
            (step, before)
            for step, before, _ in self._known(False)
            if not (before.read and before.set_in == step.set_in) and self._in_range(step, before)
        ]
        return _verdict(len(tested), [step for step, before in tested if step.offset < before.offset])

    def told(self) -> Verdict:
        wrong, tested = [], self._known(True)
        for step, before, begin in tested:
            end = min((end for time, end in self._ends_told(step.tp) if time > step.asked.over), default=NEVER)
            below = step.offset < before.offset and self._in_range(step, before)
            beyond = before.offset < step.offset and step.offset > end and begin < NEVER
            if below or self._passes_over(step, begin) or beyond:
                wrong.append(step)
        return _verdict(len(tested), wrong)

    def _ends_told(self, tp: TopicPartition) -> Iterator[tuple[int, int]]:
        for asked in self.readers.asked:
            op = asked.op
            if not isinstance(op, ops.ListOffsets) or not isinstance(asked.outcome, Ok):
                continue
            if (op.topic, op.partition, op.at, op.isolation) == (*tp, "latest", "read_uncommitted"):
                yield asked.begun, asked.outcome.value


def _verdict(exercised: int, broken: list[Step]) -> Verdict:
    return Verdict(exercised, Counter((step.asked.number, step.tp) for step in broken))


def _max_records(readers: Readers) -> Verdict:
    polls = [asked for asked in readers.asked if readers.records(asked)]
    broken = [asked.number for asked in polls if len(readers.records(asked)) > asked.op.max_records]  # type: ignore[union-attr]
    return Verdict(len(polls), Counter((number, TopicPartition("", 0)) for number in broken))


def _paused(readers: Readers) -> Verdict:
    exercised, broken = 0, Counter[tuple[int, TopicPartition]]()
    for asked in readers.asked:
        if not isinstance(asked.op, ops.Poll) or asked.outcome is None:
            continue
        last = [_last_pause(readers, asked, tp) for tp in (TopicPartition("t", 0), TopicPartition("t", 1))]
        if isinstance(asked.outcome, Ok):
            latest = max(last, key=lambda pause: -1 if pause is None else pause[0])
            exercised += latest is not None and latest[1]
        for number, pause in enumerate(last):
            tp = TopicPartition("t", number)
            if pause is not None and pause[1] and any(record.partition == number for record in readers.records(asked)):
                broken[asked.number, tp] += 1
    return Verdict(exercised, broken)


def _last_pause(readers: Readers, poll: Asked, tp: TopicPartition) -> tuple[int, bool] | None:
    """The row in which the last pause before the poll was over, and whether it still went on when the poll was."""
    client = poll.op.client  # type: ignore[union-attr]  # a poll
    pauses = [
        asked.over_row
        for asked in readers.asked
        if isinstance(asked.op, ops.Pause)
        and asked.op.client == client
        and tp in asked.op.partitions
        and isinstance(asked.outcome, Ok)
        and asked.over_row < poll.row
    ]
    if not pauses:
        return None
    begin = max(pauses)
    return begin, not any(begin <= row < poll.over_row for row in _ends_of_pauses(readers, client, tp))


def _ends_of_pauses(readers: Readers, client: str, tp: TopicPartition) -> Iterator[int]:
    for i, row in enumerate(readers.rows):
        if isinstance(row, Observe) and row.process == client and tp in getattr(row.value, "partitions", ()):
            yield i
    for asked in readers.asked:
        op = asked.op
        if isinstance(asked.outcome, Fail) or ops.client_of(op) != client:
            continue
        uncertain = isinstance(op, ops.Pause) and not isinstance(asked.outcome, Ok)
        if (isinstance(op, ops.Resume) or uncertain) and tp in op.partitions:  # type: ignore[union-attr]
            yield asked.row
        if isinstance(op, ops.Assign | ops.Subscribe | ops.Unsubscribe):
            yield asked.row


def _assigned(readers: Readers) -> Verdict:
    broken, exercised = Counter[tuple[int, TopicPartition]](), 0
    for asked in readers.asked:
        records = readers.records(asked)
        exercised += len(records)
        for tp in {TopicPartition(record.topic, record.partition) for record in records}:
            changes = list(_changes(readers, asked.op.client))  # type: ignore[union-attr]  # a poll
            if _refused_all(readers, asked):
                broken[asked.number, tp] += 1
                continue
            if not any(given for _, given, _ in changes):
                continue
            came = max(
                (time for place, given, time in changes if place == tp and given and time <= asked.over), default=-1
            )
            went = max(
                (time for place, given, time in changes if place == tp and not given and time < asked.begun), default=-1
            )
            if came < 0 or came < went:
                broken[asked.number, tp] += 1
    return Verdict(exercised, broken)


def _refused_all(readers: Readers, poll: Asked) -> bool:
    """Whether the reader had asked for partitions by then, always in vain."""
    client = poll.op.client  # type: ignore[union-attr]  # a poll
    wanted = [each for each in readers.asked if isinstance(each.op, ops.Assign | ops.Subscribe)]
    mine = [each.outcome for each in wanted if each.op.client == client and each.begun <= poll.over]  # type: ignore[union-attr]
    return bool(mine) and all(isinstance(outcome, Fail) for outcome in mine)


def _changes(readers: Readers, client: str) -> Iterator[tuple[TopicPartition, bool, int]]:
    """Each time that a consumer was given a partition (True), or had it certainly no more."""
    everything = [TopicPartition("t", 0), TopicPartition("t", 1)]
    for row in readers.rows:
        if isinstance(row, Observe) and row.process == client:
            yield from ((tp, isinstance(row.value, seen.Assigned), row.time) for tp in row.value.partitions)  # type: ignore[union-attr]
    for asked in readers.asked:
        op = asked.op
        if ops.client_of(op) != client or isinstance(asked.outcome, Fail):
            continue
        mine = [offset.tp for offset in op.offsets] if isinstance(op, ops.Assign) else []
        yield from ((tp, True, asked.begun) for tp in mine)
        if isinstance(op, ops.Assign | ops.Unsubscribe) and isinstance(asked.outcome, Ok):
            yield from ((tp, False, asked.over) for tp in everything if tp not in mine)
