"""A move: one thing that a mixed plan may do next, as a function of the scene and of choices."""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple, TypeAlias

from brokerlaw.conformance.machines.choices import Choices
from brokerlaw.conformance.machines.scene import Scene
from brokerlaw.conformance.plan import Step

Steps: TypeAlias = Iterator[Step]
Make: TypeAlias = Callable[[Scene, Choices], Steps]
"""Yields steps, or none where it makes no sense now. Each is taken before the next one is asked for."""


class Move(NamedTuple):
    """What `make` does belongs to a feature; it is chosen in proportion to `weight`."""

    feature: str
    weight: int
    make: Make


MOVES: Final[list[Move]] = []


def move(feature: str, weight: int = 2) -> Callable[[Make], Make]:
    """Enter a function into the table."""

    def enter(make: Make) -> Make:
        MOVES.append(Move(feature, weight, make))
        return make

    return enter
