"""The hunt for one mutant: it must be caught by every promise that its table says; each catch is reduced."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator
from typing import Final, NamedTuple

from brokerlaw.adapters.contract import Adapter
from brokerlaw.conformance.plan import Plan, Steps
from brokerlaw.conformance.power.trial import Trial
from brokerlaw.conformance.shrink import Shrinker

SHRINK_TIME: Final = 20.0


class Catch(NamedTuple):
    """One mutant caught by one promise: in which case, by which plan, and what the plan was reduced to."""

    mutant: str
    invariant: str
    case: int
    plan: str
    reduced: Plan


class Hunt:
    """One mutant, and the plans that are to show it."""

    def __init__(self, mutant: str, adapter: Adapter, trial: Trial) -> None:
        self._mutant, self._adapter, self._trial = mutant, adapter, trial
        self.cases = 0

    def catches(self, plans: Iterable[Plan], wanted: Collection[str]) -> Iterator[Catch]:
        """A catch for each promise that must have one; for a mutant that nobody sees, whichever there are."""
        left = set(wanted)
        for plan in plans:
            self.cases += 1
            for invariant in sorted(self._broken(plan)):
                if invariant in left or not wanted:
                    left.discard(invariant)
                    yield Catch(self._mutant, invariant, self.cases, plan.name, self._reduced(plan, invariant))
            if wanted and not left:
                return

    def _broken(self, plan: Plan) -> frozenset[str]:
        return self._trial.run(plan, self._adapter)[1]

    def _reduced(self, plan: Plan, invariant: str) -> Plan:
        deadline = time.monotonic() + SHRINK_TIME

        def breaks(steps: Steps) -> bool:
            return invariant in self._broken(plan.with_steps(steps))

        steps = Shrinker(breaks, lambda: time.monotonic() < deadline).shrink(plan.steps).steps
        return Plan(f"{self._mutant}/{invariant}", steps)
