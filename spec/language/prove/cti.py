"""Counterexamples to induction: small, readable, and confirmed by running them.

They are sought under small bounds of all sorts, where every question has an answer.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from brokerlaw.spec.language.layout import State
from brokerlaw.spec.language.model import Spec
from brokerlaw.spec.language.prove.domains import Domain, Value
from brokerlaw.spec.language.prove.obligations import FLOOR, INIT, Obligation, Script, Scripts
from brokerlaw.spec.language.prove.solver import Solver
from brokerlaw.spec.language.run import Model, Off
from brokerlaw.spec.language.term import Ordered, Sort, SpecError

LARGEST: Final = 6
"""The size of a sort beyond which no counterexample is sought."""


@dataclass(frozen=True)
class Counterexample:
    """A step from a state in which all invariants hold to one in which the claim does not, under these bounds.

    `before` is None if the state after is an initial one. `after` is Off.BELOW if a number below 0 is written.
    """

    bounds: Mapping[str, int]
    before: State | None
    action: str
    params: tuple[int, ...]
    after: State | Off


@dataclass(frozen=True)
class _Place:
    model: Model
    scripts: Scripts


class Finder:
    """Finds counterexamples of one protocol; keeps what belongs to each choice of bounds."""

    def __init__(self, spec: Spec, sizes: Mapping[str, int]) -> None:
        self.spec, self.sizes = spec, dict(sizes)
        self.scalable = [
            sort.__name__ for sort in spec.sorts if issubclass(sort, (Sort, Ordered)) and sort.__name__ not in sizes
        ]
        self._places: dict[tuple[tuple[str, int], ...], _Place | None] = {}

    def find(self, obligation: Obligation, solver: Solver, timeout: float) -> Counterexample | None:
        """Give a counterexample that is small in every sort, or None if none was found within the limits."""
        for bounds in self._growing():
            found = self._at(bounds, obligation, solver, timeout)
            if found:
                return self._shrink(found, obligation, solver, timeout)
        return None

    def _growing(self) -> Iterator[dict[str, int]]:
        """Give the protocol's own bounds, and larger ones."""
        start = {name: self.spec.bounds.get(name, 2) for name in self.scalable}
        for more in itertools.count():
            bounds = {name: size + more for name, size in start.items()}
            if more and (not bounds or max(bounds.values()) > LARGEST):
                return
            yield bounds

    def _shrink(self, found: Counterexample, obligation: Obligation, solver: Solver, timeout: float) -> Counterexample:
        for name in self.scalable:
            while found.bounds[name] > 1:
                bounds = {each: found.bounds[each] for each in self.scalable}
                smaller = self._at(bounds | {name: bounds[name] - 1}, obligation, solver, timeout)
                if smaller is None:
                    break
                found = smaller
        return found

    def _at(
        self, bounds: Mapping[str, int], obligation: Obligation, solver: Solver, timeout: float
    ) -> Counterexample | None:
        place = self._place({**self.sizes, **bounds})
        if place is None:
            return None
        script = place.scripts.of(obligation.action)
        wanted = _Wanted(place.model, script, obligation)
        lines = [*script.against(obligation.claim), *wanted.preferred()]
        answer = solver.check(lines, timeout, wanted.expressions)
        return wanted.decode(answer.values) if answer.status == "sat" else None

    def _place(self, bounds: dict[str, int]) -> _Place | None:
        """Give what belongs to the bounds, or None if the protocol cannot even start within them."""
        key = tuple(bounds.items())
        if key not in self._places:
            model = Model(self.spec, bounds)
            try:
                model.initial()
            except SpecError:
                self._places[key] = None
            else:
                self._places[key] = _Place(model, Scripts(self.spec, model.layout.bounds))
        return self._places[key]


class _Wanted:
    """The parameters and cells of a counterexample, as expressions and back."""

    def __init__(self, model: Model, script: Script, obligation: Obligation) -> None:
        self.model, self.obligation = model, obligation
        spec, world = model.spec, script.world
        action = spec.init if obligation.action == INIT else spec.actions[obligation.action]
        self.values: list[tuple[Domain, Value]] = [(world.domain(type(p)), world.variable(p)) for p in action.params]
        self.params = len(self.values)
        for cell in model.layout.cells:
            variable = spec.variables[cell.variable]
            index = [world.domain(s).const(code) for s, code in zip(variable.indices, cell.index, strict=True)]
            self.values.append((world.domain(variable.sort), script.old.cell(cell.variable, index)))

    @property
    def expressions(self) -> list[str]:
        """What the solver is asked for."""
        return [part for _, value in self.values for part in value]

    def preferred(self) -> list[str]:
        """Prefer that cells are as at first, so that what matters stands out."""
        cells = self.values[self.params :]
        return [f"(assert-soft {domain.eq(value, domain.const(0))})" for domain, value in cells]

    def decode(self, values: tuple[str, ...]) -> Counterexample:
        """Give the counterexample, which must do, as a step of the protocol, what the solver says."""
        rest = iter(values)
        codes = tuple(d.decode(tuple(itertools.islice(rest, len(d.parts)))) for d, _ in self.values)
        return self._confirmed(codes[: self.params], codes[self.params :])

    def _confirmed(self, params: tuple[int, ...], state: State) -> Counterexample:
        model, action, claim = self.model, self.obligation.action, self.obligation.claim
        if action == INIT:
            assert state in model.initial() and not model.holds(claim, state), (claim, state)
            return Counterexample(model.layout.bounds, None, action, params, state)
        assert all(test(state) for test in model.tests("invariant").values()), (action, claim, state)
        ((_, after),) = model.fires[action](state, *((code,) for code in params))
        holds = after is not Off.BELOW if claim == FLOOR else isinstance(after, Off) or model.holds(claim, after)
        assert not holds, (action, claim, params, state)
        return Counterexample(model.layout.bounds, state, action, params, after)
