"""What members of groups own, commit and are described with, read off the statements: each against each.

A member is a consumer from one opening of its name on. Each row of a history has a time of its own here.
"""

from collections.abc import Iterator
from typing import NamedTuple

from oracles.progress import NEVER, SECOND, Done, Told
from oracles.silence import in_session

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.observations import Assigned, Lost, Revoked, Stable, WaitTimedOut
from brokerlaw.spec.history.rows import Observe
from brokerlaw.spec.history.values import GroupState, TopicPartition

NEWS = (Assigned, Revoked, Lost)
LEAVING = (ops.Close, ops.Crash, ops.Unsubscribe)


class Holding(NamedTuple):
    """A partition is assigned to a member: from when until when."""

    member: Done
    tp: TopicPartition
    group: str
    generation: int
    begin: int
    end: int


class Rest(NamedTuple):
    """Who holds what in a group at rest, since when: each member that holds anything."""

    since: int
    held: list[tuple[Done, set[TopicPartition]]]


def news(told: Told) -> Iterator[tuple[int, Done, Assigned | Revoked | Lost]]:
    """When which member was told what."""
    for row in told.rows:
        if isinstance(row, Observe) and isinstance(row.value, NEWS):
            opened = [each for each in told.of(ops.OpenConsumer) if each.process == row.process]
            before = [each for each in opened if each.begun < row.time]
            if before:
                yield row.time, before[-1], row.value


def gone(told: Told, member: Done) -> int:
    """When it first closed, crashed, unsubscribed, or its name was opened anew."""
    ends = [each for each in told.of(*LEAVING, ops.OpenConsumer) if each.process == member.process]
    return min((each.begun for each in ends if each.begun > member.begun), default=NEVER)


def holdings(told: Told) -> list[Holding]:
    found = []
    for time, member, value in news(told):
        if isinstance(value, Assigned):
            for tp in value.partitions:
                later = [at for at, who, other in news(told) if who == member and at > time and tp in other.partitions]
                left = [
                    each.begun
                    for each in told.of(*LEAVING, ops.OpenConsumer)
                    if each.process == member.process and each.begun > time
                ]
                end = min([*later, *left], default=NEVER)
                found.append(Holding(member, tp, value.group, value.generation, time, end))
    return found


def alike(one: Done, other: Done) -> bool:
    """Whether two are one member: the same opening, or the same instance id in one group."""
    static = one.op.instance_id is not None and one.op.instance_id == other.op.instance_id
    return one == other or (static and one.op.group == other.op.group)


def contested(told: Told, member: Done) -> int:
    """Since when another client has its instance id, too."""
    rivals = [each for each in told.of(ops.OpenConsumer) if each != member and alike(each, member)]
    met = [
        max(each.begun, member.begun)
        for each in rivals
        if min(gone(told, each), gone(told, member)) > max(each.begun, member.begun)
    ]
    return min(met, default=NEVER)


def alive(told: Told, member: Done, time: int) -> bool:
    """Whether it was certainly a member then."""
    return in_session(told, member, time) and contested(told, member) > time and gone(told, member) > time


def exclusive(told: Told) -> tuple[int, int]:
    """Counted are assignments that came after another member's, or beside it."""
    tested, broken, held = set(), set(), holdings(told)
    for later in held:
        before = [each for each in held if (each.group, each.tp) == (later.group, later.tp)]
        before = [each for each in before if each.begin < later.begin]
        for earlier in before:
            if not alike(earlier.member, later.member) and alive(told, earlier.member, later.begin):
                classic = {earlier.member.op.protocol, later.member.op.protocol} == {"classic"}
                again = classic and earlier.generation == later.generation >= 0
                wrong = again or earlier.end > later.begin
                broken |= {(later.begin, later.tp)} if wrong else set()
                tested |= {(later.begin, later.tp)} if wrong or earlier == before[-1] else set()
    return len(tested), len(broken)


class Shares(NamedTuple):
    """The members of a group at rest, and the owners of each partition."""

    members: set[str]
    owners: dict[TopicPartition, set[str]]

    @property
    def unfair(self) -> int:
        return sum(len(owners) != 1 for owners in self.owners.values())


