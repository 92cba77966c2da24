"""Terms as SMT-LIB: the domain of each sort, the cells of a state, and the fold."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from brokerlaw.spec.language.fold import fold
from brokerlaw.spec.language.prover.domains import (
    FALSE,
    TRUE,
    Domain,
    Free,
    Integers,
    Maybe,
    Named,
    Naturals,
    Truth,
    Value,
    apply,
    choose,
    conj,
    disj,
    imp,
    neg,
    symbol,
)
from brokerlaw.spec.language.spec import Spec
from brokerlaw.spec.language.term import (
    BINDERS,
    OPERATORS,
    Bool,
    Enum,
    Number,
    Option,
    Ordered,
    Sort,
    SpecError,
    Term,
    plain,
)

free_locals: Final[Callable[[Term], frozenset[Term]]] = fold(
    dict.fromkeys(OPERATORS, lambda _, *parts: frozenset[Term]().union(*parts))
    | {"local": lambda t: frozenset([t])}
    | dict.fromkeys(BINDERS, lambda _, *parts: parts[-1].difference(*parts[:-1]))
)
"""Give the locals that a term leaves unbound."""


class World:
    """The domain of each sort of a protocol. `sizes` bounds sorts by name; all others are unbounded.

    `lines` collects the commands that whatever is read needs before it. `scope` keeps apart the locals of several
    steps, which may have one name.
    """

    def __init__(self, spec: Spec, sizes: Mapping[str, int]) -> None:
        self.spec, self.scope = spec, ""
        self.domains: dict[type[Term], Domain] = {Bool: Truth(), Number: Integers()}
        for sort in spec.sorts:
            if sort is not Bool:
                self.domains[sort] = _domain(sort, sizes.get(sort.__name__))
        self.lines = [line for domain in self.domains.values() for line in domain.declare()]

    def domain(self, sort: type[Term]) -> Domain:
        """Give the domain of a sort."""
        if sort not in self.domains:
            assert issubclass(sort, Option), sort
            self.domains[sort] = Maybe(self.domain(sort.of))
        return self.domains[sort]

    def variable(self, local: Term) -> Value:
        """Give a parameter or bound variable."""
        name = (self.scope, local.data) if self.scope else (local.data,)
        return tuple(symbol("local", *name, k) for k in range(len(self.domain(type(local)).parts)))

    def binders(self, locals_: Iterable[Term]) -> list[tuple[str, str]]:
        """Give the names and SMT-LIB sorts of parameters or bound variables."""
        return [pair for v in locals_ for pair in zip(self.variable(v), self.domain(type(v)).parts, strict=True)]

    def say(self, *formulas: str) -> None:
        """Assert formulas."""
        self.lines += [f"(assert {formula})" for formula in formulas if formula != TRUE]

    def declare(self, locals_: Iterable[Term]) -> None:
        """Make the locals constants: values of their sorts of which nothing else is known."""
        self.lines += [f"(declare-const {name} {sort})" for name, sort in self.binders(locals_)]
        self.say(*(self.domain(type(v)).within(self.variable(v)) for v in locals_))

    def define(self, locals_: Iterable[Term], sort: str, body: str) -> str:
        """Define a function of the locals, and give its name."""
        name = symbol("def", len(self.lines))
        args = " ".join(f"({each} {of})" for each, of in self.binders(locals_))
        self.lines.append(f"(define-fun {name} ({args}) {sort} {body})")
        return name

    def quantify(self, op: str, bound: Sequence[Term], body: str, outer: Sequence[Term] = ()) -> str:
        """Quantify: over a finite sort by writing out each case, over others in SMT-LIB's way.

        `outer` are the locals that the whole leaves unbound.
        """
        finite = [v for v in bound if self.domain(type(v)).elements is not None]
        rest = [v for v in bound if self.domain(type(v)).elements is None]
        if rest and body not in (TRUE, FALSE):
            within = conj(*(self.domain(type(v)).within(self.variable(v)) for v in rest))
            body = imp(within, body) if op == "forall" else conj(within, body)
            body = f"({op} ({' '.join(f'({name} {sort})' for name, sort in self.binders(rest))}) {body})"
        if not finite or body in (TRUE, FALSE):
            return body
        name = self.define([*outer, *finite], "Bool", body)
        kept = [part for v in outer for part in self.variable(v)]
        cases = itertools.product(*(self.domain(type(v)).elements or () for v in finite))
        applied = (apply(name, *kept, *itertools.chain(*case)) for case in cases)
        return (conj if op == "forall" else disj)(*applied)

    def count(self, bound: Sequence[Term], body: str, outer: Sequence[Term]) -> str:
        """Count the cases in which the body holds, each written out: there must be finitely many."""
        for v in bound:
            if self.domain(type(v)).elements is None:
                name = plain(type(v)).__name__
                raise SpecError(
                    f"{self.spec.name} counts over {name}, and of a sort without a bound there is no number of those "
                    f"that satisfy it: give {name} a size, --set {name}=3"
                )
        name = self.define([*outer, *bound], "Bool", body)
        kept = [part for v in outer for part in self.variable(v)]
        cases = itertools.product(*(self.domain(type(v)).elements or () for v in bound))
        ones = [choose(apply(name, *kept, *itertools.chain(*case)), "1", "0") for case in cases]
        return f"(+ {' '.join(ones)})" if len(ones) > 1 else ones[0]


def _domain(sort: type[Term], size: int | None) -> Domain:
    if issubclass(sort, Enum):
        return Named(sort.__name__, len(sort.names))
    if issubclass(sort, Ordered):
        return Naturals(size)
    assert issubclass(sort, Sort), sort
    return Free(sort.__name__) if size is None else Named(sort.__name__, size)


class State:
    """The cells of a state: a constant or function for each variable, by the moment at which it was last written."""

    def __init__(self, world: World, moments: Mapping[str, str]) -> None:
        self.world, self.moments = world, moments

    def symbols(self, variable: str) -> Value:
        """Give the functions, one for each component of the variable's sort."""
        count = len(self.world.domain(self.world.spec.variables[variable].sort).parts)
        return tuple(symbol("cell", self.moments[variable], variable, k) for k in range(count))

    def cell(self, variable: str, index: Sequence[Value]) -> Value:
        """Give the value of a cell."""
        sorts = self.world.spec.variables[variable].indices
        keys = (self.world.domain(s).key(i) for s, i in zip(sorts, index, strict=True))
        args = tuple(itertools.chain(*keys))
        return tuple(apply(name, *args) for name in self.symbols(variable))


