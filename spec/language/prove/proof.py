"""A proof by induction: every obligation discharged, or what stands against it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

from brokerlaw.spec.language.layout import Layout
from brokerlaw.spec.language.model import Spec
from brokerlaw.spec.language.prove.cti import Counterexample, Finder
from brokerlaw.spec.language.prove.lookup import Lookup, Reachable
from brokerlaw.spec.language.prove.obligations import Obligation, Scripts, obligations
from brokerlaw.spec.language.prove.solver import Pool, Solver

Outcome = Literal["proved", "counterexample", "unknown"]
QUICK: Final = 1.0
"""Seconds of the first attempt at a proof; when it fails, a counterexample is sought before the longer attempt."""


@dataclass(frozen=True)
class Verdict:
    """What came of an obligation, in how many seconds of the solver's time, and why it is unknown."""

    obligation: Obligation
    outcome: Outcome
    seconds: float
    reason: str = ""
    counterexample: Counterexample | None = None
    lookup: Lookup | None = None


@dataclass(frozen=True)
class Proof:
    """Every verdict, in the order of the text. `sizes` are the sorts that were bounded; the rest were not."""

    spec: Spec
    sizes: Mapping[str, int]
    verdicts: tuple[Verdict, ...]

    @property
    def outcome(self) -> Literal["proved", "violated", "unproved"]:
        """Violated: some claim is false, and a trace shows it."""
        if any(verdict.lookup and verdict.lookup.trace for verdict in self.verdicts):
            return "violated"
        return "proved" if all(verdict.outcome == "proved" for verdict in self.verdicts) else "unproved"


def prove(
    spec: Spec,
    sizes: Mapping[str, int] | None = None,
    *,
    only: Callable[[Obligation], bool] = lambda _: True,
    timeout: float = 10.0,
    workers: int = 2,
    max_states: int = 200_000,
    progress: Callable[[Verdict], None] | None = None,
) -> Proof:
    """Prove every invariant inductive, assuming all of them before each step.

    `sizes` bounds some sorts, by name; all others are unbounded. `only` chooses among the obligations. `timeout` is
    in seconds, for each. Counterexamples are looked up among at most `max_states` states; 0 leaves that out.
    Raises a SpecError if Z3 is missing, or if a size makes no sense.
    """
    fixed = dict(sizes or {})
    Layout(spec, fixed)  # refuses sizes that make no sense
    prover = _Prover(spec, fixed, timeout)
    reachable = Reachable(spec, max_states)
    verdicts: list[Verdict] = []
    with Pool(workers) as pool:
        for verdict in pool.map(prover.verdict, filter(only, obligations(spec))):
            if verdict.counterexample and max_states:
                verdict = replace(verdict, lookup=reachable.look(verdict.obligation, verdict.counterexample))
            verdicts.append(verdict)
            if progress:
                progress(verdict)
    return Proof(spec, fixed, tuple(verdicts))


class _Prover:
    def __init__(self, spec: Spec, sizes: Mapping[str, int], timeout: float) -> None:
        self.scripts, self.finder, self.timeout = Scripts(spec, sizes), Finder(spec, sizes), timeout

    def verdict(self, solver: Solver, obligation: Obligation) -> Verdict:
        """Make a short attempt at the proof, then one at a counterexample, then a long one at the proof."""
        if obligation.framed:
            return Verdict(obligation, "proved", 0.0)
        lines = self.scripts.of(obligation.action).against(obligation.claim)
        quick = solver.check(lines, min(QUICK, self.timeout))
        if quick.status == "unsat":
            return Verdict(obligation, "proved", quick.seconds)
        found = self.finder.find(obligation, solver, self.timeout)
        if found:
            return Verdict(obligation, "counterexample", quick.seconds, counterexample=found)
        long = solver.check(lines, self.timeout)
        seconds = quick.seconds + long.seconds
        if long.status == "unsat":
            return Verdict(obligation, "proved", seconds)
        if long.status == "sat":
            return Verdict(obligation, "counterexample", seconds, "it needs more than the bounds that were tried")
        return Verdict(obligation, "unknown", seconds, long.reason)
