"""Where a state's cells lie, and how many values each can take: shared by run, search, compilers and printers."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Any, Final

from brokerlaw.spec.language.fold import subterms
from brokerlaw.spec.language.spec import Spec
from brokerlaw.spec.language.term import Ordered, Sort, SpecError, Term

MOST_VALUES: Final = 1_000_000
"""Of a sort that is bounded: with more, nothing ends."""
MOST_CELLS: Final = 100_000
"""Of a state."""
State = tuple[int, ...]
"""The codes of all cells, in the order of `Layout.cells`."""


class Off(Enum):
    """An update whose value lies outside its sort: above, the bound cuts the step off; below 0, it is a violation."""

    ABOVE = "above the bound"
    BELOW = "below 0"


@dataclass(frozen=True)
class Cell:
    """One cell: its variable, the codes of its index, the number of values it can take."""

    variable: str
    index: tuple[int, ...]
    size: int


class Layout:
    """A protocol's cells under given bounds: variables in the order of the text, indices row by row."""

    def __init__(self, spec: Spec, bounds: Mapping[str, int] | None = None) -> None:
        self.spec = spec
        self.bounds = _bounds(spec, bounds or {})
        self.cells: list[Cell] = []
        self.base: dict[str, int] = {}
        self.strides: dict[str, tuple[int, ...]] = {}
        self._refuse_too_many_cells()
        for name, variable in spec.variables.items():
            sizes = [self.size(sort) for sort in variable.indices]
            self.base[name] = len(self.cells)
            strides = itertools.accumulate(reversed(sizes[1:]), lambda a, b: a * b, initial=1)
            self.strides[name] = tuple(reversed(list(strides)))[: len(sizes)]
            for index in itertools.product(*map(range, sizes)):
                self.cells.append(Cell(name, index, self.size(variable.sort)))
        self._constant_indices()

    def _refuse_too_many_cells(self) -> None:
        variables = self.spec.variables.values()
        cells = sum(math.prod(map(self.size, variable.indices)) for variable in variables)
        if cells > MOST_CELLS:
            bounds = ", ".join(f"{name}={size}" for name, size in self.bounds.items())
            raise SpecError(f"{self.spec.name} with {bounds} has {cells:,} cells, more than {MOST_CELLS:,}: set less")

    def size(self, sort: type[Term]) -> int:
        """Give the number of values of a sort."""
        return sort.size(self.bounds)

    def position(self, variable: str, *index: int) -> int:
        """Give a cell's place in the state."""
        return self.base[variable] + sum(i * k for i, k in zip(index, self.strides[variable], strict=True))

    @cached_property
    def default(self) -> State:
        """The state in which every cell has its sort's first value: what `init` starts from."""
        return (0,) * len(self.cells)

    def view(self, state: State) -> dict[str, Any]:
        """Give the state in names: `{"leader": "broker0", "isr": {"broker0": "True", ...}}`, nested by index."""
        shown: dict[str, Any] = {}
        for cell, code in zip(self.cells, state, strict=True):
            variable, place, key = self.spec.variables[cell.variable], shown, cell.variable
            for sort, at in zip(variable.indices, cell.index, strict=True):
                place, key = place.setdefault(key, {}), sort.label(at)
            place[key] = variable.sort.label(code)
        return shown

    def labels(self, params: Sequence[Term], codes: Sequence[int]) -> dict[str, str]:
        """Give the values of parameters in names."""
        return {p.data: type(p).label(code) for p, code in zip(params, codes, strict=True)}

    def _constant_indices(self) -> None:
        actions = (term for action in (self.spec.init, *self.spec.actions.values()) for term in action.terms)
        for term in subterms(*actions, *(each.term for each in self.spec.properties.values())):
            for index in _indices(term):
                if index.op == "const" and index.data >= self.size(type(index)):
                    name, least = type(index).__name__, index.data + 1
                    raise SpecError(f"{self.spec.name} reads `{term}`: the bound of {name} must be {least} or more")


def _indices(term: Term) -> Iterator[Term]:
    """Give what a cell is read at; of X | None, what is in it."""
    return (index.args[0] if index.op == "some" else index for index in term.args if term.op == "read")


def _bounds(spec: Spec, given: Mapping[str, int]) -> dict[str, int]:
    bounded = [s.__name__ for s in spec.sorts if issubclass(s, (Sort, Ordered))]
    for name, count in given.items():
        if name not in bounded:
            raise SpecError(f"{spec.name} has no sort {name!r} to set; it has {', '.join(bounded) or 'none'}")
        if count < 1:
            raise SpecError(f"the bound of {name} must be 1 or more, not {count}")
        if count > MOST_VALUES:
            raise SpecError(f"the bound of {name} must be {MOST_VALUES:,} at most, not {count}")
    bounds = {name: given.get(name, spec.bounds.get(name, 0)) for name in bounded}
    if missing := [name for name, count in bounds.items() if count < 1]:
        raise SpecError(f"{spec.name} has no bound for {missing[0]}: add it to `bounds`, or set {missing[0]}=2")
    return bounds
