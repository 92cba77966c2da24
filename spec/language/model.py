"""Run: the term over Python values. This is the meaning; every other reading is held to it.

An action becomes a Python generator that loops over its parameters, a formula a function: lowered, and then emitted.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from brokerlaw.spec.language.emitter import PYTHON, step, test
from brokerlaw.spec.language.layout import Layout, Off, State
from brokerlaw.spec.language.lowered import Lowering
from brokerlaw.spec.language.spec import Action, Guard, Kind, Spec
from brokerlaw.spec.language.term import Bool, SpecError, Term, formula

Test = Callable[..., bool]
Fire = Callable[..., Iterator[tuple[tuple[int, ...], State | Off]]]


@dataclass(frozen=True)
class Step:
    """One action with the codes of its parameters, and the state that it leads to, or why to none."""

    action: str
    params: tuple[int, ...]
    target: State | Off


class Model:
    """A protocol under bounds, ready to run. States are tuples of codes, see Layout."""

    def __init__(self, spec: Spec, bounds: Mapping[str, int] | None = None) -> None:
        self.spec, self.layout = spec, Layout(spec, bounds)
        self._lowering = Lowering(self.layout, PYTHON)
        self.fires: dict[str, Fire] = {name: self.fire(action) for name, action in spec.actions.items()}
        self._holds = {name: self.predicate(each.term) for name, each in spec.properties.items()}
        self._guards: dict[Guard, Test] = {}

    def fire(self, action: Action) -> Fire:
        """Give an action, perhaps with guards dropped, as a generator of choices of parameters and their targets."""
        fire: Fire = step(self._lowering.sizes(action.params), *self._lowering.step(action))
        return fire

    def predicate(self, term: Bool, *params: Term) -> Test:
        """Give a formula as a function of a state and of the codes of the parameters."""
        holds: Test = test(self._lowering.sizes(params), *self._lowering.test(term, *params))
        return holds

    def starts(self) -> list[tuple[tuple[int, ...], State]]:
        """Give every choice of init's parameters that its guards admit, with the state that it makes."""
        found: list[tuple[tuple[int, ...], State]] = []
        for params, target in self.fire(self.spec.init)(self.layout.default):
            if isinstance(target, Off):
                said = f"its @init, {self.spec.init.name}, subtracts too much"
                mend = said if target is Off.BELOW else "raise the bound"
                raise SpecError(f"{self.spec.name} starts with a value {target.value}: {mend}")
            found.append((params, target))
        if not found:
            raise SpecError(f"{self.spec.name} has no initial state: its @init requires what never holds")
        return found

    def initial(self) -> list[State]:
        """Give the initial states, in order, each once."""
        return list(dict.fromkeys(target for _, target in self.starts()))

    def successors(self, state: State) -> Iterator[Step]:
        """Give every step from a state: actions in the order of the text, parameters counted up."""
        for name, fire in self.fires.items():
            for params, target in fire(state):
                yield Step(name, params, target)

    def enabled(self, state: State) -> list[tuple[str, tuple[int, ...]]]:
        """Give the actions, with parameters, whose guards all hold."""
        return [(step.action, step.params) for step in self.successors(state)]

    def step(self, state: State, action: str, *params: int) -> State:
        """Take one step; a SpecError names the guard that blocks it, or the bound that it leaves."""
        if blocked := self.blocked(state, action, *params):
            raise SpecError(f"{self.call(action, params)} is blocked by `{blocked[0].text}` (line {blocked[0].line})")
        _, target = next(self.fires[action](state, *((code,) for code in params)))
        if isinstance(target, Off):
            raise SpecError(f"{self.call(action, params)} writes a value {target.value}")
        return target

    def blocked(self, state: State, action: str, *params: int) -> tuple[Guard, ...]:
        """Give the guards that do not hold, in the order of the text; none means enabled."""
        found = self.spec.actions.get(action)
        if found is None:
            raise SpecError(f"{self.spec.name} has no action `{action}`; it has {', '.join(self.spec.actions)}")
        sizes = [self.layout.size(type(p)) for p in found.params]
        if len(params) != len(sizes) or not all(0 <= code < n for code, n in zip(params, sizes, strict=True)):
            raise SpecError(f"{action} takes codes below {sizes}, one for each parameter, not {list(params)}")
        return tuple(g for g in found.guards if not self._guard(found, g)(state, *params))

    def _guard(self, action: Action, guard: Guard) -> Test:
        if guard not in self._guards:
            self._guards[guard] = self.predicate(guard.term, *action.params)
        return self._guards[guard]

    def holds(self, name: str, state: State) -> bool:
        """Tell whether a property's formula is true in a state."""
        return self._holds[name](state)

    def promised(self, name: str) -> Iterator[tuple[tuple[int, ...], Callable[[State], bool]]]:
        """Give what comes again and again: values of the parameters that are promised each, and the test for them."""
        found = self.spec.properties[name]
        if not found.each:
            yield (), self._holds[name]
            return
        test = self.predicate(formula(found.term.args[-1]), *found.each)
        for codes in itertools.product(*(range(self.layout.size(type(each))) for each in found.each)):
            yield codes, lambda state, codes=codes: test(state, *codes)  # type: ignore[misc]  # each its own codes

    def tests(self, kind: Kind) -> dict[str, Test]:
        """Give the formulas of a kind as functions of a state."""
        return {each.name: self._holds[each.name] for each in self.spec.of_kind(kind)}

    def call(self, action: str, params: tuple[int, ...]) -> str:
        """Write an action and its parameters: `elect(old=broker0, new=broker1)`."""
        labels = self.layout.labels(self.spec.actions[action].params, params)
        return f"{action}({', '.join(f'{name}={value}' for name, value in labels.items())})"
