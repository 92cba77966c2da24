"""`brokerlaw explore PROTOCOL`: every reachable state within bounds, and the shortest trace to each violation."""

from __future__ import annotations

import os
import re
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
from click.exceptions import Exit

from brokerlaw.cli import selection, streams
from brokerlaw.cli.errors import CliError, one_line
from brokerlaw.cli.watch import INTERRUPTED, Watch

if TYPE_CHECKING:
    from collections.abc import Callable

    from brokerlaw.spec.language import Liveness, Miss, Model, SearchResult, State

EXIT: Final = {"kept": 0, "violated": 1, "incomplete": 3, "vacuous": 3}
_UNITS: Final = {"": 0, "k": 10, "m": 20, "g": 30, "t": 40}
_LOOKED_AT: Final = 2_000  # states, for what came nearest to something that never was


def _bytes(ctx: click.Context, param: click.Parameter, text: str | None) -> int | None:
    """`512M`, `8G` as a number. Usage error on what is no size."""
    if text is None:
        return None
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmgt]?)i?b?", text.strip(), re.IGNORECASE)
    if found is None or not float(found[1]):
        raise click.BadParameter(f"{text}: write a size as in 512M or 8G", ctx, param)
    return int(float(found[1]) * (1 << _UNITS[found[2].lower()]))


@click.command()
@click.argument("protocol")
@click.option("--variant", help="Take this variant of the protocol.")
@click.option("--set", "sizes", multiple=True, metavar="SORT=N", help="The size of a sort (Broker=3).")
@click.option("--every", is_flag=True, help="Go on after the first violation: the shortest trace of each.")
@click.option("--symmetry", is_flag=True, help="Take states for one that differ only in which broker is which.")
@click.option("--threads", type=click.IntRange(1, 8), default=1, show_default=True, help="Of the compiled search.")
@click.option("--memory", callback=_bytes, metavar="SIZE", help="Stop at this: 512M; by default half of all.")
@click.option("--max-states", type=click.IntRange(1), help="Stop as incomplete at so many states.")
@click.option("--engine", type=click.Choice(["auto", "c", "python"]), default="auto", show_default=True)
@click.option("--live", is_flag=True, help="Judge liveness however large the graph: it is stored.")
@click.option("--itf", type=click.Path(path_type=Path, dir_okay=False), help="Write the first trace in this format.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--quiet", is_flag=True, help="No progress, no rate.")
def explore(
    protocol: str,
    variant: str | None,
    sizes: tuple[str, ...],
    every: bool,
    symmetry: bool,
    threads: int,
    memory: int | None,
    max_states: int | None,
    engine: str,
    live: bool,
    itf: Path | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Search every state that PROTOCOL can reach within its bounds, nearest first.

    PROTOCOL is a name, or FILE.py:CLASS. What it promises `@eventually` is judged where the graph is small, or with
    `--live`. Exit codes: 0 its invariants are kept, and all was put to the test; 1 an invariant (or what is promised in
    the end) is violated, and a trace shows it; 2 misuse; 3 not all was seen, or not put to the test: a witness was not
    reached, an action never fired, a premise never held, nothing is stated; 130 interrupted, and the counts stand for
    what was seen.
    """
    from brokerlaw.render import exploration as report
    from brokerlaw.spec.language import Model, SpecError, compiler

    watch = Watch(quiet)
    with one_line(SpecError, compiler.Uncompilable, MemoryError, OSError), watch.interruptible():
        model = Model(selection.chosen(protocol, variant), selection.sizes(sizes))
        found = compiler.explore(
            model,
            engine=engine,  # type: ignore[arg-type]  # click has checked it
            every=every,
            symmetry=symmetry,
            threads=threads,
            max_states=max_states,
            max_bytes=memory or os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2,
            progress=watch.progress,
        )
    watch.done(found.distinct)
    if found.note and not quiet:
        click.echo(found.note, err=True)
    near = _near(model, found)
    comes = _liveness(model, found, live)
    if as_json:
        import json

        streams.say(json.dumps(report.data(model, found, near, comes), indent=2))
    else:
        streams.say(report.render(model, found, near, comes))
    if itf:
        _write(itf, model, found)
    raise Exit(130 if found.incomplete == INTERRUPTED else EXIT[report.conclusion(found, comes)])


def _liveness(model: Model, found: SearchResult, always: bool) -> Liveness | str | None:
    """What is promised in the end, judged; why it is not; None if nothing is promised."""
    from brokerlaw.spec.language import liveness
    from brokerlaw.spec.language.liveness import LIMIT

    if not model.spec.of_kind("eventually"):
        return None
    if found.outcome not in ("kept", "vacuous"):
        return "the search did not see all states of a protocol that is kept"
    if found.distinct > LIMIT and not always:
        return f"the graph has {found.distinct:,} states, more than {LIMIT:,}; --live stores it all the same"
    return liveness(model, max_states=None)


def _near(model: Model, found: SearchResult) -> dict[str, Miss]:
    """The nearest misses of what was violated, of witnesses that were not reached, of actions that never fired."""
    from brokerlaw.spec.language import misses, nearest, reachable

    def is_(name: str, truth: bool) -> Callable[[State], bool]:
        return lambda state: bool(model.holds(name, state)) is truth

    near: dict[str, Miss | None] = {}
    for violation in found.violations:
        if violation.name in model.spec.properties:
            near[violation.name] = nearest(model, violation.trace.states[:-1], is_(violation.name, False))
    if found.outcome not in ("kept", "vacuous"):
        return {name: miss for name, miss in near.items() if miss}
    first = list(islice(reachable(model), _LOOKED_AT))
    for name in (name for name, trace in found.witnesses.items() if trace is None):
        near[name] = nearest(model, first, is_(name, True))
    never = {name for name, counts in found.actions.items() if not counts.fired}
    for miss in misses(model, first) if never else ():
        if miss.action in never:
            near.setdefault(miss.action, miss)
    return {name: miss for name, miss in near.items() if miss}


def _write(path: Path, model: Model, found: SearchResult) -> None:
    from brokerlaw.render import itf

    traces = {violation.name: violation.trace for violation in found.violations}
    traces |= {name: trace for name, trace in found.witnesses.items() if trace}
    if not traces:
        raise CliError(f"there is no trace to write to {path}: nothing was violated, and no witness was reached")
    name, trace = next(iter(traces.items()))
    with one_line(OSError):
        path.write_text(itf.render(model, trace, name))
    click.echo(f"the trace to {name} is in {path}", err=True)
