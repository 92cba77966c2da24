"""Sorts as SMT-LIB sees them: how a value of each is written, compared, and bounded.

A value is a tuple of SMT-LIB expressions, its components: one for most sorts, and for X | None a Bool, whether
there is something, before the components of X.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from functools import cache
from typing import Final, TypeAlias

Value: TypeAlias = tuple[str, ...]
TRUE: Final = "true"
FALSE: Final = "false"


@cache
def symbol(kind: str, *parts: object) -> str:
    """Make a name of SMT-LIB: the kind of thing that it names, and what tells it from others of that kind.

    It is no word of a solver's own, for it has a dot in it. Names that differ in a part differ: a character that
    SMT-LIB does not take everywhere is written as its number, between two `~`.
    """
    return ".".join([kind, *(re.sub(r"[^A-Za-z0-9_]", lambda c: f"~{ord(c[0]):x}~", str(part)) for part in parts)])


def neg(a: str) -> str:
    """Not."""
    return {TRUE: FALSE, FALSE: TRUE}.get(a) or f"(not {a})"


def conj(*parts: str) -> str:
    """And, of any number."""
    kept = [part for part in dict.fromkeys(parts) if part != TRUE]
    if FALSE in kept:
        return FALSE
    return f"(and {' '.join(kept)})" if len(kept) > 1 else "".join(kept) or TRUE


def disj(*parts: str) -> str:
    """Or, of any number."""
    kept = [part for part in dict.fromkeys(parts) if part != FALSE]
    if TRUE in kept:
        return TRUE
    return f"(or {' '.join(kept)})" if len(kept) > 1 else "".join(kept) or FALSE


def imp(a: str, b: str) -> str:
    """If a, then b."""
    if a == TRUE or b == TRUE:
        return b
    return f"(=> {a} {b})" if a != FALSE else TRUE


def equal(a: str, b: str) -> str:
    """Equality of one component."""
    if a == b:
        return TRUE
    if a in (TRUE, FALSE):
        a, b = b, a
    return a if b == TRUE else neg(a) if b == FALSE else f"(= {a} {b})"


def apply(function: str, *args: str) -> str:
    """Apply a function; without arguments it is a constant."""
    return f"({' '.join([function, *args])})" if args else function


def choose(condition: str, a: str, b: str) -> str:
    """If-then-else of one component."""
    return a if condition == TRUE or a == b else b if condition == FALSE else f"(ite {condition} {a} {b})"


class Domain(ABC):
    """A sort in SMT-LIB. `elements` are all its values if there are finitely many, else None."""

    parts: tuple[str, ...]
    elements: tuple[Value, ...] | None = None

    def declare(self) -> list[str]:
        """Give the commands that introduce it."""
        return []

    @abstractmethod
    def const(self, code: int) -> Value:
        """Give the value with this code."""

    def within(self, a: Value) -> str:
        """State that a value of the components' sorts is one of this sort."""
        return TRUE

    def eq(self, a: Value, b: Value) -> str:
        """Equality."""
        return conj(*map(equal, a, b))

    def ite(self, condition: str, a: Value, b: Value) -> Value:
        """If-then-else."""
        return tuple(choose(condition, x, y) for x, y in zip(a, b, strict=True))

    def key(self, a: Value) -> Value:
        """Give the value as an argument of a function: equal values, equal components."""
        return a

    @abstractmethod
    def decode(self, a: Value) -> int:
        """Give the code of a value that the solver wrote."""


class Truth(Domain):
    """Bool."""

    parts = ("Bool",)
    elements = ((FALSE,), (TRUE,))

    def const(self, code: int) -> Value:
        """False is 0."""
        return self.elements[code]

    def decode(self, a: Value) -> int:
        """False is 0."""
        return int(a == (TRUE,))


