"""Is it a bug, or is a lemma missing? A counterexample to induction is looked up among the reachable states."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from brokerlaw.spec.language.model import Model
from brokerlaw.spec.language.prover.cti import Counterexample
from brokerlaw.spec.language.prover.obligations import FLOOR, Obligation
from brokerlaw.spec.language.search import SearchResult, Trace, below, search
from brokerlaw.spec.language.spec import Spec


@dataclass(frozen=True)
class Lookup:
    """What the search under these bounds says of a claim.

    `trace` reaches a violation: the claim is false. Without one, the counterexample is not reachable under its own
    bounds, because a step from a reachable state reaches a violation; unless the search is `incomplete`.
    """

    bounds: Mapping[str, int]
    distinct: int
    incomplete: str
    trace: Trace | None


class Reachable:
    """The reachable states of one protocol, searched once for each choice of bounds."""

    def __init__(self, spec: Spec, max_states: int) -> None:
        self.spec, self.max_states = spec, max_states
        self._results: dict[tuple[tuple[str, int], ...], SearchResult] = {}

    def look(self, obligation: Obligation, found: Counterexample) -> Lookup:
        """Search for a violation of the claim: under the counterexample's bounds, then under the protocol's own."""
        small = self._look(obligation, found.bounds)
        if small.trace or any(name not in self.spec.bounds for name in found.bounds):
            return small
        large = self._look(obligation, {name: max(size, self.spec.bounds[name]) for name, size in found.bounds.items()})
        return large if large.trace else small

    def _look(self, obligation: Obligation, bounds: Mapping[str, int]) -> Lookup:
        result = self._result(bounds)
        name = below(obligation.action) if obligation.claim == FLOOR else obligation.claim
        traces = (violation.trace for violation in result.violations if violation.name == name)
        return Lookup(bounds, result.distinct, result.incomplete, next(traces, None))

    def _result(self, bounds: Mapping[str, int]) -> SearchResult:
        key = tuple(bounds.items())
        if key not in self._results:
            self._results[key] = search(Model(self.spec, bounds), every=True, max_states=self.max_states)
        return self._results[key]
