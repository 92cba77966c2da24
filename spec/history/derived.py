"""What is worked out from a history is worked out once for each state of it."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Protocol, TypeVar, cast


class Growing(Protocol):
    """Something that grows by rows and has room to remember what was worked out."""

    rows: int
    memory: dict[Callable[..., Any], tuple[int, Any]]


G = TypeVar("G", bound=Growing)
T = TypeVar("T")


def derived(build: Callable[[G], T]) -> Callable[[G], T]:
    """Remember what `build` makes of a history until it grows."""

    @wraps(build)
    def remembered(history: G) -> T:
        rows, value = history.memory.get(build, (-1, None))
        if rows != history.rows:
            value = build(history)
            history.memory[build] = (history.rows, value)
        return cast(T, value)

    return remembered
