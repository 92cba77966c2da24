"""The promises about silent members and those that leave, read off their statements: each member, doing and poll."""

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from oracles.progress import NEVER, SECOND, Done, Told

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.observations import Assigned, Lost, Revoked
from brokerlaw.spec.history.rows import Invoke, Observe
from brokerlaw.spec.history.values import TopicPartition

MS = 1_000_000


class Silence(NamedTuple):
    """As of the judge; `by` is the crash, the freeze or the last poll."""

    member: Done
    by: Done
    heard: int
    begun: int
    since: int
    until: int
    vanished: bool


class Grant(NamedTuple):
    """A partition is assigned to a member, until it goes from it."""

    who: str
    tp: TopicPartition
    begin: int
    end: int


def grants(told: Told) -> Iterator[Grant]:
    for at, row in enumerate(told.rows):
        if isinstance(row, Observe) and isinstance(row.value, Assigned):
            for tp in row.value.partitions:
                later = [each for each in told.rows[at + 1 :] if _ends(each, row.process, tp)]
                yield Grant(row.process, tp, row.time, later[0].time if later else NEVER)


def _ends(row: object, who: str, tp: TopicPartition) -> bool:
    if isinstance(row, Observe) and isinstance(row.value, Assigned | Revoked | Lost):
        return row.process == who and tp in row.value.partitions
    over = isinstance(row, Invoke) and isinstance(row.value, ops.Close | ops.Crash | ops.Unsubscribe)
    return over and row.process == who  # type: ignore[union-attr]  # an invocation


def in_session(told: Told, member: Done, time: int) -> bool:
    """Of a member by the operation that opened it, as long as its name is not opened anew."""
    news = [at for at, who, _ in _news(told) if who == member.process and member.begun <= at <= time]
    if not news:
        return False
    patience = min(member.op.session_timeout, member.op.max_poll_interval) * MS // 2
    polls = [each for each in told.of(ops.Poll) if each.process == member.process and each.ok]
    points = [news[-1], *sorted(each.ended for each in polls if news[-1] <= each.ended <= time), time]
    steady = all(after - before <= patience for before, after in pairwise(points))
    calm = all(start > time or time - 4 * patience > end for start, end in told.outages)
    theirs = [each for each in told.of(ops.Freeze, ops.Thaw) if each.process == member.process and not each.refused]
    frozen = [each for each in theirs if isinstance(each.op, ops.Freeze) and member.begun <= each.begun <= time]
    if frozen:
        thaws = [each for each in theirs if isinstance(each.op, ops.Thaw)]
        thawed = min((each.ended for each in thaws if each.ended >= frozen[-1].begun), default=NEVER)
        steady &= news[-1] >= thawed
    return steady and calm


def _news(told: Told) -> list[tuple[int, str, Assigned | Revoked | Lost]]:
    return [
        (row.time, row.process, row.value)
        for row in told.rows
        if isinstance(row, Observe) and isinstance(row.value, Assigned | Revoked | Lost)
    ]


def _silences(told: Told) -> Iterator[Silence]:
    doing = (ops.Crash, ops.Freeze, ops.Poll, ops.Thaw, ops.Close, ops.Subscribe, ops.Unsubscribe, ops.Assign)
    for member in told.of(ops.OpenConsumer):
        if not any(who == member.process for _, who, _ in _news(told)):
            continue
        mine = [each for each in told.of(*doing) if each.process == member.process]
        for at, each in enumerate(mine):
            until = mine[at + 1].begun if at + 1 < len(mine) else NEVER
            heard = max((poll.ended for poll in mine[: at + 1] if isinstance(poll.op, ops.Poll) and poll.ok), default=0)
            if not each.ok or not heard or not in_session(told, member, heard):
                continue
            if isinstance(each.op, ops.Crash | ops.Freeze):
                yield Silence(member, each, heard, each.begun, each.ended, until, True)
            elif isinstance(each.op, ops.Poll) and until - each.ended > member.op.max_poll_interval * MS // 2:
                yield Silence(member, each, heard, heard, heard, until, False)


