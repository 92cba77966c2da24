"""The promises of offsets told and of deletions, read off their statements."""

from collections import Counter
from collections.abc import Iterator

from oracles.readers import NEVER, Asked, Readers
from oracles.reading import Verdict, Walk

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.outcomes import Fail, Ok
from brokerlaw.spec.history.rows import Invoke, Observe, Recording
from brokerlaw.spec.history.values import TopicPartition


def judge(recording: Recording) -> dict[str, Verdict]:
    """The verdict of each promise; of lookups by time only where the topic keeps its records."""
    readers = Readers(recording)
    found = {"offsets.end-told": _ends(readers), "retention.deletes-what-was-asked": _deletions(readers)}
    return found | ({"offsets.by-timestamp": _times(readers)} if readers.keeps else {})


def _asked(readers: Readers, *at: str) -> Iterator[tuple[Asked, TopicPartition, int]]:
    """The offsets that were told: the question, the partition, the answer (-1: none)."""
    for asked in readers.asked if readers.clean else ():
        op = asked.op
        if isinstance(op, ops.ListOffsets) and isinstance(asked.outcome, Ok):
            answer = -1 if asked.outcome.value is None else asked.outcome.value
            if (op.at in at) if at else isinstance(op.at, int):
                yield asked, TopicPartition(op.topic, op.partition), answer


def _isolated(asked: Asked) -> bool:
    return getattr(asked.op, "isolation", "") == "read_committed"


def _ends(readers: Readers) -> Verdict:
    exercised, broken = 0, Counter[tuple[int, TopicPartition]]()
    for asked, tp, end in _asked(readers, "latest"):
        low, high, most = _least(readers, asked, tp), _stable(readers, asked, tp), _most(readers, asked, tp)
        exercised += low > 0 or high < NEVER or most < NEVER
        broken[asked.number, tp] += (end < low) + (end > high) + (high >= end > most)
    return Verdict(exercised, +broken)


def _least(readers: Readers, asked: Asked, tp: TopicPartition) -> int:
    isolated = _isolated(asked)
    found = [0 if isolated else readers.end_by(tp, asked.begun)]
    for other in readers.asked:
        before = isinstance(other.op, ops.Poll) and other.over < asked.begun
        if before and readers.by_client[other.op.client].isolation == "read_committed":  # type: ignore[union-attr]
            found += [record.offset + 1 for record in readers.records(other) if record.partition == tp.partition]
    return max(found)


def _stable(readers: Readers, asked: Asked, tp: TopicPartition) -> int:
    """The first record of a transaction that is open all the time."""
    found, first, until = NEVER, NEVER, -1
    for other in readers.asked:
        match other.op:
            case ops.BeginTransaction():
                first, until = NEVER, _ended(readers, other)
            case ops.Send(client="q") if (
                isinstance(other.outcome, Ok) and other.outcome.value.partition == tp.partition
            ):
                if first == NEVER:
                    first = other.outcome.value.offset
                    if other.over < asked.begun and until > asked.over and _isolated(asked):
                        found = min(found, first)
    return found


def _ended(readers: Readers, begun: Asked) -> int:
    ends = (ops.CommitTransaction, ops.AbortTransaction)
    asked = [other.begun for other in readers.asked if isinstance(other.op, ends) and other.number > begun.number]
    return min([*asked[:1], begun.begun + 10_000 * 1_000_000])


def _most(readers: Readers, asked: Asked, tp: TopicPartition) -> int:
    sends = [each for each in readers.asked if isinstance(each.op, ops.Send) and not isinstance(each.outcome, Fail)]
    idempotent = {
        each.op.client for each in readers.asked if isinstance(each.op, ops.OpenProducer) and each.op.idempotent
    }
    if any(send.op.client == "q" or send.op.client not in idempotent for send in sends):  # type: ignore[union-attr]
        return NEVER
    return sum(send.begun <= asked.over and _where(send) == tp.partition for send in sends)


def _where(send: Asked) -> int | None:
    """The partition where a send was acknowledged, or that it named."""
    assert isinstance(send.op, ops.Send)
    return send.outcome.value.partition if isinstance(send.outcome, Ok) else send.op.partition


def _cut(readers: Readers, tp: TopicPartition, time: int) -> int:
    """Below which everything was certainly deleted by a time."""
    found = 0
    for asked in readers.asked:
        op = asked.op
        done = isinstance(asked.outcome, Ok) and asked.over < time
        if isinstance(op, ops.DeleteRecords) and done and op.partition == tp.partition:
            found = max(found, readers.end_by(tp, asked.begun) if op.before < 0 else op.before)
    return found


def _deletions(readers: Readers) -> Verdict:
    exercised, broken = 0, Counter[tuple[int, TopicPartition]]()
    for asked, tp, begin in _asked(readers, "earliest"):
        cut = _cut(readers, tp, asked.begun)
        exercised += cut > 0
        broken[asked.number, tp] += 0 <= begin < cut
    for asked, tp, offset, set_in in Walk(readers).given if readers.clean else ():
        row = readers.rows[set_in] if set_in >= 0 else None
        cut = _cut(readers, tp, row.time) if isinstance(row, Invoke | Observe) else 0
        exercised += cut > 0
        if offset < cut:
            broken[asked.number, tp] = 1
    return Verdict(exercised, +broken)


def _times(readers: Readers) -> Verdict:
    exercised, broken = 0, Counter[tuple[int, TopicPartition]]()
    known = dict(_stamps(readers))
    inside = any(isinstance(each.op, ops.Send) and each.op.client == "q" for each in readers.asked)
    for asked, tp, answer in _asked(readers):
        time = asked.op.at  # type: ignore[union-attr]  # a lookup
        if inside and _isolated(asked):
            continue
        end = readers.end_by(tp, asked.begun)
        exercised += (tp, answer) in known or any(where == tp and offset < end for where, offset in known)
        upto = end if answer < 0 else min(answer, end)
        deleted = readers.cut(tp, NEVER)
        missed = any(
            where == tp and deleted <= offset < upto and stamp >= time for (where, offset), stamp in known.items()
        )
        gone = 0 <= answer < _cut(readers, tp, asked.begun)
        broken[asked.number, tp] += gone or known.get((tp, answer), time) < time or missed
    return Verdict(exercised, +broken)


def _stamps(readers: Readers) -> Iterator[tuple[tuple[TopicPartition, int], int]]:
    """The timestamp of each place: as it was sent, or, what counts more, as it was read."""
    acks = {each.op.client: each.op.acks for each in readers.asked if isinstance(each.op, ops.OpenProducer)}
    for asked in readers.asked:
        op = asked.op
        durable = isinstance(op, ops.Send) and isinstance(asked.outcome, Ok) and acks[op.client] == "all"
        if durable and op.timestamp is not None:  # type: ignore[union-attr]  # a send
            placed = asked.outcome.value  # type: ignore[union-attr]  # it is Ok
            yield (TopicPartition(placed.topic, placed.partition), placed.offset), op.timestamp  # type: ignore[union-attr]
    for asked in readers.asked:
        for record in readers.records(asked):
            if record.timestamp >= 0:
                yield (TopicPartition(record.topic, record.partition), record.offset), record.timestamp
