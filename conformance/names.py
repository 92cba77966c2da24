"""The names of one case, on a cluster that it shares with others.

A plan says `orders`; the broker is asked for `bl-7f3-12-orders`; the history says `orders` again.
"""

from collections.abc import Callable
from typing import Any, Final, TypeVar

import msgspec

T = TypeVar("T")

_NAMED: Final = frozenset(
    {"topic", "topics", "group", "transactional_id", "instance_id", "queue", "dead_letter_queue", "deduplication_id"}
)
"""Fields that hold a name, or several."""
_HOLDERS: Final = frozenset({"offsets", "partitions", "assignment", "members"})
"""Fields that hold things that hold names."""


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


def _rename(value: Any, new: Callable[[str], str]) -> Any:
    if isinstance(value, msgspec.Struct):
        changes = {name: _field(name, getattr(value, name), new) for name in value.__struct_fields__ if _names(name)}
        return msgspec.structs.replace(value, **changes) if changes else value
    if isinstance(value, tuple):
        if hasattr(value, "_replace"):
            return type(value)(new(value[0]), *value[1:])
        return tuple(_rename(item, new) for item in value)
    return value


def _names(field: str) -> bool:
    return field in _NAMED or field in _HOLDERS


def _field(name: str, value: Any, new: Callable[[str], str]) -> Any:
    if name in _HOLDERS:
        return _rename(value, new)
    match value:
        case str():
            return new(value)
        case tuple():
            return tuple(new(item) for item in value)
        case _:
            return value
