"""The pages in `docs/protocols`: what they take to write, and under which bounds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from brokerlaw.render import page, story
from brokerlaw.spec.language import Spec, shortest
from brokerlaw.spec.language.guards import guards
from brokerlaw.spec.language.prover import prove
from brokerlaw.spec.protocols import registry

SMALL: Final[Mapping[str, Mapping[str, int]]] = {
    "two_phase_commit": {"RM": 2},
    "delivery": {"Worker": 2, "Offset": 3, "Attempt": 2},
    "queue": {"Message": 2, "Consumer": 2, "Group": 2, "Key": 1, "Count": 3, "Place": 3},
    "groups_classic": {"Member": 2, "Partition": 1, "Instance": 2, "Generation": 4},
    "groups_next": {"Member": 2, "Partition": 1, "Epoch": 6},
    "replication": {"Replica": 3, "Epoch": 3, "Offset": 2},
    "isr_update": {"Replica": 2, "Version": 4, "Life": 2, "Offset": 2},
    "idempotence": {"Number": 4},
    "transactions": {"Partition": 2, "Transaction": 2, "Epoch": 3},
}
"""Bounds that show what each variant breaks, and take seconds; a protocol that is not here has its own."""
GUARDS: Final[Mapping[str, Mapping[str, int]]] = {
    "groups_next": {"Member": 2, "Partition": 1, "Epoch": 5},
    "isr_update": {"Replica": 2, "Version": 3, "Life": 2, "Offset": 2},
}
"""Smaller ones, where every guard dropped in turn would take minutes."""
VARIANTS: Final[Mapping[tuple[str, str], Mapping[str, int]]] = {
    ("groups_next", "GrantsBeforeRelease"): {"Member": 2, "Partition": 1, "Epoch": 5},
    ("groups_next", "OldRevocationClears"): {"Member": 2, "Partition": 1, "Epoch": 5},
    ("replication", "TruncateToHighWatermark"): {"Replica": 2, "Epoch": 3, "Offset": 2},
    ("replication", "Kip101"): {"Replica": 2, "Epoch": 3, "Offset": 3},
}
"""Where less suffices to show it."""


def told(name: str) -> str:
    """Give the half of a page that takes a second."""
    protocol = registry.load(name)
    variants = [each.spec for each in registry.variants(protocol).values()]
    return page.told(protocol.spec, variants, list(_stories(name, variants)))


def measured(name: str) -> str:
    """Give the half that takes up to a minute: every guard dropped in turn, every invariant proved."""
    protocol = registry.load(name)
    dropped = guards(protocol.spec, GUARDS.get(name, SMALL.get(name, {})))
    return page.measured(dropped, prove(registry.proof(protocol).spec, {}, timeout=20))


def write(names: Iterable[str], folder: Path) -> Iterator[Path]:
    """Write a page for each protocol, and give its path."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        path = folder / f"{name}.md"
        path.write_text(told(name) + measured(name), encoding="utf-8")
        yield path


def _stories(name: str, variants: Iterable[Spec]) -> Iterator[story.Story]:
    """The shortest run to the first invariant that each unsound variant says it breaks, if it does."""
    for spec in variants:
        if spec.breaks:
            run = shortest(spec, VARIANTS.get((name, spec.name), SMALL.get(name, {})), spec.breaks[0])
            if run.violation:
                yield story.of_goal(run.model, run.violation.trace, run.goal)
