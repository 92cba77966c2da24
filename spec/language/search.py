"""Search: every reachable state within the bounds, breadth-first, so that the first trace found is the shortest."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from brokerlaw.spec.language.breadth_first import BreadthFirst
from brokerlaw.spec.language.layout import Off, State
from brokerlaw.spec.language.model import Model, Step
from brokerlaw.spec.language.premises import premises, said
from brokerlaw.spec.language.spec import Spec
from brokerlaw.spec.language.symmetry import Symmetry
from brokerlaw.spec.language.term import Bool

Conclusion = Literal["kept", "violated", "incomplete", "vacuous"]
Progress = Callable[[int, int, int], None]
"""Told of depth, distinct states, and the size of the level. It may raise Stopped."""

_ENTRY: Final = 160  # bytes of a dict entry and of the shared codes, beyond the tuple itself
_OFTEN: Final = 2_000  # states expanded between two reports of progress


class Stopped(Exception):
    """Raised by `progress` to end a search; its text, as in `interrupted`, is why the result is incomplete."""


@dataclass(frozen=True)
class Trace:
    """A run: the initial state, and the steps taken. A last step whose target is Off leads to no state."""

    start: State
    steps: tuple[Step, ...]

    @property
    def states(self) -> tuple[State, ...]:
        """The states along it, the first included."""
        return (self.start, *(step.target for step in self.steps if not isinstance(step.target, Off)))


@dataclass(frozen=True)
class Violation:
    """What was violated, an invariant or `ACTION: below 0`, and the shortest trace that shows it."""

    name: str
    trace: Trace


@dataclass(frozen=True)
class ActionCounts:
    """Of one action: parameter choices tried over all expanded states, steps taken, steps cut off by the bound."""

    tried: int
    fired: int
    cut: int


@dataclass(frozen=True)
class SearchResult:
    """What a search saw. `depth` counts steps on the longest of the shortest traces; `generated` counts the
    initial states and every step, also those to states that were known. With `symmetry`, states that differ only in
    which value of these sorts is which count once, and are expanded once.

    `engine` says how it was searched, `bytes` how much memory the states took, and `note` what its user should know of
    that; they say nothing of the protocol.
    """

    protocol: str
    bounds: Mapping[str, int]
    distinct: int
    generated: int
    depth: int
    incomplete: str  # why the search stopped before all was seen; empty if it did not
    actions: Mapping[str, ActionCounts]
    violations: tuple[Violation, ...]
    witnesses: Mapping[str, Trace | None]
    unreached: tuple[tuple[str, str], ...]  # invariants, each with a premise that never held, as it is written
    stated: int  # how many invariants were tested
    symmetry: tuple[str, ...] = ()
    engine: str = field(default="interpreted", compare=False)
    bytes: int = field(default=0, compare=False)
    note: str = field(default="", compare=False)

    @property
    def outcome(self) -> Conclusion:
        """Say it in one word; `vacuous`: all was seen and nothing violated, but not all was put to the test."""
        if self.violations:
            return "violated"
        if self.incomplete:
            return "incomplete"
        return "kept" if self.stated and self.exercised else "vacuous"

    @property
    def exercised(self) -> bool:
        """Whether every action fired, every witness was reached, and every premise of an invariant held somewhere."""
        return not (self.unreached or self.never_fired or None in self.witnesses.values())

    @property
    def never_fired(self) -> tuple[str, ...]:
        """The actions that were never taken."""
        return tuple(name for name, counts in self.actions.items() if not counts.fired)


class _Search(BreadthFirst):
    """Tests every state that it finds, and keeps the shortest trace to each thing."""

    def __init__(
        self,
        model: Model,
        every: bool,
        max_states: float,
        limit: str,
        progress: Progress | None,
        symmetry: Symmetry | None,
    ) -> None:
        super().__init__(model, symmetry.canonical if symmetry else None)
        self.every, self.max_states, self.limit = every, max_states, limit
        self.progress, self.symmetry = progress, symmetry
        self.incomplete = ""
        self.cut = dict.fromkeys(model.fires, 0)
        self.violations: dict[str, Violation] = {}
        self.invariants = tuple(model.tests("invariant").items())
        self.sought = model.tests("witness")
        self.witnesses: dict[str, Trace | None] = dict.fromkeys(self.sought)
        self.unmet = {premise: model.predicate(premise) for _, premise in premises_of(model.spec)}

    def run(self) -> None:
        for level in self.levels():
            if not self.stopped:
                self.report(len(level))

    def report(self, level: int) -> None:
        try:
            if self.progress:
                self.progress(self.depth, len(self.states), level)
        except Stopped as why:
            self.incomplete = str(why)

    @property
    def stopped(self) -> bool:
        return bool(self.incomplete) or (bool(self.violations) and not self.every)

    def done(self, level: int) -> bool:
        if self.expanded % _OFTEN == 0:
            self.report(level)
        if len(self.states) >= self.max_states:
            self.incomplete = self.incomplete or f"stopped at the limit of {self.limit}"
        return self.incomplete != "" or (not self.every and bool(self.violations))

    def left(self, state: State, action: str, params: tuple[int, ...], off: Off) -> None:
        if off is Off.ABOVE:
            self.cut[action] += 1
        elif (name := below(action)) not in self.violations:
            self.violations[name] = Violation(name, self.trace(state, action))

    def found(self, state: State) -> None:
        for name, test in self.invariants:
            if not test(state) and name not in self.violations:
                self.violations[name] = Violation(name, self.trace(state))
        if self.sought or self.unmet:
            self.look(state)

    def look(self, state: State) -> None:
        for name in [name for name, test in self.sought.items() if test(state)]:
            self.witnesses[name] = self.trace(state)
            del self.sought[name]
        for premise in [premise for premise, test in self.unmet.items() if test(state)]:
            del self.unmet[premise]

    def trace(self, state: State, falls: str = "") -> Trace:
        return retrace(self.model, self.path(state), self.symmetry, falls)

    def result(self) -> SearchResult:
        layout = self.model.layout
        return SearchResult(
            protocol=self.model.spec.name,
            bounds=layout.bounds,
            distinct=len(self.states),
            generated=self.starts + sum(self.fired.values()),
            depth=self.depth,
            incomplete=self.incomplete,
            actions=action_counts(self.model, self.expanded, self.fired.values(), self.cut.values()),
            violations=in_order(self.model.spec, self.violations.values()),
            witnesses=self.witnesses,
            unreached=tuple((name, said(each)) for name, each in premises_of(self.model.spec) if each in self.unmet),
            stated=len(self.invariants),
            symmetry=self.symmetry.names if self.symmetry else (),
            bytes=len(self.states) * _each(layout.default),
        )


def premises_of(spec: Spec) -> Iterator[tuple[str, Bool]]:
    """Give the name of each invariant with each of its premises, in the order of the text."""
    return ((each.name, premise) for each in spec.of_kind("invariant") for premise in premises(each))


def below(action: str) -> str:
    """Give the name of the violation of an action that writes a number below 0."""
    return f"{action}: below 0"


def action_counts(model: Model, expanded: int, fired: Iterable[int], cut: Iterable[int]) -> dict[str, ActionCounts]:
    """Give each action's ActionCounts, from its counts in the order of the text."""
    counts = zip(model.spec.actions.values(), fired, cut, strict=True)
    sizes = model.layout.size
    return {a.name: ActionCounts(expanded * math.prod(sizes(type(p)) for p in a.params), n, k) for a, n, k in counts}


