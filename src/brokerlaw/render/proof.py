"""A finished proof, for a terminal and as data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final

from tabulate import tabulate

from brokerlaw.render.trace import lines
from brokerlaw.spec.language import Layout, Model, Off, Ordered, Sort, Spec, State
from brokerlaw.spec.language.prover import INIT, ContextResult, Counterexample, Lookup, ObligationResult, ProofResult

_SIGN: Final = {"proved": "✓", "possible": "✓", "counterexample": "✗", "impossible": "✗", "unknown": "?"}


def render(proof: ProofResult, *, every: bool = False) -> str:
    """A line for each claim, or with `every` for each obligation; what stands against the proof; the conclusion."""
    against = (_against(proof.spec, each) for each in proof.results if each.status != "proved")
    shown = [_obligations(proof), _contexts(proof)] if every else [_claims(proof)]
    return "\n\n".join([*shown, *against, *_leaning(proof), *_vacuous(proof), _conclusion(proof)])


def _claims(proof: ProofResult) -> str:
    rows = []
    for claim in dict.fromkeys(each.obligation.claim for each in proof.results):
        mine = proof.of(claim)
        counts = Counter(each.status for each in mine)
        worst = next(each for each in ("counterexample", "unknown", "proved") if counts[each])
        slowest = max(mine, key=lambda each: each.seconds)
        seconds = sum(each.seconds for each in mine)
        sign = "?" if worst == "proved" and claim in proof.open else _SIGN[worst]
        status = f"{sign} not proved" if claim in proof.open else f"{sign} proved"
        done = f"{counts['proved']}/{proof.total[claim]}"
        rows.append((status, claim, done, f"{seconds:.2f}", slowest.obligation.action if slowest.seconds else ""))
    headers = ("", "claim", "obligations", "seconds", "slowest")
    return tabulate(rows, headers, tablefmt="simple", colalign=("left", "left", "right", "right", "left"))


def _obligations(proof: ProofResult) -> str:
    rows = [
        (
            f"{_SIGN[each.status]} {each.status}",
            each.obligation.action,
            each.obligation.claim,
            "unchanged" if each.obligation.framed else f"{each.seconds:.2f}",
            "" if each.obligation.framed else ", ".join(each.lemmas),
        )
        for each in proof.results
    ]
    headers = ("", "action", "claim", "seconds", "assumed before")
    return tabulate(rows, headers, tablefmt="simple", colalign=("left", "left", "left", "right", "left"))


def _contexts(proof: ProofResult) -> str:
    rows = [
        (
            f"{_SIGN[each.status]} {each.status}",
            str(each.context),
            f"{each.seconds:.2f}",
            f"with {_bounds(each.bounds)}" if each.bounds else "",
        )
        for each in proof.contexts
    ]
    headers = ("", "what is assumed somewhere", "seconds", "shown")
    return tabulate(rows, headers, tablefmt="simple", colalign=("left", "left", "right", "left"))


def _leaning(proof: ProofResult) -> Iterator[str]:
    """What would be proved if only the claims that it leans on were."""
    rows = [
        f"  {claim} leans on {', '.join(lemmas)}"
        for claim, lemmas in proof.open.items()
        if lemmas and all(each.status == "proved" for each in proof.of(claim)) and proof.of(claim)
    ]
    if rows:
        yield "\n".join(["Shown only from claims that are not proved here:", *rows])


def _vacuous(proof: ProofResult) -> Iterator[str]:
    """What is assumed somewhere, and is not known to be possible."""
    for each in proof.contexts if proof.status == "vacuous" else ():  # else what else is wrong may be the reason
        if each.status == "impossible":
            mend = (
                f" It is otherwise with {_bounds(each.bounds)}: bound what must be, with --set." if each.bounds else ""
            )
            yield f"{_never(each)}, so what is proved of it says nothing.{mend}"
        elif each.status == "unknown":
            yield f"Whether {each.context} is possible at all is unknown after {each.seconds:.1f} s ({each.reason})."


def _never(result: ContextResult) -> str:
    context = result.context
    if context.formula is None:
        return f"{context} can never happen: its guards do not hold together in any state in which all invariants hold"
    return f"{context.subject} is vacuous: no state in which all invariants hold has {context.formula}"


def _against(spec: Spec, result: ObligationResult) -> str:
    obligation, found = result.obligation, result.counterexample
    head = f"{obligation.action} does not keep {obligation.claim}: "
    if obligation.action == INIT:
        head = f"{obligation.claim} does not hold in the beginning: "
    if result.status == "unknown":
        return f"{obligation.action}, {obligation.claim}: unknown after {result.seconds:.1f} s ({result.reason})"
    if found is None:
        return f"{head}there is a counterexample, but {result.reason}"
    shown = [f"{head}with {_bounds(found.bounds)}", *_step(Model(spec, found.bounds), found)]
    if result.lookup:
        shown += _lookup(Model(spec, result.lookup.bounds), result.lookup)
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
        yield f"  This is a bug, not a missing lemma: the claim is false with {_bounds(lookup.bounds)}, as shown by"
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


def _conclusion(proof: ProofResult) -> str:
    asked, total, seconds = len(proof.results), sum(proof.total.values()), sum(each.seconds for each in proof.results)
    work = f"{asked}{'' if asked == total else f' of {total}'} obligations, {seconds:.1f} s of Z3"
    proved, within = len(proof.total) - len(proof.open), scope(proof)
    if proof.status == "proved":
        deepest = max((each.depth for each in proof.results), default=1)
        inductive = "inductive" if deepest == 1 else f"{deepest}-inductive"
        return f"proved: {proved} claims are {inductive}, with {within} ({work}){_beyond(proof.spec)}"
    if proof.status == "violated":
        false = [each.obligation.claim for each in proof.results if each.lookup and each.lookup.trace]
        return f"violated: {', '.join(dict.fromkeys(false))} ({work})"
    if proof.status == "incomplete":
        said = f"incomplete: what was asked for is proved, but {len(proof.open)} of {len(proof.total)} claims are not"
        return f"{said}, with {within} ({work})"
    if proof.status == "vacuous":
        return f"not proved: something that the proof assumes is not known to be possible, with {within} ({work})"
    open_ = sum(each.status != "proved" for each in proof.results)
    return f"not proved: {open_} open, with {within} ({work})"


def _beyond(spec: Spec) -> str:
    promised = ", ".join(each.name for each in spec.of_kind("eventually"))
    return f"; what is promised in the end ({promised}) is not proved but explored" if promised else ""


def scope(proof: ProofResult) -> str:
    """Which sorts are unbounded, and the bounds of the others."""
    sorts = [each.__name__ for each in proof.spec.sorts if issubclass(each, (Sort, Ordered))]
    free = [name for name in sorts if name not in proof.sizes]
    parts = [f"{', '.join(free)} unbounded"] if free else []
    return ", ".join([*parts, *(f"{name}={size}" for name, size in proof.sizes.items())]) or "no sorts"


def data(proof: ProofResult) -> dict[str, Any]:
    """The proof for programs."""
    return {
        "protocol": proof.spec.name,
        "outcome": proof.status,
        "sizes": dict(proof.sizes),
        "claims": {claim: _claim(proof, claim) for claim in proof.total},
        "contexts": [_context(each) for each in proof.contexts],
        "obligations": [_result(proof.spec, each) for each in proof.results],
    }


def _claim(proof: ProofResult, claim: str) -> dict[str, Any]:
    return {
        "proved": claim not in proof.open,
        "obligations": proof.total[claim],
        "leans_on": list(proof.lemmas(claim)),
        "not_proved": list(proof.open.get(claim, ())),
    }


def _context(result: ContextResult) -> dict[str, Any]:
    shown = {"context": str(result.context), "outcome": result.status, "seconds": round(result.seconds, 3)}
    return shown | ({"bounds": dict(result.bounds)} if result.bounds else {})


def _result(spec: Spec, result: ObligationResult) -> dict[str, Any]:
    found = result.counterexample
    shown: dict[str, Any] = {
        "action": result.obligation.action,
        "claim": result.obligation.claim,
        "outcome": result.status,
        "depth": result.depth,
        "seconds": round(result.seconds, 3),
        "unchanged": result.obligation.framed,
        "assumed": list(result.lemmas),
    }
    if result.reason:
        shown["reason"] = result.reason
    if found:
        shown["counterexample"] = _example(Model(spec, found.bounds), found)
    if result.lookup and found:
        trace = result.lookup.trace
        shown["lookup"] = {
            "distinct": result.lookup.distinct,
            "incomplete": result.lookup.incomplete,
            "bounds": dict(result.lookup.bounds),
            "trace": list(lines(Model(spec, result.lookup.bounds), trace)) if trace else None,
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
