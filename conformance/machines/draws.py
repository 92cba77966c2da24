"""Draws: where a machine's choices come from. The same seed gives the same plans, wherever the suite is installed.

Hypothesis's own backend mixes in constants that it finds in the source of local modules. What is installed in editable
mode is local, what came as a wheel is not: one seed would give other plans in each. This one draws from the seed alone.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from typing import Any, Final, NoReturn

from hypothesis.internal.conjecture.providers import AVAILABLE_PROVIDERS, PrimitiveProvider

NAME: Final = "brokerlaw"


@contextmanager
def backend(seed: int) -> Iterator[str]:
    """The name of a Hypothesis backend that draws from this seed, as long as the context lasts."""

    class Seeded(Draws):
        random = Random(seed)

    AVAILABLE_PROVIDERS[NAME] = Seeded
    try:
        yield NAME
    finally:
        del AVAILABLE_PROVIDERS[NAME]


class Draws(PrimitiveProvider):
    """Uniform draws. Machines choose among rules, indices, samples and booleans: integers in bounds, and truth."""

    random: Random

    def draw_boolean(self, p: float = 0.5) -> bool:
        """True with probability `p`."""
        return self.random.random() < p

    def draw_integer(self, min_value: int | None = None, max_value: int | None = None, **_: Any) -> int:
        """Any of [min_value, max_value]."""
        if min_value is None or max_value is None:
            self._unbounded()
        return self.random.randint(min_value, max_value)

    def draw_float(self, **_: Any) -> float:
        """Not drawn."""
        self._unbounded()

    def draw_string(self, *_: Any, **__: Any) -> str:
        """Not drawn."""
        self._unbounded()

    def draw_bytes(self, *_: Any, **__: Any) -> bytes:
        """Not drawn."""
        self._unbounded()

    def _unbounded(self) -> NoReturn:
        raise NotImplementedError("a machine draws from integers between two bounds, samples and booleans")
