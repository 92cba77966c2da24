"""Ownership: a group shares out the partitions of its topics, each to one member at a time."""

from collections.abc import Iterator
from typing import NamedTuple

import msgspec
import numpy as np

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.columns import Bools, Ints
from brokerlaw.spec.history.derived import derived
from brokerlaw.spec.history.evidence.assignments import Assignments, assignments, contested, gone, holders, of_group
from brokerlaw.spec.history.evidence.operations import of_kind
from brokerlaw.spec.history.evidence.outages import disturbed
from brokerlaw.spec.history.evidence.relations import firsts, in_order, last_before, neighbours, pack, take
from brokerlaw.spec.history.evidence.sessions import in_session
from brokerlaw.spec.history.evidence.settings import consumers
from brokerlaw.spec.history.evidence.topics import known, partition_count
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.observations import Stable
from brokerlaw.spec.history.tables import FAIL, OK
from brokerlaw.spec.history.values import TopicPartition
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
    rows = np.flatnonzero((table.generation >= 0) & _classic(h)[table.opened])
    code, opened = pack(table.group[rows], table.tp[rows], table.generation[rows]), table.opened[rows].tolist()
    codes, last, found = code.tolist(), dict[int, int](), list[tuple[int, int]]()
    for row in in_order(code, table.begin[rows]).tolist():
        last = {member: each for member, each in last.items() if codes[each] == codes[row]}
        found += [(each, row) for each in last.values()]
        last[opened[row]] = row
    before, after = rows[np.array(found, dtype=np.int64).reshape(-1, 2)].T
    return before, after


@derived
def _classic(h: History) -> Bools:
    """By the operation that opened it: whether a consumer is of the classic protocol."""
    classic = np.zeros(len(h.operations) + 1, dtype=np.bool_)
    classic[[op for op, consumer in consumers(h).items() if consumer.protocol == "classic"]] = True
    return classic


def _same_generation(h: History, table: Assignments, earlier: Ints, later: Ints) -> Bools:
    """Whether both were assigned in one generation; KIP-848's epochs are the members' own, and do not compare."""
    generation, classic = table.generation[earlier], _classic(h)
    same = (generation >= 0) & (generation == table.generation[later])
    return np.asarray(same & classic[table.opened[earlier]] & classic[table.opened[later]], dtype=np.bool_)


def _shared(h: History, table: Assignments, earlier: int, later: int, held: bool) -> Violation:
    one, other = (h.processes[table.process[assignment]] for assignment in (earlier, later))
    told = f"{partition(h, table.tp[later])} was assigned to {other} in group {h.groups[table.group[later]]}"
    generation = table.generation[later]
    reason = f"while {one} held it" if held else f"as to {one} before, both in generation {generation}"
    return violation(h, f"{told} {reason}", (), (table.row[earlier], table.row[later]))


class Shares(NamedTuple):
    """What the members of a stable group held: by partition of its topics, the rows that gave it to each owner."""

    row: int
    stable: Stable
    owners: dict[str, dict[str, int]]

    @property
    def busy(self) -> set[str]:
        """Members that own something."""
        return {member for owners in self.owners.values() for member in owners}

    @property
    def unfair(self) -> list[str]:
        """Partitions without exactly one owner."""
        return [name for name, owners in self.owners.items() if len(owners) != 1]


@derived
def _shares(h: History) -> tuple[Shares, ...]:
    return tuple(_each_share(h))


def _each_share(h: History) -> Iterator[Shares]:
    """At each rest of a group over topics of a known size, unless a broker was down just then.

    Who holds nothing and whose last poll was refused, or who shares its instance id with another client, is perhaps
    none of its members: the other is, before it or instead of it. Which of several topics it alone has asked for is
    not told, so that nothing is said of them.
    """
    times = np.array([time for _, time, _ in h.stable], dtype=np.int64)
    calm = ~disturbed(h, times, times)
    for (row, time, stable), judged in zip(h.stable, calm, strict=True):
        if judged and all(topic in known(h) and partition_count(h, topic, time) for topic in stable.topics):
            owners = _owners(h, stable, time)
            able = {*_able(h, stable.members, row)} - _sharing(h, time)
            able |= {owner for each in owners.values() for owner in each}
            if able and (len(stable.topics) == 1 or able.issuperset(stable.members)):
                members = tuple(member for member in stable.members if member in able)
                yield Shares(row, msgspec.structs.replace(stable, members=members), owners)


def _sharing(h: History, time: int) -> set[str]:
    """Members that are not alone with their static ids."""
    return {consumer.client for opened, consumer in consumers(h).items() if contested(h)[opened] <= time}


def _able(h: History, members: tuple[str, ...], row: int) -> tuple[str, ...]:
    """Those whose last poll before this row was not refused."""
    operations, polls = h.operations, of_kind(h, ops.Poll, failed=True)
    asked = np.array([h.processes.find(member) for member in members], dtype=np.int64)
    last = last_before(operations.client[polls], operations.ended[polls], asked, np.full(len(asked), row))
    refused = take(operations.status[polls], last, OK) == FAIL
    return tuple(member for member, no in zip(members, refused.tolist(), strict=True) if not no)


def _owners(h: History, stable: Stable, time: int) -> dict[str, dict[str, int]]:
    """By partition of the topics: its owners among the members, each with the row of its assignment."""
    names = [TopicPartition(topic, n) for topic in stable.topics for n in range(h.created[topic].partitions)]
    owners: dict[str, dict[str, int]] = {str(name): {} for name in names}
    held = of_group(h, stable.group)
    held = held[holders(held, time)]
    for tp, process, row in zip(held.tp.tolist(), held.process.tolist(), held.row.tolist(), strict=True):
        if h.processes[process] in stable.members and partition(h, tp) in owners:
            owners[partition(h, tp)][h.processes[process]] = row
    return owners


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
    for shares in _shares(h):
        tested += len(shares.owners)
        breaches += [_unowned(h, shares, name) for name in shares.unfair]
    return Finding(tested, tuple(breaches))


def _unowned(h: History, shares: Shares, name: str) -> Violation:
    owners = shares.owners[name]
    who = f"owned by {' and '.join(owners)}" if owners else "owned by nobody"
    members = ", ".join(shares.stable.members)
    reason = f"group {shares.stable.group} came to rest with {name} {who}, of the members {members}"
    return violation(h, reason, (), (shares.row, *owners.values()))


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
    for shares in _shares(h):
        members = shares.stable.members
        surplus = max(0, len(members) - len(shares.owners))
        tested += surplus
        if surplus and (len(shares.busy) > len(members) - surplus or shares.unfair):
            breaches.append(_crowded(h, shares, surplus))
    return Finding(tested, tuple(breaches))


def _crowded(h: History, shares: Shares, surplus: int) -> Violation:
    held = "; ".join(f"{name} by {' and '.join(owners) or 'nobody'}" for name, owners in shares.owners.items())
    reason = f"group {shares.stable.group} has {surplus} members more than partitions, owned are {held}"
    rows = [row for owners in shares.owners.values() for row in owners.values()]
    return violation(h, reason, (), (shares.row, *rows))
