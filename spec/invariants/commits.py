"""Commits: only a member of the group, as it is now, commits for it, and of an instance id there is one member."""

import numpy as np

from brokerlaw.spec.history.columns import Ints, Table
from brokerlaw.spec.history.evidence.assignments import Assignments, assignments, identity
from brokerlaw.spec.history.evidence.relations import (
    among,
    first_after,
    last_before,
    least_of_each,
    pack_both,
    pairs,
    take,
)
from brokerlaw.spec.history.evidence.sessions import in_session
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.tables import OK, PENDING, Commits
from brokerlaw.spec.invariants.invariant import MEMBERSHIPS, Finding, Violation, invariant
from brokerlaw.spec.invariants.wording import place, violation


@invariant(
    "commits.fenced",
    statement="A member whose partition has moved on to another, which has committed, cannot commit for it any more.",
    formal="∀ commit c of m for p: (∃ n ≠ m: p assigned to n after m, n committed p before c and owns it throughout c)"
    " ∧ m was not told ⇒ c is refused",
    source="Kafka, ILLEGAL_GENERATION and UNKNOWN_MEMBER_ID; KIP-848, fencing by member epoch; KIP-345",
    capabilities=("topics", "groups"),
    protocols=("groups_classic.commits_fenced", "groups_next.commits_fenced"),
    mutants=("stale-generation-commit",),
    covers=MEMBERSHIPS,
)
def fenced(h: History) -> Finding:
    """A zombie's commit: its member still believes in the partition, while the new owner is alive and in session.

    Offsets sent in transactions are not judged: a client that lost its membership may send them as nobody's.
    """
    table, commits = assignments(h), _by_members(h)
    old, new = _owners(table, commits)
    told = take(table.end, old) <= commits.completed
    staying = take(table.end, new) > commits.completed
    stale = np.flatnonzero((old >= 0) & (new >= 0) & (old != new) & ~told & staying)
    if not len(stale):
        return Finding(0)
    proof = _commit_of(commits, table, new[stale], stale)
    sure = (proof >= 0) & in_session(h, table.opened[new[stale]], commits.completed[stale], namesakes=False)
    stale, proof = stale[sure], proof[sure]
    taken = np.flatnonzero(commits.status[stale] == OK)
    breaches = (_accepted(h, commits, stale[i], proof[i], table.row[[old[stale[i]], new[stale[i]]]]) for i in taken)
    return Finding(len(stale), tuple(breaches))


def _by_members(h: History) -> Commits:
    """Commits of members, outside transactions, that came to an end."""
    commits = h.commits
    return commits[(commits.transaction < 0) & (commits.opened >= 0) & (commits.status != PENDING)]


def _owners(table: Assignments, commits: Commits) -> tuple[Ints, Ints]:
    """For each commit: its member's own last assignment of the partition, and the group's last one; -1: none."""
    own, member = pack_both((table.opened, table.tp), (commits.opened, commits.tp))
    held, group = pack_both((table.group, table.tp), (commits.group, commits.tp))
    last = last_before(held, table.begin, group, commits.invoked)
    return last_before(own, table.begin, member, commits.invoked), last


def _commit_of(commits: Commits, table: Assignments, owner: Ints, stale: Ints) -> Ints:
    """The first commit that the new owner made in its assignment, where it was done before the stale one; else -1."""
    done = np.flatnonzero(commits.status == OK)
    made, wanted = pack_both((commits.opened[done], commits.tp[done]), (table.opened[owner], table.tp[owner]))
    first = take(done, first_after(made, commits.invoked[done], wanted, table.begin[owner]))
    return np.where(take(commits.completed, first) < commits.invoked[stale], first, -1)


def _accepted(h: History, commits: Commits, late: int, proof: int, assignments: Ints) -> Violation:
    member, owner = (h.processes[commits.process[commit]] for commit in (late, proof))
    told = f"{member}'s commit of {place(h, commits.tp[late], commits.offset[late])} was accepted"
    group = h.groups[commits.group[late]]
    reason = f"{told}, although group {group} had given the partition to {owner}, which had committed it"
    return violation(h, reason, (commits.op[late], commits.op[proof]), assignments)


@invariant(
    "commits.one-of-an-instance",
    statement="Of two clients with one instance id only one is a member: while one commits, the other is refused.",
    formal="∀ clients m ≠ n of a group with one instance id, commits a < c < b, of n, m and n, for a partition that n "
    "owns from a to b: a, b accepted ⇒ c refused",
    source="KIP-345, FENCED_INSTANCE_ID; KIP-848, UNRELEASED_INSTANCE_ID",
    capabilities=("topics", "groups", "groups.static"),
    mutants=("KAFKA-8500",),
    covers=("groups.next",),
)
def one_of_an_instance(h: History) -> Finding:
    """Whichever came first: one that is taken over is fenced, or one that comes is refused. Then it is told of it."""
    commits, proved = _by_members(h), _proved(h)
    commits = commits[among(identity(h)[commits.opened], proved.identity)]
    late, span = pairs(identity(h)[commits.opened], proved.identity)
    other = commits.opened[late] != proved.opened[span]
    amid = (proved.begin[span] <= commits.invoked[late]) & (commits.completed[late] <= proved.end[span])
    late, span = late[other & amid], span[other & amid]
    taken = np.flatnonzero(commits.status[late] == OK)
    breaches = (_beside_its_instance(h, commits, int(late[i]), proved[span[i : i + 1]]) for i in taken)
    return Finding(len(late), tuple(breaches))


class Proved(Table[Ints], kw_only=True):
    """While a member with an instance id owns a partition: from when to when its commits show that it is a member.

    `first` and `last` are those commits' operations.
    """

    opened: Ints
    identity: Ints
    begin: Ints
    end: Ints
    first: Ints
    last: Ints


def _proved(h: History) -> Proved:
    """Of members that share their instance ids with others."""
    same, table, commits = identity(h), assignments(h), _by_members(h)
    sharing = np.flatnonzero(np.bincount(same[same >= 0], minlength=len(same)) > 1)
    done = commits[among(same[commits.opened], sharing) & (commits.status == OK)]
    own, member = pack_both((table.opened, table.tp), (done.opened, done.tp))
    held = last_before(own, table.begin, member, done.invoked)
    within = (held >= 0) & (take(table.end, held) > done.completed)
    done, held = done[within], held[within]
    first, last = least_of_each(held, done.completed), least_of_each(held, -done.invoked)
    opened = done.opened[first]
    return Proved(
        opened=opened,
        identity=same[opened],
        begin=done.completed[first],
        end=done.invoked[last],
        first=done.op[first],
        last=done.op[last],
    )


def _beside_its_instance(h: History, commits: Commits, late: int, proved: Proved) -> Violation:
    member, other = (h.processes[h.operations.client[each]] for each in (commits.opened[late], proved.opened[0]))
    told = f"{member}'s commit of {place(h, commits.tp[late], commits.offset[late])} was accepted"
    reason = f"{told}, between two of {other}, which has its instance id in group {h.groups[commits.group[late]]}"
    return violation(h, reason, (proved.first[0], commits.op[late], proved.last[0]))
