"""`groups.moves-` and `revokes-no-more-than-it-must`, read off their statements: each two rests, each partition."""

from collections.abc import Iterator
from itertools import pairwise

from oracles.members import Holding, holdings, news
from oracles.progress import Done, Told
from oracles.silence import in_session

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.observations import Lost, Revoked, Stable, WaitTimedOut

Rest = tuple[int, Stable, list[Holding]]


def moves_no_more_than_it_must(told: Told) -> tuple[int, int]:
    tested = broken = 0
    for before, after in _comparable(told):
        stay = {*before[1].members} & {*after[1].members}
        now = {each.tp: each.member.process for each in after[2]}
        mine = [each for each in before[2] if each.member.process in stay]
        tested += len(mine)
        broken += any(now[each.tp] in stay - {each.member.process} for each in mine)
    return tested, broken


def revokes_no_more_than_it_must(told: Told) -> tuple[int, int]:
    tested = broken = 0
    for before, after in _comparable(told):
        now = {each.tp: each.member.process for each in after[2]}
        kept = [each for each in before[2] if now[each.tp] == each.member.process]
        tested += len(kept)
        told_of = [(who, value) for time, who, value in news(told) if before[0] < time < after[0]]
        revoked = [(who, tp) for who, value in told_of if isinstance(value, Revoked) for tp in value.partitions]
        broken += any((each.member, each.tp) in revoked for each in kept)
    return tested, broken


def _comparable(told: Told) -> Iterator[tuple[Rest, Rest]]:
    """Of one group over one topic, `t`."""
    members = [each for each in told.of(ops.OpenConsumer) if each.op.group == "g"]
    kinds = {(each.op.protocol, each.op.assignor) for each in members}
    racks = any("client.rack" in each.op.settings for each in members)
    asked = {each.op.topics for each in told.of(ops.Subscribe)}
    sticky = kinds in ({("classic", "cooperative-sticky")}, {("consumer", "uniform")})
    grown = [each.begun for each in told.of(ops.CreatePartitions) if not each.refused]
    if not sticky or racks or asked != {("t",)} or not told.known("t"):
        return
    rests = [(time, value, _held(told, time)) for time, value in told.seen if isinstance(value, Stable)]
    rests = [rest for rest in rests if told.calm(rest[0], rest[0]) and not any(time <= rest[0] for time in grown)]
    rests = [rest for rest in rests if not told.left_while_joining("g", rest[0])]
    for before, after in pairwise(rests):
        if _fair(told, before) and _fair(told, after) and _balanced(before) and _one_change(told, before, after):
            yield before, after


def _held(told: Told, time: int) -> list[Holding]:
    return [each for each in holdings(told) if each.begin <= time < each.end]


def _fair(told: Told, rest: Rest) -> bool:
    (created,) = (each.op for each in told.of(ops.CreateTopic) if each.op.topic == "t" and not each.refused)
    theirs = [each for each in rest[2] if each.member.process in rest[1].members]
    return sorted(each.tp.partition for each in theirs) == [*range(created.partitions)]


def _balanced(rest: Rest) -> bool:
    sizes = [sum(each.member.process == name for each in rest[2]) for name in rest[1].members]
    return max(sizes) - min(sizes) < 2


def _one_change(told: Told, before: Rest, after: Rest) -> bool:
    begun, ended = before[0], after[0]
    changed = {*before[1].members} ^ {*after[1].members}
    acts = [
        each
        for each in told.of(ops.OpenConsumer, ops.Subscribe, ops.Unsubscribe, ops.Close, ops.Crash)
        if each.begun < ended and each.ended > begun
    ]
    if (
        len(changed) > 1
        or {each.process for each in acts} != changed
        or len({type(each.op) for each in acts}) < len(acts)
    ):
        return False
    if any(isinstance(value, WaitTimedOut) and begun < time < ended for time, value in told.seen):
        return False
    stay = {*before[1].members} & {*after[1].members}
    owners = {each.member.number: each.member for each in (*before[2], *after[2]) if each.member.process in stay}
    return told.calm(begun, ended) and all(_steady(told, member, begun, ended) for member in owners.values())


def _steady(told: Told, member: Done, begun: int, ended: int) -> bool:
    """In session whenever it was told of anything, and at the end; it lost nothing."""
    mine = [(time, value) for time, who, value in news(told) if who == member and begun < time < ended]
    lost = any(isinstance(value, Lost) for _, value in mine)
    return not lost and all(in_session(told, member, time) for time in (*(time - 1 for time, _ in mine), ended))


ORACLES = {
    "groups.moves-no-more-than-it-must": moves_no_more_than_it_must,
    "groups.revokes-no-more-than-it-must": revokes_no_more_than_it_must,
}
