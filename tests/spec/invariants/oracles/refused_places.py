"""`refusals.deletions` and `refusals.commits`, read off their statements: every operation against every other."""

from oracles.progress import Done, Told

from brokerlaw.spec.history import operations as ops


def _most(told: Told, topic: str, time: int) -> int:
    (created,) = (each.op for each in told.of(ops.CreateTopic) if each.op.topic == topic and not each.refused)
    grown = [each for each in told.of(ops.CreatePartitions) if each.op.topic == topic and not each.refused]
    return max([created.partitions, *(each.op.total for each in grown if each.begun <= time)])


def _answered(told: Told, done: Done, topic: str) -> bool:
    return (done.ok or done.refused) and told.known(topic)


def deletions(told: Told) -> tuple[int, int]:
    found = []
    for done in told.of(ops.DeleteRecords):
        topic, partition = done.op.topic, done.op.partition
        if not _answered(told, done, topic):
            continue
        ends = [
            each.outcome.value
            for each in told.of(ops.ListOffsets)
            if each.ok and (each.op.topic, each.op.partition) == (topic, partition) and each.begun > done.ended
            if (each.op.at, each.op.isolation) == ("latest", "read_uncommitted") and told.clean(topic)
        ]
        beyond = any(done.op.before > end for end in ends)
        if beyond or partition >= _most(told, topic, done.ended) or _compacted(told, topic):
            found.append(done.ok)
    return len(found), sum(found)


def _compacted(told: Told, topic: str) -> bool:
    asked = [each.op for each in told.of(ops.CreateTopic, ops.AlterTopic) if each.op.topic == topic]
    created = next(op for op in asked if isinstance(op, ops.CreateTopic))
    others = [op.settings["cleanup.policy"] for op in asked if op is not created and "cleanup.policy" in op.settings]
    return {created.settings.get("cleanup.policy"), *others} == {"compact"}


def commits(told: Told) -> tuple[int, int]:
    found = [
        done.ok
        for done in told.of(ops.Commit, ops.ResetOffsets)
        for offset in done.op.offsets
        if _answered(told, done, offset.topic) and offset.partition >= _most(told, offset.topic, done.ended)
    ]
    return len(found), sum(found)


ORACLES = {"refusals.deletions": deletions, "refusals.commits": commits}
