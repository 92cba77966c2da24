"""Shrink: the shortest list of steps that still breaks the same invariant, on brokers that are not deterministic.

First goes what belongs together (a client, a topic, a group, a row of like steps), then ever smaller pieces: delta
debugging (Zeller and Hildebrandt 2002). A candidate counts when the invariant breaks again in at least one of
`repeats` runs. Bounded in time by the caller: what was found by then stands. Since a candidate may have been lucky,
`steadiest` goes back, at the end, to the shortest one that keeps breaking.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Final, NamedTuple

import msgspec

from brokerlaw.conformance.model import normalise
from brokerlaw.conformance.plan import Step

Steps = tuple[Step, ...]
Breaks = Callable[[Steps], bool]
"""Whether one run of these steps breaks the invariant."""

BACK: Final = 3
"""How many steps `steadiest` goes back."""


class Shrunk(NamedTuple):
    """What broke it, from the whole plan to the shortest; how many runs that took; `complete`: nothing more can go."""

    trail: tuple[Steps, ...]
    runs: int
    complete: bool

    @property
    def steps(self) -> Steps:
        """The shortest."""
        return self.trail[-1]


class Shrinker:
    """Reduces steps while `breaks` keeps finding the violation and `time_left` says so."""

    def __init__(self, breaks: Breaks, time_left: Callable[[], bool], repeats: int = 1) -> None:
        self._breaks = breaks
        self._time_left = time_left
        self._repeats = repeats
        self._tried: dict[bytes, bool] = {}
        self._trail: list[Steps] = []
        self.runs = 0

    def shrink(self, steps: Steps) -> Shrunk:
        """Take away wholes, then pieces."""
        self._trail = [normalise(steps)]
        self._take_wholes()
        complete = self._take_pieces()
        return Shrunk(tuple(self._trail), self.runs, complete and self._time_left())

    @property
    def _steps(self) -> Steps:
        return self._trail[-1]

    def _take_wholes(self) -> None:
        for name in reversed(list(dict.fromkeys(name for step in self._steps for name in _names(step)))):
            self._try([step for step in self._steps if name not in _names(step)])
        for begin, end in reversed(list(_rows(self._steps))):
            self._try([*self._steps[:begin], *self._steps[end:]])

    def _take_pieces(self) -> bool:
        """From the end first, where steps are the likelier to be idle; True when no single step can go."""
        size = max(1, len(self._steps) // 4)
        while self._time_left():
            before = len(self._steps)
            for end in range(before, 0, -size):
                self._try([*self._steps[: max(0, end - size)], *self._steps[end:]])
            if len(self._steps) == before:
                if size == 1:
                    return True
                size //= 2
            size = max(1, min(size, len(self._steps) // 2))
        return False

    def _try(self, candidate: Sequence[Step]) -> None:
        """Go on with the candidate, if the violation survives in it."""
        steps = normalise(candidate)
        if 0 < len(steps) < len(self._steps) and self._survives(steps):
            self._trail.append(steps)

    def _survives(self, steps: Steps) -> bool:
        key = encoded(steps)
        if key not in self._tried:
            self._tried[key] = any(self._run(steps) for _ in range(self._repeats))
        return self._tried[key]

    def _run(self, steps: Steps) -> bool:
        if not self._time_left():
            return False
        self.runs += 1
        return self._breaks(steps)


def steadiest(shrunk: Shrunk, breaks: Breaks, runs: int, enough: int) -> tuple[Steps, int]:
    """The shortest steps that break it in `enough` of `runs` more runs, else the best; and how often they do."""
    best, most = shrunk.steps, -1
    for steps in shrunk.trail[: -BACK - 1 : -1]:
        again = reproductions(breaks, steps, runs)
        if again > most:
            best, most = steps, again
        if most >= enough:
            break
    return best, most


def reproductions(breaks: Breaks, steps: Sequence[Step], runs: int) -> int:
    """How many of `runs` runs break the invariant again."""
    return sum(breaks(tuple(steps)) for _ in range(runs))


def encoded(steps: Sequence[Step]) -> bytes:
    """Steps as a key."""
    return msgspec.json.encode(steps)


def _names(step: Step) -> list[tuple[str, str]]:
    """The client, topic and group that a step is about."""
    fields = ("topic", "group", "client")
    return [(field, name) for field in fields if isinstance(name := getattr(step, field, None), str)]


def _rows(steps: Steps) -> Iterator[tuple[int, int]]:
    """Where two or more steps of one kind, by one client, stand in a row."""
    begin = 0
    for _, row in groupby(steps, lambda step: (type(step), _names(step))):
        end = begin + len(list(row))
        if end - begin > 1:
            yield begin, end
        begin = end
