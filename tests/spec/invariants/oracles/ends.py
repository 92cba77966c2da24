"""The promises of ends, read off their statements: every two answers, one after the other."""

from collections.abc import Iterator
from typing import NamedTuple

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.outcomes import Ok
from brokerlaw.spec.history.rows import Complete, Invoke, Recording


class Told(NamedTuple):
    op: int
    asked: ops.ListOffsets
    begun: int
    ended: int
    end: int


def answers(recording: Recording, at: str = "latest") -> Iterator[Told]:
    asked = {row.op: row for row in recording.rows if isinstance(row, Invoke)}
    for row in recording.rows:
        if isinstance(row, Complete) and isinstance(row.outcome, Ok):
            op = asked[row.op].value
            if isinstance(op, ops.ListOffsets) and op.at == at:
                yield Told(row.op, op, asked[row.op].time, row.time, row.outcome.value)


def never_go_back(recording: Recording) -> set[tuple[str, str, int]]:
    """The partitions in which it did: topic, isolations of the two, number of the partition."""
    told = list(answers(recording))
    return {
        (f"{one.asked.isolation} {two.asked.isolation}", two.asked.topic, two.asked.partition)
        for one in told
        for two in told
        if (one.asked.topic, one.asked.partition) == (two.asked.topic, two.asked.partition)
        and one.ended < two.begun
        and one.end > two.end
        and (one.asked.isolation == two.asked.isolation or two.asked.isolation == "read_uncommitted")
        and (one.asked.isolation, two.asked.isolation) != ("read_uncommitted", "read_committed")
    }


def start_before_end(recording: Recording) -> tuple[int, int]:
    """How many ends were told after a start, and in how many partitions one was before such a start."""
    tested, wrong = 0, set()
    for end in answers(recording):
        before = [
            start.end
            for start in answers(recording, "earliest")
            if start.asked.partition == end.asked.partition and start.ended < end.begun
        ]
        if before and end.asked.isolation == "read_uncommitted":
            tested += 1
            if max(before) > end.end:
                wrong.add(end.asked.partition)
    return tested, len(wrong)
