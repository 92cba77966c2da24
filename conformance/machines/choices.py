"""Choices: all that one step of a mixed plan draws, from one number that Hypothesis drew."""

from collections.abc import Sequence
from random import Random
from typing import Final, TypeVar

from hypothesis import strategies as st

T = TypeVar("T")

numbers: Final = st.integers(min_value=0, max_value=2**48)
"""What choices are made from: a step that draws a dozen fields costs one draw."""


class Choices:
    """The same number gives the same choices."""

    def __init__(self, number: int) -> None:
        self._random = Random(number)

    def one(self, *items: T) -> T:
        """Any of them; an item that stands there twice is chosen twice as often."""
        return items[self._random.randrange(len(items))]

    def of(self, items: Sequence[T]) -> T:
        """Any of these; there is one."""
        return items[self._random.randrange(len(items))]

    def mostly(self, usual: T, *others: T) -> T:
        """The usual thing two times of three."""
        return usual if self._random.randrange(3) else self.one(*others)

    def weighted(self, items: Sequence[T], weights: Sequence[int]) -> T:
        """Any of these, by their weights."""
        return self._random.choices(items, weights)[0]

    def some(self, items: Sequence[T]) -> tuple[T, ...]:
        """A few of these, in any order; at least one where there are any."""
        return tuple(self._random.sample(items, self.number(1, min(3, len(items))))) if items else ()

    def number(self, low: int, high: int) -> int:
        """Any from one to the other."""
        return self._random.randint(low, high)

    def chance(self, one_in: int = 2) -> bool:
        """Once in so many times."""
        return self._random.randrange(one_in) == 0
