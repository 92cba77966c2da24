"""The pace of a check: operations a second on the reference, and what the time goes into.

python benchmarks/pace.py [--examples N] [--seed N]

Directed plans first, then random ones, as in `brokerlaw check reference`. Times are of this process alone, so that a
busy machine does not count. To compare two commits, run it from a checkout of each, one after the other.
"""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice

import click
from tabulate import tabulate

from brokerlaw.conformance.engine import BATCH
from brokerlaw.conformance.execute import execute
from brokerlaw.conformance.overrides import UserSettings
from brokerlaw.conformance.profiles import LOG
from brokerlaw.reference.adapter import ReferenceAdapter
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.rows import Invoke
from brokerlaw.spec.invariants import INVARIANTS

SLOWEST = 15
"""Judges that are shown."""


class Times:
    """Seconds of the processor, by what they went into."""

    def __init__(self) -> None:
        self.of: Counter[str] = Counter()

    @contextmanager
    def measured(self, name: str) -> Iterator[None]:
        """Count the time of a block."""
        began = time.process_time()
        yield
        self.of[name] += time.process_time() - began  # type: ignore[assignment]  # seconds add up as counts do


@click.command()
@click.option("--examples", type=int, default=160, show_default=True, help="Random plans.")
@click.option("--seed", type=int, default=0, show_default=True)
def main(examples: int, seed: int) -> None:
    """Draw, execute, fold and judge; print what each took."""
    adapter = ReferenceAdapter({"seed": str(seed)})
    description = adapter.describe()
    parts, judges, operations = Times(), Times(), 0
    with parts.measured("draw"):
        drawn = list(islice(LOG.draw(description, seed, BATCH), examples))
    plans = [*LOG.directed(description), *drawn]
    for plan in plans:
        with parts.measured("execute"):
            recording = execute(plan, adapter, description, UserSettings({}, {}), "")
        operations += sum(isinstance(row, Invoke) for row in recording.rows)
        with parts.measured("fold"):
            history = History(recording)
        with parts.measured("judge"):
            for invariant in INVARIANTS.values():
                with judges.measured(invariant.id):
                    invariant.judge(history)
    total = sum(parts.of.values())
    click.echo(f"{len(plans)} cases, {operations:,} operations, {total:.2f} s: {operations / total:,.0f} a second")
    click.echo(tabulate([(name, spent, f"{spent / total:.0%}") for name, spent in parts.of.items()], floatfmt=".2f"))
    slowest = [(name, 1e3 * spent / len(plans)) for name, spent in judges.of.most_common(SLOWEST)]
    click.echo(tabulate(slowest, ("judge", "ms a case"), floatfmt=".3f"))


if __name__ == "__main__":
    main()
