"""`brokerlaw power [mutants|liars]`: what the suite catches, and what it does not."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal, TypeAlias

import click
from click.exceptions import Exit

from brokerlaw.cli import streams

Kind: TypeAlias = Literal["mutants", "liars"]
EXAMPLES: Final[dict[Kind, int]] = {"mutants": 2000, "liars": 160}


@click.command()
@click.argument("kind", required=False, type=click.Choice(("mutants", "liars")))
@click.option("--select", "patterns", multiple=True, metavar="PATTERN", help="Only these: send.answer, 'KAFKA-*'.")
@click.option("--examples", type=click.IntRange(min=0), help="Random plans, at most [2000 for mutants, 160 for liars].")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option(
    "--max-time", type=click.FloatRange(min=0, min_open=True), default=10, show_default=True, help="Seconds for a liar."
)
@click.option("--jobs", type=click.IntRange(min=1), default=2, show_default=True, help="Processes for liars.")
@click.option("--reports", type=click.Path(path_type=Path, file_okay=False), help="Write the pages there.")
@click.option("--corpus", type=click.Path(path_type=Path, file_okay=False), help="Write reduced plans there.")
def power(
    kind: Kind | None,
    patterns: tuple[str, ...],
    examples: int | None,
    seed: int,
    max_time: float,
    jobs: int,
    reports: Path | None,
    corpus: Path | None,
) -> None:
    """Measure the suite: which mutants of the reference, and which liars about it, does it catch?

    A mutant has one known bug. A liar is the sound reference behind a wrapper that lies in one way: about one field
    of one operation's request or answer, an outcome, an observation. Without KIND, both are hunted. Exit codes: 0 each
    is caught by the promises meant for it, or it is argued why no client could tell; 1 some are not; 2 misuse.
    """
    from brokerlaw.cli import hunting

    caught = True
    if kind in (None, "mutants"):
        some = hunting.mutants(patterns, EXAMPLES["mutants"] if examples is None else examples, seed, reports, corpus)
        caught = caught and some
    if kind in (None, "liars"):
        count = EXAMPLES["liars"] if examples is None else examples
        caught = hunting.liars(patterns, count, seed, max_time, jobs, reports) and caught
    streams.say("all caught" if caught else "not all are caught")
    raise Exit(0 if caught else 1)
