"""Ownership: a group shares out the partitions of its topics, each to one member at a time."""

import numpy as np

from brokerlaw.spec.history.columns import Bools, Ints
from brokerlaw.spec.history.evidence.assignments import Assignments, assignments, gone
from brokerlaw.spec.history.evidence.relations import firsts, in_order, neighbours, pack
from brokerlaw.spec.history.evidence.sessions import in_session
from brokerlaw.spec.history.evidence.settings import speaking
from brokerlaw.spec.history.evidence.shares import Shares, shares
from brokerlaw.spec.history.history import History
from brokerlaw.spec.invariants.invariant import MEMBERSHIPS, Finding, Violation, invariant
from brokerlaw.spec.invariants.wording import partition, violation


@invariant(
    "ownership.exclusive",
    statement="In a group each partition has at most one owner at a time.",
    formal="∀ members a ≠ b of a group, partition p, time t: owns(a, p, t) ∧ in-session(a, t) ⇒ ¬ assigned(b, p, t);"
    " in one classic generation: assigned(a, p) ⇒ ¬ assigned(b, p)",
    source='Kafka documentation, "Consumers"; KIP-848 (revoked before it is granted again); KAFKA-16147',
    capabilities=("topics", "groups"),
    protocols=("groups_classic.exclusive", "groups_next.exclusive"),
    mutants=("KAFKA-16147", "grant-before-release", "nobody-idle"),
    covers=MEMBERSHIPS,
    liars=("revoked.observation", "lost.observation", "assigned.observation"),
)
def exclusive(h: History) -> Finding:
    """A zombie may believe in partitions that it lost: only members certainly in session count (see the evidence).

    Static members with one instance id are one member. Whoever closed, crashed or unsubscribed owns nothing.
    """
    table = assignments(h)
    earlier, later = _rivals(h, table)
    if not len(later):
        return Finding(0)
    owner, time = table.opened[earlier], table.begin[later]
    alive = in_session(h, owner, time) & (gone(h)[owner] > time)
    earlier, later = earlier[alive], later[alive]
    held = table.end[earlier] > table.begin[later]
    twice = held | _same_generation(h, table, earlier, later)
    guilty = np.flatnonzero(twice)
    guilty = guilty[in_order(later[guilty], (~held[guilty]).astype(np.int64))]
    guilty = guilty[np.sort(firsts(later[guilty]))]  # each assignment is told once
    breaches = (_shared(h, table, earlier[i], later[i], bool(held[i])) for i in guilty)
    return Finding(len(np.unique(later)), tuple(breaches))


def _rivals(h: History, table: Assignments) -> tuple[Ints, Ints]:
    """Pairs of assignments of one partition to two members: with the one before, all that still go on, and all of one
    generation.
    """
    found = [neighbours(table.group, table.tp, order=table.begin), _ongoing(h, table), _of_one_generation(h, table)]
    before, after = (np.concatenate(each) for each in zip(*found, strict=True))
    distinct = firsts(before, after)
    before, after = before[distinct], after[distinct]
    strangers = table.identity[before] != table.identity[after]
    return before[strangers], after[strangers]


def _ongoing(h: History, table: Assignments) -> tuple[Ints, Ints]:
    """Pairs of which the earlier goes on when the later begins, by a member that is not gone."""
    code, end = pack(table.group, table.tp), np.minimum(table.end, gone(h)[table.opened])
    codes, begins, ends = (column.tolist() for column in (code, table.begin, end))
    going, found = list[int](), list[tuple[int, int]]()
    for row in in_order(code, table.begin).tolist():
        going = [each for each in going if codes[each] == codes[row] and ends[each] > begins[row]]
        found += [(each, row) for each in going]
        going.append(row)
    before, after = np.array(found, dtype=np.int64).reshape(-1, 2).T
    return before, after


