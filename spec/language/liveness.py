"""Liveness: does every fair run come to it, again and again? Decided on the stored graph, by components.

A run is weakly fair if no fair action, with its parameters, stays possible for ever and is never taken. A promise
`eventually P` is broken by a fair run that has left P for good: a path to a component of states without P, in which
each fair choice is refused somewhere or taken somewhere. It is shown as a lasso, and replayed before it is believed.
"""

from __future__ import annotations

import itertools
import math
from array import array
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from brokerlaw.spec.language.breadth_first import NOWHERE, BreadthFirst
from brokerlaw.spec.language.layout import Off, State
from brokerlaw.spec.language.model import Model, Step
from brokerlaw.spec.language.search import Trace

Choice = tuple[str, tuple[int, ...]]
"""An action and its parameters."""
LIMIT: Final = 200_000
"""States after which the graph is not stored further, unless told otherwise."""


@dataclass(frozen=True)
class Lasso:
    """A fair run that never comes to the promise again: the way there, then the cycle for ever; empty: it rests.

    `values` are those of the promise's parameters, if it is promised for each of them.
    """

    prefix: Trace
    cycle: tuple[Step, ...]
    values: tuple[int, ...] = ()

    @property
    def entry(self) -> State:
        """The state from which the cycle leads back to itself."""
        return _reached(self.prefix.steps[-1]) if self.prefix.steps else self.prefix.start


@dataclass(frozen=True)
class Liveness:
    """Of each promise, a lasso that breaks it, or None.

    `incomplete` says why the graph was not stored to its end: then a lasso is still one, and None says nothing.
    `cut` counts the fair steps that the bound cut off: runs that rest there are not fair, and were not judged.
    """

    protocol: str
    bounds: Mapping[str, int]
    distinct: int
    incomplete: str
    cut: int
    promises: Mapping[str, Lasso | None]

    @property
    def outcome(self) -> Literal["kept", "violated", "incomplete"]:
        """Say it in one word: violated, incomplete or kept."""
        if any(self.promises.values()):
            return "violated"
        return "incomplete" if self.incomplete else "kept"


def liveness(
    model: Model,
    names: Iterable[str] | None = None,
    *,
    max_states: int | None = LIMIT,
    progress: Callable[[int, int], None] | None = None,
) -> Liveness:
    """Judge each `@eventually` of a protocol, or those named. `progress` is told of states expanded and known."""
    graph = Graph(model, max_states, progress)
    promises = {name: graph.lasso(name) for name in (model.tests("eventually") if names is None else names)}
    bounds, cut = model.layout.bounds, graph.cut
    return Liveness(model.spec.name, bounds, len(graph.states), graph.incomplete, cut, promises)


