"""Measured runs become `reports/`: the table of who keeps what, a page for each run, the findings with their traces.

    python reports/collect.py add RUN_FOLDER NAME --command "brokerlaw check …"   # NAME.json and traces/NAME/
    python reports/collect.py control [NAME …]                                    # the same traces, on Apache Kafka
    python reports/collect.py render                                              # every page, from the JSON files

`add` takes the folder that `brokerlaw check --out` wrote; an earlier run of that name is replaced. `control` starts a
local Apache Kafka and runs each trace's plan there: a finding is the broker's only where Kafka keeps the promise that
the trace shows broken. `render` measures nothing: the pages are what runs/*.json, control.json and about.json say, and
a test holds them to it. Columns of the table are the runs that about.json names; any other run has its page only.
"""

import os
import platform
import shutil
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click
import msgspec
from tabulate import tabulate

from brokerlaw.adapters.registry import resolve
from brokerlaw.conformance import trace as traces
from brokerlaw.conformance.execute import execute
from brokerlaw.conformance.overrides import sort
from brokerlaw.conformance.result import ReportedViolation, RunResult
from brokerlaw.render import markdown
from brokerlaw.spec.history.history import History
from brokerlaw.spec.invariants import INVARIANTS

HERE = Path(__file__).parent
REPEATS = 5


class Run(msgspec.Struct):
    """One measured run: the command that anybody can run again, the versions it ran with, what came of it."""

    name: str
    command: str
    versions: dict[str, str]
    result: RunResult
    measured: str = ""


class Control(msgspec.Struct):
    """A trace's plan on Apache Kafka: how often it broke the same promise, and how often it put it to the test."""

    trace: str
    broker: str
    runs: int
    reproduced: int
    exercised: int


class Column(msgspec.Struct):
    """A column of the table: a run, and how to get the broker."""

    run: str
    title: str
    setup: str = ""


class Remark(msgspec.Struct):
    """What a finding breaks in Kafka's documentation, and what is behind it, as far as that was looked into."""

    run: str
    invariant: str
    documented: str
    link: str
    note: str = ""


class About(msgspec.Struct):
    """What no run says of itself."""

    columns: list[Column]
    remarks: list[Remark]


@click.group()
def main() -> None:
    """Measured runs become reports."""


@main.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.argument("name")
@click.option("--command", required=True, help="The command line that made it, as anybody can type it.")
def add(folder: Path, name: str, command: str) -> None:
    """Take the run in FOLDER as NAME."""
    data = msgspec.json.decode((folder / "report.json").read_bytes())
    result = msgspec.convert({key: data[key] for key in RunResult.__struct_fields__ if key in data}, RunResult)
    target = HERE / "traces" / name
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    found = tuple(_taken(folder, each, target) for each in result.found)
    run = Run(name, command, _versions(), msgspec.structs.replace(result, found=found), _measured(folder))
    _write(HERE / "runs" / f"{name}.json", run)
    click.echo(f"{name}: {result.conclusion}")


def _taken(folder: Path, found: ReportedViolation, target: Path) -> ReportedViolation:
    """The trace file without the folder that it came from."""
    shutil.copyfile(folder / found.trace, target / found.trace)
    place = f"reports/traces/{target.name}/{found.trace}"
    return msgspec.structs.replace(found, trace=place)


def _measured(folder: Path) -> str:
    """The day of the run, and the kind of machine: this one, where runs are added as they are made."""
    day = datetime.fromtimestamp((folder / "report.json").stat().st_mtime, UTC).date()
    return f"{day}, {platform.system()} on {platform.machine()}, {os.cpu_count()} cores"


def _versions() -> dict[str, str]:
    packages = {name: version(name) for name in ("brokerlaw", "hypothesis")}
    try:
        from confluent_kafka import libversion
    except ImportError:
        return packages | {"Python": platform.python_version()}
    return packages | {"Python": platform.python_version(), "librdkafka": libversion()[0]}


