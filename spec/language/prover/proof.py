"""A proof by induction: every obligation discharged, or what stands against it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, TypeVar

from brokerlaw.spec.language.layout import Layout
from brokerlaw.spec.language.prover.contexts import Context, ContextChecker, ContextResult, contexts
from brokerlaw.spec.language.prover.cti import Counterexample, Instances
from brokerlaw.spec.language.prover.lookup import Lookup, Reachable
from brokerlaw.spec.language.prover.obligations import FLOOR, INIT, Obligation, Scripts, obligations, paths
from brokerlaw.spec.language.prover.solver import Answer, Pool, Solver
from brokerlaw.spec.language.spec import Spec
from brokerlaw.spec.language.term import SpecError

ObligationStatus = Literal["proved", "counterexample", "unknown"]
ProofStatus = Literal["proved", "violated", "unproved", "vacuous", "incomplete"]
T = TypeVar("T")


@dataclass(frozen=True)
class ObligationResult:
    """What came of an obligation, in how many seconds of the solver's processor time.

    `lemmas` are the invariants that were assumed of the state before; all that the proof leans on. `depth` is the
    number of steps that the induction is over.
    """

    obligation: Obligation
    status: ObligationStatus
    seconds: float = 0.0
    reason: str = ""
    lemmas: tuple[str, ...] = ()
    counterexample: Counterexample | None = None
    lookup: Lookup | None = None
    depth: int = 1


@dataclass(frozen=True)
class ProofResult:
    """Every result, in the order of the text. `sizes` are the sorts that were bounded; the rest were not."""

    spec: Spec
    sizes: Mapping[str, int]
    results: tuple[ObligationResult, ...]
    contexts: tuple[ContextResult, ...]

    @property
    def status(self) -> ProofStatus:
        """Proved: all that the protocol claims. Incomplete: what was asked for is proved, and more was not asked for.

        Violated: some claim is false, and a trace shows it. Vacuous: something that is assumed is not known to be
        possible.
        """
        if any(result.lookup and result.lookup.trace for result in self.results):
            return "violated"
        if any(result.status != "proved" for result in self.results):
            return "unproved"
        if any(result.status != "possible" for result in self.contexts):
            return "vacuous"
        return "proved" if not self.open else "incomplete"

    @cached_property
    def total(self) -> Mapping[str, int]:
        """How many obligations each claim of the protocol has, whether they were asked for or not."""
        count: dict[str, int] = {}
        for each in obligations(self.spec):
            count[each.claim] = count.get(each.claim, 0) + 1
        return count

    def of(self, claim: str) -> tuple[ObligationResult, ...]:
        """Give the results of a claim."""
        return tuple(each for each in self.results if each.obligation.claim == claim)

    def lemmas(self, claim: str) -> tuple[str, ...]:
        """Give the other claims that the proof of a claim leans on, in the order of the text."""
        used = {lemma for each in self.of(claim) for lemma in each.lemmas} - {claim}
        return tuple(each for each in self.total if each in used)

    @cached_property
    def open(self) -> Mapping[str, tuple[str, ...]]:
        """Claims that are not proved, each with those that it leans on and that are not proved either.

        A claim whose own obligations are all proved is proved only if all that they assume is. Claims that lean on
        each other are proved together, by one induction.
        """
        found = {
            claim
            for claim, total in self.total.items()
            if sum(each.status == "proved" for each in self.of(claim)) < total
        }
        while more := {claim for claim in self.total if claim not in found and found.intersection(self.lemmas(claim))}:
            found |= more
        return {claim: tuple(x for x in self.lemmas(claim) if x in found) for claim in self.total if claim in found}


def prove(
    spec: Spec,
    sizes: Mapping[str, int] | None = None,
    *,
    only: Callable[[Obligation], bool] = lambda _: True,
    depth: int = 1,
    timeout: float = 10.0,
    workers: int = 2,
    max_states: int = 200_000,
) -> ProofResult:
    """Prove every invariant inductive, assuming all of them before each step.

    `sizes` bounds some sorts, by name; all others are unbounded. `only` chooses among the obligations. An obligation
    that one step does not prove is tried over 2 to `depth` steps (k-induction). `timeout` is in seconds, for each
    question. Counterexamples are looked up among at most `max_states` states; 0 leaves that out.
    Raises a SpecError if Z3 is missing, if a size makes no sense, or if there is nothing to prove or to start from.
    """
    fixed = dict(sizes or {})
    Layout(spec, fixed)  # refuses sizes that make no sense
    if not spec.of_kind("invariant"):
        raise SpecError(f"{spec.name} has no invariant, so there is nothing to prove: write one, with @invariant")
    prover = _Prover(spec, fixed, depth, timeout)
    checker = ContextChecker(prover.scripts, timeout)
    chosen = list(filter(only, obligations(spec)))
    assumed = list(_contexts(spec, chosen))
    reachable = Reachable(spec, max_states)
    with Pool(workers) as pool:
        first, *possible = pool.map_groups(checker.check, _groups(assumed, lambda each: each.formula is None))
        _refuse_no_start(spec, fixed, first)
        results = []
        asked = [*_start(spec, chosen), *chosen]
        for result in pool.map_groups(prover.result, _groups(asked, lambda each: each.action)):
            _refuse_start_below(spec, result)
            if result.counterexample and max_states:
                result = replace(result, lookup=reachable.look(result.obligation, result.counterexample))
            results.append(result)
    return ProofResult(spec, fixed, tuple(results[len(results) - len(chosen) :]), (first, *possible))


def _groups(items: Iterable[T], of: Callable[[T], object]) -> list[list[T]]:
    """Give neighbours that are of one kind together."""
    return [list(group) for _, group in itertools.groupby(items, of)]


def _start(spec: Spec, chosen: Collection[Obligation]) -> Iterator[Obligation]:
    """Give the obligation without which a start makes no sense, if there is one that was not chosen."""
    yield from (each for each in obligations(spec) if each == Obligation(INIT, FLOOR) and each not in chosen)


def _contexts(spec: Spec, chosen: Collection[Obligation]) -> Iterator[Context]:
    """Give the contexts of the chosen obligations; that there is a start is always asked."""
    subjects = {INIT} | {name for each in chosen for name in (each.action, each.claim)}
    yield from (each for each in contexts(spec) if each.subject in subjects)


def _refuse_no_start(spec: Spec, sizes: Mapping[str, int], start: ContextResult) -> None:
    if start.status == "impossible":
        within = f" with {', '.join(f'{name}={size}' for name, size in sizes.items())}" if sizes else ""
        raise SpecError(f"{spec.name} has no initial state{within}: its @init requires what never holds")


def _refuse_start_below(spec: Spec, result: ObligationResult) -> None:
    if (result.obligation.action, result.obligation.claim) == (INIT, FLOOR) and result.status == "counterexample":
        raise SpecError(f"{spec.name} starts with a value below 0: its @init, {spec.init.name}, subtracts too much")


class _Prover:
    """Finds proofs of unbounded claims with the lemmas that suffice under small bounds.

    Z3 is seldom at a loss for a few lemmas, and often for many. So the obligation is first put to it with finite
    sorts, which gives either a counterexample or a core, the lemmas that were used; these then prove it unbounded.
    """

    def __init__(self, spec: Spec, sizes: Mapping[str, int], depth: int, timeout: float) -> None:
        self.spec, self.depth, self.timeout = spec, depth, timeout
        self.all = tuple(each.name for each in spec.of_kind("invariant"))
        self.scripts, self.instances = Scripts(spec, sizes), Instances(spec, sizes)

    def result(self, solver: Solver, obligation: Obligation) -> ObligationResult:
        """Discharge an obligation, or say what stands against it."""
        if obligation.framed:
            return ObligationResult(obligation, "proved", lemmas=(obligation.claim,))
        before = solver.seconds
        result = self._by_cores(solver, obligation) or self._by_all(solver, obligation)
        if result.status != "proved" and obligation.action != INIT:
            result = self._deeper(solver, obligation) or result
        return replace(result, seconds=solver.seconds - before)

    def _by_cores(self, solver: Solver, obligation: Obligation) -> ObligationResult | None:
        """Try the cores of larger and larger bounds; stop at a counterexample."""
        lemmas: set[str] | None = None
        for instance in self.instances.growing():
            answer = instance.ask(solver, obligation, self.timeout)
            if answer is None:
                return None
            if isinstance(answer, Counterexample):
                found = self.instances.smallest(answer, solver, obligation, self.timeout)
                return ObligationResult(obligation, "counterexample", counterexample=found)
            if lemmas is None or not lemmas.issuperset(answer):
                lemmas = set(answer).union(lemmas or ())
                if self._unbounded(solver, obligation, lemmas).status == "unsat":
                    return ObligationResult(obligation, "proved", lemmas=tuple(sorted(lemmas)))
        return None

    def _by_all(self, solver: Solver, obligation: Obligation) -> ObligationResult:
        answer = self._unbounded(solver, obligation, None)
        if answer.status == "unsat":
            return ObligationResult(obligation, "proved", lemmas=() if obligation.action == INIT else self.all)
        if answer.status == "sat":
            reason = "it needs more than the bounds that were tried"
            return ObligationResult(obligation, "counterexample", reason=reason)
        return ObligationResult(obligation, "unknown", reason=answer.reason)

    def _deeper(self, solver: Solver, obligation: Obligation) -> ObligationResult | None:
        """Ask for more steps before: whatever can come before a counterexample may never come itself."""
        for depth in range(2, self.depth + 1):
            asked = (self._unbounded(solver, obligation, None, each) for each in paths(self.spec, depth))
            if all(answer.status == "unsat" for answer in asked):
                return ObligationResult(obligation, "proved", lemmas=self.all, depth=depth)
        return None

    def _unbounded(
        self, solver: Solver, obligation: Obligation, lemmas: Collection[str] | None, before: tuple[str, ...] = ()
    ) -> Answer:
        script = self.scripts.of(obligation.action, before)
        if before:
            return solver.check(script.against(obligation.claim, lemmas), self.timeout)
        return solver.check_both(script.shared, script.question(obligation.claim, lemmas), self.timeout)