class Graph(BreadthFirst):
    """Every state that was expanded, with its steps: to which state (or nowhere, if cut off), by which choice."""

    def __init__(
        self, model: Model, max_states: int | None, progress: Callable[[int, int], None] | None = None
    ) -> None:
        super().__init__(model)
        self.first = array("q", [0])  # of the steps of state n: first[n] up to first[n + 1]
        self.targets, self.choices = array("q"), array("q")
        self.named: dict[Choice, int] = {}
        self.incomplete = ""
        self._most, self._progress = math.inf if max_states is None else max_states, progress
        self.step = self._recorder()
        deque(self.levels(), maxlen=0)
        self.names = tuple(self.named)
        actions = model.spec.actions
        self.fair = frozenset(at for at, (name, _) in enumerate(self.names) if actions[name].fair)
        steps = zip(self.targets, self.choices, strict=True)
        self.cut = sum(target == NOWHERE and choice in self.fair for target, choice in steps)

    @property
    def stopped(self) -> bool:
        """Whether there are more states than are to be stored."""
        return bool(self.incomplete)

    def _recorder(self) -> Callable[[str, tuple[int, ...], int], None]:
        choice, to, named = self.choices.append, self.targets.append, self.named

        def record(action: str, params: tuple[int, ...], target: int) -> None:
            choice(named.setdefault((action, params), len(named)))
            to(target)

        return record

    def done(self, level: int) -> bool:
        """End the list of a state's steps."""
        self.first.append(len(self.targets))
        if len(self.states) > self._most:
            self.incomplete = f"stopped at the limit of {self._most} states"
        if self._progress and self.expanded % 1_000 == 1:
            self._progress(self.expanded - 1, len(self.states))
        return self.incomplete != ""

    def steps(self, at: int) -> Iterator[tuple[int, int]]:
        """Give the choice and the target of every step of a state."""
        span = slice(self.first[at], self.first[at + 1])
        return zip(self.choices[span], self.targets[span], strict=True)

    def owed(self, at: int) -> frozenset[int]:
        """Give the fair choices that are possible in a state."""
        return self.fair.intersection(self.choices[self.first[at] : self.first[at + 1]])

    def lasso(self, promise: str) -> Lasso | None:
        """Give a fair run that leaves the promise for good, with a short way there; None if there is none here."""
        found = (self._lasso(values, holds) for values, holds in self.model.promised(promise))
        lasso = next((each for each in found if each), None)
        if lasso:
            replay(self.model, promise, lasso)
        return lasso

    def _lasso(self, values: tuple[int, ...], holds: Callable[[State], bool]) -> Lasso | None:
        without = [at for at in range(self.expanded) if not holds(self.states[at])]
        resting = ([at] for at in without if self._fair([at]))
        turning = (part for part in components(without, self._within(without)) if self._fair(part))
        part = next(resting, None) or min(turning, key=min, default=None)
        if part is None:
            return None
        return Lasso(self._path(min(part)), tuple(self._tour(part)), values)

    def _within(self, chosen: Sequence[int]) -> Callable[[int], Iterator[int]]:
        inside = bytearray(len(self.states) + 1)  # the last one is for steps that lead nowhere
        for at in chosen:
            inside[at] = 1

        def following(at: int) -> Iterator[int]:
            return (target for target in self.targets[self.first[at] : self.first[at + 1]] if inside[target])

        return following

    def _fair(self, part: Sequence[int]) -> bool:
        """Tell whether a run through all of a component is fair: what is possible in all of it is taken in it."""
        owed = self.owed(part[0])
        for at in part:
            if not owed:
                return True
            owed &= self.owed(at)
        inside = set(part)
        return owed <= {choice for at in part for choice, target in self.steps(at) if target in inside}

    def _path(self, at: int) -> Trace:
        numbers = [self.number[state] for state in self.path(self.states[at])]
        steps = (self._link(a, b) for a, b in itertools.pairwise(numbers))
        return Trace(self.states[numbers[0]], tuple(steps))

    def _link(self, source: int, target: int) -> Step:
        return self._step(next(choice for choice, to in self.steps(source) if to == target), target)

    def _step(self, choice: int, target: int) -> Step:
        return Step(*self.names[choice], self.states[target])

    def _tour(self, part: Sequence[int]) -> Iterator[Step]:
        """Walk from a component's first state through it and back: each fair choice is refused or taken on the way.

        Each leg is the shortest to a place that answers a choice that is still open.
        """
        inside, start = set(part), min(part)
        at, open_ = start, self.owed(start)
        while open_:
            for choice, to in self._leg(inside, at, self._answers(open_)):
                open_ -= {choice}
                at = to
                yield self._step(choice, to)
            open_ &= self.owed(at)
        if at != start:
            yield from (self._step(*step) for step in self._leg(inside, at, lambda _, to: to == start))

    def _answers(self, open_: frozenset[int]) -> Callable[[int, int], bool]:
        return lambda choice, to: choice in open_ or not open_ <= self.owed(to)

    def _leg(self, inside: set[int], source: int, wanted: Callable[[int, int], bool]) -> list[tuple[int, int]]:
        """Give the shortest walk of one step or more, within the component, whose last step is what is wanted."""
        before: dict[int, tuple[int, int]] = {}  # the choice that first led here, and whence
        queue = deque([source])
        while queue:
            at = queue.popleft()
            for choice, to in self.steps(at):
                if to in inside and wanted(choice, to):
                    walk = [(choice, to)]
                    while at != source:
                        choice, whence = before[at]
                        walk.append((choice, at))
                        at = whence
                    return walk[::-1]
                if to in inside and to not in before and to != source:
                    before[to] = (choice, at)
                    queue.append(to)
        raise AssertionError("a component is connected")


def replay(model: Model, promise: str, lasso: Lasso) -> None:
    """Take every step of a lasso again, and hold it to what a broken promise is; an AssertionError if it is none."""
    state = lasso.prefix.start
    assert state in model.initial(), state
    for step in lasso.prefix.steps:
        assert step in model.successors(state), step
        state = _reached(step)
    entry, around = state, [state]
    for step in lasso.cycle:
        assert step in model.successors(state), step
        state = _reached(step)
        around.append(state)
    assert state == entry, lasso.cycle
    holds = dict(model.promised(promise))[lasso.values]
    assert not any(map(holds, around)), promise
    taken = {(step.action, step.params) for step in lasso.cycle}
    owed = set.intersection(*(set(model.enabled(each)) for each in around)) - taken
    assert not any(model.spec.actions[name].fair for name, _ in owed), owed


def _reached(step: Step) -> State:
    assert not isinstance(step.target, Off), step
    return step.target


def components(nodes: Sequence[int], following: Callable[[int], Iterator[int]]) -> Iterator[list[int]]:
    """Give the strongly connected components that hold a cycle of two states or more.  [Tarjan 1972, iterative]"""
    index: dict[int, int] = {}
    low: dict[int, int] = {}
    open_: set[int] = set()
    path: list[int] = []
    for root in nodes:
        if root in index:
            continue
        walk = [(root, following(root))]
        index[root] = low[root] = len(index)
        path.append(root)
        open_.add(root)
        while walk:
            at, rest = walk[-1]
            for to in rest:
                if to not in index:
                    index[to] = low[to] = len(index)
                    path.append(to)
                    open_.add(to)
                    walk.append((to, following(to)))
                    break
                if to in open_:
                    low[at] = min(low[at], index[to])
            else:
                walk.pop()
                if walk:
                    low[walk[-1][0]] = min(low[walk[-1][0]], low[at])
                if low[at] == index[at]:
                    part = [path.pop()]
                    while part[-1] != at:
                        part.append(path.pop())
                    open_.difference_update(part)
                    if len(part) > 1:
                        yield part
