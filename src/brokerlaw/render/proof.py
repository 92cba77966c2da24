"""A finished proof, for a terminal and as data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final

from tabulate import tabulate

from brokerlaw.render.trace import lines
from brokerlaw.spec.language import Layout, Model, Off, Ordered, Sort, Spec, State
from brokerlaw.spec.language.prover import INIT, Counterexample, Lookup, Proof, Verdict

_SIGN: Final = {"proved": "✓", "counterexample": "✗", "unknown": "?"}


def render(proof: Proof, *, every: bool = False) -> str:
    """A line for each claim, or with `every` for each obligation; what stands against the proof; the conclusion."""
    against = (_against(proof.spec, each) for each in proof.verdicts if each.outcome != "proved")
    return "\n\n".join([_obligations(proof) if every else _claims(proof), *against, _conclusion(proof)])


def _claims(proof: Proof) -> str:
    rows = []
    for claim in dict.fromkeys(each.obligation.claim for each in proof.verdicts):
        mine = [each for each in proof.verdicts if each.obligation.claim == claim]
        counts = Counter(each.outcome for each in mine)
        worst = next(each for each in ("counterexample", "unknown", "proved") if counts[each])
        slowest = max(mine, key=lambda each: each.seconds)
        seconds = sum(each.seconds for each in mine)
        status = f"{_SIGN[worst]} {'proved' if worst == 'proved' else 'not proved'}"
        done = f"{counts['proved']}/{len(mine)}"
        rows.append((status, claim, done, f"{seconds:.2f}", slowest.obligation.action if slowest.seconds else ""))
    headers = ("", "claim", "obligations", "seconds", "slowest")
    return tabulate(rows, headers, tablefmt="simple", colalign=("left", "left", "right", "right", "left"))


def _obligations(proof: Proof) -> str:
    rows = [
        (
            f"{_SIGN[each.outcome]} {each.outcome}",
            each.obligation.action,
            each.obligation.claim,
            "unchanged" if each.obligation.framed else f"{each.seconds:.2f}",
        )
        for each in proof.verdicts
    ]
    headers = ("", "action", "claim", "seconds")
    return tabulate(rows, headers, tablefmt="simple", colalign=("left", "left", "left", "right"))


def _against(spec: Spec, verdict: Verdict) -> str:
    obligation, found = verdict.obligation, verdict.counterexample
    head = f"{obligation.action} does not keep {obligation.claim}: "
    if obligation.action == INIT:
        head = f"{obligation.claim} does not hold in the beginning: "
    if verdict.outcome == "unknown":
        return f"{obligation.action}, {obligation.claim}: unknown after {verdict.seconds:.1f} s ({verdict.reason})"
    if found is None:
        return f"{head}there is a counterexample, but {verdict.reason}"
    shown = [f"{head}with {_bounds(found.bounds)}", *_step(Model(spec, found.bounds), found)]
    if verdict.lookup:
        shown += _lookup(Model(spec, found.bounds), verdict.lookup)
    return "\n".join(shown)


def _step(model: Model, found: Counterexample) -> Iterator[str]:
    layout, before = model.layout, found.before
    if before is not None:
        yield f"  before  {_join(_cells(layout, before, layout.default)) or 'all as at first'}"
        yield f"  step    {model.call(found.action, found.params)}"
    if isinstance(found.after, Off):
        yield f"  writes a value {found.after.value}"
    else:
        yield f"  after   {_join(_cells(layout, found.after, before or layout.default))}"


def _lookup(model: Model, lookup: Lookup) -> Iterator[str]:
    if lookup.trace:
        yield "  This is a bug, not a missing lemma: it is reachable, as shown by"
        yield from (f"    {line}" for line in lines(model, lookup.trace))
    elif lookup.incomplete:
        yield f"  No violation among the first {lookup.distinct} states (search {lookup.incomplete})."
    else:
        yield f"  Not reachable: none of the {lookup.distinct} states in these bounds violates it. A lemma is missing."


def _cells(layout: Layout, state: State, other: State) -> Iterator[str]:
    """The cells in which a state differs from another: `rm[rm0]=aborted`; of a Bool `said[rm0]` or `~said[rm0]`."""
    for cell, code, old in zip(layout.cells, state, other, strict=True):
        if code != old:
            variable = layout.spec.variables[cell.variable]
            index = ", ".join(sort.label(at) for sort, at in zip(variable.indices, cell.index, strict=True))
            name = f"{cell.variable}[{index}]" if index else cell.variable
            label = variable.sort.label(code)
            yield {"True": name, "False": f"~{name}"}.get(label, f"{name}={label}")


def _join(cells: Iterable[str]) -> str:
    return ", ".join(cells)


def _bounds(bounds: Any) -> str:
    return ", ".join(f"{name}={size}" for name, size in bounds.items()) or "no sorts"


def _conclusion(proof: Proof) -> str:
    count, seconds = len(proof.verdicts), sum(each.seconds for each in proof.verdicts)
    work = f"{count} obligations, {seconds:.1f} s of Z3"
    if proof.outcome == "proved":
        claims = len({each.obligation.claim for each in proof.verdicts})
        deepest = max((each.depth for each in proof.verdicts), default=1)
        inductive = "inductive" if deepest == 1 else f"{deepest}-inductive"
        return f"proved: {claims} claims are {inductive}, with {scope(proof)} ({work})"
    if proof.outcome == "violated":
        false = [v.obligation.claim for v in proof.verdicts if v.lookup and v.lookup.trace]
        return f"violated: {', '.join(dict.fromkeys(false))} ({work})"
    open_ = sum(each.outcome != "proved" for each in proof.verdicts)
    return f"not proved: {open_} open, with {scope(proof)} ({work})"


def scope(proof: Proof) -> str:
    """Which sorts are unbounded, and the bounds of the others."""
    sorts = [each.__name__ for each in proof.spec.sorts if issubclass(each, (Sort, Ordered))]
    free = [name for name in sorts if name not in proof.sizes]
    parts = [f"{', '.join(free)} unbounded"] if free else []
    return ", ".join([*parts, *(f"{name}={size}" for name, size in proof.sizes.items())]) or "no sorts"


def data(proof: Proof) -> dict[str, Any]:
    """The proof for programs."""
    return {
        "protocol": proof.spec.name,
        "outcome": proof.outcome,
        "sizes": dict(proof.sizes),
        "obligations": [_verdict(proof.spec, each) for each in proof.verdicts],
    }


def _verdict(spec: Spec, verdict: Verdict) -> dict[str, Any]:
    found = verdict.counterexample
    shown: dict[str, Any] = {
        "action": verdict.obligation.action,
        "claim": verdict.obligation.claim,
        "outcome": verdict.outcome,
        "depth": verdict.depth,
        "seconds": round(verdict.seconds, 3),
        "unchanged": verdict.obligation.framed,
    }
    if verdict.reason:
        shown["reason"] = verdict.reason
    if found:
        shown["counterexample"] = _example(Model(spec, found.bounds), found)
    if verdict.lookup and found:
        trace = verdict.lookup.trace
        shown["lookup"] = {
            "distinct": verdict.lookup.distinct,
            "incomplete": verdict.lookup.incomplete,
            "trace": list(lines(Model(spec, found.bounds), trace)) if trace else None,
        }
    return shown


def _example(model: Model, found: Counterexample) -> dict[str, Any]:
    action = model.spec.init if found.before is None else model.spec.actions[found.action]
    return {
        "bounds": dict(found.bounds),
        "before": None if found.before is None else model.layout.view(found.before),
        "action": found.action,
        "params": model.layout.labels(action.params, found.params),
        "after": found.after.value if isinstance(found.after, Off) else model.layout.view(found.after),
    }
