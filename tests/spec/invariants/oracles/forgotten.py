"""`commits.gone-with-the-topic`, read off its statement: each deletion, each answer."""

from oracles.progress import SECOND, Done, Told

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.values import TopicPartition

ACTS = (ops.CreateTopic, ops.DeleteTopic)


def gone_with_the_topic(told: Told) -> tuple[int, int]:
    tested = broken = 0
    for act in told.of(*ACTS):
        deletions = [each for each in told.of(ops.DeleteTopic) if each.op.topic == act.op.topic and not each.refused]
        deletions = [each for each in deletions if each.number <= act.number]
        if not act.ok or not deletions:
            continue
        cleared = deletions[-1].begun
        later = [each for each in told.of(*ACTS) if each.op.topic == act.op.topic and not each.refused]
        over = min((each.begun for each in later if each.number > act.number), default=told.done[-1].ended + 1)
        for answer in told.of(ops.Committed, ops.FetchCommitted):
            if answer.begun <= act.ended + 3 * SECOND or answer.ended >= over or not answer.ok:
                continue
            if answer.op.topic != act.op.topic or not told.calm(cleared - 10 * SECOND, answer.ended):
                continue
            commits = _commits(told, answer)
            if commits is None:
                continue
            old = [offset for each, offset, sent in commits if each.ok and not sent and each.ended < cleared]
            others = [offset for each, offset, sent in commits if sent or not each.ok or each.ended >= cleared]
            tested += bool(old)
            broken += answer.outcome.value in old and answer.outcome.value not in others
    return tested, broken


def _group(told: Told, done: Done) -> str | None:
    if isinstance(done.op, ops.ResetOffsets | ops.FetchCommitted):
        return done.op.group
    client = done.op.consumer if isinstance(done.op, ops.SendOffsets) else done.process
    opened = [each for each in told.of(ops.OpenConsumer) if each.process == client and each.begun < done.begun]
    return opened[-1].op.group  # type: ignore[no-any-return]  # it is one


def _commits(told: Told, answer: Done) -> list[tuple[Done, int, bool]] | None:
    """What may have been committed for the partition, and whether in a transaction; None: the group does it itself."""
    group = _group(told, answer)
    if any(each.op.auto_commit and each.op.group == group for each in told.of(ops.OpenConsumer)):
        return None
    here, found = TopicPartition(answer.op.topic, answer.op.partition), []
    for each in told.of(ops.Commit, ops.ResetOffsets, ops.SendOffsets):
        if _group(told, each) == group and not each.refused:
            sent = isinstance(each.op, ops.SendOffsets)
            found += [(each, offset.offset, sent) for offset in each.op.offsets if offset.tp == here]
    return found


ORACLES = {"commits.gone-with-the-topic": gone_with_the_topic}
