"""Symmetry: states that differ only in which broker is which are one, as far as the protocol cannot tell either.

A permutation of a sort's values maps states to states, by moving cells and renaming what they hold. Each class of
states that are mapped to one another is searched through one representative. It is found in three stages:

1. Each value gets a *colour*: a hash of what the state says about it, in which other values occur by their colours
   alone, so that colours move along with the values. Values are then ordered by colour.
2. Values of one colour fall into *blocks*: within a block, to exchange two values changes nothing.
3. All ways to order the blocks' values that a colour leaves open are tried. The least state is the representative.

A collision of hashes costs time at stage 3, never soundness. Permutations that respect colours are the same for every
member of a class, so the representative is exact: `distinct` counts classes. `compile/symmetry.c` does the same.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from brokerlaw.spec.language.fold import subterms
from brokerlaw.spec.language.layout import Layout, State
from brokerlaw.spec.language.model import Model
from brokerlaw.spec.language.spec import Spec, Update
from brokerlaw.spec.language.term import Option, Sort, SpecError, Term, leaves, plain

MULTIPLIER: Final = 0xA0761D6478BD642F
_WORD: Final = (1 << 64) - 1


def mix(a: int, b: int) -> int:
    """Multiply two 64-bit words to 128 bits, and fold the halves."""
    product = a * b
    return (product ^ product >> 64) & _WORD


@dataclass(frozen=True)
class Place:
    """A cell as a permutation sees it. Values of all the symmetric sorts are numbered through, as *elements*.

    `elements` are those in its index, `strides` what each adds to the place; `base` is the place without them.
    `offset` is the number of the first element that the cell can hold, or -1; `optional` is 1 if code 0 is none.
    """

    seed: int
    base: int
    elements: tuple[int, ...]
    strides: tuple[int, ...]
    offset: int
    optional: int


class Symmetry:
    """The permutations of a model's interchangeable sorts. `kept_apart` tells why other sorts are not among them.

    A SpecError if there is no such sort.
    """

    def __init__(self, model: Model) -> None:
        layout = model.layout
        self.kept_apart: dict[str, str] = {}
        self.sorts: list[type[Term]] = []
        for sort in model.spec.sorts:
            if issubclass(sort, Sort):
                if reason := _asymmetry(model, sort):
                    self.kept_apart[sort.__name__] = reason
                else:
                    self.sorts.append(sort)
        if not self.sorts:
            why = "; ".join(self.kept_apart.values()) or "it has no Sort"
            raise SpecError(f"{model.spec.name} has no interchangeable sort: {why}")
        sizes = [layout.size(sort) for sort in self.sorts]
        self.firsts = [0, *itertools.accumulate(sizes)]
        self.places = list(_places(layout, dict(zip(self.sorts, self.firsts, strict=False))))
        related = any(len(p.elements) + (p.offset >= 0) > 1 for p in self.places)
        self.rounds = 2 if related else 1
        self.colours = [mix(k + 1, MULTIPLIER) for k, size in enumerate(sizes) for _ in range(size)]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the sorts."""
        return tuple(sort.__name__ for sort in self.sorts)

    def canonical(self, state: State) -> State:
        """Give the representative of a state's class."""
        colours = self._colours(state)
        classes = [
            self._blocks(state, list(alike))
            for first, end in itertools.pairwise(self.firsts)
            for _, alike in itertools.groupby(sorted(range(first, end), key=colours.__getitem__), colours.__getitem__)
        ]
        return min(self._moved(state, order) for order in _orders(classes))

    def _colours(self, state: State) -> list[int]:
        colours = self.colours
        for _ in range(self.rounds):
            sums = [0] * len(colours)
            for place, code in zip(self.places, state, strict=True):
                who, known = place.elements, code
                if place.offset >= 0:
                    known = code >= place.optional
                    who = (*who, place.offset + code - place.optional) if known else who
                word = mix(place.seed ^ known, MULTIPLIER)
                for k, element in enumerate(who):
                    word = mix(word ^ colours[element] ^ (k if element in who[:k] else 0), MULTIPLIER)
                for k, element in enumerate(who):
                    sums[element] += mix(word ^ k, MULTIPLIER)
            colours = [mix((c ^ total) & _WORD, MULTIPLIER) for c, total in zip(colours, sums, strict=True)]
        return colours

    def _blocks(self, state: State, alike: list[int]) -> list[list[int]]:
        blocks: list[list[int]] = []
        for element in alike:
            for block in blocks:
                if self._moved(state, self._exchange(block[0], element)) == state:
                    block.append(element)
                    break
            else:
                blocks.append([element])
        return blocks

    def _exchange(self, a: int, b: int) -> list[int]:
        order = list(range(self.firsts[-1]))
        order[a], order[b] = b, a
        return order

    def _moved(self, state: State, order: Sequence[int]) -> State:
        """Give the state in which each element takes the place that it has in the order."""
        to = [0] * len(order)
        for at, element in enumerate(order):
            to[element] = at
        for first, end in itertools.pairwise(self.firsts):
            to[first:end] = [at - first for at in to[first:end]]
        return moved(self.places, to, state)


