"""`topics.deleted-is-gone`, read off its statement: every operation beside every deletion."""

from oracles.progress import Done, Told

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.outcomes import Fail, Ok

SECOND = 1_000_000_000
GONE = (ops.ListOffsets, ops.DeleteTopic, ops.CreatePartitions, ops.AlterTopic, ops.DeleteRecords)


def deleted_is_gone(told: Told) -> tuple[int, int]:
    found = [
        each.ok
        for gone in told.of(ops.DeleteTopic)
        for each in told.of(*GONE)
        if gone.ok and each.op.topic == gone.op.topic and not _comes_back(told, gone.op.topic)
        if isinstance(each.outcome, Ok | Fail) and _while_gone(told, gone, each)
    ]
    return len(found), sum(found)


def _while_gone(told: Told, gone: Done, each: Done) -> bool:
    acts = [act for act in told.of(ops.CreateTopic, ops.DeleteTopic) if act.op.topic == gone.op.topic]
    until = min((act.begun for act in acts if act.begun > gone.begun and not act.refused), default=each.ended + 1)
    before = max(act.begun for act in acts if isinstance(act.op, ops.DeleteTopic) and act.begun <= gone.begun)
    in_time = each.ended < until or each.begun == until
    return each.begun > gone.ended + SECOND and in_time and told.calm(before, each.ended)


def _comes_back(told: Told, topic: str) -> bool:
    """A client asked for it, so that a broker may have created it by itself."""
    sent = any(each.op.topic == topic for each in told.of(ops.Send))
    return sent or any(topic in each.op.topics for each in told.of(ops.Subscribe))


ORACLES = {"topics.deleted-is-gone": deleted_is_gone}
