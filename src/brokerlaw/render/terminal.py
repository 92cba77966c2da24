"""A finished run, for a terminal."""

from pathlib import Path
from typing import Final

from tabulate import tabulate

from brokerlaw.conformance.result import ReportedViolation, RunResult
from brokerlaw.render.narration import told
from brokerlaw.render.remarks import remarks
from brokerlaw.spec.text import printable

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
        return "\n".join([*_last_words(result), _line(result.conclusion)])
    violations = (_found(number, found, result, folder) for number, found in enumerate(result.found, 1))
    return "\n\n".join([_verdicts(result), *violations, _end(result, folder)])


def _verdicts(result: RunResult) -> str:
    rows = [
        (f"{_SIGN[each.status]} {each.status}", each.invariant, each.exercised, each.cases, each.violations or "")
        for each in result.verdicts
    ]
    headers = ("verdict", "invariant", "exercised", "cases", "violations")
    return tabulate(rows, headers=headers, tablefmt="simple", colalign=("left", "left", "right", "right", "right"))


def _found(number: int, found: ReportedViolation, result: RunResult, folder: Path) -> str:
    title = f"{number}. {found.invariant} is broken: {found.reason}"
    return "\n   ".join(map(_line, [title, *told(found, result, folder)]))


def _end(result: RunResult, folder: Path) -> str:
    work = f"{result.cases} cases, {result.operations} operations in {result.seconds:.1f} s, seed {result.seed}"
    settings = "".join(f", {key}={value}" for key, value in result.settings.items())
    head = f"{work}{settings}; report in {folder}"
    return "\n".join([*map(_line, [head, *remarks(result)]), *_last_words(result), _line(result.conclusion)])


def _last_words(result: RunResult) -> list[str]:
    return [printable(line) for line in result.last_words.splitlines()]


def _line(text: str) -> str:
    """One line, whatever a broker, an adapter or a trace has put into it: no second one can pass for a conclusion."""
    return printable("  ".join(line.strip() if number else line for number, line in enumerate(text.split("\n"))))
