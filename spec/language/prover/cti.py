"""Counterexamples to induction: small, readable, and confirmed by running them.

They are sought under small bounds of all sorts, where every question has an answer.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from brokerlaw.spec.language.layout import Off, State
from brokerlaw.spec.language.model import Model
from brokerlaw.spec.language.prover.domains import Domain, Value
from brokerlaw.spec.language.prover.obligations import FLOOR, INIT, Obligation, Script, Scripts
from brokerlaw.spec.language.prover.solver import Solver
from brokerlaw.spec.language.spec import Spec
from brokerlaw.spec.language.term import Ordered, Sort, SpecError

GROWTH: Final = 2
"""How far beyond a protocol's own bounds a counterexample is sought."""


@dataclass(frozen=True)
class Counterexample:
    """A step from a state in which all invariants hold to one in which the claim does not, under these bounds.

    `before` is None if the state after is an initial one, `params` are then those of init. `after` is Off.BELOW if a
    number below 0 is written.
    """

    bounds: Mapping[str, int]
    before: State | None
    action: str
    params: tuple[int, ...]
    after: State | Off


class Finite:
    """A protocol under given bounds of all sorts, where every question has an answer."""

    def __init__(self, model: Model) -> None:
        self.model, self.scripts = model, Scripts(model.spec, model.layout.bounds)

    def ask(self, solver: Solver, obligation: Obligation, timeout: float) -> Counterexample | tuple[str, ...] | None:
        """Give a counterexample, or the lemmas that rule it out; None if there was not enough time."""
        script = self.scripts.of(obligation.action)
        wanted = _Wanted(self.model, script, obligation)
        goal = [f"(assert {script.goals[obligation.claim]})"]
        answer = solver.check_both(script.named, goal, timeout, wanted.expressions, {"smt.core.minimize": "true"})
        if answer.status == "sat":
            return wanted.decode(answer.values)
        return script.used(answer.core) if answer.status == "unsat" else None

    def plainest(self, solver: Solver, obligation: Obligation, timeout: float) -> Counterexample | None:
        """Give a counterexample in which as much as possible is as at first, so that what matters stands out."""
        script = self.scripts.of(obligation.action)
        wanted = _Wanted(self.model, script, obligation)
        answer = solver.check([*script.against(obligation.claim), *wanted.preferences], timeout, wanted.expressions)
        return wanted.decode(answer.values) if answer.status == "sat" else None


class Instances:
    """The finite instances of one protocol; `sizes` are kept in all of them."""

    def __init__(self, spec: Spec, sizes: Mapping[str, int]) -> None:
        self.spec = spec
        sorts = [sort.__name__ for sort in spec.sorts if issubclass(sort, (Sort, Ordered))]
        self.scalable = [name for name in sorts if name not in sizes]
        self.start = {name: sizes.get(name, spec.bounds.get(name, 2)) for name in sorts}
        self._made: dict[tuple[int, ...], Finite | None] = {}

    def growing(self) -> Iterator[Finite]:
        """Give the instance with the protocol's own bounds, then larger ones."""
        for more in range(GROWTH + 1 if self.scalable else 1):
            instance = self.at({name: size + more * (name in self.scalable) for name, size in self.start.items()})
            if instance:
                yield instance

    def at(self, bounds: dict[str, int]) -> Finite | None:
        """Give the instance with these bounds, or None if the protocol makes no sense or cannot start within them."""
        key = tuple(bounds.values())
        if key not in self._made:
            self._made[key] = self._instance(bounds)
        return self._made[key]

    def _instance(self, bounds: Mapping[str, int]) -> Finite | None:
        try:
            model = Model(self.spec, bounds)
        except SpecError:  # a constant lies beyond them
            return None
        targets = {target for _, target in model.fire(self.spec.init)(model.layout.default)}
        return Finite(model) if targets and Off.ABOVE not in targets else None

    def smallest(self, found: Counterexample, solver: Solver, obligation: Obligation, timeout: float) -> Counterexample:
        """Give a counterexample that cannot be made smaller in any one sort, and is plain."""
        for name in self.scalable:
            while found.bounds[name] > 1:
                instance = self.at({**found.bounds, name: found.bounds[name] - 1})
                smaller = instance and instance.ask(solver, obligation, timeout)
                if not isinstance(smaller, Counterexample):
                    break
                found = smaller
        instance = self.at(dict(found.bounds))
        return (instance and instance.plainest(solver, obligation, timeout)) or found


class _Wanted:
    """The parameters and cells of a counterexample, as expressions and back."""

    def __init__(self, model: Model, script: Script, obligation: Obligation) -> None:
        self.model, self.obligation = model, obligation
        spec, world = model.spec, script.world
        action = spec.init if obligation.action == INIT else spec.actions[obligation.action]
        self.values: list[tuple[Domain, Value]] = [(world.domain(type(p)), world.variable(p)) for p in action.params]
        self.params = len(self.values)
        for cell in model.layout.cells if (obligation.action, obligation.claim) != (INIT, FLOOR) else ():
            variable = spec.variables[cell.variable]
            index = [world.domain(s).const(code) for s, code in zip(variable.indices, cell.index, strict=True)]
            self.values.append((world.domain(variable.sort), script.old.cell(cell.variable, index)))

    @property
    def expressions(self) -> list[str]:
        """What the solver is asked for."""
        return [part for _, value in self.values for part in value]

    @property
    def preferences(self) -> list[str]:
        """What is better left as at first, if it can be."""
        cells = self.values[self.params :]
        return [f"(assert-soft {domain.eq(value, domain.const(0))})" for domain, value in cells]

    def decode(self, values: tuple[str, ...]) -> Counterexample:
        """Give the counterexample, which must do, as a step of the protocol, what the solver says."""
        rest = iter(values)
        codes = tuple(d.decode(tuple(itertools.islice(rest, len(d.parts)))) for d, _ in self.values)
        return self._confirmed(codes[: self.params], codes[self.params :])

    def _confirmed(self, params: tuple[int, ...], state: State) -> Counterexample:
        model, action, claim = self.model, self.obligation.action, self.obligation.claim
        before = None if action == INIT else state
        assert before is None or all(test(state) for test in model.tests("invariant").values()), (action, claim, state)
        fire = model.fire(model.spec.init) if before is None else model.fires[action]
        ((_, after),) = fire(before or model.layout.default, *((code,) for code in params))
        holds = after is not Off.BELOW if claim == FLOOR else isinstance(after, Off) or model.holds(claim, after)
        assert not holds, (action, claim, params, state)
        return Counterexample(model.layout.bounds, before, action, params, after)