def _orders(classes: list[list[list[int]]]) -> Iterator[list[int]]:
    """Give every order of the elements that keeps the order of the classes, and that within each block."""
    for arranged in itertools.product(*map(_arrangements, classes)):
        yield list(itertools.chain.from_iterable(arranged))


def _arrangements(blocks: list[list[int]]) -> Iterator[list[int]]:
    """Give every merge of the blocks."""
    if not any(blocks):
        yield []
    for k, block in enumerate(blocks):
        if block:
            rest = [*blocks[:k], block[1:], *blocks[k + 1 :]]
            yield from ([block[0], *more] for more in _arrangements(rest))


def _places(layout: Layout, firsts: dict[type[Term], int]) -> Iterator[Place]:
    numbers = {name: k for k, name in enumerate(layout.spec.variables)}
    for at, cell in enumerate(layout.cells):
        variable = layout.spec.variables[cell.variable]
        elements, strides, seed = [], [], mix(numbers[cell.variable] + 1, MULTIPLIER)
        for sort, code, stride in zip(variable.indices, cell.index, layout.strides[cell.variable], strict=True):
            of, optional = plain(sort), int(issubclass(sort, Option))
            if of in firsts and code >= optional:
                elements.append(firsts[of] + code - optional)
                strides.append(stride)
                at -= (code - optional) * stride
            else:
                seed = mix(seed ^ code + 1, MULTIPLIER)
        optional = int(issubclass(variable.sort, Option))
        yield Place(seed, at, tuple(elements), tuple(strides), firsts.get(plain(variable.sort), -1), optional)


def _asymmetry(model: Model, sort: type[Term]) -> str:
    """Tell what distinguishes the values of a sort, if anything does: its text, or where it starts."""
    name = sort.__name__
    if any(type(t) is sort and t.op == "const" for t in _terms(model.spec)):
        return f"a value of {name} is named"
    updates = (each for action in model.spec.actions.values() for each in action.updates)
    if any(_is_over(each, sort) and _may_leave_either_way(each) for each in updates):
        return f"of a row over {name} the first number that does not fit decides what becomes of the step"
    size, starts, places = model.layout.size(sort), set(model.initial()), list(_places(model.layout, {sort: 0}))
    for k in range(size - 1):
        exchange = [*range(k), k + 1, k, *range(k + 2, size)]
        if {moved(places, exchange, state) for state in starts} != starts:
            return f"the initial states tell one {name} from another"
    return ""


def moved(places: Sequence[Place], to: Sequence[int], state: State) -> State:
    """Give the state in which each element has become that of number `to[element]` within its sort."""
    cells = [0] * len(state)
    for place, code in zip(places, state, strict=True):
        if place.offset >= 0 and code >= place.optional:
            code = to[place.offset + code - place.optional] + place.optional
        cells[place.base + sum(to[e] * k for e, k in zip(place.elements, place.strides, strict=True))] = code
    return tuple(cells)


def _terms(spec: Spec) -> Iterator[Term]:
    actions = (term for action in (spec.init, *spec.actions.values()) for term in action.terms)
    return subterms(*actions, *(each.term for each in spec.properties.values()))


def _is_over(update: Update, sort: type[Term]) -> bool:
    """Tell whether a row is written over the values of a sort, with none beside them or not."""
    return any(plain(type(local)) is sort for local in update.locals)


def _may_leave_either_way(update: Update) -> bool:
    """Tell whether a value or an index could lie below 0: another one may lie above the bound in the same step."""
    leaving = [term for term in (update.value, *update.indices) if leaves(term)]
    return any(t.op == "add" and t.data < 0 for t in subterms(*leaving))
