"""How groups are shared out, and whom they take in, read off the statements: each description, each member."""

from oracles.progress import Done, Told

from brokerlaw.spec.history import operations as ops


def _members(told: Told, group: str) -> list[Done]:
    return [each for each in told.of(ops.OpenConsumer) if each.op.group == group]


def _kinds(members: list[Done]) -> set[tuple[str, str]]:
    return {(each.op.protocol, each.op.assignor) for each in members}


def assigned_as_documented(told: Told) -> tuple[int, int]:
    """Over topic t alone."""
    tested = broken = 0
    for asked in told.of(ops.DescribeGroup):
        members = _members(told, asked.op.group)
        names = {each.process for each in members}
        topics = {each.op.topics for each in told.of(ops.Subscribe) if each.process in names}
        grown = [each for each in told.of(ops.CreatePartitions) if not each.refused and each.begun <= asked.ended]
        kinds = _kinds(members)
        documented = kinds in ({("classic", "range")}, {("classic", "roundrobin")})
        if not asked.ok or topics != {("t",)} or grown or not documented or not told.known("t"):
            continue
        state = asked.outcome.value
        if state.state == "stable" and len(state.members) > 1:
            step = 1 if kinds == {("classic", "range")} else len(state.members)
            shares = [sorted(tp.partition for tp in member.assignment) for member in state.members]
            tested += 1
            broken += any(mine != [mine[0] + step * at for at in range(len(mine))] for mine in shares if mine)
    return tested, broken


def alike_are_taken_in(told: Told) -> tuple[int, int]:
    tested = broken = 0
    for member in told.of(ops.OpenConsumer):
        group = _members(told, member.op.group)
        if len(group) > 1 and len(_kinds(group)) == 1:
            tested += 1
            polls = [each for each in told.of(ops.Poll) if each.process == member.process and each.refused]
            broken += any(each.outcome.error == "INCONSISTENT_GROUP_PROTOCOL" for each in polls)
    return tested, broken


ORACLES = {
    "groups.assigned-as-documented": assigned_as_documented,
    "groups.alike-are-taken-in": alike_are_taken_in,
}
