"""The suite's power: which mutants of the reference it catches, after how many cases, and how short the traces become.

python benchmarks/power.py [--examples N] [--seed N] [--reports FOLDER] [--corpus FOLDER] [MUTANT ...]

Directed plans come first, then random ones, as in `brokerlaw check`. The plan of each catch is reduced and kept in the
corpus, where the tests run it again: on the mutant, to be accused, and on the sound reference, to be cleared.
"""

import time
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import click
import msgspec
from tabulate import tabulate

from brokerlaw.adapters.contract import Description
from brokerlaw.conformance.engine import BATCH
from brokerlaw.conformance.execute import execute
from brokerlaw.conformance.judge import judge
from brokerlaw.conformance.overrides import UserSettings
from brokerlaw.conformance.plan import Plan
from brokerlaw.conformance.profiles import LOG
from brokerlaw.conformance.shrink import Shrinker, Steps
from brokerlaw.reference.adapter import ReferenceAdapter
from brokerlaw.reference.mutants import MUTANTS
from brokerlaw.reference.mutants.beyond import BEYOND
from brokerlaw.spec.history.history import History
from brokerlaw.spec.invariants import INVARIANTS

SHRINK_TIME = 20.0


class Catch(NamedTuple):
    """One mutant caught by one invariant: in which case, by which plan, and what the plan was reduced to."""

    mutant: str
    invariant: str
    case: int
    plan: str
    steps: int
    reduced: Plan


class Hunt:
    """One mutant, and the plans that are to show it."""

    def __init__(self, mutant: str, description: Description) -> None:
        self._mutant = mutant
        self._adapter = ReferenceAdapter({"mutant": mutant})
        self._description = description
        self.cases = 0

    def catches(self, plans: Iterator[Plan]) -> Iterator[Catch]:
        """A catch for each invariant that must have one; for a mutant that nobody sees, whichever there are."""
        wanted = set(MUTANTS[self._mutant].caught_by)
        left = set(wanted)
        for plan in plans:
            self.cases += 1
            for invariant in sorted(self.broken(plan) & (left or set(INVARIANTS))):
                left.discard(invariant)
                yield self._caught(plan, invariant)
            if wanted and not left:
                return

    def broken(self, plan: Plan) -> set[str]:
        """The invariants that the mutant breaks under a plan."""
        recording = execute(plan, self._adapter, self._description, UserSettings({}, {}), "")
        findings = judge(History(recording), INVARIANTS.values())
        return {name for name, finding in findings.items() if finding.violations}

    def _caught(self, plan: Plan, invariant: str) -> Catch:
        deadline = time.monotonic() + SHRINK_TIME

        def breaks(steps: Steps) -> bool:
            return invariant in self.broken(plan.with_steps(steps))

        steps = Shrinker(breaks, lambda: time.monotonic() < deadline).shrink(plan.steps).steps
        reduced = Plan(f"{self._mutant}/{invariant}", steps)
        return Catch(self._mutant, invariant, self.cases, plan.name, len(steps), reduced)


@click.command()
@click.option("--examples", type=int, default=2000, show_default=True, help="Random plans, at most.")
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--reports", type=click.Path(path_type=Path), help="Write mutants.md and mutants.json there.")
@click.option("--corpus", type=click.Path(path_type=Path), help="Write the reduced plans there.")
@click.argument("mutants", nargs=-1)
def main(examples: int, seed: int, reports: Path | None, corpus: Path | None, mutants: tuple[str, ...]) -> None:
    """Hunt the mutants, all unless some are named; exit code 1 if one is not caught by every invariant that must."""
    description = ReferenceAdapter({}).describe()
    plans = [*LOG.directed(description), *islice(LOG.draw(description, seed, BATCH), examples)]
    catches: list[Catch] = []
    searched: dict[str, int] = {}
    for mutant in mutants or MUTANTS:
        hunt = Hunt(mutant, description)
        found = list(hunt.catches(iter(plans)))
        searched[mutant] = hunt.cases
        catches += found
        click.echo(f"{mutant}: {', '.join(f'{each.invariant} ({each.case}, {each.steps})' for each in found) or '-'}")
    missed = _missed(catches, searched)
    for line in missed:
        click.echo(f"not as the table says: {line}")
    if corpus is not None:
        _keep(corpus, catches)
    if reports is not None:
        _report(reports, catches, searched, seed, examples)
    raise SystemExit(1 if missed else 0)


def _missed(catches: Sequence[Catch], searched: dict[str, int]) -> list[str]:
    caught = {(each.mutant, each.invariant) for each in catches}
    wanted = ((mutant, invariant) for mutant in searched for invariant in MUTANTS[mutant].caught_by)
    missed = [f"{mutant} escapes {invariant}" for mutant, invariant in wanted if (mutant, invariant) not in caught]
    return missed + [f"{mutant} is seen, by {invariant}" for mutant, invariant in caught if MUTANTS[mutant].unseen]


def _keep(folder: Path, catches: Sequence[Catch]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for each in catches:
        path = folder / f"{each.mutant}.{each.invariant}.json"
        path.write_bytes(msgspec.json.format(msgspec.json.encode(each.reduced), indent=1) + b"\n")


def _report(folder: Path, catches: Sequence[Catch], searched: dict[str, int], seed: int, examples: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    seen = [mutant for mutant in searched if not MUTANTS[mutant].unseen]
    unseen = [mutant for mutant in searched if MUTANTS[mutant].unseen]
    rows = [
        (
            each.mutant,
            MUTANTS[each.mutant].mechanism,
            MUTANTS[each.mutant].source,
            each.invariant,
            each.case,
            each.steps,
        )
        for each in catches
    ]
    hidden = [
        (each, MUTANTS[each].mechanism, MUTANTS[each].source, searched[each], MUTANTS[each].unseen) for each in unseen
    ]
    judges = len({each.invariant for each in catches})
    lines = [
        "# Mutants of the reference",
        f"{len(seen)} mutants are caught, each by every invariant that must catch it; {judges} invariants catch one or "
        f"more. {len(unseen)} cannot be seen by clients, and {len(BEYOND)} known bugs are beyond the reference.",
        f"`python benchmarks/power.py --examples {examples} --seed {seed}`: directed plans first, then random ones. "
        "A case is one plan; steps are those of the reduced plan.",
        "## Caught",
        _table(rows, ("mutant", "mechanism", "source", "caught by", "case", "steps")),
        "## Not seen at the client",
        _table(hidden, ("mutant", "mechanism", "source", "cases searched", "why")),
        "## Beyond the reference",
        _table(list(BEYOND.items()), ("bug", "why")),
    ]
    (folder / "mutants.md").write_text("\n\n".join(lines) + "\n")
    data = {
        "seed": seed,
        "examples": examples,
        "caught": [
            dict(zip(("mutant", "invariant", "case", "plan", "steps"), each[:5], strict=True)) for each in catches
        ],
        "unseen": {each: {"cases": searched[each], "why": MUTANTS[each].unseen} for each in unseen},
        "beyond": BEYOND,
    }
    (folder / "mutants.json").write_bytes(msgspec.json.format(msgspec.json.encode(data), indent=1) + b"\n")


def _table(rows: Sequence[Sequence[object]], headers: tuple[str, ...]) -> str:
    return tabulate(
        [[str(cell).replace("|", "\\|") for cell in row] for row in rows], headers=headers, tablefmt="github"
    )


if __name__ == "__main__":
    main()
