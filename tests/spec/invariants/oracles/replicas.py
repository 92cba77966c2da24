"""The promises of replicas, read off their statements: every look, and every record that was read before it."""

from oracles.progress import Done, Told

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.values import Record


def in_order(told: Told) -> tuple[int, int]:
    """How many records were looked at, and how often one is of another partition (once a look) or not behind."""
    tested = wrong = 0
    for look in told.of(ops.ReadReplica):
        records = look.outcome.value if look.ok else ()
        tested += len(records)
        wrong += any((each.topic, each.partition) != (look.op.topic, look.op.partition) for each in records)
        wrong += sum(records[i - 1].offset >= records[i].offset for i in range(1, len(records)))
    return tested, wrong


def hold_what_was_read(told: Told) -> tuple[int, int]:
    """How many records were looked for, and how many looks lacked one; of one partition, t/0."""
    looked, lacking = 0, 0
    for look in told.of(ops.ReadReplica):
        if look.ok and _in_sync(told, look):
            log = {record.offset: record for record in reversed(look.outcome.value) if record.partition == 0}
            owed = _read_before(told, look.begun)
            looked += len(owed)
            lacking += any(not _same(log.get(offset), record) for offset, record in owed.items())
    return looked, lacking


def _in_sync(told: Told, look: Done) -> bool:
    states = [each for each in told.of(ops.DescribePartition) if each.ok]
    before = [each.outcome.value for each in states if each.ended < look.begun]
    after = [each.outcome.value for each in states if each.begun >= look.ended]
    if not before or not after:
        return False
    inside = all(look.op.broker in state.isr for state in (before[-1], after[0]))
    return inside and before[-1].epoch == after[0].epoch >= 0


def _read_before(told: Told, time: int) -> dict[int, Record]:
    """What was read first of each place, where that was before this time."""
    found: dict[int, tuple[int, Record]] = {}
    for poll in told.of(ops.Poll):
        for record in poll.outcome.value:
            found.setdefault(record.offset, (poll.ended, record))
    return {offset: record for offset, (ended, record) in found.items() if ended < time}


def _same(copy: Record | None, record: Record) -> bool:
    return copy is not None and (copy.key, copy.value, copy.headers) == (record.key, record.value, record.headers)


ORACLES = {"replicas.in-order": in_order, "replicas.hold-what-was-read": hold_what_was_read}
