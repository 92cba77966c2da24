"""What a protocol is once traced: plain frozen data, the common input of every reading."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from brokerlaw.spec.language.fold import subterms
from brokerlaw.spec.language.term import Bool, Number, SpecError, Term, plain

Kind = Literal["invariant", "witness", "eventually"]


@dataclass(frozen=True, eq=False)
class Variable:
    """A state variable: a cell of `sort`, or one for each combination of values of the `indices`."""

    name: str
    sort: type[Term]
    indices: tuple[type[Term], ...]
    doc: str


@dataclass(frozen=True, eq=False)
class Guard:
    """One conjunct of a `require`, with its source text and line."""

    term: Bool
    text: str
    line: int


@dataclass(frozen=True, eq=False)
class Update:
    """For all values of the locals: variable'[indices] = value. No locals: a single cell.

    Value and indices read the old state. Of two updates of an action that meet in one cell, the later counts.
    """

    variable: str
    locals: tuple[Term, ...]
    indices: tuple[Term, ...]
    value: Term


@dataclass(frozen=True, eq=False)
class Action:
    """An atomic step, possible for each choice of the parameters for which every guard holds.

    A `fair` one is taken in the end if it stays possible; one that is not fair (a crash, a timeout) need never be.
    """

    name: str
    doc: str
    params: tuple[Term, ...]
    guards: tuple[Guard, ...]
    updates: tuple[Update, ...]
    line: int
    fair: bool = True

    @property
    def terms(self) -> Iterator[Term]:
        """Every term of the action."""
        yield from self.params
        yield from (guard.term for guard in self.guards)
        for update in self.updates:
            yield from (*update.locals, *update.indices, update.value)


@dataclass(frozen=True, eq=False)
class Property:
    """A formula about one state: true always (invariant), somewhere (witness), or in time (eventually).

    `each` are the parameters for each value of which an `@eventually` is promised on its own. Its `term` says it of
    all of them at once, as an invariant's does.
    """

    name: str
    kind: Kind
    doc: str
    term: Bool
    line: int
    each: tuple[Term, ...] = ()


@dataclass(frozen=True, eq=False)
class Spec:
    """A traced protocol. `init` is an action from the state in which every cell has its sort's first value."""

    name: str
    doc: str
    variables: Mapping[str, Variable]
    init: Action
    actions: Mapping[str, Action]
    properties: Mapping[str, Property]
    bounds: Mapping[str, int]
    variant_of: str | None
    breaks: tuple[str, ...]

    def of_kind(self, kind: Kind) -> tuple[Property, ...]:
        """Give the properties of a kind, in the order of the text."""
        return tuple(each for each in self.properties.values() if each.kind == kind)

    @property
    def sorts(self) -> tuple[type[Term], ...]:
        """Every sort that occurs, in the order of the text, with X for X | None."""
        found: dict[type[Term], None] = {}
        for variable in self.variables.values():
            found |= dict.fromkeys((variable.sort, *variable.indices))
        actions = (term for action in (self.init, *self.actions.values()) for term in action.terms)
        for term in subterms(*actions, *(each.term for each in self.properties.values())):
            found[type(term)] = None
        return tuple(dict.fromkeys(plain(sort) for sort in found if sort is not Number))

    def without(self, action: str, guard: int) -> Spec:
        """Give the same protocol with one guard of one action dropped; guards count from 0."""
        if action not in self.actions or not 0 <= guard < len(self.actions[action].guards):
            raise SpecError(f"{self.name} has no guard {guard} of an action `{action}`")
        old = self.actions[action]
        kept = old.guards[:guard] + old.guards[guard + 1 :]
        name = f"{self.name} without `{old.guards[guard].text}` in {action}"
        return replace(self, name=name, actions={**self.actions, action: replace(old, guards=kept)})