@main.command()
@click.argument("names", nargs=-1)
@click.option("--runs", default=REPEATS, show_default=True, help="How often each trace is run.")
def control(names: tuple[str, ...], runs: int) -> None:
    """Run the traces of NAMES (or of all columns but Apache Kafka's) on a local Apache Kafka."""
    chosen = names or tuple(run.name for run in foreign(about(), runs_of()))
    done = {each.trace: each for each in controls()}
    files = sorted(path for name in chosen for path in (HERE / "traces" / name).glob("*.json"))
    with resolve("kafka", {}) as kafka:
        description = kafka.describe()
        for case, path in enumerate(files):
            saved, place = traces.read(path), path.relative_to(HERE.parent).as_posix()
            overrides = sort(saved.settings)._replace(adapter={})
            broken = exercised = 0
            for number in range(runs):
                recording = execute(saved.plan, kafka, description, overrides, f"control{case}-{number}-")
                finding = INVARIANTS[saved.invariant].judge(History(recording))
                broken, exercised = broken + bool(finding.violations), exercised + bool(finding.exercised)
            broker = f"{description.name} {description.version}"
            done[place] = Control(place, broker, runs, broken, exercised)
            click.echo(f"{place}: broken {broken}/{runs}, exercised {exercised}/{runs} on {broker}")
            present = {each.trace: each for each in done.values() if (HERE.parent / each.trace).exists()}
            _write(HERE / "control.json", [present[key] for key in sorted(present)])


@main.command()
def render() -> None:
    """Write every page from the JSON files."""
    for path, text in pages().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        click.echo(path.relative_to(HERE.parent))


# --- reading ---


def runs_of() -> dict[str, Run]:
    """All runs by name."""
    paths = sorted((HERE / "runs").glob("*.json"))
    return {path.stem: msgspec.json.decode(path.read_bytes(), type=Run) for path in paths}


def controls() -> list[Control]:
    """What Apache Kafka did with the traces."""
    path = HERE / "control.json"
    return msgspec.json.decode(path.read_bytes(), type=list[Control]) if path.exists() else []


def about() -> About:
    """Columns and remarks."""
    return msgspec.json.decode((HERE / "about.json").read_bytes(), type=About)


def foreign(told: About, runs: dict[str, Run]) -> list[Run]:
    """The runs of the table whose broker is neither Apache Kafka nor our own."""
    names = [column.run for column in told.columns if column.run in runs]
    return [runs[name] for name in names if runs[name].result.description.name not in ("Apache Kafka", "reference")]


# --- pages ---


def pages() -> dict[Path, str]:
    """Every page by its path; pure, but for reading the JSON files."""
    told, runs = about(), runs_of()
    found = list(findings(told, runs, {each.trace: each for each in controls()}))
    pages = {HERE / "runs" / f"{run.name}.md": _run_page(run) for run in runs.values()}
    pages[HERE / "README.md"] = _table_page(told, runs)
    pages[HERE / "brokers.md"] = _findings_page(found, told, runs)
    pages[HERE / "brokers.json"] = msgspec.json.format(msgspec.json.encode(found), indent=1).decode() + "\n"
    return pages


def findings(told: About, runs: dict[str, Run], controlled: dict[str, Control]) -> Iterator[dict[str, Any]]:
    """Each broken promise of a foreign broker, with everything that is known of it."""
    remarks = {(remark.run, remark.invariant): remark for remark in told.remarks}
    for run in foreign(told, runs):
        result = run.result
        for found in result.found:
            remark, checked = remarks.get((run.name, found.invariant)), controlled.get(found.trace)
            yield {
                "broker": f"{result.description.name} {result.description.version}",
                "run": run.name,
                "invariant": found.invariant,
                "statement": INVARIANTS[found.invariant].statement,
                "source": INVARIANTS[found.invariant].source,
                "documented": remark.documented if remark else "",
                "link": remark.link if remark else "",
                "note": remark.note if remark else "",
                "reason": found.reason,
                "steps": found.steps,
                "reproduced": f"{found.reproduced}/{found.runs}",
                "kafka": _said(checked),
                "trace": found.trace,
                "settings": result.settings,
                "seed": result.seed,
                "versions": run.versions,
                "lines": found.lines,
            }


def _said(checked: Control | None) -> str:
    if checked is None:
        return "not run there yet"
    verdict = f"broken {checked.reproduced}/{checked.runs}"
    if not checked.reproduced:
        silent = f"broken 0/{checked.runs} (no record came that could break it)"
        missed = checked.runs - checked.exercised
        some = f" (not put to the test in {missed} of {checked.runs})" if missed else ""
        verdict = f"kept {checked.exercised}/{checked.exercised}{some}" if checked.exercised else silent
    return f"{verdict} on {checked.broker}"


def _run_page(run: Run) -> str:
    versions = ", ".join(f"{name} {text}" for name, text in run.versions.items())
    when = f"; {run.measured}" if run.measured else ""
    return f"{markdown.render(run.result)}\n## Again\n\n```sh\n{run.command}\n```\n\nMeasured with {versions}{when}.\n"


