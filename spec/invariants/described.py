"""Groups as their coordinators tell of them: who is a member and of what, which groups there are, how far behind."""

from collections import Counter
from typing import Final, NamedTuple

import numpy as np

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.columns import Ints
from brokerlaw.spec.history.derived import derived
from brokerlaw.spec.history.evidence.assignments import assignments, holders, identity
from brokerlaw.spec.history.evidence.commits import DELETED, standing, written
from brokerlaw.spec.history.evidence.relations import NEVER, among, highest_before, lowest_from, take
from brokerlaw.spec.history.evidence.sessions import in_session
from brokerlaw.spec.history.evidence.settings import auto_committing, consumers
from brokerlaw.spec.history.evidence.topics import clean, within
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.numbers import SECOND
from brokerlaw.spec.history.tables import COMMITTED, LAG, LATEST, UNCOMMITTED, Answers
from brokerlaw.spec.history.values import GroupState, TopicPartition
from brokerlaw.spec.invariants.invariant import MEMBERSHIPS, Finding, Violation, invariant
from brokerlaw.spec.invariants.wording import partition, violation

SOON: Final = SECOND
"""ns in which no member of a group at rest that polled just now is out of session."""
NOBODY: Final = ("empty", "dead")


class Rest(NamedTuple):
    """A group at rest: the row that says so, and what each member holds that holds something, by its opening."""

    row: int
    held: dict[int, frozenset[TopicPartition]]


@invariant(
    "groups.described-at-rest",
    statement="A group at rest is described with each of its members, once, and with what each holds, once.",
    formal="∀ description d of a group at rest, with members m: d is neither empty nor dead, nothing is in d twice; "
    "d is stable ⇒ {holdings of each m} ⊆ {assignments in d}, member by member where their ids are known",
    source="Kafka protocol, DescribeGroups and ConsumerGroupDescribe (KIP-848); Kafka documentation, consumer groups",
    capabilities=("topics", "groups", "groups.admin"),
    mutants=("KAFKA-8500",),
    covers=MEMBERSHIPS,
    liars=("describe_group.answer", "describe_group.request"),
)
def described_at_rest(h: History) -> Finding:
    """Others that are described may be members that hold nothing, or that vanished and have not been missed yet."""
    found = [(op, state, _rest(h, op, _group_of(h, op))) for op, state in h.described_groups]
    at_rest = [(op, state, rest) for op, state, rest in found if rest is not None]
    broken = ((op, rest, why) for op, state, rest in at_rest if (why := _misdescribed(h, op, state, rest)))
    return Finding(len(at_rest), tuple(violation(h, why, (op,), (rest.row,)) for op, rest, why in broken))


def _group_of(h: History, op: int) -> str:
    asked = h.invocations[op].value
    assert isinstance(asked, ops.DescribeGroup)
    return asked.group


def _misdescribed(h: History, op: int, state: GroupState, rest: Rest) -> str:
    """What is wrong with a description of a group at rest, if anything is."""
    group, ids = _group_of(h, op), [member.member for member in state.members]
    if state.state in NOBODY or len(ids) < len(rest.held):
        return f"{len(rest.held)} members of group {group} hold something, and it is {state.state} with {len(ids)}"
    if twice := [name for name, count in Counter(ids).items() if count > 1]:
        return f"group {group} is described with member {twice[0]} twice"
    if repeated := [member.member for member in state.members if len(set(member.assignment)) < len(member.assignment)]:
        return f"group {group} is described with a partition of member {repeated[0]} twice"
    told = {member.member: frozenset(member.assignment) for member in state.members}
    names = _member_ids(h, rest)
    if any(name in told for name in names.values()):
        wrong = [
            opened for opened, name in names.items() if name not in told or _differs(state, told[name], rest, opened)
        ]
        wrong += [] if wrong else _without_instance(h, state, names)
    else:
        spare = Counter(told.values())
        wrong = [opened for opened, held in rest.held.items() if state.state == "stable" and not spare[held]]
    return f"group {group} is at rest, and {_holding(h, rest, wrong[0])} is not described so" if wrong else ""


