"""`brokerlaw judge HISTORY`: judge what was recorded, without a broker."""

from pathlib import Path

import click
from click.exceptions import Exit
from tabulate import tabulate

from brokerlaw.cli import streams
from brokerlaw.cli.errors import CliError, one_line
from brokerlaw.cli.inputs import Input, read_recording
from brokerlaw.conformance.judge import JudgeError, SelectionError, judge as judge_history, select
from brokerlaw.conformance.result import BROKEN, INCOMPLETE, KEPT
from brokerlaw.spec.history import schema
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.validate import HistoryError
from brokerlaw.spec.invariants.invariant import Finding, Invariant
from brokerlaw.spec.text import printable


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
@click.option("--profile", default="log", show_default=True, help="The kind of broker: log.")
def judge(history: Path, patterns: tuple[str, ...], profile: str) -> None:
    """Judge HISTORY, a history file (JSON lines) or a trace: exit code 1 if it breaks a promise, 3 if it tests none.

    HISTORY may be compressed by gzip; - is standard input.
    """
    with one_line(SelectionError):
        book = select(patterns, profile)
    given = read_recording(history)
    findings, failure = _judged(_folded(given), book)
    streams.say(_table(findings))
    broken = [(name, violation) for name, found in findings.items() for violation in found.violations]
    for name, violation in broken:
        rows = ", ".join(map(str, violation.witnesses))
        streams.say(f"\n{name}: {printable(violation.reason)}\n  rows {rows}")
    if failure:
        raise CliError(f"{failure}; of that promise nothing is said")
    exercised = any(found.exercised for found in findings.values())
    raise Exit(BROKEN if broken else KEPT if exercised else INCOMPLETE)


def _folded(given: Input) -> History:
    try:
        return History(given.recording)
    except HistoryError as error:
        where = "" if error.row is None else f"{given.place(error.row)}: "
        raise CliError(f"{where}{error}") from error


def _judged(history: History, book: list[Invariant]) -> tuple[dict[str, Finding], str]:
    """What was found, and which judges failed."""
    try:
        return judge_history(history, book), ""
    except JudgeError as error:
        return error.findings, str(error)


def _table(findings: dict[str, Finding]) -> str:
    rows = [(name, found.exercised or "not exercised", len(found.violations) or "") for name, found in findings.items()]
    return tabulate(rows, headers=("invariant", "exercised", "violations"), colalign=("left", "right", "right"))
