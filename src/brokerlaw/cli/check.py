"""`brokerlaw check ADAPTER`: hold a broker to its promises."""

import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import click
import msgspec
from click.exceptions import Exit

from brokerlaw.adapters.contract import Adapter, AdapterError, Description
from brokerlaw.adapters.registry import resolve
from brokerlaw.cli import streams
from brokerlaw.cli.boundary import unforeseen
from brokerlaw.cli.errors import CliError, one_line
from brokerlaw.cli.gate import Gate, gate_options
from brokerlaw.cli.interrupts import INTERRUPTS
from brokerlaw.cli.progress import Progress
from brokerlaw.cli.settings import parsed, settings_option
from brokerlaw.conformance.engine import Run
from brokerlaw.conformance.folder import RunFolder
from brokerlaw.conformance.judge import SelectionError, select
from brokerlaw.conformance.kept import Keep
from brokerlaw.conformance.options import Options
from brokerlaw.conformance.overrides import redacted
from brokerlaw.conformance.profiles import PROFILES
from brokerlaw.conformance.result import RunResult
from brokerlaw.render import json_report, markdown, terminal
from brokerlaw.render.narration import narrate

DEFAULT_EXAMPLES = 320
KEEP = "Whose histories are kept in the run folder; `judge` takes the folder."


@click.command()
@click.argument("adapter")
@settings_option
@click.option("--seed", type=int, default=0, show_default=True, help="Random plans are drawn from this.")
@click.option("--examples", type=click.IntRange(min=0), help="Random plans to run [320, unless --max-time is given].")
@click.option("--max-time", type=click.FloatRange(min=0, min_open=True), help="Seconds after which no plan is begun.")
@click.option("--patience", type=click.FloatRange(min=0), default=0, help="Seconds more for whatever is waited for.")
@click.option("--shrink-time", type=click.FloatRange(min=0), default=90, show_default=True, help="Seconds a violation.")
@click.option("--select", "patterns", multiple=True, metavar="ID", help="Test these only: ordering, *.acked-*")
@click.option("--profile", default="log", show_default=True, help="The kind of broker: log.")
@click.option("--out", type=click.Path(path_type=Path), help="The run folder [brokerlaw-runs/ADAPTER-SEED].")
@click.option("--keep", type=click.Choice(["none", "violations", "all"]), default="none", show_default=True, help=KEEP)
@gate_options
@click.option("--quiet", "-q", is_flag=True, help="Print the verdicts only.")
def check(
    adapter: str,
    settings: tuple[str, ...],
    seed: int,
    examples: int | None,
    max_time: float | None,
    shrink_time: float,
    patterns: tuple[str, ...],
    profile: str,
    out: Path | None,
    keep: Keep,
    patience: float,
    quiet: bool,
    gate: Gate,
) -> None:
    """Hold a broker to its promises.

    ADAPTER is an installed adapter (reference, kafka, kafka-mock, kfake), py:MODULE:CLASS, or cmd:PROGRAM ARGS.
    Writes a run folder with run.jsonl, report.json, report.md and a trace file for each violation.
    """
    with one_line(SelectionError):
        invariants = select(patterns, profile)
    chosen = parsed(settings)
    if examples is None and max_time is None:
        examples = DEFAULT_EXAMPLES
    folder = _folder(out, adapter, seed)
    run_id = f"{time.time_ns() // 1_000_000 % 10**8:08d}"
    options = Options(
        adapter,
        chosen,
        invariants,
        PROFILES[profile],
        seed,
        run_id,
        examples,
        max_time,
        shrink_time,
        folder,
        time.monotonic,
        narrate,
        gate.known(adapter),
        keep,
        patience,
    )
    raise Exit(_run(_resolved(options, gate), options, quiet, gate))


def _folder(out: Path | None, adapter: str, seed: int) -> Path:
    """A folder that no earlier run has written to. Usage error when `--out` has been."""
    if out is not None:
        if (out / "run.jsonl").exists():
            raise click.UsageError(f"--out {out} holds an earlier run: name another folder, or remove it")
        return out
    name = "".join(char if char.isalnum() or char in "-_." else "-" for char in adapter)[:40].strip("-.")
    base = Path("brokerlaw-runs") / f"{name}-{seed}"
    return next(path for path in _numbered(base) if not path.exists())


def _numbered(base: Path) -> Iterator[Path]:
    yield base
    for number in count(2):
        yield base.with_name(f"{base.name}-{number}")


def _resolved(options: Options, gate: Gate) -> Adapter:
    """The adapter, not started. A fault of its own is reported as one that comes later."""
    try:
        return resolve(options.adapter, options.settings.adapter)
    except AdapterError as error:
        failures = gate.report(_nothing(options, str(error)), options.out)
        raise CliError("; ".join([str(error), *failures])) from error


def _run(broker: Adapter, options: Options, quiet: bool, gate: Gate) -> int:
    """Run to whatever end comes; the report files are written after every one of them."""
    progress = Progress(quiet)
    with one_line(OSError), RunFolder(options.out) as folder:
        result = _result(broker, options, folder, progress)
        with INTERRUPTS.held():
            result, failures = gate.updated(result, options)
            result = folder.finish(result, _reports)
            if INTERRUPTS.arrived and not result.interrupted and result.fault is None:
                result = folder.finish(msgspec.structs.replace(result, interrupted=True), _reports)
            progress.close()
            streams.say(terminal.render(result, options.out))
            failures += gate.report(result, options.out)
    if failures:
        raise CliError("; ".join(failures))
    return result.exit_code


def _reports(result: RunResult) -> dict[str, str]:
    return {"report.json": json_report.render(result), "report.md": markdown.render(result)}


def _result(broker: Adapter, options: Options, folder: RunFolder, progress: Progress) -> RunResult:
    run: Run | None = None
    try:
        with broker:
            run = Run(broker, options)
            for event in run.events():
                folder.write(event)
                progress.show(event)
            return run.result()
    except BaseException as error:  # whatever it was, what was done is reported
        INTERRUPTS.noticed()
        fault = _fault(error)
    return run.result(fault=fault, interrupted=fault is None) if run else _nothing(options, fault)


def _fault(error: BaseException) -> str | None:
    """What went wrong; None if nothing did but an interruption, which may make an adapter fail on its way."""
    if isinstance(error, KeyboardInterrupt) or INTERRUPTS.arrived:
        return None
    return str(error) if isinstance(error, AdapterError) else unforeseen(error)


def _nothing(options: Options, fault: str | None) -> RunResult:
    """The result of a run that ended before it began."""
    unknown = Description(options.adapter, "unknown", {})
    settings = redacted(options.settings)
    return RunResult(
        adapter=options.adapter,
        description=unknown,
        seed=options.seed,
        profile=options.profile.name,
        settings=settings,
        cases=0,
        operations=0,
        seconds=0,
        verdicts=(),
        fault=fault,
        interrupted=fault is None,
    )
