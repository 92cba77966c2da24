"""`groups.static-return-is-quiet`, read off its statement: each two rests, each row between them."""

from itertools import pairwise

from oracles.members import Holding, contested, gone, holdings, news
from oracles.progress import Done, Told
from oracles.silence import in_session

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.observations import Stable, WaitTimedOut

MS = 1_000_000
Rest = tuple[int, Stable]
ACTS = (ops.OpenConsumer, ops.Subscribe, ops.Unsubscribe, ops.Close, ops.Crash)


def static_return_is_quiet(told: Told) -> tuple[int, int]:
    """One group over one topic, `t`."""
    tested = broken = 0
    members = told.of(ops.OpenConsumer)
    kinds = {(each.op.protocol, each.op.assignor) for each in members}
    grown = [each for each in told.of(ops.CreatePartitions) if not each.refused]
    if len(kinds) != 1 or {each.op.topics for each in told.of(ops.Subscribe)} != {("t",)} or not told.known("t"):
        return 0, 0
    rests = [(time, value) for time, value in told.seen if isinstance(value, Stable) and told.calm(time, time)]
    rests = [rest for rest in rests if not any(each.begun <= rest[0] for each in grown)]
    for before, after in pairwise(rests):
        came = _return(told, before, after)
        if came is not None:
            there, now = _owners(told, before), _owners(told, after)
            ended = came[0].process
            held = [(name == ended and came[2].process) or name for name in there]
            noticed = [1 for time, who in _news(told, came[1].begun, after[0]) if who not in (came[0], came[2])]
            tested += len(there)
            broken += held != now or bool(noticed)
    return tested, broken


def _return(told: Told, before: Rest, after: Rest) -> tuple[Done, Done, Done] | None:
    """Who ended, how, and who came."""
    begun, ended = before[0], after[0]
    acts = [each for each in told.of(*ACTS) if each.begun < ended and each.ended > begun]
    if len(acts) != 3 or not all(each.ok for each in acts) or any(b.begun < a.ended for a, b in pairwise(acts)):
        return None
    ending, opening, subscribing = acts
    if not isinstance(ending.op, ops.Close | ops.Crash) or not isinstance(opening.op, ops.OpenConsumer):
        return None
    if not isinstance(subscribing.op, ops.Subscribe) or subscribing.process != opening.process:
        return None
    left = _opened(told, ending.process, ending.begun)
    one = opening.op.instance_id is not None and opening.op.instance_id == left.op.instance_id
    if not one or (opening.op.protocol == "consumer" and isinstance(ending.op, ops.Crash)):
        return None
    came = (left, ending, opening)
    return came if _alone(told, before, after, came) and _in_time(told, before, after, came) else None


def _opened(told: Told, name: str, time: int) -> Done:
    return [each for each in told.of(ops.OpenConsumer) if each.process == name and each.begun < time][-1]


def _held(told: Told, time: int) -> list[Holding]:
    return [each for each in holdings(told) if each.begin <= time < each.end]


def _owners(told: Told, rest: Rest) -> list[str]:
    """By partition; empty where one has not one owner among the members."""
    (created,) = (each.op for each in told.of(ops.CreateTopic) if not each.refused)
    theirs = [each for each in _held(told, rest[0]) if each.member.process in rest[1].members]
    owners = {each.tp.partition: each.member.process for each in theirs}
    whole = len(theirs) == len(owners) == created.partitions
    return [owners[number] for number in range(created.partitions)] if whole else []


def _news(told: Told, begun: int, ended: int) -> list[tuple[int, Done]]:
    return [(time, who) for time, who, value in news(told) if begun < time < ended and value.partitions]


def _alone(told: Told, before: Rest, after: Rest, came: tuple[Done, Done, Done]) -> bool:
    left, ending, opening = came
    there, now = _owners(told, before), _owners(told, after)
    names = {*before[1].members}
    if not there or not now or {*there} != names or {*after[1].members} != names - {left.process} | {opening.process}:
        return False
    in_vain = any(isinstance(value, WaitTimedOut) and before[0] < time < after[0] for time, value in told.seen)
    if (
        in_vain
        or not told.calm(before[0], after[0])
        or _news(told, before[0], ending.begun)
        or told.of(ops.Unsubscribe)
    ):
        return False
    members = told.of(ops.OpenConsumer)
    if len({_opened(told, each.process, each.begun).number for each in told.of(ops.Subscribe)}) < len(
        told.of(ops.Subscribe)
    ):
        return False
    if any(contested(told, each) <= after[0] for each in members):
        return False
    here = [_opened(told, name, before[0]) for name in names]
    ids = {each.op.instance_id for each in here} - {None}
    strangers = [each for each in members if each.begun < after[0] and each not in (*here, opening)]
    strangers = [each for each in strangers if each.op.instance_id not in ids]
    return all(gone(told, each) < before[0] - 2 * each.op.session_timeout * MS for each in strangers)


def _in_time(told: Told, before: Rest, after: Rest, came: tuple[Done, Done, Done]) -> bool:
    left, ending, opening = came
    stay = [_opened(told, name, before[0]) for name in before[1].members if name != left.process]
    back = [time for time, who in _news(told, ending.begun, after[0]) if who == opening]
    polls = [each.ended for each in told.of(ops.Poll) if each.process == left.process and each.ok]
    limit = min(each.op.session_timeout for each in (left, opening)) * MS // 2
    if not polls or min(back, default=after[0]) - max(polls) > limit:
        return False
    asked = [(left, ending.begun)] + [(each, after[0]) for each in stay] + [(opening, after[0]) for _ in back[:1]]
    asked += [(who, time - 1) for time, who in _news(told, ending.begun, after[0]) if who in stay]
    return all(in_session(told, who, time) for who, time in asked)


ORACLES = {"groups.static-return-is-quiet": static_return_is_quiet}