def _table_page(told: About, runs: dict[str, Run]) -> str:
    columns = [(column, runs[column.run]) for column in told.columns if column.run in runs]
    verdicts = [{verdict.invariant: verdict for verdict in run.result.verdicts} for _, run in columns]
    rows = [
        [f"`{name}`", *(_cell(of.get(name), run) for of, (_, run) in zip(verdicts, columns, strict=True))]
        for name in INVARIANTS
        if any(name in of for of in verdicts)
    ]
    facts = [
        ["cases", *(str(run.result.cases) for _, run in columns)],
        ["operations", *(str(run.result.operations) for _, run in columns)],
    ]
    titles = [f"[{column.title}](runs/{column.run}.md)" for column, _ in columns]
    commands = [
        f"**{column.title}** ({run.result.description.name} {run.result.description.version})\n\n"
        f"```sh\n{(column.setup + chr(10)) if column.setup else ''}{run.command}\n```"
        for column, run in columns
    ]
    others = [
        f"- [{name}](runs/{name}.md): {run.result.conclusion}"
        for name, run in runs.items()
        if name not in {column.run for column, _ in columns}
    ]
    return "\n\n".join([
        "# Who keeps which promise",
        "Each cell is a verdict that was measured, with the number of times the promise was put to the test in that "
        "run; the command below the table measures it again. “not claimed”: the broker does not offer what the promise "
        "is about, so it owes nothing. “not exercised” is no verdict. What is broken is shown step by step in "
        "[brokers.md](brokers.md), with the same trace on Apache Kafka.",
        tabulate([*rows, *facts], headers=["promise", *titles], tablefmt="github", disable_numparse=True),
        "## The commands", *commands,
        *(["## Other runs", "\n".join(others)] if others else []),
        "This page is made by `python reports/collect.py render`.",
    ]) + "\n"  # fmt: skip


def _cell(verdict: Any, run: Run) -> str:
    if verdict is None:
        return ""
    if verdict.status == "pass":
        return f"kept, {verdict.exercised}"
    if verdict.status == "violated":
        again = [found for found in run.result.found if found.invariant == verdict.invariant]
        return f"**broken**, {verdict.violations} of {verdict.exercised}" + ("" if again else " (not reduced)")
    return str(verdict.status)


def _findings_page(found: Iterable[dict[str, Any]], told: About, runs: dict[str, Run]) -> str:
    found = list(found)
    summary = [(number, each["broker"], f"`{each['invariant']}`", each["steps"], each["reproduced"], each["kafka"])
               for number, each in enumerate(found, 1)]  # fmt: skip
    return "\n\n".join([
        "# What brokers that speak Kafka's protocol do otherwise",
        "Each finding is a promise of Kafka's documentation that a run of `brokerlaw check` saw broken, reduced to the "
        "shortest plan that still breaks it, and run again on Apache Kafka by the same adapter and the same client: "
        "what Kafka keeps there is neither the adapter's nor the client's doing.",
        tabulate(summary, headers=("", "broker", "promise", "steps", "reproduced", "the same trace"),
                 tablefmt="github", disable_numparse=True),
        *(_finding(number, each) for number, each in enumerate(found, 1)),
        "This page is made by `python reports/collect.py render`.",
    ]) + "\n"  # fmt: skip


def _finding(number: int, each: dict[str, Any]) -> str:
    settings = ", ".join(f"{key}={value}" for key, value in each["settings"].items()) or "none"
    versions = ", ".join(f"{name} {text}" for name, text in each["versions"].items())
    documented = f"{each['documented']} ([source]({each['link']}))" if each["documented"] else each["source"]
    trace = each["trace"].removeprefix("reports/")
    lines = "\n".join(line for line in each["lines"])
    return "\n\n".join([
        f"## {number}. {each['broker']}: `{each['invariant']}`",
        f"{each['statement']} {each['reason'][:1].upper()}{each['reason'][1:]}.",
        f"Documented: {documented}",
        *([each["note"]] if each["note"] else []),
        f"```text\n{lines}\n```",
        f"Reproduced {each['reproduced']}; the same trace: {each['kafka']}. [The trace]({trace}): "
        f"`brokerlaw replay {each['trace']}`, and `… --adapter kafka` for Apache Kafka. "
        f"Settings: {settings}; seed {each['seed']}; {versions}.",
    ])  # fmt: skip


def _write(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(value), indent=1) + b"\n")


if __name__ == "__main__":
    main()
