"""The page of mutants: which promise caught each, in which case, and how short its plan became."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from brokerlaw.conformance.power.mutants import Catch
from brokerlaw.render import gfm


class Hunted(NamedTuple):
    """One mutant, and what came of its hunt. `unseen` says why no client can tell."""

    mutant: str
    mechanism: str
    source: str
    unseen: str
    catches: tuple[Catch, ...]
    cases: int

    def missed(self, wanted: Collection[str]) -> list[str]:
        """What is not as the table says."""
        caught = {each.invariant for each in self.catches}
        escapes = [f"{self.mutant} escapes {invariant}" for invariant in wanted if invariant not in caught]
        return escapes + [f"{self.mutant} is seen, by {each}" for each in sorted(caught) if self.unseen]


def line(one: Hunted) -> str:
    """For the terminal."""
    told = (f"{each.invariant} ({each.case}, {len(each.reduced.steps)})" for each in one.catches)
    return f"{one.mutant}: {', '.join(told) or '-'}"


def page(hunted: Sequence[Hunted], beyond: Mapping[str, str], command: str) -> str:
    """In Markdown."""
    seen = [one for one in hunted if not one.unseen]
    unseen = [one for one in hunted if one.unseen]
    judges = len({each.invariant for one in hunted for each in one.catches})
    caught = [
        (*_cells(one), each.invariant, each.case, len(each.reduced.steps)) for one in hunted for each in one.catches
    ]
    hidden = [(*_cells(one), one.cases, gfm.text(one.unseen)) for one in unseen]
    lines = [
        "# Mutants of the reference",
        f"{len(seen)} mutants are caught, each by every invariant that must catch it; {judges} invariants catch one or "
        f"more. {len(unseen)} cannot be seen by clients, and {len(beyond)} known bugs are beyond the reference.",
        f"`{command}`: directed plans first, then random ones. A case is one plan; steps are of the reduced plan.",
        "## Caught",
        gfm.table(caught, ("mutant", "mechanism", "source", "caught by", "case", "steps"), 2),
        "## Not seen at the client",
        gfm.table(hidden, ("mutant", "mechanism", "source", "cases searched", "why")),
        "## Beyond the reference",
        gfm.table([(bug, gfm.text(why)) for bug, why in beyond.items()], ("bug", "why")),
    ]
    return "\n\n".join(lines) + "\n"


def _cells(one: Hunted) -> tuple[str, str, str]:
    return one.mutant, gfm.text(one.mechanism), gfm.text(one.source)


def data(hunted: Sequence[Hunted], beyond: Mapping[str, str]) -> dict[str, Any]:
    """For programs."""
    return {
        "caught": [
            {**dict(zip(Catch._fields[:4], each[:4], strict=True)), "steps": len(each.reduced.steps)}
            for one in hunted
            for each in one.catches
        ],
        "unseen": {one.mutant: {"cases": one.cases, "why": one.unseen} for one in hunted if one.unseen},
        "beyond": dict(beyond),
    }
