"""A proof by induction: every obligation discharged, or what stands against it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from brokerlaw.spec.language.layout import Layout
from brokerlaw.spec.language.prover.cti import Counterexample, Instances
from brokerlaw.spec.language.prover.lookup import Lookup, Reachable
from brokerlaw.spec.language.prover.obligations import INIT, Obligation, Scripts, obligations, paths
from brokerlaw.spec.language.prover.solver import Answer, Pool, Solver
from brokerlaw.spec.language.spec import Spec

Outcome = Literal["proved", "counterexample", "unknown"]


@dataclass(frozen=True)
class Verdict:
    """What came of an obligation, in how many seconds of the solver's processor time.

    `lemmas` are invariants that suffice for the proof; all of them were given if there are none. `depth` is the number
    of steps that the induction is over.
    """

    obligation: Obligation
    outcome: Outcome
    seconds: float = 0.0
    reason: str = ""
    lemmas: tuple[str, ...] = ()
    counterexample: Counterexample | None = None
    lookup: Lookup | None = None
    depth: int = 1


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
    depth: int = 1,
    timeout: float = 10.0,
    workers: int = 2,
    max_states: int = 200_000,
    progress: Callable[[Verdict], None] | None = None,
) -> Proof:
    """Prove every invariant inductive, assuming all of them before each step.

    `sizes` bounds some sorts, by name; all others are unbounded. `only` chooses among the obligations. An obligation
    that one step does not prove is tried over 2 to `depth` steps (k-induction). `timeout` is in seconds, for each
    question. Counterexamples are looked up among at most `max_states` states; 0 leaves that out.
    Raises a SpecError if Z3 is missing, or if a size makes no sense.
    """
    fixed = dict(sizes or {})
    Layout(spec, fixed)  # refuses sizes that make no sense
    prover = _Prover(spec, fixed, depth, timeout)
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
    """Finds proofs of unbounded claims with the lemmas that suffice under small bounds.

    Z3 is seldom at a loss for a few lemmas, and often for many. So the obligation is first put to it with finite
    sorts, which gives either a counterexample or a core, the lemmas that were used; these then prove it unbounded.
    """

    def __init__(self, spec: Spec, sizes: Mapping[str, int], depth: int, timeout: float) -> None:
        self.spec, self.depth, self.timeout = spec, depth, timeout
        self.scripts, self.instances = Scripts(spec, sizes), Instances(spec, sizes)

    def verdict(self, solver: Solver, obligation: Obligation) -> Verdict:
        """Judge an obligation."""
        if obligation.framed:
            return Verdict(obligation, "proved", 0.0)
        before = solver.seconds
        verdict = self._by_cores(solver, obligation) or self._by_all(solver, obligation)
        if verdict.outcome != "proved" and obligation.action != INIT:
            verdict = self._deeper(solver, obligation) or verdict
        return replace(verdict, seconds=solver.seconds - before)

    def _by_cores(self, solver: Solver, obligation: Obligation) -> Verdict | None:
        """Try the cores of larger and larger bounds; stop at a counterexample."""
        lemmas: set[str] | None = None
        for instance in self.instances.growing():
            answer = instance.ask(solver, obligation, self.timeout)
            if answer is None:
                return None
            if isinstance(answer, Counterexample):
                found = self.instances.smallest(answer, solver, obligation, self.timeout)
                return Verdict(obligation, "counterexample", counterexample=found)
            if lemmas is None or not lemmas.issuperset(answer):
                lemmas = set(answer).union(lemmas or ())
                if self._unbounded(solver, obligation, lemmas).status == "unsat":
                    return Verdict(obligation, "proved", lemmas=tuple(sorted(lemmas)))
        return None

    def _by_all(self, solver: Solver, obligation: Obligation) -> Verdict:
        answer = self._unbounded(solver, obligation, None)
        if answer.status == "unsat":
            return Verdict(obligation, "proved")
        if answer.status == "sat":
            return Verdict(obligation, "counterexample", reason="it needs more than the bounds that were tried")
        return Verdict(obligation, "unknown", reason=answer.reason)

    def _deeper(self, solver: Solver, obligation: Obligation) -> Verdict | None:
        """Ask for more steps before: whatever can come before a counterexample may never come itself."""
        for depth in range(2, self.depth + 1):
            asked = (self._unbounded(solver, obligation, None, each) for each in paths(self.spec, depth))
            if all(answer.status == "unsat" for answer in asked):
                return Verdict(obligation, "proved", depth=depth)
        return None

    def _unbounded(
        self, solver: Solver, obligation: Obligation, lemmas: Collection[str] | None, before: tuple[str, ...] = ()
    ) -> Answer:
        script = self.scripts.of(obligation.action, before)
        return solver.check(script.against(obligation.claim, lemmas), self.timeout)
