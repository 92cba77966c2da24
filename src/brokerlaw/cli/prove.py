"""`brokerlaw prove PROTOCOL`: its invariants, proved for any number of brokers, epochs and offsets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
from click.exceptions import Exit

from brokerlaw.cli import selection, streams
from brokerlaw.cli.errors import one_line

if TYPE_CHECKING:
    from brokerlaw.spec.language.prover import ProofResult

EXIT: Final = {"proved": 0, "violated": 1, "unproved": 3, "vacuous": 3, "incomplete": 3}


@click.command()
@click.argument("protocol")
@click.option("--set", "sizes", multiple=True, metavar="SORT=N", help="Bound a sort (Broker=3); all others are not.")
@click.option("--variant", help="Take this variant of the protocol.")
@click.option("--action", help="Show only that this action, or @init, keeps them.")
@click.option("--invariant", help="Show only that this invariant is kept (assuming all).")
@click.option("--k", "depth", type=click.IntRange(1, 4), default=1, show_default=True, help="Try up to K-induction.")
@click.option(
    "--timeout", type=click.FloatRange(0.1, 86400), default=10.0, show_default=True, help="Seconds per obligation."
)
@click.option("--max-states", type=click.IntRange(0), default=200_000, show_default=True, help="To look it up among.")
@click.option("--time", "every", is_flag=True, help="List every obligation with its time.")
@click.option("--smt", "folder", type=click.Path(file_okay=False, path_type=Path), help="Write every question here.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def prove(
    protocol: str,
    sizes: tuple[str, ...],
    variant: str | None,
    action: str | None,
    invariant: str | None,
    depth: int,
    timeout: float,
    max_states: int,
    every: bool,
    folder: Path | None,
    as_json: bool,
) -> None:
    """Prove the invariants of PROTOCOL inductive, by Z3, for sorts of any size.

    PROTOCOL is a name, or FILE.py:CLASS. Exit codes: 0 all that it claims is proved; 1 an invariant is violated, and a
    trace shows it; 2 misuse, or nothing to prove or to start from; 3 not proved: a lemma is missing, Z3 does not know,
    what is assumed can never happen, or only a part was asked for. With --smt, every question put to Z3 becomes
    a file of SMT-LIB 2, which another solver can decide.
    """
    from brokerlaw.render import proof as report
    from brokerlaw.spec.language import SpecError
    from brokerlaw.spec.language.prover import INIT, Obligation, prove as prove_

    with one_line(SpecError):
        spec = selection.with_lemmas(protocol, variant)
        selection.known(action, [INIT, *spec.actions], f"{spec.name} has no action")
        selection.known(invariant, [each.name for each in spec.of_kind("invariant")], f"{spec.name} has no invariant")

        def only(each: Obligation) -> bool:
            return action in (None, each.action) and invariant in (None, each.claim)

        bounds = selection.sizes(sizes)
        found = prove_(spec, bounds, only=only, depth=depth, timeout=timeout, max_states=max_states)
    if folder:
        _write(folder, found)
    if as_json:
        import json

        streams.say(json.dumps(report.data(found), indent=2))
    else:
        streams.say(report.render(found, every=every))
    raise Exit(EXIT[found.status])


def _write(folder: Path, found: ProofResult) -> None:
    from brokerlaw.spec.language.prover.export import smtlib

    count = 0
    with one_line(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in smtlib(found):
            (folder / name).write_text(text, encoding="utf-8")
            count += 1
    click.echo(f"{count} questions are in {folder}", err=True)
