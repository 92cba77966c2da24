"""Promises of topics, read off their statements: every operation beside every creation and deletion."""

from oracles.progress import Done, Told

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.outcomes import Fail, Ok

SECOND, MILLISECOND = 1_000_000_000, 1_000_000
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


def begin_at_zero(told: Told) -> tuple[int, int]:
    """Of offsets that are told of topics with one partition."""
    tested = wrong = 0
    for answer in told.of(ops.ListOffsets):
        if answer.ok and answer.op.at in ("earliest", "latest") and answer.outcome.value is not None:
            whole = answer.op.at == "earliest" and _nothing_removed(told, answer)
            if whole or any(_empty(told, made, answer) for made in _made(told, answer.op.topic)):
                tested += 1
                wrong += answer.outcome.value != 0
    return tested, wrong


def _made(told: Told, topic: str) -> list[Done]:
    return [each for each in told.of(ops.CreateTopic) if each.op.topic == topic and each.ok]


def _empty(told: Told, made: Done, answer: Done) -> bool:
    """Whether an answer is certainly about the topic that was made, before anything can be in it."""
    acts = [act for act in told.of(ops.CreateTopic, ops.DeleteTopic) if act.op.topic == made.op.topic]
    gone = [act for act in acts if isinstance(act.op, ops.DeleteTopic) and act.begun < made.begun and not act.refused]
    later = [act for act in acts if act.begun > made.begun and not act.refused]
    if answer.begun <= made.ended + SECOND * bool(gone) or any(act.begun <= answer.ended for act in later):
        return False
    if gone and not told.calm(gone[-1].begun, answer.ended):
        return False
    sends = [each for each in told.of(ops.Send) if each.op.topic == made.op.topic and not each.refused]
    old = [each for each in sends if gone and each.ok and each.ended < gone[-1].begun]
    return all(each in old or each.begun > answer.ended for each in sends)


def _nothing_removed(told: Told, answer: Done) -> bool:
    """Nothing was deleted, compacted or has expired, of a topic that was made here once, before the question."""
    topic = answer.op.topic
    if not told.known(topic) or answer.begun <= _made(told, topic)[0].ended:
        return False
    settings = _made(told, topic)[0].op.settings
    sends = [each for each in told.of(ops.Send) if each.op.topic == topic and not each.refused]
    last = max(row.time for row in told.rows)
    expired = settings.get("retention.ms") == "1" and any(each.begun + MILLISECOND <= last for each in sends)
    deletions = [each for each in told.of(ops.DeleteRecords) if each.op.topic == topic and not each.refused]
    deleted = any(each.op.before > 0 or (each.op.before < 0 and _deletes(each, sends)) for each in deletions)
    return not (expired or deleted or settings.get("cleanup.policy") == "compact")


def _deletes(deletion: Done, sends: list[Done]) -> bool:
    """Whether who asked for all there is may have deleted something: not where the record at 0 was sent after that."""
    after = [each.outcome.value.offset for each in sends if each.ok and deletion.ok and each.begun >= deletion.ended]
    return 0 not in after


ORACLES = {"topics.deleted-is-gone": deleted_is_gone, "topics.begin-at-zero": begin_at_zero}
