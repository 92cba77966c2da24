"""The surface an author writes on: Protocol, Var, and what a function of a protocol can be."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from types import FunctionType
from typing import Any, ClassVar, Final

from brokerlaw.spec.language.fold import subterms
from brokerlaw.spec.language.spec import Action, Kind, Property, Spec, Variable
from brokerlaw.spec.language.term import Ordered, Sort, SpecError, Term, sort_of
from brokerlaw.spec.language.trace import Cells, Tracer, located, trace_action, trace_property
from brokerlaw.spec.text import did_you_mean


class Var:
    """A state variable: `Var(Broker)` is one cell, `Var(Bool, Broker)` one for each broker."""

    def __init__(self, *sorts: Any, doc: str = "") -> None:
        with located("Var"):
            if not sorts:
                raise SpecError("write Var(Sort), or Var(Sort, Index, ...) for a cell for each index")
            (self.sort, *indices), self.doc = map(sort_of, sorts), doc
            self.indices = tuple(indices)

    def __set_name__(self, owner: type, name: str) -> None:
        self.variable = Variable(name, self.sort, self.indices, self.doc)

    def __get__(self, state: Protocol | None, owner: type) -> Any:
        if state is None:
            return self
        return Cells(state._tracer, self.variable) if self.indices else state._tracer.read(self.variable, ())

    def __set__(self, state: Protocol, value: Any) -> None:
        state._tracer.write(self.variable, (), value)


def _role(role: str) -> Callable[..., Any]:
    def mark(fn: Callable[..., Any] | None = None) -> Any:  # Any: a variant may take others, or drop it with None
        if fn is None:
            return mark
        with located(f"@{role}"):
            if not isinstance(fn, FunctionType):
                raise SpecError(f"@{role} marks a function: @{role}, then def name(s, ...)")
            if "role" in vars(fn):
                raise SpecError(f"`{fn.__name__}` is marked twice, as @{vars(fn)['role']} and @{role}: keep one")
            vars(fn)["role"] = role
        return fn

    return mark


def action(fn: Callable[..., Any] | None = None, *, fair: bool = True) -> Any:
    """A step: its parameters are the choices, `require` says when, assignments say what changes.

    `@action(fair=False)` is one that need never happen, however long it could: a crash, a timeout, a user's wish.
    """
    if fn is None:
        return lambda later: action(later, fair=fair)
    marked = _role("action")(fn)
    marked.fair = fair
    return marked


init = _role("init")
"""The first step, from the state where all is False, 0, none or first: assigns what starts otherwise."""
invariant = _role("invariant")
"""A formula that holds in every reachable state, for all values of the parameters."""
witness = _role("witness")
"""A formula that must hold in some reachable state, for some values of the parameters: no vacuous truth."""


def eventually(fn: Callable[..., Any] | None = None, *, together: bool = False) -> Any:
    """A formula that, in every fair run, comes to hold, and comes to hold again whatever happens then.

    Its parameters: for each value on its own, ∀a: □◇ p(a); each comes, perhaps never two at one time. With
    `@eventually(together=True)` all of them at once, again and again: □◇ (∀a: p(a)).
    """
    if fn is None:
        return lambda later: eventually(later, together=together)
    marked = _role("eventually")(fn)
    marked.together = together
    return marked


class _Body(dict[str, Any]):
    """What a class defines, name by name: nothing takes the place of something else without a word."""

    def __setitem__(self, name: str, value: Any) -> None:
        if name in self and not name.startswith("__") and any(map(_is_member, (self[name], value))):
            said = f"`{name}` is defined twice: rename one, for the later would take the other's place"
            raise SpecError.at(sys._getframe(1), said)
        super().__setitem__(name, value)


def _is_member(value: Any) -> bool:
    return isinstance(value, (Var, FunctionType))


class ProtocolType(type):
    """The type of protocols: it sees their text being read."""

    @classmethod
    def __prepare__(cls, name: str, bases: tuple[type, ...], /, **_: Any) -> _Body:
        return _Body()


class Protocol(metaclass=ProtocolType):
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

    def __delattr__(self, name: str) -> None:
        raise SpecError(f"`s.{name}` cannot be deleted: write what it becomes, as in s.{name} = none")


_OWN: Final = frozenset({*dir(Protocol), *Protocol.__annotations__})


def _members(cls: type) -> dict[str, Any]:
    """Give what the class and its bases define, each name in the place of its first definition."""
    found: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        for name, value in vars(base).items():
            if base not in (Protocol, object) and _is_member(value) and name in _OWN:
                raise SpecError(f"{cls.__name__}.{name}: the name is one of the language's own, choose another")
            old, new = _kind(found.get(name)), _kind(value)
            if old and value is not None and new != old:
                mend = f"decorate it with @{old}" if new == "definition" and old != "Var" else "rename one"
                raise SpecError(
                    f"{cls.__name__}.{name} overrides {_article(old)}: {mend}, or write `{name} = None` to drop it"
                )
            found[name] = value
    return found


def _kind(member: Any) -> str:
    """Tell what a member is: a Var, what its role says, a definition; empty if it is none of these."""
    if isinstance(member, FunctionType):
        return str(vars(member).get("role", "definition"))
    return "Var" if isinstance(member, Var) else ""


def _article(kind: str) -> str:
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


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
        bounds=dict(_bounds(cls)),
        variant_of=next((b.__name__ for b in cls.__mro__[1:] if issubclass(b, Protocol) and b is not Protocol), None),
        breaks=(cls.breaks,) if isinstance(cls.breaks, str) else tuple(cls.breaks),
    )
    _check(spec)
    return spec


def _bounds(cls: type[Protocol]) -> Iterator[tuple[str, int]]:
    if not isinstance(cls.bounds, Mapping):
        raise SpecError(f"{cls.__name__}.bounds is a dict of sorts: write bounds = {{Broker: 3}}")
    for sort, bound in cls.bounds.items():
        if not (isinstance(sort, type) and issubclass(sort, (Sort, Ordered))):
            raise SpecError(f"{cls.__name__}.bounds: {sort!r} is no Sort and not Ordered: write bounds = {{Broker: 3}}")
        if type(bound) is not int or bound < 1:
            raise SpecError(f"{cls.__name__}.bounds: {sort.__name__} has 1 value or more, not {bound!r}")
        yield sort.__name__, bound


def _check(spec: Spec) -> None:
    invariants = {each.name for each in spec.of_kind("invariant")}
    if unknown := [name for name in spec.breaks if name not in invariants]:
        raise SpecError(f"{spec.name}.breaks names {unknown[0]!r}, which is no invariant of it")
    names = [sort.__name__ for sort in spec.sorts]
    if twice := [name for name in names if names.count(name) > 1]:
        raise SpecError(f"{spec.name} uses two sorts that are both called {twice[0]}: rename one")
    members: list[Action | Property] = [spec.init, *spec.actions.values(), *spec.properties.values()]
    for each in members:
        terms = each.terms if isinstance(each, Action) else (each.term,)
        locals_ = {term.data for term in subterms(*terms) if term.op == "local"}
        if hidden := sorted(locals_.intersection(names)):
            raise SpecError(
                f"`{hidden[0]}` is a sort, and a parameter of {each.name} (line {each.line}): rename the parameter"
            )
