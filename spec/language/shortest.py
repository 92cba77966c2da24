"""The shortest way to one thing: to a violation of an invariant, to a witness, or to whatever breaks first."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from brokerlaw.spec.language.compiler import explore
from brokerlaw.spec.language.layout import State
from brokerlaw.spec.language.model import Model
from brokerlaw.spec.language.search import SearchResult, Violation
from brokerlaw.spec.language.spec import Property, Spec
from brokerlaw.spec.language.term import SpecError, formula


@dataclass(frozen=True)
class ShortestRun:
    """What the search found: `violation` names the property (or `ACTION: below 0`), with the shortest trace to it.

    `goal` is the property that was violated, or the witness that was reached; None for a number below 0. Without a
    violation, all of the reachable states were seen, unless the `result` is incomplete.
    """

    model: Model
    result: SearchResult
    goal: Property | None
    violation: Violation | None


def shortest(
    spec: Spec, bounds: Mapping[str, int] | None = None, goal: str | None = None, *, max_states: int | None = None
) -> ShortestRun:
    """Search for the property of that name, or with none for the first violation of any invariant."""
    model, sought = Model(spec, bounds), spec.properties.get(goal) if goal else None
    if goal and sought is None:
        raise SpecError(f"{spec.name} has no property {goal!r}")
    result = explore(Model(_only(spec, sought), bounds) if sought else model, max_states=max_states)
    violations = [each for each in result.violations if sought is None or each.name == goal]
    violation = min(violations, key=lambda each: len(each.trace.steps), default=None)
    return ShortestRun(model, result, spec.properties.get(violation.name) if violation else sought, violation)


def _only(spec: Spec, goal: Property) -> Spec:
    """Give the protocol with one invariant: the goal, or if it is a witness, that it is never reached."""
    term = ~goal.term if goal.kind == "witness" else goal.term
    return replace(spec, properties={goal.name: replace(goal, kind="invariant", term=formula(term))})


def instance(model: Model, goal: Property, state: State) -> Mapping[str, str]:
    """Give, in names, the first values for which a state violates an invariant, or shows a witness.

    Nothing if the formula has no parameters, or the state does not decide it so.
    """
    wanted: Literal["forall", "exists"] = "exists" if goal.kind == "witness" else "forall"
    if goal.term.op != wanted:
        return {}
    *params, body = goal.term.args
    test = model.predicate(formula(body), *params)
    ranges = (range(model.layout.size(type(param))) for param in params)
    for codes in itertools.product(*ranges):
        if test(state, *codes) == (wanted == "exists"):
            return model.layout.labels(params, codes)
    return {}
