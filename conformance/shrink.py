"""Shrink: the shortest list of steps that still breaks the same invariant, on brokers that are not deterministic.

First goes what belongs together (a client, a topic, a group, a row of like steps), then ever smaller pieces: delta
debugging (Zeller and Hildebrandt 2002); then settings and arguments become plain, one by one. Bounded in time by the
caller: what was found by then stands.

Where the whole plan breaks in each of `confirm` runs, what is left of it must do so too. One run each decides about
steps that are no fault, and several runs about what they have come to; if these deny it, about the shortest on the way
that they confirm. Then each step that is left must be missed in `confirm` runs, and a fault, or the time that it needs,
in several times as many: so that the fault stays which makes a violation certain, and not only the one that makes it
possible. Since a plan may have been lucky even so, `steadiest` goes back, at the end, to the shortest that keeps
breaking. Where the whole breaks only sometimes, one of `repeats` runs is enough.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Final, NamedTuple

import msgspec

from brokerlaw.conformance.features import features, without
from brokerlaw.conformance.model import PlanModel, normalise
from brokerlaw.conformance.plain import plainer, weight
from brokerlaw.conformance.plan import Elapse, InjectFault, Step, Steps
from brokerlaw.spec.history.operation import FaultOperation

Breaks = Callable[[Steps], bool]
"""Whether one run of these steps breaks the invariant."""

CERTAINTY: Final = 4
"""How many times as often a plan must break that has lost a fault: a race is won without it, too, for a while."""
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

    def __init__(
        self,
        breaks: Breaks,
        time_left: Callable[[], bool],
        repeats: int = 1,
        confirm: int = 1,
        model: Callable[[], PlanModel] = PlanModel,
    ) -> None:
        self._breaks = breaks
        self._time_left = time_left
        self._repeats = repeats
        self._model = model
        self._confirm = confirm
        self._refused: set[bytes] = set()
        self._trail: list[Steps] = []
        self.runs = 0

    def shrink(self, steps: Steps) -> Shrunk:
        """Take away wholes, then pieces."""
        self._trail = [normalise(steps, self._model)]
        if self._confirm > 1 and self._steadily(self._steps):
            self._reduce(self._hastily)
            self._go_back()
            complete = self._reduce(self._steadily)
        else:
            complete = self._reduce(self._once)
        return Shrunk(tuple(self._trail), self.runs, complete)

    @property
    def _steps(self) -> Steps:
        return self._trail[-1]

    def _reduce(self, survives: Breaks) -> bool:
        """True when no single step can go."""
        self._take_wholes(survives)
        complete = self._take_pieces(survives)
        changed = True
        while changed:
            changed = self._make_plain(survives)
            while self._take_features(survives):
                complete, changed = self._take_pieces(survives), True
        return complete and self._time_left()

    def _take_wholes(self, survives: Breaks) -> None:
        for name in reversed(list(dict.fromkeys(name for step in self._steps for name in _names(step)))):
            self._try([step for step in self._steps if name not in _names(step)], survives)
        for begin, end in reversed(list(_rows(self._steps))):
            self._try([*self._steps[:begin], *self._steps[end:]], survives)

    def _take_pieces(self, survives: Breaks) -> bool:
        """From the end first, where steps are the likelier to be idle; True when no single step can go."""
        size = max(1, len(self._steps) // 4)
        while self._time_left():
            before = len(self._steps)
            for end in range(before, 0, -size):
                self._try([*self._steps[: max(0, end - size)], *self._steps[end:]], survives)
            if len(self._steps) == before:
                if size == 1:
                    return True
                size //= 2
            size = max(1, min(size, len(self._steps) // 2))
        return False

    def _take_features(self, survives: Breaks) -> bool:
        """What is left with plain settings, each in turn; true when something could go."""
        before = self._steps
        for feature in sorted(features(before)):
            self._try(without(self._steps, feature), survives)
        return self._steps != before

    def _make_plain(self, survives: Breaks) -> bool:
        """Arguments at their defaults, each in turn; true when something could go."""
        before = self._steps
        for candidate in plainer(before):
            if self._steps == before:
                self._try(candidate, survives)
        return self._steps != before

    def _try(self, candidate: Sequence[Step], survives: Breaks) -> None:
        """Go on with the candidate, if the violation survives in it."""
        steps = normalise(candidate, self._model)
        if self._plainer(steps) and encoded(steps) not in self._refused and survives(steps):
            self._trail.append(steps)

    def _plainer(self, steps: Steps) -> bool:
        if len(steps) == len(self._steps):
            fewer, same = features(steps) < features(self._steps), features(steps) == features(self._steps)
            return fewer or (same and weight(steps) < weight(self._steps))
        return 0 < len(steps) < len(self._steps)

    def _once(self, steps: Steps) -> bool:
        return any(self._run(steps) for _ in range(self._repeats)) or self._refuse(steps)

    def _hastily(self, steps: Steps) -> bool:
        """Faults are not decided about in haste."""
        return _faults(steps) == _faults(self._steps) and (self._run(steps) or self._refuse(steps))

    def _steadily(self, steps: Steps) -> bool:
        lost = _faults(steps) < _faults(self._steps)
        runs = self._confirm * (CERTAINTY if lost else 1)
        return all(self._run(steps) for _ in range(runs)) or self._refuse(steps)

    def _go_back(self) -> None:
        """To the shortest that is steady, halving the way, even when time is up: what was done in haste is checked."""
        steady, doubtful = 0, len(self._trail) - 1
        middle = doubtful
        while steady < doubtful:
            if all(self._run(self._trail[middle], late=True) for _ in range(self._confirm)):
                steady = middle
            else:
                self._refuse(self._trail[middle])
                doubtful = middle - 1
            middle = (steady + doubtful + 1) // 2
        del self._trail[steady + 1 :]

    def _refuse(self, steps: Steps) -> bool:
        self._refused.add(encoded(steps))
        return False

    def _run(self, steps: Steps, late: bool = False) -> bool:
        if not late and not self._time_left():
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


def _faults(steps: Steps) -> int:
    """How many steps are faults, or the time that they need."""
    return sum(isinstance(step, InjectFault | Elapse | FaultOperation) for step in steps)


def _rows(steps: Steps) -> Iterator[tuple[int, int]]:
    """Where two or more steps of one kind, by one client, stand in a row."""
    begin = 0
    for _, row in groupby(steps, lambda step: (type(step), _names(step))):
        end = begin + len(list(row))
        if end - begin > 1:
            yield begin, end
        begin = end
