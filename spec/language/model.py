"""Run: the term over Python values. This is the meaning; every other reading is held to it.

A term becomes the text of a Python expression over a state `s`, an action a generator that loops over its
parameters. Only text that is made here, from terms, is ever executed.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from brokerlaw.spec.language.fold import conjuncts, fold, free
from brokerlaw.spec.language.layout import Layout, State
from brokerlaw.spec.language.spec import Action, Guard, Kind, Spec, Update
from brokerlaw.spec.language.term import Bool, SpecError, Term, formula, leaves


class Off(Enum):
    """An update whose value lies outside its sort: above, the bound cuts the step off; below 0, it is a violation."""

    ABOVE = "above the bound"
    BELOW = "below 0"


class _OffBound(Exception):
    pass


def _fit(code: int, size: int) -> int:
    if 0 <= code < size:
        return code
    raise _OffBound(Off.ABOVE if code >= size else Off.BELOW)


Reading = Callable[[Term], str]
Test = Callable[..., bool]
Fire = Callable[..., Iterator[tuple[tuple[int, ...], State | Off]]]


def python(layout: Layout) -> Reading:
    """Give the reading of terms as Python expressions."""

    def place(variable: str, index: tuple[str, ...]) -> str:
        parts = [f"{i}*{k}" if k > 1 else i for i, k in zip(index, layout.strides[variable], strict=True)]
        return f"s[{'+'.join([str(layout.base[variable]), *parts])}]"

    def quantifier(function: str) -> Callable[..., str]:
        def read(t: Term, *args: str) -> str:
            ranges = [
                f"for {name} in range({layout.size(type(local))})"
                for name, local in zip(args[:-1], t.args[:-1], strict=True)
            ]
            return f"{function}({args[-1]} {' '.join(ranges)})"

        return read

    return fold(
        {
            "const": lambda t: str(t.data),
            "local": lambda t: f"{t.data}_",
            "read": lambda t, *index: place(t.data, index),
            "not": lambda _, a: f"(not {a})",
            "and": lambda _, *args: f"({' and '.join(args)})",
            "or": lambda _, *args: f"({' or '.join(args)})",
            "implies": lambda _, a, b: f"(not {a} or {b})",
            "eq": lambda _, a, b: f"({a} == {b})",
            "lt": lambda _, a, b: f"({a} < {b})",
            "le": lambda _, a, b: f"({a} <= {b})",
            "add": lambda t, a: f"({a} + {t.data})",
            "sum": lambda _, a, b: f"({a} + {b})",
            "scale": lambda t, a: f"({a} * {t.data})",
            "number": lambda _, a: a,
            "ite": lambda _, c, a, b: f"({a} if {c} else {b})",
            "some": lambda _, a: f"({a} + 1)",
            "forall": quantifier("all"),
            "exists": quantifier("any"),
            "count": quantifier("sum"),
        }
    )


def staged(
    known: Iterable[Term], bound: Sequence[Term], tests: Iterable[Term]
) -> Iterator[tuple[Term | None, list[Term]]]:
    """Give, after what needs none of them (None), each bound local with the tests that wait for it alone."""
    waiting, seen = list(tests), {local.data for local in known}
    for local in (None, *bound):
        if local is not None:
            seen.add(local.data)
        yield local, [test for test in waiting if free(test) <= seen]
        waiting = [test for test in waiting if not free(test) <= seen]
    assert not waiting, waiting


def _loops(
    known: Iterable[Term], bound: Sequence[Term], domains: Sequence[str], tests: Iterable[Term], expr: Reading
) -> list[str]:
    """Write a loop for each bound local, nested, with each test as far out as its locals allow."""
    lines = []
    for domain, (local, ready) in zip(("", *domains), staged(known, bound, tests), strict=True):
        if local is not None:
            lines.append(f"for {expr(local)} in {domain}:")
        if ready:
            lines.append(f"if {' and '.join(map(expr, ready))}:")
    return lines


def _nested(*lines: str, within: int = 0) -> list[str]:
    return [" " * (within + k) + line for k, line in enumerate(lines)]


def _action_source(action: Action, layout: Layout, expr: Reading) -> str:
    """Write an action as a generator of the parameters and the target of each step."""
    domains = [f"{expr(p)}in" for p in action.params]
    defaults = (f"{d}=range({layout.size(type(p))})" for p, d in zip(action.params, domains, strict=True))
    lines = [f"def compiled({', '.join(['s', *defaults])}):"]
    lines += _loops((), action.params, domains, (guard.term for guard in action.guards), expr)
    chosen = f"({''.join(f'{expr(p)}, ' for p in action.params)})"
    body = ["t = list(s)", *(line for each in action.updates for line in _update_source(each, layout, expr))]
    if any("_fit(" in line for line in body):
        body = ["try:", *(f" {line}" for line in body)]
        body += ["except _OffBound as off:", f" yield {chosen}, off.args[0]", "else:", f" yield {chosen}, tuple(t)"]
    else:
        body.append(f"yield {chosen}, tuple(t)")
    return "\n".join(_nested(*lines) + [" " * len(lines) + line for line in body])


def _test_source(term: Bool, layout: Layout, expr: Reading, params: Sequence[Term]) -> str:
    """Write a formula as a test: a search for what makes an `exists` true, or a `forall` false."""
    wanted = term.op != "forall"
    quantified = term.op in ("forall", "exists")
    bound, body = (term.args[:-1], formula(term.args[-1])) if quantified else ((), term)
    domains = [f"range({layout.size(type(local))})" for local in bound]
    lines = _loops(params, bound, domains, conjuncts(body if wanted else ~body), expr)
    head = f"def compiled({', '.join(['s', *map(expr, params)])}):"
    return "\n".join([head, *_nested(*lines, f"return {wanted}", within=1), f" return {not wanted}"])


def _update_source(update: Update, layout: Layout, expr: Reading) -> list[str]:
    def fit(term: Term, size: int) -> str:
        return f"_fit({expr(term)}, {size})" if leaves(term) else expr(term)

    ranges = [f"for {expr(local)} in range({layout.size(type(local))}):" for local in update.locals]
    index = [
        f"{fit(term, layout.size(type(term)))}*{k}"
        for term, k in zip(update.indices, layout.strides[update.variable], strict=True)
    ]
    where = "+".join([str(layout.base[update.variable]), *index])
    size = layout.size(layout.spec.variables[update.variable].sort)
    lines = [*ranges, f"t[{where}] = {fit(update.value, size)}"]
    return _nested(*lines)


def _execute(source: str) -> Any:
    """Execute text made above, and give the one function that it defines."""
    scope: dict[str, Any] = {"_fit": _fit, "_OffBound": _OffBound}
    exec(source, scope)
    return scope["compiled"]


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
        self._expr = python(self.layout)
        self.fires: dict[str, Fire] = {name: self.fire(action) for name, action in spec.actions.items()}
        self._holds = {name: self.predicate(each.term) for name, each in spec.properties.items()}
        self._guards: dict[Guard, Test] = {}

    def fire(self, action: Action) -> Fire:
        """Give an action, perhaps with guards dropped, as a generator of choices of parameters and their targets."""
        fire: Fire = _execute(_action_source(action, self.layout, self._expr))
        return fire

    def predicate(self, term: Bool, *params: Term) -> Test:
        """Give a formula as a function of a state and of the codes of the parameters."""
        test: Test = _execute(_test_source(term, self.layout, self._expr, params))
        return test

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
