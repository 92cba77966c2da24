"""What is worked out from a history is worked out once."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, Final, ParamSpec, Protocol, TypeVar


class Remembering(Protocol):
    """Something that remembers what was worked out from it."""

    memory: dict[Any, Any]


H = TypeVar("H", bound=Remembering)
T = TypeVar("T")
P = ParamSpec("P")
_MISSING: Final = object()


def derived(build: Callable[Concatenate[H, P], T]) -> Callable[Concatenate[H, P], T]:
    """Remember what `build` makes of a history, and of what else it is given, which can be hashed."""

    @wraps(build)
    def remembered(history: H, /, *given: P.args, **named: P.kwargs) -> T:
        key = (build, given, *named.items()) if given or named else build
        found = history.memory.get(key, _MISSING)
        if found is _MISSING:
            found = history.memory[key] = build(history, *given, **named)
        return found  # type: ignore[no-any-return]  # what this key was given

    return remembered
