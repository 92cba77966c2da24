"""The suite's soundness: the sound reference is never accused, over many random examples and several seeds.

python benchmarks/soundness.py [--examples N] [--seeds 0,1,2] [--reports FOLDER]
"""

import time
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import click
import msgspec
from tabulate import tabulate

from brokerlaw import __version__
from brokerlaw.conformance.engine import BATCH
from brokerlaw.conformance.execute import execute
from brokerlaw.conformance.judge import judge
from brokerlaw.conformance.overrides import UserSettings
from brokerlaw.conformance.profiles import LOG
from brokerlaw.reference.adapter import ReferenceAdapter
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.rows import Invoke
from brokerlaw.spec.invariants import INVARIANTS


class Checked(NamedTuple):
    """One seed's cases: how many, how many operations in them, and by invariant the tests and the accusations."""

    seed: int
    cases: int
    operations: int
    seconds: float
    exercised: Counter[str]
    accused: Counter[str]


def check(seed: int, examples: int) -> Checked:
    """Directed plans and `examples` random ones, on a reference whose schedule has the same seed."""
    adapter = ReferenceAdapter({"seed": str(seed)})
    description = adapter.describe()
    exercised, accused = Counter[str](), Counter[str]()
    began, cases, operations = time.perf_counter(), 0, 0
    for plan in [*LOG.directed(description), *islice(LOG.draw(description, seed, BATCH), examples)]:
        recording = execute(plan, adapter, description, UserSettings({}, {}), "")
        cases, operations = cases + 1, operations + sum(isinstance(row, Invoke) for row in recording.rows)
        for name, finding in judge(History(recording), INVARIANTS.values()).items():
            exercised[name] += finding.exercised
            accused[name] += len(finding.violations)
            for violation in finding.violations:
                click.echo(f"seed {seed}, case {cases}, {plan.name}: {name}: {violation.reason}")
    return Checked(seed, cases, operations, round(time.perf_counter() - began, 1), exercised, accused)


@click.command()
@click.option("--examples", type=int, default=10_000, show_default=True, help="Random plans for each seed.")
@click.option("--seeds", default="0,1,2", show_default=True)
@click.option("--reports", type=click.Path(path_type=Path), help="Write reference.md and reference.json there.")
def main(examples: int, seeds: str, reports: Path | None) -> None:
    """Check each seed; exit code 1 if anything is accused."""
    runs = []
    for seed in map(int, seeds.split(",")):
        runs.append(check(seed, examples))
        click.echo(_line(runs[-1]))
    if reports is not None:
        _report(reports, runs, examples, seeds)
    raise SystemExit(1 if any(run.accused.total() for run in runs) else 0)


def _line(run: Checked) -> str:
    return (
        f"seed {run.seed}: {run.cases:,} cases, {run.operations:,} operations, {run.exercised.total():,} tests of a "
        f"promise, {run.accused.total()} accusations, {run.seconds} s"
    )


def _report(folder: Path, runs: list[Checked], examples: int, seeds: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    totals = [
        (f"`{name}`", *(run.exercised[name] for run in runs), sum(run.accused[name] for run in runs))
        for name in INVARIANTS
    ]
    lines = [
        "# The reference",
        f"brokerlaw {__version__}, `python benchmarks/soundness.py --examples {examples} --seeds {seeds}`: "
        "directed plans and random ones. A case is one plan on an empty cluster.",
        *(f"- {_line(run)}" for run in runs),
        "How often each promise was put to the test, by seed, and how often the reference was accused:",
        tabulate(
            totals, ("invariant", *(f"seed {run.seed}" for run in runs), "accused"), tablefmt="github", intfmt=","
        ),
    ]
    (folder / "reference.md").write_text("\n\n".join(lines) + "\n")
    data = {"version": __version__, "examples": examples, "runs": [run._asdict() for run in runs]}
    (folder / "reference.json").write_bytes(msgspec.json.format(msgspec.json.encode(data), indent=1) + b"\n")


if __name__ == "__main__":
    main()
