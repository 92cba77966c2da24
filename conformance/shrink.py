"""Shrink: the shortest list of steps that still breaks the same invariant, on brokers that are not deterministic.

Delta debugging (Zeller and Hildebrandt 2002) over steps: a candidate counts when the invariant breaks again
in at least one of `repeats` runs. Bounded in time by the caller: what was found by then stands.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec

from brokerlaw.conformance.model import normalise
from brokerlaw.conformance.plan import Step

Steps = tuple[Step, ...]
Breaks = Callable[[Steps], bool]
"""Whether one run of these steps breaks the invariant."""


class Shrunk(NamedTuple):
    """The shortest steps found, and how many runs that took; `complete` when nothing more can go."""

    steps: Steps
    runs: int
    complete: bool


class Shrinker:
    """Reduces steps while `breaks` keeps finding the violation and `time_left` says so."""

    def __init__(self, breaks: Breaks, time_left: Callable[[], bool], repeats: int = 1) -> None:
        self._breaks = breaks
        self._time_left = time_left
        self._repeats = repeats
        self._tried: dict[bytes, bool] = {}
        self.runs = 0

    def shrink(self, steps: Steps) -> Shrunk:
        """Take away ever smaller pieces, from the end first: later steps are the likelier to be idle."""
        steps, size = normalise(steps), max(1, len(steps) // 2)
        while True:
            smaller = self._without_a_piece(steps, size)
            if not self._time_left():
                return Shrunk(smaller or steps, self.runs, complete=False)
            if smaller is not None:
                steps = smaller
                size = min(size, max(1, len(steps) // 2))
            elif size == 1:
                return Shrunk(steps, self.runs, complete=True)
            else:
                size //= 2

    def _without_a_piece(self, steps: Steps, size: int) -> Steps | None:
        """The steps without one piece of this size, if the violation survives that."""
        for end in range(len(steps), 0, -size):
            candidate = normalise((*steps[: max(0, end - size)], *steps[end:]))
            if len(candidate) < len(steps) and self._survives(candidate):
                return candidate
        return None

    def _survives(self, steps: Steps) -> bool:
        key = msgspec.json.encode(steps)
        if key not in self._tried:
            self._tried[key] = any(self._run(steps) for _ in range(self._repeats))
        return self._tried[key]

    def _run(self, steps: Steps) -> bool:
        if not self._time_left():
            return False
        self.runs += 1
        return self._breaks(steps)


def reproductions(breaks: Breaks, steps: Sequence[Step], runs: int) -> int:
    """How many of `runs` runs break the invariant again."""
    return sum(breaks(tuple(steps)) for _ in range(runs))
