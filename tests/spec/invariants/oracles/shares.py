"""`groups.evenly-shared` and `commits.auto-within-read`, read off their statements."""

from oracles.progress import NEVER, Told

from brokerlaw.spec.history import operations as ops


def evenly_shared(told: Told) -> tuple[int, int]:
    tested = uneven = 0
    for asked in told.of(ops.DescribeGroup):
        members = [each for each in told.of(ops.OpenConsumer) if each.op.group == asked.op.group]
        names = {each.process for each in members}
        topics = {each.op.topics for each in told.of(ops.Subscribe) if each.process in names}
        kinds = {(each.op.protocol, each.op.assignor) for each in members}
        grown = [each for each in told.of(ops.CreatePartitions) if not each.refused and each.begun <= asked.ended]
        ordinary = len(kinds) == 1 and not any(assignor == "cooperative-sticky" for _, assignor in kinds)
        if not asked.ok or asked.outcome.value.state != "stable" or topics != {("t",)} or grown or not ordinary:
            continue
        sizes = [len(member.assignment) for member in asked.outcome.value.members]
        if told.known("t") and len(sizes) > 1:
            tested += 1
            uneven += max(sizes) - min(sizes) > 1
    return tested, uneven


def auto_within_read(told: Told) -> tuple[int, int]:
    """One group, over one partition."""
    members = {each.process: each.op for each in told.of(ops.OpenConsumer) if each.op.group}
    lost = any(poll.process in members and not poll.ok and not poll.refused for poll in told.of(ops.Poll))
    late = any(member.reset != "earliest" for member in members.values())
    if lost or late or not any(member.auto_commit for member in members.values()):
        return 0, 0
    tested = beyond = 0
    for asked in told.of(ops.FetchCommitted):
        if not asked.ok or asked.outcome.value is None or not (told.known("t") and told.clean("t")):
            continue
        before = [each for each in told.done if each.begun < asked.ended and not each.refused]
        reached = [0]
        for each in before:
            if isinstance(each.op, ops.Poll) and each.ok and each.process in members:
                reached += [record.offset + 1 for record in each.outcome.value]
            if isinstance(each.op, ops.Seek):
                reached.append(each.op.offset)
            if isinstance(each.op, ops.Commit):
                reached += [offset.offset for offset in each.op.offsets]
            if isinstance(each.op, ops.DeleteRecords):  # -1: all there is, and nothing was sent after it
                reached.append(each.op.before if each.op.before >= 0 else NEVER)
        there = {each.outcome.value.offset for each in told.of(ops.Send) if each.ok}
        there |= {record.offset for each in told.of(ops.Poll) if each.ok for record in each.outcome.value}
        tested += 1
        beyond += any(max(reached) <= offset < asked.outcome.value for offset in there)
    return tested, beyond


ORACLES = {"groups.evenly-shared": evenly_shared, "commits.auto-within-read": auto_within_read}
