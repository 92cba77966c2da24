"""A finished run, for a terminal."""

from pathlib import Path
from typing import Final

from tabulate import tabulate

from brokerlaw.conformance.result import ReportedViolation, RunResult
from brokerlaw.render.narration import told
from brokerlaw.render.remarks import remarks

_SIGN: Final = {
    "pass": "✓",
    "violated": "✗",
    "known": "~",
    "undecided": "?",
    "not judged": "!",
    "not exercised": "?",
    "not claimed": "-",
}


def render(result: RunResult, folder: Path) -> str:
    """Verdicts, violations with their traces, and the conclusion last; all there is of a run that never began."""
    if not result.verdicts:
        return "\n".join([*_last_words(result), result.conclusion])
    violations = (_found(number, found, folder) for number, found in enumerate(result.found, 1))
    return "\n\n".join([_verdicts(result), *violations, _end(result, folder)])


def _verdicts(result: RunResult) -> str:
    rows = [
        (f"{_SIGN[each.status]} {each.status}", each.invariant, each.exercised, each.cases, each.violations or "")
        for each in result.verdicts
    ]
    headers = ("verdict", "invariant", "exercised", "cases", "violations")
    return tabulate(rows, headers=headers, tablefmt="simple", colalign=("left", "left", "right", "right", "right"))


def _found(number: int, found: ReportedViolation, folder: Path) -> str:
    title = f"{number}. {found.invariant} is broken: {found.reason}"
    return "\n   ".join([title, *told(found, folder)])


def _end(result: RunResult, folder: Path) -> str:
    work = f"{result.cases} cases, {result.operations} operations in {result.seconds:.1f} s, seed {result.seed}"
    settings = "".join(f", {key}={value}" for key, value in result.settings.items())
    head = f"{work}{settings}; report in {folder}"
    return "\n".join([head, *remarks(result), *_last_words(result), result.conclusion])


def _last_words(result: RunResult) -> list[str]:
    return result.last_words.splitlines()
