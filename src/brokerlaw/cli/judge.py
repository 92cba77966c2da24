"""`brokerlaw judge HISTORY`: judge what was recorded, without a broker."""

from pathlib import Path

import click
from click.exceptions import Exit
from tabulate import tabulate

from brokerlaw.cli.errors import one_line
from brokerlaw.conformance.judge import SelectionError, select
from brokerlaw.conformance.judge import judge as judge_history
from brokerlaw.conformance.result import BROKEN, INCOMPLETE, KEPT
from brokerlaw.conformance.trace import TraceError
from brokerlaw.conformance.trace import read as read_trace
from brokerlaw.spec.history import schema
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.rows import HistoryError, Recording, read
from brokerlaw.spec.invariants.invariant import Finding


def _print_schema(context: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if wanted:
        click.echo(schema.HISTORY.read_text(), nl=False)
        context.exit()


@click.command()
@click.argument("history", type=click.Path(path_type=Path))
@click.option(
    "--schema",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_schema,
    help="Print the JSON Schema of a history file's lines.",
)
@click.option("--select", "patterns", multiple=True, metavar="ID", help="Judge these invariants only.")
@click.option("--profile", default="log", show_default=True, help="The promises of logs, or of queues.")
def judge(history: Path, patterns: tuple[str, ...], profile: str) -> None:
    """Judge HISTORY, a history file (JSON lines) or a trace: exit code 1 if it breaks a promise, 3 if it tests none."""
    with one_line(SelectionError):
        book = select(patterns, profile)
    with one_line(HistoryError, TraceError, OSError):
        recording = _recording(history)
        findings = judge_history(History.of(recording), book)
    click.echo(_table(findings))
    broken = [(name, violation) for name, found in findings.items() for violation in found.violations]
    for name, violation in broken:
        click.echo(f"\n{name}: {violation.reason}\n  rows {', '.join(map(str, violation.witnesses))}")
    exercised = any(found.exercised for found in findings.values())
    raise Exit(BROKEN if broken else KEPT if exercised else INCOMPLETE)


def _recording(path: Path) -> Recording:
    """A trace is told from a history by its name's end and its first byte pair: one JSON document over many lines."""
    if path.suffix == ".json":
        return read_trace(path).recording
    return read(path)


def _table(findings: dict[str, Finding]) -> str:
    rows = [(name, found.exercised or "not exercised", len(found.violations) or "") for name, found in findings.items()]
    return tabulate(rows, headers=("invariant", "exercised", "violations"), colalign=("left", "right", "right"))
