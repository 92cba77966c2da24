"""Search: every reachable state within the bounds, breadth-first, so that the first trace found is the shortest."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from brokerlaw.spec.language.layout import State
from brokerlaw.spec.language.run import Model, Off, Step

Outcome = Literal["kept", "violated", "incomplete", "vacuous"]
_ENTRY = 120  # bytes of a dict entry and of the shared codes, beyond the tuple itself


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
class Fault:
    """What was violated, an invariant or `ACTION: below 0`, and the shortest trace that shows it."""

    name: str
    trace: Trace


@dataclass(frozen=True)
class Tally:
    """Of one action: parameter choices tried over all expanded states, steps taken, steps cut off by the bound."""

    tried: int
    fired: int
    cut: int


@dataclass(frozen=True)
class Result:
    """What a search saw. `depth` counts steps on the longest of the shortest traces; `generated` counts the
    initial states and every step, also those to states that were known.
    """

    protocol: str
    bounds: Mapping[str, int]
    distinct: int
    generated: int
    depth: int
    incomplete: str  # why the search stopped before all was seen; empty if it did not
    actions: Mapping[str, Tally]
    faults: tuple[Fault, ...]
    witnesses: Mapping[str, Trace | None]

    @property
    def outcome(self) -> Outcome:
        """Say it in one word; `vacuous`: all was seen, nothing violated, but some witness was never reached."""
        if self.faults:
            return "violated"
        if self.incomplete:
            return "incomplete"
        return "vacuous" if None in self.witnesses.values() else "kept"


@dataclass
class _Search:
    model: Model
    every: bool
    max_states: float
    progress: Callable[[int, int, int], None] | None
    parent: dict[State, State | None] = field(default_factory=dict)
    generated: int = 0
    depth: int = 0
    incomplete: str = ""

    def __post_init__(self) -> None:
        self.invariants = self.model.tests("invariant")
        self.sought = self.model.tests("witness")
        self.witnesses: dict[str, Trace | None] = dict.fromkeys(self.sought)
        self.faults: dict[str, Fault] = {}
        self.expanded = 0
        self.fired = dict.fromkeys(self.model.fires, 0)
        self.cut = dict.fromkeys(self.model.fires, 0)

    def run(self) -> None:
        level: list[State] = []
        for state in self.model.initial():
            self.generated += 1
            self.parent[state] = None
            level.append(state)
            self.visit(state)
        while level and not self.stopped:
            if self.progress:
                self.progress(self.depth, len(self.parent), len(level))
            level = self.expand(level)
            self.depth += bool(level)

    @property
    def stopped(self) -> bool:
        return bool(self.incomplete) or (bool(self.faults) and not self.every)

    def expand(self, level: list[State]) -> list[State]:
        found: list[State] = []
        parent, fires, fired = self.parent, self.model.fires, self.fired
        for state in level:
            self.expanded += 1
            for name, fire in fires.items():
                for params, target in fire(state):
                    if isinstance(target, Off):
                        self.off(state, Step(name, params, target))
                        continue
                    fired[name] += 1
                    if target not in parent:
                        parent[target] = state
                        found.append(target)
                        self.visit(target)
            if self.stopped:
                break
            if len(parent) >= self.max_states:
                self.incomplete = f"stopped at the limit of {self.max_states:.0f} states"
                break
        return found

    def off(self, state: State, step: Step) -> None:
        if step.target is Off.ABOVE:
            self.cut[step.action] += 1
            return
        name = f"{step.action}: below 0"
        if name not in self.faults:
            trace = self.trace(state)
            self.faults[name] = Fault(name, Trace(trace.start, (*trace.steps, step)))

    def visit(self, state: State) -> None:
        for name, test in self.invariants.items():
            if not test(state) and name not in self.faults:
                self.faults[name] = Fault(name, self.trace(state))
        for name, test in list(self.sought.items()):
            if test(state):
                self.witnesses[name] = self.trace(state)
                del self.sought[name]

    def trace(self, state: State) -> Trace:
        """Walk back to an initial state, and find the first action that leads along each link."""
        steps: list[Step] = []
        while (before := self.parent[state]) is not None:
            steps.append(next(step for step in self.model.successors(before) if step.target == state))
            state = before
        return Trace(state, tuple(reversed(steps)))

    def result(self) -> Result:
        spec, layout = self.model.spec, self.model.layout
        choices = {a.name: math.prod(layout.size(type(p)) for p in a.params) for a in spec.actions.values()}
        return Result(
            protocol=spec.name,
            bounds=layout.bounds,
            distinct=len(self.parent),
            generated=self.generated + sum(self.fired.values()),
            depth=self.depth,
            incomplete=self.incomplete,
            actions={n: Tally(self.expanded * choices[n], self.fired[n], self.cut[n]) for n in self.fired},
            faults=tuple(self.faults.values()),
            witnesses=self.witnesses,
        )


def search(
    model: Model,
    *,
    every: bool = False,
    max_states: int | None = None,
    max_bytes: int | None = None,
    progress: Callable[[int, int, int], None] | None = None,
) -> Result:
    """Search all reachable states.

    It ends with the first violation; with `every`, it goes on and gives the shortest trace for each invariant.
    `max_states`, or `max_bytes` by an estimate for each state, end it as incomplete. `progress` is called for
    each level with depth, distinct states and the size of the level. Deadlock is no violation.
    """
    by_bytes = math.inf if max_bytes is None else max_bytes // (sys.getsizeof(model.layout.default) + _ENTRY)
    limit = min(math.inf if max_states is None else max_states, by_bytes)
    each = _Search(model, every, limit, progress)
    each.run()
    return each.result()


def reachable(model: Model) -> Iterator[State]:
    """Give the reachable states, nearest first, as they are found: for a look at a few, or all of a small protocol."""
    seen = dict.fromkeys(model.initial())
    level = list(seen)
    while level:
        yield from level
        targets = (step.target for state in level for step in model.successors(state))
        level = [t for t in targets if not isinstance(t, Off) and t not in seen and seen.setdefault(t, None) is None]
