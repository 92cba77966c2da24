"""Breadth-first search in Python: one loop, for whoever wants to know the states, their steps, or the way to one."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from typing import Final

from brokerlaw.spec.language.layout import Off, State
from brokerlaw.spec.language.model import Model

NOWHERE: Final = -1
"""In the place of a state's number: where a step that is cut off leads, and what led to an initial state."""


class BreadthFirst:
    """The reachable states of a model, numbered in the order of their discovery; `origins` led to each.

    `canonical` gives the state that stands for a class of them. What is met on the way goes to the methods, which a
    search overrides; `step`, where there is one, is told of every step, and of the number of the state it leads to.
    """

    step: Callable[[str, tuple[int, ...], int], None] | None = None

    def __init__(self, model: Model, canonical: Callable[[State], State] | None = None) -> None:
        self.model, self.canonical = model, canonical
        self.states: list[State] = []
        self.number: dict[State, int] = {}
        self.origins = array("q")
        self.starts = self.depth = self.expanded = 0
        self.fired = dict.fromkeys(model.fires, 0)

    def found(self, state: State) -> None:
        """Take note of a new state."""

    def path(self, state: State) -> list[State]:
        """Give the states from an initial one to this one."""
        numbers = [self.number[state]]
        while (before := self.origins[numbers[-1]]) != NOWHERE:
            numbers.append(before)
        return [self.states[at] for at in reversed(numbers)]

    def left(self, state: State, action: str, params: tuple[int, ...], off: Off) -> None:
        """Take note of a step from a state that leads to none."""

    def done(self, level: int) -> bool:
        """Take note that a state was expanded, on a level of so many; say whether to end the search."""
        return self.stopped

    @property
    def stopped(self) -> bool:
        """Whether to end it before all is seen."""
        return False

    def levels(self) -> Iterator[list[State]]:
        """Give the new states of each level, before they are expanded."""
        self._begin()
        first, end = 0, len(self.states)
        while first < end:
            yield self.states[first:end]
            if self.stopped:
                return
            self._expand(first, end)
            first, end = end, len(self.states)
            self.depth += first < end

    def _begin(self) -> None:
        for start in self.model.initial():
            state = self.canonical(start) if self.canonical else start
            self.starts += 1
            if state not in self.number:
                self.number[state] = len(self.states)
                self.states.append(state)
                self.origins.append(NOWHERE)
                self.found(state)

    def _expand(self, first: int, end: int) -> None:
        states, origins, number, found = self.states, self.origins, self.number.setdefault, self.found
        fires, fired, canonical, step = tuple(self.model.fires.items()), self.fired, self.canonical, self.step
        known = len(states)
        for source in range(first, end):
            state = states[source]
            for name, fire in fires:
                taken = 0
                for params, target in fire(state):
                    if type(target) is tuple:  # quicker than isinstance, and here that counts
                        taken += 1
                        if canonical:
                            target = canonical(target)
                        at = number(target, known)
                        if at == known:
                            known += 1
                            states.append(target)
                            origins.append(source)
                            found(target)
                    else:
                        assert isinstance(target, Off)
                        self.left(state, name, params, target)
                        at = NOWHERE
                    if step:
                        step(name, params, at)
                if taken:
                    fired[name] += taken
            self.expanded += 1
            if self.done(end - first):
                return


def reachable(model: Model) -> Iterator[State]:
    """Give the reachable states, nearest first, as they are found: for a look at a few, or all of a small protocol."""
    for level in BreadthFirst(model).levels():
        yield from level
