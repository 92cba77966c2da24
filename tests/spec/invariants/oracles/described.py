"""How far groups are behind, read off the statement: every lag beside every commit and every end."""

from oracles.committed import WEEK, commits
from oracles.progress import NEVER, Done, Told

from brokerlaw.spec.history import operations as ops


def lag_is_the_distance(told: Told) -> tuple[int, int]:
    """For histories of one group and one partition."""
    lags = [each for each in told.of(ops.Lag) if each.ok and told.clean("t")]
    return len(lags), sum(_wrong(told, each) for each in lags)


def _wrong(told: Told, asked: Done) -> bool:
    written, lag = commits(told), asked.outcome.value
    sure = [each for each in written if each.done["read_uncommitted"] < asked.begun]
    last = max(sure, key=lambda each: each.written, default=None)
    since, deleted = (-1, False) if last is None else (last.written, last.offset is None)
    may = [
        each.offset
        for each in written
        if each.begun < asked.ended and (each.placed >= since or (deleted and each.done["read_uncommitted"] == NEVER))
    ]
    offsets = [offset for offset in may if offset is not None]
    if lag is None:
        return None not in may and last is not None and asked.ended - since < WEEK
    transactional = any(each.op.transactional_id for each in told.of(ops.OpenProducer))
    ends = [each for each in told.of(ops.ListOffsets) if each.ok]
    level = "read_committed" if transactional else "read_uncommitted"
    low = max((e.outcome.value for e in ends if e.ended < asked.begun and e.op.isolation == level), default=0)
    later = [each for each in ends if each.begun > asked.ended and each.op.isolation == "read_uncommitted"]
    high = min((each.outcome.value for each in later), default=NEVER)
    return not any(max(0, low - offset) <= lag for offset in offsets) or lag > max(0, high - min(offsets))


ORACLES = {"groups.lag-is-the-distance": lag_is_the_distance}