class Default(State):
    """The state in which every cell has its sort's first value."""

    def __init__(self, world: World) -> None:
        super().__init__(world, {})

    def cell(self, variable: str, index: Sequence[Value]) -> Value:
        """Give the first value."""
        return self.world.domain(self.world.spec.variables[variable].sort).const(0)


def reading(world: World, state: State) -> Callable[[Term], Value]:
    """Make the reading of terms over a state."""

    def domain(t: Term) -> Domain:
        return world.domain(type(t))

    def quantifier(t: Term, *args: Value) -> Value:
        outer = sorted(free_locals(t), key=lambda v: str(v.data))
        return (world.quantify(t.op, t.args[:-1], args[-1][0], outer),)

    def count(t: Term, *args: Value) -> Value:
        outer = sorted(free_locals(t), key=lambda v: str(v.data))
        return (world.count(t.args[:-1], args[-1][0], outer),)

    def ordered(t: Term) -> Naturals:
        found = domain(t)
        assert isinstance(found, Naturals), t
        return found

    return fold(
        {
            "const": lambda t: domain(t).const(t.data),
            "local": world.variable,
            "read": lambda t, *index: state.cell(t.data, index),
            "not": lambda _, a: (neg(a[0]),),
            "and": lambda _, *args: (conj(*(a[0] for a in args)),),
            "or": lambda _, *args: (disj(*(a[0] for a in args)),),
            "implies": lambda _, a, b: (imp(a[0], b[0]),),
            "eq": lambda t, a, b: (domain(t.args[0]).eq(a, b),),
            "lt": lambda t, a, b: (ordered(t.args[0]).lt(a, b),),
            "le": lambda t, a, b: (ordered(t.args[0]).le(a, b),),
            "add": lambda t, a: ordered(t).add(a, t.data),
            "sum": lambda _, a, b: (f"(+ {a[0]} {b[0]})",),
            "scale": lambda t, a: (f"(* {domain(t).const(t.data)[0]} {a[0]})",),
            "number": lambda _, a: a,
            "ite": lambda t, c, a, b: domain(t).ite(c[0], a, b),
            "some": lambda _, a: (TRUE, *a),
            "forall": quantifier,
            "exists": quantifier,
            "count": count,
        }
    )
