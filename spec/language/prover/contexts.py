"""A proof about nothing proves everything: each context in which something is proved must be possible at all.

There must be an initial state; each action must be able to happen in a state in which all invariants hold; and so must
the premise of each implication that an invariant states.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, Literal

from brokerlaw.spec.language.premises import premises
from brokerlaw.spec.language.prover.obligations import INIT, Scripts
from brokerlaw.spec.language.prover.solver import PLAIN, Answer, Options, Solver
from brokerlaw.spec.language.prover.steps import anything, enable, fits
from brokerlaw.spec.language.prover.world import World, reading
from brokerlaw.spec.language.spec import Spec
from brokerlaw.spec.language.term import Bool, Ordered, Sort

ContextStatus = Literal["possible", "impossible", "unknown"]
QUICK: Final = 0.05
"""Seconds for each of the first attempts: a model is found at once, or not by this way of looking."""
WAYS: Final[tuple[Options, ...]] = ({"smt.random_seed": "7"}, {"auto_config": "false"})


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
        self._read: dict[Scripts, tuple[str, dict[Context, list[str]]]] = {}
        known = {sort.__name__: spec.bounds.get(sort.__name__, 2) for sort in spec.sorts}
        sorts = {s.__name__ for s in spec.sorts if issubclass(s, Sort)}
        bounded = {s.__name__ for s in spec.sorts if issubclass(s, (Sort, Ordered))}
        self.narrower = Scripts(spec, {name: known[name] for name in sorts} | dict(sizes))
        self.finite = Scripts(spec, {name: known[name] for name in bounded} | dict(sizes))

    def script(self, context: Context, scripts: Scripts | None = None) -> list[str]:
        """Give what can hold only if the context is possible."""
        known, own = self._parts(context, scripts or self.whole)
        return [known, *own]

    def _parts(self, context: Context, scripts: Scripts) -> tuple[str, list[str]]:
        """Give what is known of a state in which all invariants hold, and what the context says of it."""
        if context.subject == INIT:
            start = scripts.of(INIT)
            return start.shared, [f"(assert {start.fits})"]
        with self._lock:
            if scripts not in self._read:
                self._read[scripts] = self._reading(scripts)
            known, own = self._read[scripts]
        return known, own[context]

    def _reading(self, scripts: Scripts) -> tuple[str, dict[Context, list[str]]]:
        world = World(self.spec, scripts.sizes)
        state = anything(world, "s0")
        world.say(*scripts.invariants(world, state).values())
        count, own = len(world.lines), dict[Context, list[str]]()
        for each in contexts(self.spec):
            if each.formula is not None:
                world.say(reading(world, state)(each.formula)[0])
            elif each.subject != INIT:
                action = self.spec.actions[each.subject]
                world.say(fits(world, action, enable(world, action, state)))
            own[each] = world.lines[count:]
            del world.lines[count:]
        return "\n".join(world.lines), own

    def check(self, solver: Solver, context: Context) -> ContextResult:
        """Say whether a context is possible."""
        before = solver.seconds
        status, bounds, reason = self._status(solver, context)
        return ContextResult(context, status, solver.seconds - before, bounds, reason)

    def _status(self, solver: Solver, context: Context) -> tuple[ContextStatus, Mapping[str, int] | None, str]:
        reason = ""
        for ask, scripts, limit in self._attempts(solver):
            answer = ask(*self._parts(context, scripts), limit)
            if answer.status == "sat":
                return "possible", scripts.sizes if scripts is self.finite else None, ""
            if answer.status == "unsat" and scripts is self.whole:
                within = solver.check(self.script(context, self.finite), self.timeout).status == "sat"
                return "impossible", self.finite.sizes if within else None, ""
            reason = answer.reason or reason
        return "unknown", None, reason

    def _attempts(self, solver: Solver) -> Iterator[tuple[Callable[[str, list[str], float], Answer], Scripts, float]]:
        quick = min(QUICK, self.timeout)
        yield solver.check_after, self.whole, quick
        for options in WAYS:
            yield partial(_alone, solver, options=options), self.whole, quick
        yield partial(_alone, solver), self.narrower, quick
        yield partial(_alone, solver), self.finite, self.timeout
        yield partial(_alone, solver), self.whole, self.timeout


def _alone(solver: Solver, shared: str, own: Sequence[str], limit: float, options: Options = PLAIN) -> Answer:
    return solver.check([shared, *own], limit, options=options)