def _differs(state: GroupState, told: frozenset[TopicPartition], rest: Rest, opened: int) -> bool:
    return state.state == "stable" and told != rest.held[opened]


def _without_instance(h: History, state: GroupState, names: dict[int, str]) -> list[int]:
    """Members with an instance id that are described with another, where a description of the history tells any."""
    tells = any(member.instance_id is not None for _, other in h.described_groups for member in other.members)
    told = {member.member: member.instance_id for member in state.members}
    return [opened for opened, name in names.items() if tells and told[name] != consumers(h)[opened].instance_id]


def _holding(h: History, rest: Rest, opened: int) -> str:
    held = ", ".join(map(str, sorted(rest.held[opened]))) or "nothing"
    return f"{h.processes[h.operations.client[opened]]}, which holds {held},"


def _member_ids(h: History, rest: Rest) -> dict[int, str]:
    """By which ids the members that hold something were told of it last."""
    events = h.ownership[h.ownership.row < rest.row]
    last = {int(opened): int(member) for opened, member in zip(events.opened, events.member, strict=True)}
    return {opened: h.members[last[opened]] for opened in rest.held if opened in last}


@invariant(
    "groups.listed-at-rest",
    statement="A group at rest is among the groups that are listed, and no group is listed twice.",
    formal="∀ list l, group g at rest with members: g ∈ l, neither empty nor dead; ∀ g: g is in l at most once",
    source="Kafka protocol, ListGroups (KIP-222, KIP-518)",
    capabilities=("topics", "groups", "groups.list"),
    liars=("list_groups.answer",),
)
def listed_at_rest(h: History) -> Finding:
    """Other groups may be there, or no longer."""
    tested, broken = 0, list[Violation]()
    for op, groups in h.listed_groups:
        names = Counter(each.group for each in groups)
        states = {each.group: each.state for each in groups}
        for group in dict.fromkeys(value.group for _, _, value in h.stable):
            if (rest := _rest(h, op, group)) is not None:
                tested += 1
                if states.get(group, "dead") in NOBODY:
                    how = states.get(group) or "not listed"
                    broken.append(violation(h, f"group {group} has members at rest, and is {how}", (op,), (rest.row,)))
        broken += [violation(h, f"group {name} is listed twice", (op,)) for name, count in names.items() if count > 1]
    return Finding(tested, tuple(broken))


def _rest(h: History, op: int, group: str) -> Rest | None:
    """The group's rest at the time of an operation, if it came to rest just before and nobody stirred since."""
    row, ended = int(h.operations.row[op]), int(h.operations.ended[op])
    said = [each for each in h.stable if each[2].group == group and each[0] < row]
    if not said or ended < 0:
        return None
    since, time, value = said[-1]
    earlier = said[-2][0] if len(said) > 1 else -1
    in_vain = any(earlier < vain < since and told.group == group for vain, _, told in h.timed_out)
    late = int(h.operations.completed[op]) - time > SOON
    if in_vain or late or _stirred(h, group, since, ended):
        return None
    held = _held(h, group, time, value.members)
    opened = np.array(list(held), dtype=np.int64)
    sure = held and in_session(h, opened, np.full(len(held), h.operations.completed[op])).all()
    return Rest(since, held) if sure else None


def _stirred(h: History, group: str, since: int, until: int) -> bool:
    """Whether a client of the group did anything between two rows, or was told of partitions."""
    rows = _stirring(h, group)
    return bool(np.searchsorted(rows, until) > np.searchsorted(rows, since, side="right"))


@derived
def _stirring(h: History, group: str) -> Ints:
    """The rows in which a client of the group did anything, or was told of partitions, ascending."""
    ours = [opened for opened, consumer in consumers(h).items() if consumer.group == group]
    did = h.operations.row[among(h.operations.opened, ours)]
    return np.sort(np.concatenate([did, h.ownership.row[h.ownership.group == h.groups.find(group)]]))


