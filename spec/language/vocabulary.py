"""The words of a formula that are not operators: forall, exists, count, size, implies, iff, ite, distinct."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from brokerlaw.spec.language.term import Bool, Number, SpecError, Term, formula, node, plain, sort_of, unify

T = TypeVar("T", bound=Term)
_scope: list[str] = []


@contextmanager
def bound(names: Sequence[str], sorts: Sequence[type[Term]]) -> Iterator[tuple[Term, ...]]:
    """Bring fresh locals into scope: a name that is taken further out gets a number, so nothing is captured."""
    outer = len(_scope)
    for name in names:
        if name in {plain(sort).__name__ for sort in sorts}:
            raise SpecError(f"`{name}` is a sort: give the parameter a name of its own, such as `{name.lower()}_1`")
        numbered = (f"{name}_{k}" for k in itertools.count(2))
        _scope.append(next(each for each in itertools.chain([name], numbered) if each not in _scope))
    try:
        yield tuple(node(sort, "local", data=name) for sort, name in zip(sorts, _scope[outer:], strict=True))
    finally:
        del _scope[outer:]


def names_of(body: Callable[..., Any], sorts: Sequence[type[Term]]) -> list[str]:
    """Give the names of a lambda's parameters, one for each sort."""
    names = list(inspect.signature(body).parameters)
    if len(names) != len(sorts):
        wanted = ", ".join(sort.__name__ for sort in sorts)
        raise SpecError(f"the function takes ({', '.join(names)}), but is given one argument each of: {wanted}")
    return names


def _quantify(sort: type[T], op: str, *sorts_and_body: Any) -> T:
    *annotations, body = sorts_and_body
    if not annotations or not callable(body) or isinstance(body, type):
        raise SpecError(f"write {op}(Sort, ..., lambda x, ...: formula)")
    sorts = [sort_of(each) for each in annotations]
    with bound(names_of(body, sorts), sorts) as variables:
        return node(sort, op, *variables, formula(body(*variables)))


def forall(*sorts_and_body: Any) -> Bool:
    """Hold for all values: `forall(Broker, Offset, lambda b, i: ...)`."""
    return _quantify(Bool, "forall", *sorts_and_body)


def exists(*sorts_and_body: Any) -> Bool:
    """Hold for some values: `exists(Broker, lambda b: ...)`."""
    return _quantify(Bool, "exists", *sorts_and_body)


def count(*sorts_and_body: Any) -> Number:
    """Give how many values satisfy a formula: `count(Broker, lambda b: s.voted[b]) * 2 > size(Broker)`."""
    return _quantify(Number, "count", *sorts_and_body)


def size(sort: Any) -> Number:
    """Give how many values a sort has."""
    found = sort_of(sort)
    return count(found, lambda each: Bool(True))


def implies(premise: Bool, conclusion: Bool) -> Bool:
    """Hold unless the premise holds and the conclusion does not."""
    return node(Bool, "implies", formula(premise), formula(conclusion))


def iff(a: Bool, b: Bool) -> Bool:
    """Hold when both hold or neither."""
    return node(Bool, "eq", formula(a), formula(b))


def ite(condition: Bool, then: Any, otherwise: Any) -> Any:
    """Give `then` where the condition holds, `otherwise` where not. Both have one sort."""
    both = (Bool(then), Bool(otherwise)) if isinstance(then, bool) else unify(then, otherwise)
    return node(type(both[0]), "ite", formula(condition), *both)


def distinct(*terms: Any) -> Bool:
    """Hold when no two of the terms are equal."""
    if len(terms) < 2:
        raise SpecError("write distinct(a, b, ...), with two terms or more")
    first, *rest = [a != b for a, b in itertools.combinations(terms, 2)]
    return node(Bool, "and", first, *rest) if rest else first
