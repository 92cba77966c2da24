"""Groups that there are: who has committed offsets is listed; what was deleted is gone until somebody uses it."""

from collections.abc import Iterator
from typing import Final

import numpy as np

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.evidence.assignments import gone
from brokerlaw.spec.history.evidence.commits import admissible
from brokerlaw.spec.history.evidence.operations import of_kind
from brokerlaw.spec.history.evidence.outages import disturbed
from brokerlaw.spec.history.evidence.relations import NEVER, among, firsts
from brokerlaw.spec.history.evidence.settings import consumers
from brokerlaw.spec.history.evidence.topics import known, within
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.tables import FAIL, OK, UNCOMMITTED
from brokerlaw.spec.invariants.described import NOBODY
from brokerlaw.spec.invariants.invariant import Finding, Violation, invariant
from brokerlaw.spec.invariants.wording import violation

DELETING: Final = (ops.DeleteGroup, ops.DeleteOffsets)
"""What is refused for a group that there is not."""


@invariant(
    "groups.committed-is-listed",
    statement="A group that has committed offsets is among the groups that are listed, whether or not it has members.",
    formal="∀ list l, group g: a commit of g certainly stands at l ⇒ g ∈ l",
    source="Kafka protocol, ListGroups; KIP-518: groups without members are listed as empty",
    capabilities=("topics", "groups", "groups.list"),
    liars=("list_groups", "reset_offsets.outcome: not done"),
)
def committed_is_listed(h: History) -> Finding:
    """As long as no broker was disturbed: while a coordinator moves, nobody may know its groups."""
    if not h.listed_groups:
        return Finding(0)
    commits = h.commits[within(h, known(h))[h.commits.tp]]
    commits = commits[firsts(commits.group, commits.tp)]
    lists = np.array([op for op, _ in h.listed_groups if not _ever_disturbed(h, op)], dtype=np.int64)
    listed = {op: {each.group for each in groups} for op, groups in h.listed_groups}
    asked, group, tp = np.repeat(lists, len(commits)), *(np.tile(c, len(lists)) for c in (commits.group, commits.tp))
    begun, ended = h.operations.invoked[asked], h.operations.completed[asked]
    able = admissible(h, group, tp, begun, ended, UNCOMMITTED)
    sure = np.flatnonzero((able.latest >= 0) & (able.lowest >= 0))
    once = sure[firsts(asked[sure], group[sure])]
    broken = [
        violation(h, f"group {name} has committed offsets, and is not listed", (int(able.latest[row]), op))
        for row, op in zip(once.tolist(), asked[once].tolist(), strict=True)
        if (name := h.groups[group[row]]) not in listed[op]
    ]
    return Finding(len(once), tuple(broken))


def _ever_disturbed(h: History, op: int) -> bool:
    return bool(disturbed(h, np.array([0]), h.operations.completed[[op]])[0])


@invariant(
    "groups.deleted-is-gone",
    statement="A group that was deleted is neither listed, nor described with members, nor deleted again, until "
    "somebody uses it.",
    formal="∀ deletion of group g; list or description after that and before anybody uses g: g is not in it, or is "
    "empty or dead; other deletion of g, or of offsets of g, in that time: it is refused",
    source="KIP-229; Kafka protocol, errors: GROUP_ID_NOT_FOUND",
    capabilities=("topics", "groups", "groups.delete"),
    liars=("delete_group", "delete_offsets.outcome", "list_groups", "describe_group"),
)
def deleted_is_gone(h: History) -> Finding:
    """As long as no broker was disturbed. A group is used by consumers that are open, and by whoever commits for it."""
    tested, broken = 0, list[Violation]()
    for number in of_kind(h, ops.DeleteGroup).tolist():
        op = h.invocations[number].value
        assert isinstance(op, ops.DeleteGroup)
        if h.operations.status[number] == OK:
            used = _used_after(h, op.group, int(h.operations.invoked[number]))
            for other, wrong in _asked_of(h, op.group):
                if _between(h, number, other, used) and not _ever_disturbed(h, other):
                    tested += 1
                    told = f"group {op.group} was deleted, and {wrong}"
                    broken += [violation(h, told, (number, other))] if wrong else []
    return Finding(tested, tuple(broken))


def _between(h: History, number: int, other: int, used: int) -> bool:
    """Whether an operation was asked for after a deletion was done, and was over before the group was used."""
    done, operations = h.operations.completed[number], h.operations
    return bool(done < operations.invoked[other] and operations.completed[other] < used)


def _used_after(h: History, group: str, time: int) -> int:
    """When somebody may have used the group after this time. Offsets in a transaction may count at any time."""
    operations = h.operations
    commits = h.commits[(h.commits.group == h.groups.find(group)) & (h.commits.status != FAIL)]
    if among(commits.op, of_kind(h, ops.SendOffsets)).any():
        return time
    members = np.array([opened for opened, it in consumers(h).items() if it.group == group], dtype=np.int64)
    theirs = among(operations.opened, members) & (operations.invoked > time)
    late = (commits.status != OK) | (commits.completed > time)  # of unknown outcome it may come at any time
    times = np.concatenate(
        [
            commits.invoked[late],
            operations.invoked[members[gone(h)[members] > time]],
            operations.invoked[theirs],
        ]
    )
    return max(time, int(times.min(initial=NEVER)))


def _asked_of(h: History, group: str) -> Iterator[tuple[int, str]]:
    """What was asked of a group; and what is wrong with its answer, if there is no such group."""
    for op, groups in h.listed_groups:
        yield op, "is listed" if any(each.group == group for each in groups) else ""
    for op, state in h.described_groups:
        asked = h.invocations[op].value
        assert isinstance(asked, ops.DescribeGroup)
        if asked.group == group:
            there = state.members or state.state not in NOBODY
            yield op, f"is described as {state.state} with {len(state.members)} members" if there else ""
    for op in of_kind(h, *DELETING, failed=True).tolist():
        act = h.invocations[op].value
        assert isinstance(act, DELETING)
        if act.group == group and h.operations.status[op] in (OK, FAIL):
            done = h.operations.status[op] == OK
            yield op, f"{h.functions[h.operations.f[op]]} was done to it" if done else ""
