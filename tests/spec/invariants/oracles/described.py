"""What coordinators tell of groups, read off the statements, for histories of one group of one partition each."""

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.outcomes import Fail, Ok
from brokerlaw.spec.history.rows import Complete, Invoke, Recording

NEVER = 2**70
WRITTEN = (ops.Commit, ops.DeleteOffsets)
"""What is written of a group's offsets."""


def lag(recording: Recording) -> tuple[int, int]:
    """How many lags were judged, and how many were wrong: commits one after the other, each certain or refused."""
    done = [
        (row, end)
        for row in recording.rows
        if isinstance(row, Invoke)
        for end in recording.rows
        if isinstance(end, Complete) and end.op == row.op
    ]
    ok = [(row, end) for row, end in done if isinstance(end.outcome, Ok)]
    lags = [(row, end) for row, end in ok if isinstance(row.value, ops.Lag)]
    return len(lags), sum(_wrong(row, end, done, ok) for row, end in lags)


def _wrong(row: Invoke, end: Complete, done: list[tuple[Invoke, Complete]], ok: list[tuple[Invoke, Complete]]) -> bool:
    assert isinstance(end.outcome, Ok)
    told = end.outcome.value
    sure = [after.time for asked, after in ok if isinstance(asked.value, WRITTEN) and after.time < row.time]
    written = [
        asked.value
        for asked, after in done
        if isinstance(asked.value, WRITTEN)
        and not isinstance(after.outcome, Fail)
        and asked.time <= end.time
        and after.time >= max(sure, default=0)
    ]
    standing = [op.offsets[0].offset for op in written if isinstance(op, ops.Commit)]
    if told is None or not standing:
        return len(standing) == len(written) > 0 if told is None else True
    ends = [(asked.time, after) for asked, after in ok if isinstance(asked.value, ops.ListOffsets)]
    low = max((_value(after) for _, after in ends if after.time < row.time), default=0)
    high = min((_value(after) for asked, after in ends if asked >= end.time), default=NEVER)
    return not max(0, low - max(standing)) <= told <= max(0, high - min(standing))


def _value(end: Complete) -> int:
    assert isinstance(end.outcome, Ok)
    value: int = end.outcome.value
    return value
