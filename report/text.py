"""A finished run, for a terminal."""

from pathlib import Path
from typing import Final

from tabulate import tabulate

from brokerlaw.conformance.result import Found, Result

_SIGN: Final = {
    "pass": "✓ pass",
    "violated": "✗ violated",
    "not exercised": "? not exercised",
    "not claimed": "- not claimed",
}


def render(result: Result, folder: Path) -> str:
    """Verdicts, violations with their traces, and the conclusion last."""
    parts = [
        _verdicts(result),
        *(_found(number, found) for number, found in enumerate(result.found, 1)),
        _end(result, folder),
    ]
    return "\n\n".join(parts)


def _verdicts(result: Result) -> str:
    rows = [
        (
            f"{_SIGN[verdict.status]} {verdict.status}",
            verdict.invariant,
            verdict.exercised,
            verdict.cases,
            verdict.violations or "",
        )
        for verdict in result.verdicts
    ]
    headers = ("verdict", "invariant", "exercised", "cases", "violations")
    return tabulate(rows, headers=headers, tablefmt="simple", colalign=("left", "left", "right", "right", "right"))


def _found(number: int, found: Found) -> str:
    title = f"{number}. {found.invariant} is broken: {found.reason}"
    origin = f"from {found.original_steps} of {found.plan}"
    size = f"   {found.steps} steps ({origin}), reproduced {found.reproduced}/{found.runs}"
    notes = [f"   judged under {setting}, which the broker does not promise this for" for setting in found.unpromised]
    lines = [f"   {line}" for line in found.lines]
    return "\n".join([title, size, *notes, *lines, f"   again: {found.replay}"])


def _end(result: Result, folder: Path) -> str:
    work = f"{result.cases} cases, {result.operations} operations in {result.seconds:.1f} s, seed {result.seed}"
    return f"{work}; report in {folder}\n{result.conclusion}"