class Named(Domain):
    """Finitely many values with names: an Enum, or a Sort of a given size."""

    def __init__(self, name: str, count: int) -> None:
        self.parts = (symbol("sort", name),)
        self.elements = tuple((symbol("value", name, code),) for code in range(count))

    def declare(self) -> list[str]:
        """An algebraic data type without arguments."""
        constructors = " ".join(f"({name})" for (name,) in self.elements or ())
        return [f"(declare-datatypes (({self.parts[0]} 0)) (({constructors})))"]

    def const(self, code: int) -> Value:
        """Give the value with this code."""
        assert self.elements is not None
        return self.elements[code]

    def decode(self, a: Value) -> int:
        """Give the code."""
        assert self.elements is not None
        return self.elements.index(a)


class Free(Domain):
    """A Sort of any size: nothing is known of it but that it is not empty."""

    def __init__(self, name: str) -> None:
        self.parts = (symbol("sort", name),)
        self.first = symbol("value", name, 0)

    def declare(self) -> list[str]:
        """An uninterpreted sort, and the value that variables start with."""
        return [f"(declare-sort {self.parts[0]} 0)", f"(declare-const {self.first} {self.parts[0]})"]

    def const(self, code: int) -> Value:
        """Only the first value is ever meant, where a variable starts."""
        assert code == 0, code
        return (self.first,)

    def decode(self, a: Value) -> int:
        """Never asked: counterexamples are looked for, and read, where every sort has a size."""
        raise AssertionError(f"a value of the unbounded {self.parts[0]} has no code")


class Naturals(Domain):
    """An Ordered sort as integers from 0, below a bound or without one."""

    parts = ("Int",)

    def __init__(self, bound: int | None) -> None:
        self.bound = bound
        self.elements = None if bound is None else tuple((str(code),) for code in range(bound))

    def const(self, code: int) -> Value:
        """The number."""
        return (str(code),)

    def within(self, a: Value) -> str:
        """From 0, below the bound."""
        below = TRUE if self.bound is None else f"(< {a[0]} {self.bound})"
        return conj(f"(<= 0 {a[0]})", below)

    def lt(self, a: Value, b: Value) -> str:
        """Less."""
        return f"(< {a[0]} {b[0]})"

    def le(self, a: Value, b: Value) -> str:
        """Less or equal."""
        return f"(<= {a[0]} {b[0]})"

    def add(self, a: Value, by: int) -> Value:
        """Add a constant, perhaps a negative one."""
        return (f"(+ {a[0]} {by})" if by >= 0 else f"(- {a[0]} {-by})",)

    def decode(self, a: Value) -> int:
        """The number."""
        return int(a[0])


class Integers(Naturals):
    """What is counted, and computed from counts."""

    def __init__(self) -> None:
        super().__init__(None)

    def const(self, code: int) -> Value:
        """The number."""
        return (str(code) if code >= 0 else f"(- {-code})",)

    def within(self, a: Value) -> str:
        """Any number is one."""
        return TRUE


class Maybe(Domain):
    """X | None: whether there is something, and what."""

    def __init__(self, of: Domain) -> None:
        self.of = of
        self.parts = ("Bool", *of.parts)
        if of.elements is not None:
            self.elements = (self.const(0), *((TRUE, *each) for each in of.elements))

    def const(self, code: int) -> Value:
        """Code 0 is none."""
        return (TRUE, *self.of.const(code - 1)) if code else (FALSE, *self.of.const(0))

    def within(self, a: Value) -> str:
        """What there is lies within its own sort; what is not there does too, and matters to nobody."""
        return self.of.within(a[1:])

    def eq(self, a: Value, b: Value) -> str:
        """Both nothing, or both the same thing."""
        if FALSE in (a[0], b[0]):
            return equal(a[0], b[0])
        same = self.of.eq(a[1:], b[1:])
        if TRUE in (a[0], b[0]):
            return conj(a[0], b[0], same)
        return conj(equal(a[0], b[0]), imp(a[0], same))

    def key(self, a: Value) -> Value:
        """Nothing is always written in one way."""
        return self.ite(a[0], a, self.const(0))

    def decode(self, a: Value) -> int:
        """None is 0."""
        return 1 + self.of.decode(a[1:]) if a[0] == TRUE else 0
