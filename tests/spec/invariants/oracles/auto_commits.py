"""What consumers owe that commit by themselves, read off the statements: each assignment, each answer, each record."""

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from oracles.progress import NEVER, SECOND, Done, Told
from oracles.silence import Grant, grants, in_session

from brokerlaw.spec.history import operations as ops


class Alone(NamedTuple):
    """A member that commits by itself holds t/0, and nobody else is in its group until `until`."""

    member: Done
    grant: Grant
    until: int


def _alone(told: Told) -> Iterator[Alone]:
    if not told.known("t") or any(not each.refused for each in told.of(ops.Commit, ops.DeleteGroup)):
        return
    members = told.of(ops.OpenConsumer)
    for grant in grants(told):
        (member,) = (each for each in members if each.process == grant.who)
        others = [each for each in members if each is not member and _left(told, each) >= grant.begin]
        until = min((other.begun for other in others), default=NEVER)
        sought = any(each.process == grant.who and not each.refused for each in told.of(ops.Seek))
        if member.op.auto_commit and until > grant.begin and not sought:
            yield Alone(member, grant, until)


def _left(told: Told, member: Done) -> int:
    leaving = told.of(ops.Close, ops.Crash, ops.Unsubscribe)
    return min((each.begun for each in leaving if each.process == member.process), default=NEVER)


def _answers(told: Told) -> list[tuple[int, int, int]]:
    """Offsets told, -1 for none: (offset, begun, ended)."""
    asked = [each for each in told.of(ops.FetchCommitted) if each.ok]
    return [(-1 if each.outcome.value is None else each.outcome.value, each.begun, each.ended) for each in asked]


def _behind(told: Told, alone: Alone, until: int) -> int:
    polls = [each for each in told.of(ops.Poll) if each.ok and each.process == alone.grant.who]
    mine = [each for each in polls if alone.grant.begin <= each.ended <= until]
    return max((record.offset + 1 for each in mine for record in each.outcome.value), default=-1)


def auto_at_close(told: Told) -> tuple[int, int]:
    tested = broken = 0
    for alone in _alone(told):
        for close in told.of(ops.Close):
            after = _behind(told, alone, close.begun)
            ended = close.ok and close.process == alone.grant.who and alone.grant.end == close.begun
            if not ended or after < 0 or not in_session(told, alone.member, close.begun):
                continue
            if told.calm(alone.grant.begin, close.ended):
                later = [each for each, begun, over in _answers(told) if begun > close.ended and over < alone.until]
                tested += len(later)
                broken += sum(offset < after for offset in later)
    return tested, broken


def auto_at_intervals(told: Told) -> tuple[int, int]:
    tested = broken = 0
    for alone in _alone(told):
        for offset, begun, ended in _answers(told):
            polls = [each for each in told.of(ops.Poll) if each.ok and each.process == alone.grant.who]
            done = [each.begun for each in polls if each.ended <= begun - 5 * SECOND]
            if not done or ended >= min(alone.grant.end, alone.until):
                continue
            after = _behind(told, alone, max(done) - alone.member.op.auto_commit_interval * 1_000_000)
            if after >= 0 and in_session(told, alone.member, begun) and told.calm(alone.grant.begin, ended):
                tested += 1
                broken += offset < after
    return tested, broken


def auto_no_oftener(told: Told) -> tuple[int, int]:
    tested = broken = 0
    for alone in _alone(told):
        end = min(alone.grant.end, alone.until)
        answers = [each for each in _answers(told) if each[1] > alone.grant.begin and each[2] < end]
        changes = [(before, after) for before, after in pairwise(answers) if before[0] != after[0]]
        for (first, _), (_, last) in pairwise(changes):
            tested += 1
            broken += last[2] - first[1] < 900_000 * alone.member.op.auto_commit_interval
    return tested, broken


ORACLES = {
    "commits.auto-at-close": auto_at_close,
    "commits.auto-at-intervals": auto_at_intervals,
    "commits.auto-no-oftener": auto_no_oftener,
}
