"""Simulated time: what happens, when, and in which order, decided by a seed alone. Times are ns."""

from collections.abc import Callable
from heapq import heappop, heappush
from random import Random
from typing import Final, TypeAlias

Action: TypeAlias = Callable[[], None]

SHORTEST: Final = 200_000
"""A message takes at least this long, and less than this and `SPREAD`."""
SPREAD: Final = 600_000


class Scheduler:
    """Events in the order of their times; those of one time in the order in which they were planned."""

    def __init__(self, seed: int, now: int = 0) -> None:
        self.now = now
        self.random = Random(seed)
        self._events: list[tuple[int, int, Action]] = []
        self._planned = 0

    def tick(self) -> int:
        """The time, which no one else is told again."""
        self.now += 1
        return self.now

    def at(self, time: int, action: Action) -> None:
        """Plan an event."""
        self._planned += 1
        heappush(self._events, (time, self._planned, action))

    def after(self, delay: int, action: Action) -> None:
        """Plan an event `delay` from now."""
        self.at(self.now + delay, action)

    def latency(self) -> int:
        """How long the next message takes."""
        return SHORTEST + int(self.random.random() * SPREAD)

    def run_for(self, duration: int) -> None:
        """Let time pass, with all that happens in it."""
        deadline = self.now + duration
        while self.step(deadline):
            pass

    def run_until(self, done: Callable[[], bool], deadline: int) -> bool:
        """Let time pass until `done` (True) or the deadline (False)."""
        while not done():
            if not self.step(deadline):
                return done()
        return True

    def step(self, deadline: int) -> bool:
        """The next event, if it comes by the deadline (True); else it is the deadline now (False)."""
        events = self._events
        if not events or events[0][0] > deadline:
            self.now = max(self.now, deadline)
            return False
        time, _, action = heappop(events)
        if time > self.now:
            self.now = time
        action()
        return True