def _held(h: History, group: str, time: int, members: tuple[str, ...]) -> dict[int, frozenset[TopicPartition]]:
    """What each of these members holds that holds something, by the operation that opened it last."""
    table = assignments(h)
    table = table[holders(table, time) & (table.group == h.groups.find(group))]
    opened = {
        h.processes[h.operations.client[each]]: each
        for each, consumer in consumers(h).items()
        if consumer.group == group and h.operations.invoked[each] < time
    }
    # who took over an instance id is the member
    last = {int(identity(h)[each]): each for each in sorted(opened.values())}
    found = {
        each: frozenset(h.partitions[tp] for tp in table.tp[table.opened == each].tolist())
        for name, each in opened.items()
        if name in members and last[int(identity(h)[each])] == each
    }
    return {each: held for each, held in found.items() if held}


@invariant(
    "groups.lag-is-the-distance",
    statement="A group's lag is how many offsets lie between what it has committed and the end of the log.",
    formal="∀ lag l of group g in p: l = max(0, end(p) - c) for an end between those told before and after l, and a "
    "commit c of g that may stand; none ⇔ nothing committed, or deleted since",
    source="Kafka documentation, kafka-consumer-groups: LAG",
    capabilities=("topics", "groups", "groups.lag"),
    liars=("lag", "delete_offsets", "delete_group"),
)
def lag_is_the_distance(h: History) -> Finding:
    """What was committed in transactions may not be seen yet; ends at read_committed are never beyond the others."""
    lags = h.answers[(h.answers.kind == LAG) & within(h, clean(h))[h.answers.tp]]
    lags = lags[~among(lags.group, list(auto_committing(h)))]
    if not len(lags):
        return Finding(0)
    latest, query, commit = standing(h, lags.group, lags.tp, lags.invoked, lags.completed, UNCOMMITTED)
    offset = written(h).offset[commit]
    deleted, there = query[offset == DELETED], offset != DELETED
    lowest, highest = np.full(len(lags), NEVER), np.full(len(lags), -1)
    np.minimum.at(lowest, query[there], offset[there])
    np.maximum.at(highest, query[there], offset[there])
    low, high = _ends(h, lags)
    none, owed = lags.offset < 0, (latest >= 0) & ~among(np.arange(len(lags)), deleted)
    least = np.maximum(0, low - highest)
    most = np.where(high < NEVER, np.maximum(0, high - lowest), NEVER)
    wrong = np.where(none, owed, (highest < 0) | (lags.offset < least) | (lags.offset > most))
    last = take(written(h).op, latest)
    broken = (_wrong_lag(h, lags, int(i), int(last[i])) for i in np.flatnonzero(wrong))
    return Finding(len(lags), tuple(broken))


def _ends(h: History, lags: Answers) -> tuple[Ints, Ints]:
    """For each lag: an end that was told before it (0: none), and one that was told after it (`NEVER`: none)."""
    ends = h.answers[h.answers.kind == LATEST]
    transactional = any(isinstance(it, ops.OpenProducer) and it.transactional_id is not None for _, it in h.clients)
    sure = ends[ends.isolation == (COMMITTED if transactional else UNCOMMITTED)]
    later = ends[ends.isolation == UNCOMMITTED]
    before = highest_before(sure.tp, sure.completed, sure.offset, lags.tp, lags.invoked)
    after = lowest_from(later.tp, later.invoked, later.offset, lags.tp, lags.completed)
    return take(sure.offset, before, 0), take(later.offset, after, NEVER)


def _wrong_lag(h: History, lags: Answers, row: int, latest: int) -> Violation:
    told = "no lag" if lags.offset[row] < 0 else f"a lag of {lags.offset[row]}"
    return violation(
        h, f"group {h.groups[lags.group[row]]} is told {told} in {partition(h, lags.tp[row])}", (latest, lags.op[row])
    )