def _shares(told: Told) -> Iterator[Shares]:
    for row in told.rows:
        if not isinstance(row, Observe) or not isinstance(row.value, Stable):
            continue
        stable, counts = row.value, {}
        for topic in stable.topics:
            expanded = any(each.op.topic == topic and each.begun <= row.time for each in _expansions(told))
            if told.known(topic) and not expanded:
                counts[topic] = _created(told, topic).partitions
        if len(counts) < len(stable.topics) or not told.calm(row.time, row.time):
            continue
        if told.left_while_joining(stable.group, row.time):
            continue
        owners: dict[TopicPartition, set[str]] = {
            TopicPartition(topic, number): set() for topic in stable.topics for number in range(counts[topic])
        }
        for each in holdings(told):
            if each.group == stable.group and each.tp in owners and each.begin <= row.time < each.end:
                owners[each.tp] |= {each.member.process} & {*stable.members}
        holders = set().union(*owners.values())
        members = {name for name in stable.members if name in holders or _able(told, name, row.time)}
        if members and (len(stable.topics) == 1 or members == {*stable.members}):
            yield Shares(members, owners)


def _expansions(told: Told) -> list[Done]:
    return [each for each in told.of(ops.CreatePartitions) if not each.refused]


def _created(told: Told, topic: str) -> ops.CreateTopic:
    (created,) = (each.op for each in told.of(ops.CreateTopic) if each.op.topic == topic and not each.refused)
    return created  # type: ignore[no-any-return]  # it is one


def _able(told: Told, name: str, time: int) -> bool:
    """Whether its last poll was not refused, and it is alone with its instance id."""
    polls = [each for each in told.of(ops.Poll) if each.process == name and each.ended < time]
    last = max(polls, key=lambda each: each.ended, default=None)
    shared = [each for each in told.of(ops.OpenConsumer) if each.process == name and contested(told, each) <= time]
    return not (last and last.refused) and not shared


def complete(told: Told) -> tuple[int, int]:
    rests = list(_shares(told))
    return sum(len(rest.owners) for rest in rests), sum(rest.unfair for rest in rests)


def extra_idle(told: Told) -> tuple[int, int]:
    tested = broken = 0
    for rest in _shares(told):
        surplus = max(0, len(rest.members) - len(rest.owners))
        tested += surplus
        busy = set().union(*rest.owners.values())
        broken += surplus > 0 and (len(rest.members) - len(busy) < surplus or rest.unfair > 0)
    return tested, broken


# --- commits ---


def fenced(told: Told) -> tuple[int, int]:
    tested = broken = 0
    held, commits = holdings(told), told.of(ops.Commit)
    for commit in commits:
        for offset in commit.op.offsets if commit.outcome else ():
            before = [each for each in held if each.tp == offset.tp and each.begin < commit.begun]
            mine = [each for each in before if each.member == _member(told, commit)]
            others = [each for each in before if each.group == _member(told, commit).op.group]
            if not mine or not others or mine[-1] == others[-1]:
                continue
            owner = others[-1]
            kept = mine[-1].end > commit.ended and owner.end > commit.ended
            proved = any(
                other.ok and _member(told, other) == owner.member and owner.begin <= other.begun
                for other in commits
                if other.ended < commit.begun and offset.tp in {each.tp for each in other.op.offsets}
            )
            if kept and proved and in_session(told, owner.member, commit.ended):
                tested += 1
                broken += commit.ok
    return tested, broken


def one_of_an_instance(told: Told) -> tuple[int, int]:
    """Counted once for each assignment of another whose commits it fell between."""
    tested = broken = 0
    commits = [each for each in told.of(ops.Commit) if each.outcome is not None]
    for owner in holdings(told):
        theirs = [
            each
            for each in commits
            if each.ok and _member(told, each) == owner.member and owner.tp in {at.tp for at in each.op.offsets}
            if owner.begin < each.begun and each.ended < owner.end
        ]
        for commit in commits:
            member = _member(told, commit)
            before = any(each.ended <= commit.begun for each in theirs)
            after = any(each.begun >= commit.ended for each in theirs)
            if before and after and member != owner.member and alike(member, owner.member):
                tested += len(commit.op.offsets)
                broken += commit.ok * len(commit.op.offsets)
    return tested, broken


def _member(told: Told, done: Done) -> Done:
    opened = [each for each in told.of(ops.OpenConsumer) if each.process == done.process]
    return [each for each in opened if each.begun <= done.begun][-1]


def members_first(told: Told) -> tuple[int, int]:
    tested = broken = 0
    for act in told.of(ops.ResetOffsets, ops.DeleteGroup, ops.DeleteOffsets):
        topics = {each.topic for each in act.op.partitions} if isinstance(act.op, ops.DeleteOffsets) else None
        there = [
            each
            for each in holdings(told)
            if each.group == act.op.group and each.begin < act.begun and each.end > act.ended
            if (topics is None or each.tp.topic in topics) and alive(told, each.member, act.ended)
        ]
        if act.outcome is not None and there:
            tested += 1
            broken += act.ok
    return tested, broken


