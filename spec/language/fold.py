"""The one way to read a term: a table with an entry for each operator, applied from the leaves up."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeVar

from brokerlaw.spec.language.term import BINDERS, OPERATORS, Bool, Enum, Term, formula

R = TypeVar("R")


def fold(table: Mapping[str, Callable[..., R]]) -> Callable[[Term], R]:
    """Make a reading. An entry is called as `entry(term, *read_args)`; each distinct term is read once."""
    assert table.keys() == OPERATORS.keys(), table.keys() ^ OPERATORS.keys()
    memo: dict[Term, R] = {}

    def read(term: Term) -> R:
        if term not in memo:
            memo[term] = table[term.op](term, *map(read, term.args))
        return memo[term]

    return read


def subterms(*roots: Term) -> Iterator[Term]:
    """Visit every distinct term below the roots, and the roots, once, parents first."""
    seen, stack = set(), list(reversed(roots))
    while stack:
        term = stack.pop()
        if term not in seen:
            seen.add(term)
            yield term
            stack.extend(reversed(term.args))


def _union(_: Term, *parts: frozenset[str]) -> frozenset[str]:
    return frozenset().union(*parts)


def _unbind(_: Term, *parts: frozenset[str]) -> frozenset[str]:
    return parts[-1].difference(*parts[:-1])


free: Final = fold(
    dict.fromkeys(OPERATORS, _union) | {"local": lambda t: frozenset([t.data])} | dict.fromkeys(BINDERS, _unbind)
)
"""Give the names of the locals that a term leaves unbound."""


def is_size(term: Term) -> bool:
    """Tell whether a term counts all values of a sort."""
    return term.op == "count" and len(term.args) == 2 and term.args[-1].op == "const" and bool(term.args[-1].data)


def conjuncts(term: Bool) -> Iterator[Bool]:
    """Take a formula apart into formulas that hold together exactly when it holds."""
    inner = term.args[0] if term.op == "not" else term
    if term.op == "and":
        parts = [formula(arg) for arg in term.args]
    elif term.op == "not" and inner.op == "or":
        parts = [~formula(arg) for arg in inner.args]
    elif term.op == "not" and inner.op == "implies":
        parts = [formula(inner.args[0]), ~formula(inner.args[1])]
    else:
        yield term
        return
    for part in parts:
        yield from conjuncts(part)


def _const(t: Term) -> str:
    return f"{type(t).__name__}.{t.label(t.data)}" if isinstance(t, Enum) else t.label(t.data)


def _infix(symbol: str) -> Callable[..., str]:
    return lambda _, *args: f"({f' {symbol} '.join(args)})"


def _quantifier(t: Term, *args: str) -> str:
    if is_size(t):
        return f"size({type(t.args[0]).__name__})"
    sorts = ", ".join(type(local).__name__ for local in t.args[:-1])
    return f"{t.op}({sorts}, lambda {', '.join(args[:-1])}: {_bare(args[-1])})"


def _call(t: Term, *args: str) -> str:
    return f"{t.op}({', '.join(map(_bare, args))})"


SURFACE: Final[dict[str, Callable[..., str]]] = {
    "const": _const,
    "local": lambda t: str(t.data),
    "read": lambda t, *index: f"s.{t.data}[{', '.join(map(_bare, index))}]" if index else f"s.{t.data}",
    "not": lambda t, a: _infix("!=")(t, *map(_surface, t.args[0].args)) if t.args[0].op == "eq" else f"~{a}",
    "and": _infix("&"),
    "or": _infix("|"),
    "implies": _call,
    "eq": _infix("=="),
    "lt": _infix("<"),
    "le": _infix("<="),
    "add": lambda t, a: f"({a} {'+' if t.data >= 0 else '-'} {abs(t.data)})",
    "sum": _infix("+"),
    "scale": lambda t, a: f"({a} * {t.data})",
    "number": lambda _, a: a,
    "ite": _call,
    "some": lambda _, a: a,
    "forall": _quantifier,
    "exists": _quantifier,
    "count": _quantifier,
}


def _bare(text: str) -> str:
    """Strip the outermost parentheses, if the first closes with the last."""
    depth = 0
    for at, char in enumerate(text):
        depth += {"(": 1, ")": -1}.get(char, 0)
        if depth == 0:
            return text[1:-1] if char == ")" and at == len(text) - 1 and text[0] == "(" else text
    return text


_surface: Any = fold(SURFACE)


def show(term: Term) -> str:
    """Write the term as an author would."""
    return _bare(_surface(term))


Term.written = show
