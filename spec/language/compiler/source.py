"""A protocol under bounds as C: its packed state, one function for each action and each property."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final

from brokerlaw.spec.language.compiler.emitter import C, Uncompilable, mask, step, test
from brokerlaw.spec.language.compiler.packing import Packing
from brokerlaw.spec.language.layout import Layout
from brokerlaw.spec.language.lowered import Lowering
from brokerlaw.spec.language.search import premises_of
from brokerlaw.spec.language.spec import Spec
from brokerlaw.spec.language.symmetry import MULTIPLIER, Symmetry

_MOST: Final = 2**22  # choices of one state: what a batch of successors must have room for
_ELEMENTS: Final = 100


def source(layout: Layout, symmetry: Symmetry | None = None) -> str:
    """Give the text of `protocol.h`, which `engine.c` includes."""
    spec, packing = layout.spec, Packing(layout)
    most = sum(math.prod(layout.size(type(p)) for p in action.params) for action in spec.actions.values())
    if most > _MOST:
        raise Uncompilable(f"a state has {most} choices of action and parameters, more than {_MOST}")
    conditions, lowering = Conditions(spec), Lowering(layout, C)
    lines = [
        f"/* {spec.name.replace('*/', '')}: {', '.join(f'{name}={n}' for name, n in layout.bounds.items())} */",
        f"enum {{ W = {packing.words}, ACTIONS = {len(spec.actions)}, MOST = {most} }};",
        f"enum {{ PROPERTIES = {len(conditions.terms)}, INVARIANTS = {len(spec.of_kind('invariant'))}, "
        f"WITNESSES = {len(spec.of_kind('witness'))}, PREMISES = {len(conditions.premises)} }};",
        *_cells(layout, packing),
        *(_symmetry(symmetry, packing) if symmetry else ()),
        *(line for at, each in enumerate(spec.actions.values()) for line in step(at, *lowering.step(each))),
        "static void expand(const u64 *s, Out *o) {",
        "  Cells c[1];",
        "  unpack(s, c);",
        *(f"  action_{at}(s, c, o); /* {name} */" for at, name in enumerate(spec.actions)),
        "}",
        *(line for at, term in enumerate(conditions.terms) for line in test(at, *lowering.test(term)[1:])),
        f"static int (*const HOLDS[])(const Cells *) = {{ "
        f"{''.join(f'property_{at}, ' for at in range(len(conditions.terms)))}0 }};",
    ]
    return "\n".join(lines) + "\n"


class Conditions:
    """The formulas about a state, by the numbers by which the C knows them.

    Invariants, then what is looked for (witnesses, then premises), then what comes eventually.
    """

    def __init__(self, spec: Spec) -> None:
        self.stated = [*spec.of_kind("invariant"), *spec.of_kind("witness")]
        self.premises = list(premises_of(spec))
        self.eventually = spec.of_kind("eventually")
        premises = [premise for _, premise in self.premises]
        self.terms = [*(each.term for each in self.stated), *premises, *(each.term for each in self.eventually)]

    def number(self, name: str) -> int:
        """Give the number of a property."""
        names = [*(each.name for each in self.stated), *[""] * len(self.premises), *(p.name for p in self.eventually)]
        return names.index(name)


def _cells(layout: Layout, packing: Packing) -> Iterator[str]:
    """Declare the unpacked state, an array for each variable, and how it is had from the packed one."""
    yield f"static const u8 SHIFT[] = {{ {', '.join(str(s) for _, s, _ in packing.places)} }};"
    yield f"static const u16 WORDS[] = {{ {', '.join(str(w) for w, _, _ in packing.places)} }};"
    yield f"#define WORD(cell) {'WORDS[cell]' if packing.words > 1 else '0'}"
    sizes = dict.fromkeys(layout.spec.variables, 0)
    for cell in layout.cells:
        sizes[cell.variable] += 1
    yield "typedef struct {"
    for name, count in sizes.items():
        yield f"  {_type(_size(layout, name))} {name}_[{count}];"
    yield "  u8 none;"
    yield "} Cells;"
    yield "static inline void unpack(const u64 *s, Cells *c) {"
    for name, count in sizes.items():
        at = layout.base[name]
        code = f"s[WORD({at} + i)] >> SHIFT[{at} + i] & {mask(_size(layout, name))}"
        yield f"  for (int i = 0; i < {count}; i++) c->{name}_[i] = {code};"
    yield "}"


def _symmetry(symmetry: Symmetry, packing: Packing) -> Iterator[str]:
    """Write the tables of `symmetry.c`: cells as a permutation sees them."""
    places, firsts = symmetry.places, symmetry.firsts
    if firsts[-1] > _ELEMENTS:
        raise Uncompilable(f"symmetric sorts have {firsts[-1]} values, more than {_ELEMENTS}")
    most = max((len(place.elements) for place in places), default=0) or 1

    def padded(numbers: Sequence[int]) -> str:
        return f"{{{', '.join(map(str, [*numbers, *[-1] * (most - len(numbers))]))}}}"

    yield f"#define CELLS {len(places)}"
    yield f"enum {{ ELEMENTS = {firsts[-1]}, ROUNDS = {symmetry.rounds}, WHO = {most} }};"
    yield f"#define MULTIPLIER {MULTIPLIER}ull"
    of = [first for first, end in pairwise(firsts) for _ in range(first, end)]
    yield _table("u64 COLOUR[ELEMENTS]", (f"{colour}ull" for colour in symmetry.colours))
    yield _table("u8 FIRST[ELEMENTS]", map(str, of))
    yield _table("u64 SEED[CELLS]", (f"{place.seed}ull" for place in places))
    yield _table("u32 BASE[CELLS]", (str(place.base) for place in places))
    yield _table("signed char ELEMENT[CELLS][WHO]", (padded(place.elements) for place in places))
    yield _table("i64 STRIDE[CELLS][WHO]", (padded(place.strides) for place in places))
    yield _table("signed char OFFSET[CELLS]", (str(place.offset) for place in places))
    yield _table("u8 OPTIONAL[CELLS]", (str(place.optional) for place in places))
    yield _table("u32 MASK[CELLS]", (f"{(1 << bits) - 1}u" for _, _, bits in packing.places))


def _table(declared: str, values: Iterable[str]) -> str:
    return f"static const {declared} = {{ {', '.join(values)} }};"


def _size(layout: Layout, variable: str) -> int:
    return layout.size(layout.spec.variables[variable].sort)


def _type(size: int) -> str:
    if size > 2**32:
        raise Uncompilable(f"a cell of {size} values does not fit into 32 bits")
    return "u8" if size <= 2**8 else "u16" if size <= 2**16 else "u32"
