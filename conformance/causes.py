"""One cause is told once: violations that share what shows them are one, told by the promise that is nearest to it.

A wrong end told by the broker lets complete reads end early, so that records seem lost: the promise about the end names
the fault, the one about durability only what follows.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from brokerlaw.spec.invariants.invariant import Violation

NEAREST_FIRST: Final = (
    "refusals",
    "retention.only-expired-goes",
    "topics",
    "records.null-stays-null",
    "integrity",
    "records",
    "leadership",
    "replicas",
    "ends",
    "offsets.end-told",
    "offsets.by-timestamp",
    "ordering.one-record-per-offset",
    "reading",
    "ordering",
    "partitioning",
    "idempotence",
    "retention",
    "compaction",
    "durability",
    "transactions",
    "cycles",
    "producers",
    "consumers",
    "commits",
    "groups",
    "ownership",
    "offsets",
    "delivery",
    "progress",
)
"""Promises, by the beginning of their ids: from what a record is, over where it is and who may read it, to what
applications and waits make of all that."""


class Breach(NamedTuple):
    """A promise that was broken, and what shows it. Rows of different histories have nothing in common."""

    invariant: str
    violation: Violation
    history: str = ""


class Cause(NamedTuple):
    """Breaches that belong together: the one to be told, and the others."""

    told: Breach
    others: tuple[Breach, ...] = ()

    @property
    def beside(self) -> dict[str, int]:
        """How many other breaches there are of each promise, the nearest first."""
        counts: dict[str, int] = {}
        for each in sorted(self.others, key=_distance):
            counts[each.invariant] = counts.get(each.invariant, 0) + 1
        return counts


def causes(breaches: Iterable[Breach]) -> list[Cause]:
    """The causes, in the order of the first breach of each."""
    from networkx import Graph, connected_components

    all_of_them = list(breaches)
    parts: Graph[int | tuple[str, int]] = Graph()
    for number, breach in enumerate(all_of_them):
        parts.add_node(number)
        parts.add_edges_from((number, (breach.history, row)) for row in breach.violation.witnesses)
    groups = [sorted(node for node in part if isinstance(node, int)) for part in connected_components(parts)]
    return [_cause([all_of_them[number] for number in group]) for group in sorted(groups)]


def _cause(group: list[Breach]) -> Cause:
    told = min(group, key=lambda each: (_distance(each), len(each.violation.witnesses)))
    return Cause(told, tuple(each for each in group if each is not told))


def _distance(breach: Breach) -> int:
    """How far the promise is from the cause: by the longest beginning that is listed."""
    fitting = (each for each in NEAREST_FIRST if f"{breach.invariant}.".startswith(f"{each}."))
    return NEAREST_FIRST.index(max(fitting, key=len))
