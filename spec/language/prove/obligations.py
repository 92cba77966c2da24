"""What must be shown for an inductive proof, and each as a script that can hold only where it fails."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from brokerlaw.spec.language.fold import subterms
from brokerlaw.spec.language.model import Action, Property, Spec
from brokerlaw.spec.language.prove.domains import TRUE, neg
from brokerlaw.spec.language.prove.steps import after, anything, enable, falls, fits, initial, may_fall
from brokerlaw.spec.language.prove.world import State, World, reading

INIT: Final = "init"
FLOOR: Final = "never below 0"


@dataclass(frozen=True)
class Obligation:
    """The action keeps the claim: an invariant, or FLOOR, that nothing is written below 0. INIT establishes it.

    `framed`: the action writes no variable that the claim reads, so that there is nothing to show.
    """

    action: str
    claim: str
    framed: bool = False


def obligations(spec: Spec) -> Iterator[Obligation]:
    """Give all of them, in the order of the text."""
    invariants = spec.of_kind("invariant")
    for each in invariants:
        yield Obligation(INIT, each.name)
    for action in spec.actions.values():
        terms = [term for update in action.updates for term in (*update.indices, update.value)]
        if any(map(may_fall, terms)):
            yield Obligation(action.name, FLOOR)
        for each in invariants:
            yield Obligation(action.name, each.name, _framed(action, each))


def _framed(action: Action, claim: Property) -> bool:
    written = {update.variable for update in action.updates}
    return not any(term.op == "read" and term.data in written for term in subterms(claim.term))


@dataclass(frozen=True)
class Script:
    """What is assumed, in SMT-LIB, and for each claim what says that it fails. `old` and `new`: before and after."""

    world: World
    old: State
    new: State
    lines: list[str]
    goals: Mapping[str, list[str]]

    def against(self, claim: str) -> list[str]:
        """Give the script that can hold only where the claim fails."""
        return [*self.lines, *self.goals[claim]]


class Scripts:
    """The scripts of a protocol with given sizes of sorts; those without are unbounded.

    With `cores`, the assumed invariants have names, so that the solver can tell which ones it used.
    """

    def __init__(self, spec: Spec, sizes: Mapping[str, int], *, cores: bool = False) -> None:
        self.spec, self.sizes, self.cores = spec, dict(sizes), cores
        self._made: dict[str, Script] = {}
        self._lock = threading.Lock()

    def of(self, action: str) -> Script:
        """Give the script about one action, or about the initial states."""
        with self._lock:
            if action not in self._made:
                self._made[action] = self._initiation() if action == INIT else self._consecution(action)
            return self._made[action]

    def _initiation(self) -> Script:
        world = World(self.spec, self.sizes)
        state = initial(world, "s0")
        return self._script(world, state, state, TRUE)

    def _consecution(self, name: str) -> Script:
        world, action = World(self.spec, self.sizes), self.spec.actions[name]
        old = anything(world, "s0")
        read = reading(world, old)
        for each in self.spec.of_kind("invariant"):
            formula = read(each.term)[0]
            world.lines.append(f"(assert (! {formula} :named {each.name}))" if self.cores else f"(assert {formula})")
        read = enable(world, action, old)
        fall, fit = falls(world, action, read), fits(world, action, read)
        script = self._script(world, old, after(world, action, old, "s1"), fit)
        return replace(script, goals={FLOOR: [f"(assert {fall})"], **script.goals})

    def _script(self, world: World, old: State, new: State, fit: str) -> Script:
        read = reading(world, new)
        failing = {each.name: neg(read(each.term)[0]) for each in self.spec.of_kind("invariant")}
        goals = {name: [f"(assert {fit})", f"(assert {formula})"] for name, formula in failing.items()}
        return Script(world, old, new, world.lines, goals)