# --- what coordinators tell of groups at rest ---


def _rest(told: Told, asked: Done, group: str) -> Rest | None:
    seen = [(row.time, row.value) for row in told.rows if isinstance(row, Observe)]
    said = [(time, value) for time, value in seen if isinstance(value, Stable) and value.group == group]
    said = [(time, value) for time, value in said if time < asked.begun]
    if not asked.ok or not said:
        return None
    since, stable = said[-1]
    earlier = said[-2][0] if len(said) > 1 else 0
    vain = [time for time, value in seen if isinstance(value, WaitTimedOut) and value.group == group]
    opened = [each for each in told.of(ops.OpenConsumer) if each.op.group == group]
    asking = [each for each in told.done if _client(told, each) in opened]
    stirs = [each.begun for each in asking] + [time for time, _, value in news(told) if value.group == group]
    if any(earlier < time < since for time in vain) or any(since < time < asked.ended for time in stirs):
        return None
    if asked.ended - since > SECOND:
        return None
    held = []
    before = [each for each in opened if each.begun < since]
    for name in stable.members:
        mine = [each for each in before if each.process == name]
        lasts = {each.process: each for each in before}.values()
        if mine and not any(alike(each, mine[-1]) and each.begun > mine[-1].begun for each in lasts):
            has = [each for each in holdings(told) if each.member == mine[-1] and each.begin <= since < each.end]
            if tps := {each.tp for each in has if each.group == group}:
                held.append((mine[-1], tps))
    sure = [in_session(told, each, asked.ended) and contested(told, each) > asked.ended for each, _ in held]
    return Rest(since, held) if held and all(sure) else None


def _client(told: Told, done: Done) -> Done | None:
    """Which consumer did it."""
    opened = [each for each in told.of(ops.OpenConsumer) if each.process == done.process]
    return max((each for each in opened if each.begun <= done.begun), key=lambda each: each.begun, default=None)


def described_at_rest(told: Told) -> tuple[int, int]:
    asked = told.of(ops.DescribeGroup)
    found = [(each, rest) for each in asked if (rest := _rest(told, each, each.op.group)) is not None]
    return len(found), sum(_misdescribed(told, each.outcome.value, rest) for each, rest in found)


def _misdescribed(told: Told, state: GroupState, rest: Rest) -> bool:
    ids = [member.member for member in state.members]
    twice = len({*ids}) < len(ids) or any(len({*each.assignment}) < len(each.assignment) for each in state.members)
    if state.state in ("empty", "dead") or len(ids) < len(rest.held) or twice:
        return True
    names = {member.number: value.member for time, member, value in news(told) if time < rest.since}
    if not any(names[member.number] in ids for member, _ in rest.held):
        spare = [{*each.assignment} for each in state.members]
        return state.state == "stable" and any(held not in spare for _, held in rest.held)
    by_id = {each.member: each for each in state.members}
    tells = any(
        each.instance_id is not None
        for other in told.of(ops.DescribeGroup)
        if other.ok
        for each in other.outcome.value.members
    )
    for member, held in rest.held:
        name = names[member.number]
        if name not in by_id or (state.state == "stable" and {*by_id[name].assignment} != held):
            return True
        if tells and by_id[name].instance_id != member.op.instance_id:
            return True
    return False


def listed_at_rest(told: Told) -> tuple[int, int]:
    tested = broken = 0
    groups = dict.fromkeys(value.group for _, value in told.seen if isinstance(value, Stable))
    for asked in told.of(ops.ListGroups):
        listed = asked.outcome.value if asked.ok else ()
        for group in groups:
            if _rest(told, asked, group) is not None:
                tested += 1
                broken += not any(each.group == group and each.state not in ("empty", "dead") for each in listed)
        names = [each.group for each in listed]
        broken += sum(names.count(name) > 1 for name in {*names})
    return tested, broken


ORACLES = {
    "ownership.exclusive": exclusive,
    "ownership.complete": complete,
    "ownership.extra-idle": extra_idle,
    "commits.fenced": fenced,
    "commits.members-first": members_first,
    "commits.one-of-an-instance": one_of_an_instance,
    "groups.described-at-rest": described_at_rest,
    "groups.listed-at-rest": listed_at_rest,
}