def _held(told: Told) -> Iterator[tuple[Silence, Grant, Grant | None]]:
    granted = list(grants(told))
    for silence in _silences(told):
        for grant in granted:
            if grant.who != silence.member.process or grant.begin > silence.heard or not told.known("t"):
                continue
            later = [each for each in granted if each.tp == grant.tp and each.begin > silence.begun]
            others = [each for each in later if each.who != grant.who]
            following = min(others, key=lambda each: each.begin, default=None)
            crashed = silence.vanished and grant.end == silence.begun
            holds = grant.end >= silence.begun if silence.vanished else grant.end > silence.heard
            if holds and (following is None or grant.end >= following.begin or crashed):
                yield silence, grant, following


def silent_keeps(told: Told) -> tuple[int, int]:
    tested = broken = 0
    for silence, _, following in _held(told):
        if following is not None and following.begin <= silence.until and told.calm(silence.heard, following.begin):
            tested += 1
            allowed = silence.heard + silence.member.op.max_poll_interval * MS // 2
            if silence.vanished:
                allowed = min(allowed, silence.begun + silence.member.op.session_timeout * MS // 2)
            broken += following.begin < allowed
    return tested, broken


def silent_is_missed(told: Told) -> tuple[int, int]:
    tested = broken = 0
    for silence, _, following in _held(told):
        member = silence.member.op
        bound = (member.session_timeout if silence.vanished else member.max_poll_interval) * MS + 13 * SECOND
        end = silence.since + bound
        if following is not None and following.begin <= end:
            tested += 1
        elif silence.until > end and _others_wait(told, silence, bound):
            tested += 1
            broken += 1
    return tested, broken


def _others_wait(told: Told, silence: Silence, bound: int) -> bool:
    end = silence.since + bound
    opened = [each for each in told.of(ops.OpenConsumer) if each.process != silence.member.process]
    leaving = told.of(ops.Close, ops.Crash, ops.Unsubscribe)
    others = [
        each for each in opened if not any(e.process == each.process and e.begun <= silence.since for e in leaving)
    ]
    names = {each.process for each in opened}
    stirring = told.of(ops.OpenConsumer, ops.Crash, ops.Freeze, ops.Thaw, ops.Close, ops.Subscribe, ops.Unsubscribe)
    theirs = [each for each in stirring if each.process in names and not each.refused]
    if any(silence.heard < each.begun <= end for each in theirs):
        return False
    if told.left_while_joining("g", end):
        return False
    vanished = [each for each in theirs if isinstance(each.op, ops.Crash | ops.Freeze)]
    if any(end - 2 * bound < each.begun <= end for each in vanished):
        return False
    refused = [each for each in told.of(ops.Poll) if each.refused and silence.since <= each.begun <= end]
    if refused or not told.calm(silence.heard, end) or not others:
        return False
    return all(_steady(told, each.process, silence.since, end) for each in others)


def _steady(told: Told, who: str, begin: int, end: int) -> bool:
    polls = [each.ended for each in told.of(ops.Poll) if each.process == who and each.ok and begin < each.ended <= end]
    points = [begin, *sorted(polls), end]
    return all(after - before <= 5 * SECOND for before, after in pairwise(points))


def leaver_is_let_go(told: Told) -> tuple[int, int]:
    tested = broken = 0
    bound = 13 * SECOND
    for leave in told.of(ops.Close):
        opened = [each for each in told.of(ops.OpenConsumer) if each.process == leave.process]
        opened = [each for each in opened if each.begun < leave.begun]
        if not leave.ok or not opened or opened[-1].op.instance_id is not None or not told.known("t"):
            continue
        if not in_session(told, opened[-1], leave.begun):
            continue
        silence = Silence(opened[-1], leave, leave.begun, leave.begun, leave.ended, NEVER, vanished=False)
        granted = list(grants(told))
        for grant in granted:
            mine = grant.who == leave.process and opened[-1].begun < grant.begin < leave.begun
            if mine and leave.begun <= grant.end <= leave.ended:
                later = [each.begin for each in granted if each.tp == grant.tp and each.who != leave.process]
                moved = min((begin for begin in later if begin > leave.begun), default=NEVER)
                late = moved > leave.ended + bound
                tested += not late or _others_wait(told, silence, bound)
                broken += late and _others_wait(told, silence, bound)
    return tested, broken


ORACLES = {
    "groups.silent-keeps": silent_keeps,
    "groups.silent-is-missed": silent_is_missed,
    "groups.leaver-is-let-go": leaver_is_let_go,
}
