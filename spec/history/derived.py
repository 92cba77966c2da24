"""What is worked out from a history is worked out once."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Protocol, TypeVar, cast


class Remembering(Protocol):
    """Something that remembers what was worked out from it."""

    memory: dict[Callable[..., Any], Any]


H = TypeVar("H", bound=Remembering)
T = TypeVar("T")


def derived(build: Callable[[H], T]) -> Callable[[H], T]:
    """Remember what `build` makes of a history."""

    @wraps(build)
    def remembered(history: H) -> T:
        if build not in history.memory:
            history.memory[build] = build(history)
        return cast(T, history.memory[build])

    return remembered
