"""The names of one case, on a cluster that it shares with others.

A plan says `orders`; the broker is asked for `bl-7f3-12-orders`; the history says `orders` again. Which fields hold
names is said in their types (`roles.Name`).
"""

from collections.abc import Callable
from functools import cache
from types import UnionType
from typing import Annotated, Any, TypeAlias, TypeVar, Union, get_args, get_origin

import msgspec

from brokerlaw.spec.history.roles import Role, hints

T = TypeVar("T")
Change: TypeAlias = Callable[[str], str]
Rename: TypeAlias = Callable[[Any, Change], Any]
"""Changes the names in a value of one type."""


class Names:
    """Adds a prefix on the way out, takes it off on the way in. An empty prefix leaves everything as it is."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix

    def outward(self, value: T) -> T:
        """What the broker is to be told."""
        return _rename(value, lambda name: self.prefix + name) if self.prefix else value

    def inward(self, value: T) -> T:
        """What the plan calls it."""
        return _rename(value, lambda name: name.removeprefix(self.prefix)) if self.prefix else value


def _rename(value: Any, change: Change) -> Any:
    """A value of any type, by its own fields."""
    if type(value) is tuple:
        return tuple(_rename(item, change) for item in value)
    kind: Any = type(value)
    changed = {name: rename(getattr(value, name), change) for name, rename in _of_fields(kind).items()}
    if not changed:
        return value
    return value._replace(**changed) if hasattr(value, "_replace") else msgspec.structs.replace(value, **changed)


@cache
def _of_fields(kind: Any) -> dict[str, Rename]:
    """The fields of a struct or named tuple that hold names, each with what changes them."""
    if not (issubclass(kind, msgspec.Struct) or hasattr(kind, "_fields")):
        return {}
    found = {name: _of_type(hint) for name, hint in hints(kind).items()}
    return {name: rename for name, rename in found.items() if rename is not None}


def _of_type(hint: Any) -> Rename | None:
    """What changes the names in values of this type; None: there are none."""
    parts = get_args(hint)
    if get_origin(hint) is Annotated:
        return _name if Role.NAME in parts[1:] else _of_type(parts[0])
    if get_origin(hint) in (Union, UnionType):
        return _unless_none(next(filter(None, map(_of_type, parts)), None))
    if get_origin(hint) is tuple:
        return _of_each(_of_type(parts[0]))
    return _rename if isinstance(hint, type) and _of_fields(hint) else None


def _unless_none(inner: Rename | None) -> Rename | None:
    return inner and (lambda value, change: value if value is None else inner(value, change))


def _of_each(inner: Rename | None) -> Rename | None:
    return inner and (lambda value, change: tuple(inner(item, change) for item in value))


def _name(value: str, change: Change) -> str:
    return change(value)
