"""Generations: they count a group's rebalances, and so what its members are given one after the other."""

import numpy as np

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.evidence.assignments import Assignments, assignments
from brokerlaw.spec.history.evidence.operations import of_kind
from brokerlaw.spec.history.evidence.relations import among, neighbours
from brokerlaw.spec.history.evidence.settings import consumers, speaking
from brokerlaw.spec.history.history import History
from brokerlaw.spec.invariants.invariant import MEMBERSHIPS, Finding, Violation, invariant
from brokerlaw.spec.invariants.wording import partition, violation


@invariant(
    "groups.generations-rise",
    statement="A member is given partitions in no older generation than before; by KIP-848, what it had before in a "
    "newer epoch.",
    formal="∀ assignments a before b to one member: generation(a) ≤ generation(b); both of one partition, by KIP-848:"
    " generation(a) < generation(b)",
    source="Kafka protocol, JoinGroup: each rebalance has a generation of its own; KIP-848: member epochs only rise",
    capabilities=("topics", "groups"),
    mutants=("generations-begin-again", "epochs-stand-still"),
    covers=MEMBERSHIPS,
    liars=("assigned.observation.generation",),
)
def generations_rise(h: History) -> Finding:
    """A classic member that joins anew, and asks for what it asked for before, is answered in the same generation.

    Left out are members that nobody told their generation; those with an instance id, which come back to what they had;
    those that unsubscribed, since a group without members may be forgotten; and groups that were to be deleted.
    """
    table = _judged(h)
    earlier, later = neighbours(table.opened, order=table.row)
    apart = table.row[earlier] < table.row[later]
    before, again = neighbours(table.opened, table.tp, order=table.row)
    next_ones = speaking(h, "consumer")[table.opened[again]]
    before, again = before[next_ones], again[next_ones]
    back = np.flatnonzero(apart & (table.generation[earlier] > table.generation[later]))
    still = np.flatnonzero(table.generation[before] == table.generation[again])
    told = [_back(h, table, int(earlier[i]), int(later[i])) for i in back]
    told += [_still(h, table, int(before[i]), int(again[i])) for i in still]
    return Finding(int(apart.sum()) + len(again), tuple(told))


def _judged(h: History) -> Assignments:
    table = assignments(h)
    return table[(table.generation >= 0) & ~among(table.opened, _returning(h)) & ~among(table.group, _deleted(h))]


def _returning(h: History) -> list[int]:
    """Members, by the operations that opened them, whose generations may begin again, or be the same."""
    static = [opened for opened, consumer in consumers(h).items() if consumer.instance_id is not None]
    left: list[int] = h.operations.opened[of_kind(h, ops.Unsubscribe)].tolist()
    return static + left


def _deleted(h: History) -> list[int]:
    asked = (h.invocations[number].value for number in of_kind(h, ops.DeleteGroup).tolist())
    return [h.groups.find(op.group) for op in asked if isinstance(op, ops.DeleteGroup)]


def _back(h: History, table: Assignments, one: int, other: int) -> Violation:
    generations = f"generation {int(table.generation[one])}, and then in generation {int(table.generation[other])}"
    return violation(h, f"{_given(h, table, other)} in {generations}", (), _rows(table, one, other))


def _still(h: History, table: Assignments, one: int, other: int) -> Violation:
    told = f"{_given(h, table, other)}, which it had had before, in the same epoch {int(table.generation[other])}"
    return violation(h, told, (), _rows(table, one, other))


def _given(h: History, table: Assignments, row: int) -> str:
    return f"{h.processes[int(table.process[row])]} was given {partition(h, int(table.tp[row]))}"


def _rows(table: Assignments, *rows: int) -> tuple[int, ...]:
    return tuple(int(row) for row in table.row[[*rows]])
