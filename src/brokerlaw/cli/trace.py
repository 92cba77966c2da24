"""`brokerlaw trace PROTOCOL [NAME]`: the shortest run that shows it, in words or as a diagram."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click
from click.exceptions import Exit

from brokerlaw.cli import selection
from brokerlaw.cli.errors import CliError, one_line

if TYPE_CHECKING:
    from brokerlaw.render.story import Story
    from brokerlaw.spec.language import Property, SearchResult, Spec


@click.command()
@click.argument("protocol")
@click.argument("name", required=False)
@click.option("--set", "sizes", multiple=True, metavar="SORT=N", help="The bound of a sort (Broker=3).")
@click.option("--variant", help="Take this variant of the protocol.")
@click.option("--drop", "drops", multiple=True, metavar="ACTION:K", help="Without this guard: its number or text.")
@click.option("--format", "form", type=click.Choice(["text", "mermaid", "svg", "itf", "json"]), default="text")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write to this file.")
@click.option("--max-states", type=click.IntRange(1), default=5_000_000, show_default=True, help="To look among.")
def trace(
    protocol: str,
    name: str | None,
    sizes: tuple[str, ...],
    variant: str | None,
    drops: tuple[str, ...],
    form: str,
    out: Path | None,
    max_states: int,
) -> None:
    """Show the shortest run of PROTOCOL that violates the invariant NAME, or reaches the witness NAME.

    Without a name: what its variant is known to break, else whatever breaks first. The name of an `@eventually` asks
    for a fair run that never comes to it again. PROTOCOL is a name, or FILE.py:CLASS. Exit codes: 0 kept, or a witness
    reached; 1 violated; 2 misuse; 3 a witness was not reached, or the search did not come to its end.
    """
    from brokerlaw.spec.language import SpecError

    with one_line(SpecError):
        spec = selection.without(selection.chosen(protocol, variant), drops)
        selection.known(name, list(spec.properties), f"{spec.name} has no property")
        wanted = name or next(iter(spec.breaks if not drops else ()), "")
        goal = spec.properties.get(wanted)
        look = _fair if goal and goal.kind == "eventually" else _short
        found = look(spec, selection.sizes(sizes), goal, max_states)
    if found.story:
        _put(_rendered(found.story, form), out)
    else:
        click.echo(found.said, err=form != "text" or out is not None)
    raise Exit(found.code)


class _Found(NamedTuple):
    """A run with its exit code, or what is to be said where there is none."""

    story: Story | None
    said: str
    code: int


def _short(spec: Spec, bounds: Mapping[str, int], goal: Property | None, max_states: int) -> _Found:
    from brokerlaw.render import story
    from brokerlaw.spec.language import shortest

    run = shortest(spec, bounds, goal.name if goal else None, max_states=max_states)
    if run.result.note:
        click.echo(run.result.note, err=True)
    witness = goal is not None and goal.kind == "witness"
    if run.violation:
        return _Found(story.of_goal(run.model, run.violation.trace, run.goal), "", 0 if witness else 1)
    seen = story.seen(run.model, run.result.distinct, run.result.incomplete)
    if goal is None and not run.result.stated:
        return _Found(None, f"{spec.name} states no invariant, so that nothing can be violated; {seen} were seen", 3)
    if goal is None:
        names = ", ".join(each.name for each in spec.of_kind("witness")) or "none"
        return _Found(None, f"{spec.name} violates nothing in {seen}; its witnesses: {names}", _code(run.result))
    said = f"{goal.name} is {'not reached' if witness else 'not violated'} in {seen}"
    return _Found(None, said, 3 if witness else _code(run.result))


def _fair(spec: Spec, bounds: Mapping[str, int], goal: Property | None, max_states: int) -> _Found:
    from brokerlaw.render import story
    from brokerlaw.spec.language import Model, liveness

    assert goal is not None
    model = Model(spec, bounds)
    found = liveness(model, [goal.name], max_states=max_states)
    lasso = found.promises[goal.name]
    if lasso:
        return _Found(story.of_lasso(model, lasso, goal), "", 1)
    seen = story.seen(model, found.distinct, found.incomplete)
    return _Found(None, f"{goal.name} comes again in every fair run of {seen}", 3 if found.incomplete else 0)


def _code(result: SearchResult) -> int:
    return 3 if result.incomplete else 0


def _rendered(story: Story, form: str) -> str:
    from brokerlaw.render import itf, mermaid, svg
    from brokerlaw.render.story import json_text, text

    if form == "itf":
        return itf.render(story.model, story.trace, story.ending, story.loop)
    return {"text": text, "json": json_text, "mermaid": mermaid.render, "svg": svg.render}[form](story)


def _put(text: str, out: Path | None) -> None:
    if out is None:
        click.echo(text, nl=not text.endswith("\n"))
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CliError(f"{out} cannot be written: {error.strerror}") from error
    click.echo(f"written to {out}", err=True)
