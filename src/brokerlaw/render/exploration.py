"""A finished search, for a terminal and as data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tabulate import tabulate

from brokerlaw.render import liveness
from brokerlaw.render.trace import lines, miss_line, rows
from brokerlaw.spec.language import Conclusion, Liveness, Miss, Model, SearchResult, Trace


def render(model: Model, result: SearchResult, near: Mapping[str, Miss], comes: Liveness | str | None = None) -> str:
    """Counts, actions, witnesses, each violation's shortest trace, and the conclusion last.

    `near` has the nearest miss of a violation, of a witness that was not reached, of an action that never fired;
    `comes` is what was found of liveness, or why nothing was.
    """
    parts = [_counts(result), _actions(model, result, near), "\n".join(_witnesses(model, result, near))]
    parts += ["\n".join(_unreached(result))] if result.outcome == "vacuous" else []
    parts += ["\n".join(_fault(model, violation.name, violation.trace, near)) for violation in result.violations]
    return "\n\n".join(
        part for part in [*parts, comes and liveness.render(model, comes), _conclusion(model, result, comes)] if part
    )


def _counts(result: SearchResult) -> str:
    bounds = ", ".join(f"{name}={size}" for name, size in result.bounds.items()) or "no sorts"
    by = f", up to which {' and '.join(result.symmetry)} is which" if result.symmetry else ""
    counts = f"{result.distinct:,} states{by}, {result.generated:,} generated, depth {result.depth}"
    return f"{result.protocol} with {bounds}: {counts} ({result.engine})"


def _actions(model: Model, result: SearchResult, near: Mapping[str, Miss]) -> str:
    table = [(name, counts.tried, counts.fired, counts.cut or "") for name, counts in result.actions.items()]
    headers = ("action", "tried", "fired", "cut off")
    shown = [tabulate(table, headers, tablefmt="simple", colalign=("left", "right", "right", "right"), intfmt=",")]
    for name, counts in result.actions.items():
        if not counts.fired:
            early = "" if result.outcome in ("kept", "vacuous") else " before the search ended"
            shown.append(f"{name} never fired{early}{_but_for(model, near.get(name))}")
    return "\n".join(shown)


def _but_for(model: Model, miss: Miss | None) -> str:
    if miss is None:
        return ""
    guard = f"`{miss.guard.text}` (line {miss.guard.line})"
    return f"; {model.call(miss.action, miss.params)} came nearest, stopped by {guard} alone"


def _witnesses(model: Model, result: SearchResult, near: Mapping[str, Miss]) -> Iterator[str]:
    for name, trace in result.witnesses.items():
        if trace is not None:
            yield f"✓ {name} is reached in {_many(len(trace.steps), 'step')}"
            continue
        yield f"? {name} was not reached{'' if result.outcome == 'vacuous' else ' before the search ended'}"
        if miss := near.get(name):
            yield f"  nearest miss: {model.call(miss.action, miss.params)}, stopped by `{miss.guard.text}` alone, in"
            yield from (f"    {row}" for row in rows(model, miss.state) or ["the first state"])


def _unreached(result: SearchResult) -> Iterator[str]:
    for name, premise in result.unreached:
        yield f"? {name} was asked of nothing where it says `{premise}`: that never holds"


def _fault(model: Model, name: str, trace: Trace, near: Mapping[str, Miss]) -> Iterator[str]:
    yield f"✗ {name} is violated after {_many(len(trace.steps), 'step')}"
    yield from lines(model, trace)
    if miss := near.get(name):
        yield f"  {miss_line(model, miss)}"


def conclusion(result: SearchResult, comes: Liveness | str | None) -> Conclusion:
    """The search and what is promised in the end, in one word: promises alone are something to keep, too."""
    if result.outcome not in ("kept", "vacuous") or comes is None or isinstance(comes, str):
        return result.outcome
    if comes.outcome != "kept":
        return comes.outcome
    return "kept" if result.exercised else "vacuous"


def _conclusion(model: Model, result: SearchResult, comes: Liveness | str | None) -> str:
    if not isinstance(comes, str) and comes and conclusion(result, comes) != result.outcome:
        if comes.outcome == "kept":
            return "kept: what is promised in the end; no invariant is stated"
        return f"{_seen(model, result)}\nbut what is promised in the end does not come in every fair run"
    return _seen(model, result)


def _seen(model: Model, result: SearchResult) -> str:
    """What the search comes to, of invariants and witnesses."""
    if result.outcome == "violated":
        return f"violated: {', '.join(violation.name for violation in result.violations)}"
    kept = _many(len(model.spec.of_kind("invariant")), "invariant")
    if result.outcome == "incomplete":
        return f"incomplete: {result.incomplete}; {kept} kept as far as was seen"
    if result.outcome == "vacuous":
        return f"vacuous: {_missing(result, kept)}"
    witnesses = _many(len(result.witnesses), "witness", "es")
    return f"kept: {kept} in every reachable state within these bounds, {witnesses} reached"


def _missing(result: SearchResult, kept: str) -> str:
    """The weightiest thing that was never put to the test; the others have lines of their own above."""
    if not result.stated:
        return "no invariant is stated, so that nothing can be violated"
    if witnesses := [name for name, trace in result.witnesses.items() if trace is None]:
        return f"{kept} kept, but never was there {' nor '.join(witnesses)}"
    if result.never_fired:
        return f"{kept} kept, but {' and '.join(result.never_fired)} never fired"
    names = dict.fromkeys(name for name, _ in result.unreached)
    return f"{kept} kept, but a premise of {' and of '.join(names)} never held"


def _many(count: int, word: str, ending: str = "s") -> str:
    return f"{count} {word}{'' if count == 1 else ending}"


def data(
    model: Model, result: SearchResult, near: Mapping[str, Miss], comes: Liveness | str | None = None
) -> dict[str, Any]:
    """The search for programs."""
    shown = {"liveness": liveness.data(model, comes)} if comes else {}
    return shown | {
        "protocol": result.protocol,
        "bounds": dict(result.bounds),
        "outcome": conclusion(result, comes),
        "engine": result.engine,
        "symmetry": list(result.symmetry),
        "distinct": result.distinct,
        "generated": result.generated,
        "depth": result.depth,
        "incomplete": result.incomplete or None,
        "actions": {name: vars(counts) for name, counts in result.actions.items()},
        "witnesses": {name: trace and _steps(model, trace) for name, trace in result.witnesses.items()},
        "never_fired": list(result.never_fired),
        "premises_never_held": [{"invariant": name, "premise": premise} for name, premise in result.unreached],
        "violated": {violation.name: _steps(model, violation.trace) for violation in result.violations},
        "nearest_misses": {name: _miss(model, miss) for name, miss in near.items()},
    }


def _steps(model: Model, trace: Trace) -> list[str]:
    return [model.call(step.action, step.params) for step in trace.steps]


def _miss(model: Model, miss: Miss) -> dict[str, Any]:
    guard = {"guard": miss.guard.text, "line": miss.guard.line}
    return {"step": model.call(miss.action, miss.params), **guard, "state": model.layout.view(miss.state)}
