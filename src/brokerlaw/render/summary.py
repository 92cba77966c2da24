"""A finished run as the summary of a CI's job: one short page of Markdown, what needs somebody first."""

from pathlib import Path
from typing import Final

from brokerlaw.conformance.result import ReportedViolation, RunResult, Verdict
from brokerlaw.render import gfm
from brokerlaw.render.narration import told
from brokerlaw.render.remarks import remarks

_LINES: Final = 80
"""The most lines of one violation: a job's summary has a limit, and the trace file has them all."""
_FIRST: Final = ("violated", "undecided", "not exercised", "known")
"""The verdicts that are shown at once, in this order; the others are folded away."""


def render(result: RunResult, folder: Path) -> str:
    """One section, that can be appended to the summaries of other steps."""
    broker = result.description
    open_rows = [each for status in _FIRST for each in result.verdicts if each.status == status]
    folded = [each for each in result.verdicts if each.status not in _FIRST]
    sections = [
        f"## brokerlaw: {gfm.text(f'{broker.name} {broker.version}')}",
        f"**{gfm.text(result.conclusion)}**",
        gfm.text(_work(result)),
        "\n".join(f"- {gfm.text(remark)}" for remark in remarks(result)),
        *([_table(open_rows)] if open_rows else []),
        *([_folded(folded)] if folded else []),
        *(_found(found, result, folder) for found in result.found),
    ]
    return "\n\n".join(filter(None, sections)) + "\n"


def _work(result: RunResult) -> str:
    settings = "".join(f", {key}={value}" for key, value in result.settings.items())
    work = f"{result.cases} cases, {result.operations} operations in {result.seconds:.1f} s"
    return f"{result.adapter}, seed {result.seed}{settings}: {work}"


def _table(verdicts: list[Verdict]) -> str:
    rows = [(each.status, gfm.code(each.invariant), each.exercised, each.violations or "") for each in verdicts]
    return gfm.table(rows, ("verdict", "promise", "times tested", "violations"), numbers=2)


def _folded(verdicts: list[Verdict]) -> str:
    counts = {status: sum(each.status == status for each in verdicts) for status in {each.status for each in verdicts}}
    said = ", ".join(f"{count} {status}" for status, count in sorted(counts.items(), reverse=True))
    return f"<details><summary>{said}</summary>\n\n{_table(verdicts)}\n\n</details>"


def _found(found: ReportedViolation, result: RunResult, folder: Path) -> str:
    lines = told(found, result, folder)
    shown = lines if len(lines) <= _LINES else [*lines[: _LINES - 1], "… more in the trace file", lines[-1]]
    return f"### {gfm.code(found.invariant)}\n\n{gfm.text(found.reason)}\n\n{gfm.block(shown)}"
