"""`groups.deserted-is-empty`, read off its statement: each description, each listing, each member."""

from collections.abc import Iterator

from oracles.progress import NEVER, SECOND, Done, Told

from brokerlaw.spec.history import operations as ops

MS = 1_000_000
ACTS = (ops.Subscribe, ops.Unsubscribe, ops.Close, ops.Crash)


def deserted_is_empty(told: Told) -> tuple[int, int]:
    tested = broken = 0
    for asked, group, empty in _told(told):
        members = [each for each in told.of(ops.OpenConsumer) if each.op.group == group and each.begun <= asked.ended]
        out = [_out(told, each, asked) for each in members]
        if not members or max(out) > asked.begun or told.left_while_joining(group, asked.ended):
            continue
        if told.calm(min(each.begun for each in members), asked.ended):
            tested += 1
            broken += not empty
    return tested, broken


def _told(told: Told) -> Iterator[tuple[Done, str, bool]]:
    for asked in told.of(ops.DescribeGroup):
        if asked.ok:
            state = asked.outcome.value
            yield asked, asked.op.group, state.state in ("empty", "dead") and not state.members
    for asked in told.of(ops.ListGroups):
        for each in asked.outcome.value if asked.ok else ():
            yield asked, each.group, each.state in ("empty", "dead", None)


def _out(told: Told, member: Done, asked: Done) -> int:
    names = [each for each in told.of(ops.OpenConsumer, ops.OpenProducer) if each.process == member.process]
    until = min((each.begun for each in names if each.begun > member.begun), default=NEVER)
    acts = [each for each in told.of(*ACTS) if each.process == member.process and member.begun < each.begun < until]
    acts = [each for each in acts if each.begun <= asked.ended]
    if not acts or not acts[-1].ok or not isinstance(acts[-1].op, ops.Close | ops.Crash):
        return NEVER
    silent = isinstance(acts[-1].op, ops.Crash) or member.op.instance_id is not None
    session = member.op.session_timeout * MS if member.op.protocol == "classic" else 45 * SECOND
    return acts[-1].ended + 13 * SECOND + silent * session


ORACLES = {"groups.deserted-is-empty": deserted_is_empty}
