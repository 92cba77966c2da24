"""What a field is to the suite, said in its type: `topic: Name`, `acks: Setting[Acks]`, `timeout: Wait`."""

from collections.abc import Iterator
from enum import Enum, auto
from functools import cache
from typing import Annotated, Any, TypeAlias, TypeVar, get_args, get_type_hints

from brokerlaw.spec.history.numbers import Milliseconds


class Role(Enum):
    """The roles that a field may have."""

    NAME = auto()
    SETTING = auto()
    WAIT = auto()


T = TypeVar("T")

Name: TypeAlias = Annotated[str, Role.NAME]
"""A name on the broker, which each case has for itself."""
Setting: TypeAlias = Annotated[T, Role.SETTING]
"""What a user may choose for a whole run."""
Wait: TypeAlias = Annotated[Milliseconds, Role.WAIT]
"""Milliseconds that the operation itself may take."""


@cache
def hints(kind: Any) -> dict[str, Any]:
    """The types of a class's fields, with their roles."""
    return get_type_hints(kind, include_extras=True)


@cache
def fields(kind: Any, role: Role) -> tuple[str, ...]:
    """The fields of a class that have a role."""
    return tuple(name for name, hint in hints(kind).items() if role in _roles(hint))


def _roles(hint: Any) -> Iterator[Any]:
    yield from getattr(hint, "__metadata__", ())
    for part in get_args(hint):
        yield from _roles(part)
