"""`replicas.hold-what-was-read`, read off its statement: every look against every record read before it."""

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.outcomes import Ok
from brokerlaw.spec.history.rows import Complete, Invoke, Recording
from brokerlaw.spec.history.values import PartitionState, Record


def broken(recording: Recording) -> tuple[int, int]:
    """How many records were looked for, and how many looks lacked one; of one partition, t/0."""
    ends = {row.op: row for row in recording.rows if isinstance(row, Complete) and isinstance(row.outcome, Ok)}
    done = [(row, ends[row.op]) for row in recording.rows if isinstance(row, Invoke) and row.op in ends]
    looked, lacking = 0, 0
    for asked, told in done:
        if isinstance(asked.value, ops.ReadReplica) and _in_sync(done, asked, told):
            log = {record.offset: record for record in told.outcome.value}
            owed = _read_before(done, asked.time)
            looked += len(owed)
            lacking += any(not _same(log.get(offset), record) for offset, record in owed.items())
    return looked, lacking


def _in_sync(done: list[tuple[Invoke, Complete]], asked: Invoke, told: Complete) -> bool:
    assert isinstance(asked.value, ops.ReadReplica)
    looks = [(one, two) for one, two in done if isinstance(one.value, ops.DescribePartition)]
    before = [two.outcome.value for one, two in looks if two.time < asked.time]
    after = [two.outcome.value for one, two in looks if one.time >= told.time]
    if not before or not after:
        return False
    states: tuple[PartitionState, PartitionState] = (before[-1], after[0])
    inside = all(asked.value.broker in state.isr for state in states)
    return inside and states[0].epoch == states[1].epoch >= 0


def _read_before(done: list[tuple[Invoke, Complete]], time: int) -> dict[int, Record]:
    found: dict[int, Record] = {}
    for asked, told in done:
        if isinstance(asked.value, ops.Poll):
            for record in told.outcome.value:
                found.setdefault(record.offset, (told.time, record))  # type: ignore[arg-type]  # with its time, at first
    return {offset: record for offset, (at, record) in found.items() if at < time}  # type: ignore[misc]  # as above


def _same(copy: Record | None, record: Record) -> bool:
    return copy is not None and (copy.key, copy.value, copy.headers) == (record.key, record.value, record.headers)
