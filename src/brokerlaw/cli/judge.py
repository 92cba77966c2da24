"""`brokerlaw judge HISTORY...`: judge what was recorded, without a broker."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import click
from click.exceptions import Exit
from tabulate import tabulate

from brokerlaw.cli import streams
from brokerlaw.cli.errors import CliError, one_line
from brokerlaw.cli.inputs import owed_in
from brokerlaw.cli.judging import Task, by_dask, here
from brokerlaw.conformance.causes import Breach, Cause, causes
from brokerlaw.conformance.judge import SelectionError, select
from brokerlaw.conformance.kept import HISTORIES, kept
from brokerlaw.conformance.result import BROKEN, INCOMPLETE, KEPT
from brokerlaw.spec.history import schema
from brokerlaw.spec.history.column_files import is_columns
from brokerlaw.spec.history.numbers import MILLISECOND
from brokerlaw.spec.invariants.invariant import Finding, Invariant
from brokerlaw.spec.invariants.weaknesses import Weakness
from brokerlaw.spec.text import printable


class Judged:
    """What one history after another comes to."""

    def __init__(self, book: Iterable[Invariant]) -> None:
        self.exercised = {invariant.id: 0 for invariant in book}
        self.breaches: list[Breach] = []
        self.failures: list[str] = []

    def add(self, findings: dict[str, Finding], history: str) -> None:
        for name, found in findings.items():
            self.exercised[name] += found.exercised
            self.breaches += [Breach(name, violation, history) for violation in found.violations]

    @property
    def table(self) -> str:
        broken = [breach.invariant for breach in self.breaches]
        rows = [
            (name, exercised or "not exercised", broken.count(name) or "") for name, exercised in self.exercised.items()
        ]
        return tabulate(rows, headers=("invariant", "exercised", "violations"), colalign=("left", "right", "right"))

    @property
    def code(self) -> int:
        return BROKEN if self.breaches else KEPT if any(self.exercised.values()) else INCOMPLETE


def _print_schema(context: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if wanted:
        click.echo(schema.HISTORY.read_text(), nl=False)
        context.exit()


@click.command()
@click.argument("histories", metavar="HISTORY...", nargs=-1, required=True, type=click.Path(path_type=Path))
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
@click.option(
    "--clock-tolerance",
    type=click.FloatRange(0, 86_400_000),
    default=0,
    metavar="MS",
    help="How far the clocks of clients may have been apart, where each told its own time.",
)
@click.option(
    "--engine",
    type=click.Choice(["here", "dask"]),
    default="here",
    show_default=True,
    help="Judge in this process, or on several cores and machines (the extra dask).",
)
@click.option("--scheduler", metavar="ADDRESS", help="A dask cluster that there is, whose workers have the same files.")
def judge(
    histories: tuple[Path, ...],
    patterns: tuple[str, ...],
    profile: str,
    clock_tolerance: float,
    engine: str,
    scheduler: str | None,
) -> None:
    """Judge each HISTORY: exit code 1 if one breaks a promise, 3 if they test none.

    HISTORY is a history file (JSON lines), a trace, a history in columns (see `convert`), or the folder of a run with
    `--keep all`. Files may be compressed by gzip; - is standard input.
    """
    with one_line(SelectionError):
        book = select(patterns, profile)
    judged = Judged(book)
    weak: list[tuple[str, Weakness]] = []
    several = len(histories) > 1 or (histories[0].is_dir() and not is_columns(histories[0]))
    tolerance = round(clock_tolerance * MILLISECOND)
    tasks = [Task(path, tuple(each.id for each in owed), tolerance) for path, owed in _files(histories, book)]
    judge_all = by_dask(scheduler) if engine == "dask" else here
    for task, (findings, failure, told) in zip(tasks, judge_all(tasks), strict=True):
        judged.add(findings, str(task.path) if several else "")
        weak += [("" if not several else f" of {task.path}", each) for each in told]
        judged.failures += [f"{task.path}: {failure}"] if failure and several else [failure] if failure else []
    streams.say(judged.table)
    for cause in causes(judged.breaches):
        streams.say("\n" + "\n  ".join(_lines(cause)))
    for where, (name, example, _) in weak[:1]:
        count = sum(each.tangles for _, each in weak)
        rows = ", ".join(map(str, example.witnesses))
        streams.say(f"\n{name}, and no breach of any promise (the first of {count}): {printable(example.reason)}")
        streams.say(f"  rows {rows}{printable(where)}")
    if judged.failures:
        raise CliError(f"{'; '.join(judged.failures)}; of that promise nothing is said")
    raise Exit(judged.code)


def _lines(cause: Cause) -> Iterator[str]:
    """The promise that is nearest to the cause, the rows that show it, and what else breaks by it."""
    name, violation, history = cause.told
    yield f"{name}: {printable(violation.reason)}"
    where = f" of {printable(history)}" if history else ""
    yield f"rows {', '.join(map(str, violation.witnesses))}{where}"
    if cause.others:
        yield f"by the same cause: {', '.join(f'{count} x {each}' for each, count in cause.beside.items())}"


def _files(paths: Iterable[Path], book: list[Invariant]) -> Iterator[tuple[Path, list[Invariant]]]:
    """Each file, with what is owed in it: of a run's folder only what its broker claims."""
    for path in paths:
        if not path.is_dir() or is_columns(path):
            yield path, book
            continue
        found = list(kept(path))
        if not found:
            raise CliError(f"{path} is a folder without {HISTORIES}/: name a file, or a run that was told --keep all")
        owed = owed_in(path, book)
        yield from ((each, owed) for each in found)