def _of_one_generation(h: History, table: Assignments) -> tuple[Ints, Ints]:
    """Pairs of one classic generation: the earlier is its member's last one before the later."""
    rows = np.flatnonzero((table.generation >= 0) & speaking(h, "classic")[table.opened])
    code, opened = pack(table.group[rows], table.tp[rows], table.generation[rows]), table.opened[rows].tolist()
    codes, last, found = code.tolist(), dict[int, int](), list[tuple[int, int]]()
    for row in in_order(code, table.begin[rows]).tolist():
        last = {member: each for member, each in last.items() if codes[each] == codes[row]}
        found += [(each, row) for each in last.values()]
        last[opened[row]] = row
    before, after = rows[np.array(found, dtype=np.int64).reshape(-1, 2)].T
    return before, after


def _same_generation(h: History, table: Assignments, earlier: Ints, later: Ints) -> Bools:
    """Whether both were assigned in one generation; KIP-848's epochs are the members' own, and do not compare."""
    generation, classic = table.generation[earlier], speaking(h, "classic")
    same = (generation >= 0) & (generation == table.generation[later])
    return np.asarray(same & classic[table.opened[earlier]] & classic[table.opened[later]], dtype=np.bool_)


def _shared(h: History, table: Assignments, earlier: int, later: int, held: bool) -> Violation:
    one, other = (h.processes[table.process[assignment]] for assignment in (earlier, later))
    told = f"{partition(h, table.tp[later])} was assigned to {other} in group {h.groups[table.group[later]]}"
    generation = table.generation[later]
    reason = f"while {one} held it" if held else f"as to {one} before, both in generation {generation}"
    return violation(h, f"{told} {reason}", (), (table.row[earlier], table.row[later]))


@invariant(
    "ownership.complete",
    statement="When a group is stable, each partition of its topics has exactly one owner among its live members.",
    formal="∀ stable group g, partition p of its topics: |{m ∈ members(g) : owns(m, p)}| = 1",
    source='Kafka documentation, "Consumers"; KIP-848, target assignment',
    capabilities=("topics", "groups"),
    protocols=("groups_classic.stable_and_complete", "groups_next.stable_and_complete"),
    mutants=("KAFKA-12984", "KAFKA-12890", "no-heartbeat-timeout", "half-assigned", "nobody-idle"),
    covers=MEMBERSHIPS,
    liars=(
        "open_consumer.request.group",
        "subscribe",
        "assigned.observation",
        "revoked.observation",
        "lost.observation",
    ),
)
def complete(h: History) -> Finding:
    """Judged where the suite saw the group come to rest, or wait in vain for it, while no broker was down."""
    tested, breaches = 0, []
    for rest in shares(h):
        tested += len(rest.owners)
        breaches += [_unowned(h, rest, name) for name in rest.unfair]
    return Finding(tested, tuple(breaches))


def _unowned(h: History, rest: Shares, name: str) -> Violation:
    owners = rest.owners[name]
    who = f"owned by {' and '.join(owners)}" if owners else "owned by nobody"
    members = ", ".join(rest.stable.members)
    reason = f"group {rest.stable.group} came to rest with {name} {who}, of the members {members}"
    return violation(h, reason, (), (rest.row, *owners.values()))


@invariant(
    "ownership.extra-idle",
    statement="Members that a stable group has beyond the partitions of its topics own nothing.",
    formal="∀ stable group g of n members, k < n partitions: |{m : m owns nothing}| ≥ n - k",
    source='Kafka documentation, "Consumers": more members than partitions leaves some idle',
    capabilities=("topics", "groups"),
    mutants=("nobody-idle",),
    covers=MEMBERSHIPS,
)
def extra_idle(h: History) -> Finding:
    """As `ownership.complete`, counted by surplus members."""
    tested, breaches = 0, []
    for rest in shares(h):
        members = rest.stable.members
        surplus = max(0, len(members) - len(rest.owners))
        tested += surplus
        if surplus and (len(rest.busy) > len(members) - surplus or rest.unfair):
            breaches.append(_crowded(h, rest, surplus))
    return Finding(tested, tuple(breaches))


def _crowded(h: History, rest: Shares, surplus: int) -> Violation:
    held = "; ".join(f"{name} by {' and '.join(owners) or 'nobody'}" for name, owners in rest.owners.items())
    reason = f"group {rest.stable.group} has {surplus} members more than partitions, owned are {held}"
    rows = [row for owners in rest.owners.values() for row in owners.values()]
    return violation(h, reason, (), (rest.row, *rows))
