"""A proof about nothing proves everything: each context in which something is proved must be possible at all.

There must be an initial state; each action must be able to happen in a state in which all invariants hold; and so must
the premise of each implication that an invariant states.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from brokerlaw.spec.language.premises import premises
from brokerlaw.spec.language.prover.obligations import INIT, Scripts
from brokerlaw.spec.language.prover.solver import PLAIN, Options, Solver
from brokerlaw.spec.language.prover.steps import anything
from brokerlaw.spec.language.prover.world import World, reading
from brokerlaw.spec.language.spec import Spec
from brokerlaw.spec.language.term import Bool, Ordered, Sort

ContextStatus = Literal["possible", "impossible", "unknown"]
QUICK: Final = 0.05
"""Seconds for each of the first attempts: a model is found at once, or not by this way of looking."""
WAYS: Final[tuple[Options, ...]] = (PLAIN, {"smt.random_seed": "7"}, {"auto_config": "false"})


@dataclass(frozen=True)
class Context:
    """What must be possible: to start (INIT), an action, or the premise number `premise` of an invariant."""

    subject: str
    premise: int | None = None
    formula: Bool | None = None

    def __str__(self) -> str:
        if self.subject == INIT:
            return "an initial state"
        return self.subject if self.formula is None else f"the premise `{self.formula}` of {self.subject}"


@dataclass(frozen=True)
class ContextResult:
    """Whether a context is possible. `bounds`: it is with these, and not without, or nobody knows whether it is."""

    context: Context
    status: ContextStatus
    seconds: float
    bounds: Mapping[str, int] | None = None
    reason: str = ""


def contexts(spec: Spec) -> Iterator[Context]:
    """Give all of them, in the order of the text."""
    yield Context(INIT)
    yield from map(Context, spec.actions)
    for each in spec.of_kind("invariant"):
        yield from (Context(each.name, number, premise) for number, premise in enumerate(premises(each)))


class ContextChecker:
    """Asks whether contexts are possible: what `whole` says of actions and invariants, for sorts of its sizes.

    Z3 finds a model of quantified formulas at once or not at all: several ways of looking are tried for a short time.
    What is possible with a few brokers is possible; and with bounds of all sorts every question has an answer.
    """

    def __init__(self, whole: Scripts, timeout: float) -> None:
        spec, sizes = whole.spec, whole.sizes
        self.spec, self.whole, self.timeout = spec, whole, timeout
        self._lock = threading.Lock()
        self._premises: dict[Scripts, tuple[list[str], dict[Bool, str]]] = {}
        known = {sort.__name__: spec.bounds.get(sort.__name__, 2) for sort in spec.sorts}
        sorts = {s.__name__ for s in spec.sorts if issubclass(s, Sort)}
        bounded = {s.__name__ for s in spec.sorts if issubclass(s, (Sort, Ordered))}
        self.narrower = Scripts(spec, {name: known[name] for name in sorts} | dict(sizes))
        self.finite = Scripts(spec, {name: known[name] for name in bounded} | dict(sizes))

    def script(self, context: Context, scripts: Scripts | None = None) -> list[str]:
        """Give what can hold only if the context is possible."""
        scripts = scripts or self.whole
        if context.formula is None:
            return scripts.of(context.subject).context()
        with self._lock:
            if scripts not in self._premises:
                self._premises[scripts] = self._read(scripts)
            known, premises = self._premises[scripts]
        return [*known, f"(assert {premises[context.formula]})"]

    def _read(self, scripts: Scripts) -> tuple[list[str], dict[Bool, str]]:
        """Give what is known of a state in which all invariants hold, and every premise as a formula about it."""
        world = World(self.spec, scripts.sizes)
        state = anything(world, "s0")
        world.say(*scripts.invariants(world, state).values())
        read = reading(world, state)
        found = {each.formula: read(each.formula)[0] for each in contexts(self.spec) if each.formula is not None}
        return world.lines, found

    def check(self, solver: Solver, context: Context) -> ContextResult:
        """Say whether a context is possible."""
        before = solver.seconds
        status, bounds, reason = self._status(solver, context)
        return ContextResult(context, status, solver.seconds - before, bounds, reason)

    def _status(self, solver: Solver, context: Context) -> tuple[ContextStatus, Mapping[str, int] | None, str]:
        reason = ""
        for scripts, limit, options in self._attempts():
            answer = solver.check(self.script(context, scripts), limit, options=options)
            if answer.status == "sat":
                return "possible", scripts.sizes if scripts is self.finite else None, ""
            if answer.status == "unsat" and scripts is self.whole:
                within = solver.check(self.script(context, self.finite), self.timeout).status == "sat"
                return "impossible", self.finite.sizes if within else None, ""
            reason = answer.reason or reason
        return "unknown", None, reason

    def _attempts(self) -> Iterator[tuple[Scripts, float, Options]]:
        quick = min(QUICK, self.timeout)
        yield from ((self.whole, quick, options) for options in WAYS)
        yield self.narrower, quick, PLAIN
        yield self.finite, self.timeout, PLAIN
        yield self.whole, self.timeout, PLAIN