def in_order(spec: Spec, violations: Iterable[Violation]) -> tuple[Violation, ...]:
    """Give violations by the lengths of their traces, then in the order of the text."""
    names = [*spec.properties, *map(below, spec.actions)]
    return tuple(sorted(violations, key=lambda violation: (len(violation.trace.steps), names.index(violation.name))))


def retrace(model: Model, path: Sequence[State], symmetry: Symmetry | None = None, falls: str = "") -> Trace:
    """Give a run along a path of states, each link by the first action that leads along it.

    Under symmetry the path has representatives, and the run the states that they stand for, from an initial state on.
    `falls` is the action that then writes a number below 0.
    """
    canonical = symmetry.canonical if symmetry else lambda state: state
    start = state = next(each for each in model.initial() if canonical(each) == path[0])
    steps: list[Step] = []
    for wanted in path[1:]:
        step, state = next(
            (step, step.target)
            for step in model.successors(state)
            if not isinstance(step.target, Off) and canonical(step.target) == wanted
        )
        steps.append(step)
    if falls:
        steps.append(next(s for s in model.successors(state) if s.action == falls and s.target is Off.BELOW))
    return Trace(start, tuple(steps))


def _each(state: State) -> int:
    return sys.getsizeof(state) + _ENTRY


def search(
    model: Model,
    *,
    every: bool = False,
    max_states: int | None = None,
    max_bytes: int | None = None,
    progress: Progress | None = None,
    symmetry: Symmetry | None = None,
) -> SearchResult:
    """Search all reachable states, in Python. `compile.explore` takes the compiled search where it can.

    It ends with the first violation; with `every`, it goes on and gives the shortest trace for each invariant.
    `max_states`, or `max_bytes` by an estimate for each state, end it as incomplete. `progress` is called for
    each level, and within long ones. Deadlock is no violation.
    """
    by_bytes = math.inf if max_bytes is None else max_bytes // _each(model.layout.default)
    by_states = math.inf if max_states is None else max_states
    limit = f"{max_states} states" if by_states <= by_bytes else memory(max_bytes or 0)
    each = _Search(model, every, min(by_states, by_bytes), limit, progress, symmetry)
    each.run()
    return each.result()


def memory(count: int) -> str:
    """Give a number of bytes in words: `512 MB of memory`."""
    unit, power = next((u, p) for u, p in (("GB", 30), ("MB", 20), ("kB", 10), ("bytes", 0)) if count >> p or not p)
    return f"{count / (1 << power):.3g} {unit} of memory"
