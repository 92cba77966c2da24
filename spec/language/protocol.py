"""The surface an author writes on: Protocol, Var, and what a function of a protocol can be."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from brokerlaw.spec.language.spec import Action, Kind, Spec, Variable
from brokerlaw.spec.language.term import SpecError, Term, sort_of
from brokerlaw.spec.language.trace import Cells, Tracer, located, trace_action, trace_property
from brokerlaw.spec.text import did_you_mean


class Var:
    """A state variable: `Var(Broker)` is one cell, `Var(Bool, Broker)` one for each broker."""

    def __init__(self, sort: Any, *indices: Any, doc: str = "") -> None:
        with located("Var"):
            self.sort, self.indices, self.doc = sort_of(sort), tuple(map(sort_of, indices)), doc

    def __set_name__(self, owner: type, name: str) -> None:
        self.variable = Variable(name, self.sort, self.indices, self.doc)

    def __get__(self, state: Protocol | None, owner: type) -> Any:
        if state is None:
            return self
        return Cells(state._tracer, self.variable) if self.indices else state._tracer.read(self.variable, ())

    def __set__(self, state: Protocol, value: Any) -> None:
        state._tracer.write(self.variable, (), value)


def _role(role: str) -> Callable[[Callable[..., Any]], Any]:
    def mark(fn: Callable[..., Any]) -> Any:  # Any: a variant may take other parameters, or drop it with None
        vars(fn)["role"] = role
        return fn

    return mark


def action(fn: Callable[..., Any] | None = None, *, fair: bool = True) -> Any:
    """A step: its parameters are the choices, `require` says when, assignments say what changes.

    `@action(fair=False)` is one that need never happen, however long it could: a crash, a timeout, a user's wish.
    """
    if fn is None:
        return lambda later: action(later, fair=fair)
    vars(fn)["fair"] = fair
    return _role("action")(fn)


init = _role("init")
"""The first step, from the state where all is False, 0, none or first: assigns what starts otherwise."""
invariant = _role("invariant")
"""A formula that holds in every reachable state, for all values of the parameters."""
witness = _role("witness")
"""A formula that must hold in some reachable state, for some values of the parameters: no vacuous truth."""
eventually = _role("eventually")
"""A formula that, in every fair run, comes to hold, and comes to hold again whatever happens then."""


class Protocol:
    """A distributed protocol: state variables, actions, properties, and the default `bounds` of its sorts.

    A subclass inherits all of it; it overrides an action by one of the same name, and drops one with
    `name = None`. An unsound variant names the invariants that it violates in `breaks`. The traced form is `spec`.
    """

    bounds: ClassVar[Mapping[type[Term], int]] = {}
    breaks: ClassVar[tuple[str, ...]] = ()
    spec: ClassVar[Spec]
    _tracer: Tracer

    def __init_subclass__(cls) -> None:
        with located(cls.__name__):
            cls.spec = _trace(cls)

    def __getattr__(self, name: str) -> Any:
        hint = did_you_mean(f"`{name}`", (f"`{each}`" for each in _members(type(self))))
        mend = f"; {hint}" if hint else f": declare it, `{name} = Var(...)`"
        raise SpecError(f"{type(self).__name__} has no variable `{name}`{mend}")

    def __setattr__(self, name: str, value: Any) -> None:
        if not isinstance(getattr(type(self), name, None), Var):
            self.__getattr__(name)
        super().__setattr__(name, value)


def _members(cls: type) -> dict[str, Any]:
    """Give what the class and its bases define, each name in the place of its first definition."""
    found: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        for name, value in vars(base).items():
            if hasattr(found.get(name), "role") and not hasattr(value, "role") and value is not None:
                raise SpecError(
                    f"{cls.__name__}.{name} overrides an {found[name].role}: decorate it with @{found[name].role}, "
                    f"or write `{name} = None` to drop it"
                )
            found[name] = value
    return found


def _trace(cls: type[Protocol]) -> Spec:
    members = _members(cls)
    state = object.__new__(cls)
    by_role: dict[str, list[Callable[..., Any]]] = {}
    for fn in members.values():
        if hasattr(fn, "role"):
            by_role.setdefault(fn.role, []).append(fn)
    inits = [trace_action(fn, state) for fn in by_role.get("init", [])]
    if len(inits) > 1:
        raise SpecError(f"{cls.__name__} has several @init: {', '.join(each.name for each in inits)}; keep one")
    kinds: tuple[Kind, ...] = ("invariant", "witness", "eventually")
    properties = [trace_property(kind, fn, state) for kind in kinds for fn in by_role.get(kind, [])]
    spec = Spec(
        name=cls.__name__,
        doc=inspect.cleandoc(vars(cls).get("__doc__") or ""),
        variables={name: var.variable for name, var in members.items() if isinstance(var, Var)},
        init=inits[0] if inits else Action("init", "", (), (), (), 0),
        actions={fn.__name__: trace_action(fn, state) for fn in by_role.get("action", [])},
        properties={each.name: each for each in properties},
        bounds={sort.__name__: bound for sort, bound in cls.bounds.items()},
        variant_of=next((b.__name__ for b in cls.__mro__[1:] if issubclass(b, Protocol) and b is not Protocol), None),
        breaks=tuple(cls.breaks),
    )
    _check(spec)
    return spec


def _check(spec: Spec) -> None:
    invariants = {each.name for each in spec.of_kind("invariant")}
    if unknown := [name for name in spec.breaks if name not in invariants]:
        raise SpecError(f"{spec.name}.breaks names {unknown[0]!r}, which is no invariant of it")
    names = [sort.__name__ for sort in spec.sorts]
    if twice := [name for name in names if names.count(name) > 1]:
        raise SpecError(f"{spec.name} uses two sorts that are both called {twice[0]}: rename one")
