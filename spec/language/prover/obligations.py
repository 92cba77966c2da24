"""What must be shown for an inductive proof, and each as a script that can hold only where it fails."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from brokerlaw.spec.language.fold import subterms
from brokerlaw.spec.language.prover.domains import conj, neg, symbol
from brokerlaw.spec.language.prover.steps import after, anything, enable, falls, fits, initial, may_fall, step
from brokerlaw.spec.language.prover.world import Default, State, World, reading
from brokerlaw.spec.language.spec import Action, Spec

INIT: Final = "@init"
"""The obligation of the initial states: no name of an action, for one may be called init."""
FLOOR: Final = "never below 0"


@dataclass(frozen=True)
class Obligation:
    """The action keeps the claim, INIT establishes it. A claim is an invariant, or FLOOR: nothing is written below 0.

    `framed`: the action writes no variable that the claim reads, so that there is nothing to show.
    """

    action: str
    claim: str
    framed: bool = False


def obligations(spec: Spec) -> Iterator[Obligation]:
    """Give all of them, in the order of the text."""
    invariants = spec.of_kind("invariant")
    if _subtracts(spec.init):
        yield Obligation(INIT, FLOOR)
    for each in invariants:
        yield Obligation(INIT, each.name)
    read = {each.name: {t.data for t in subterms(each.term) if t.op == "read"} for each in invariants}
    for action in spec.actions.values():
        written = {update.variable for update in action.updates}
        if _subtracts(action):
            yield Obligation(action.name, FLOOR)
        for each in invariants:
            yield Obligation(action.name, each.name, framed=written.isdisjoint(read[each.name]))


def _subtracts(action: Action) -> bool:
    return any(may_fall(term) for update in action.updates for term in (*update.indices, update.value))


@dataclass(frozen=True)
class Script:
    """About one action: what surely holds, the lemmas that may be assumed, and for each claim what says that it fails.

    All are in SMT-LIB. `old` is the state before, `new` the one after. `fits`: the action writes nothing outside the
    sorts.
    """

    world: World
    old: State
    new: State
    lemmas: Mapping[str, str]
    goals: Mapping[str, str]
    fits: str

    def against(self, claim: str, lemmas: Collection[str] | None = None) -> list[str]:
        """Give a script that can hold only if the claim fails, assuming these lemmas, or all."""
        return [*self.world.lines, *self.question(claim, lemmas)]

    def question(self, claim: str, lemmas: Collection[str] | None = None) -> list[str]:
        """Give what such a script has after what all scripts about this action have: these lemmas, and the claim."""
        chosen = [self.lemmas[name] for name in self.lemmas if lemmas is None or name in lemmas]
        return [f"(assert {formula})" for formula in (*chosen, self.goals[claim])]

    @cached_property
    def shared(self) -> str:
        """What all scripts about this action have."""
        return "\n".join(self.world.lines)

    @cached_property
    def named(self) -> str:
        """The same, and all lemmas, of which the solver's core says which it used."""
        lemmas = (f"(assert (! {each} :named {symbol('lemma', name)}))" for name, each in self.lemmas.items())
        return "\n".join([self.shared, *lemmas])

    def used(self, core: Iterable[str]) -> tuple[str, ...]:
        """Give the lemmas that a core names."""
        return tuple(name for name in self.lemmas if symbol("lemma", name) in core)


class Scripts:
    """The scripts of a protocol with given sizes of sorts; those without are unbounded."""

    def __init__(self, spec: Spec, sizes: Mapping[str, int]) -> None:
        self.spec, self.sizes = spec, dict(sizes)
        self._made: dict[tuple[str, ...], Script] = {}
        self._lock = threading.Lock()

    def of(self, action: str, before: tuple[str, ...] = ()) -> Script:
        """Give the script about one action, or about the initial states.

        `before` are the steps that lead to it, from an initial state if INIT is the first of them, else from any. All
        invariants hold on the way.
        """
        path = (*before, action)
        with self._lock:
            if path not in self._made:
                self._made[path] = self._initiation() if action == INIT else self._consecution(before, action)
            return self._made[path]

    def _initiation(self) -> Script:
        world, action = World(self.spec, self.sizes), self.spec.init
        old = Default(world)
        read = enable(world, action, old)
        fall, fit = falls(world, action, read), fits(world, action, read)
        new = after(world, action, old, "s0")
        goals = {each: conj(fit, neg(formula)) for each, formula in self.invariants(world, new).items()}
        return Script(world, new, new, {}, {FLOOR: fall, **goals}, fit)

    def _consecution(self, before: tuple[str, ...], name: str) -> Script:
        world, action = World(self.spec, self.sizes), self.spec.actions[name]
        old = self._led(world, before)
        lemmas = self.invariants(world, old)
        read = enable(world, action, old)
        fall, fit = falls(world, action, read), fits(world, action, read)
        new = after(world, action, old, f"s{len(before) + 1}")
        goals = {each: conj(fit, neg(formula)) for each, formula in self.invariants(world, new).items()}
        return Script(world, old, new, lemmas, {FLOOR: fall, **goals}, fit)

    def _led(self, world: World, before: tuple[str, ...]) -> State:
        """Give a state that these steps lead to, through states in which all invariants hold."""
        world.scope = "start"
        state = initial(world, "s0") if INIT in before else anything(world, "s0")
        for number, name in enumerate(each for each in before if each != INIT):
            world.say(*self.invariants(world, state).values())
            world.scope = f"step{number}"
            state = step(world, self.spec.actions[name], state, f"s{number + 1}")
        world.scope = ""
        return state

    def invariants(self, world: World, state: State) -> dict[str, str]:
        """Give the invariants, read over a state."""
        read = reading(world, state)
        return {each.name: read(each.term)[0] for each in self.spec.of_kind("invariant")}


def paths(spec: Spec, depth: int) -> Iterator[tuple[str, ...]]:
    """Give what may come before a step of an induction over `depth` steps.

    From an initial state that is fewer steps than that, from any state as many as that. Source: Sheeran, Singh,
    Stålmarck, Checking Safety Properties Using Induction and a SAT-Solver, FMCAD 2000.
    """
    for length in range(depth - 1):
        yield from ((INIT, *each) for each in itertools.product(spec.actions, repeat=length))
    yield from itertools.product(spec.actions, repeat=depth - 1)
