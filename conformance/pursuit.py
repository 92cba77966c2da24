"""What becomes of a violation: it is reduced to a trace; where there is a baseline, it is told from what is known."""

from collections import Counter
from collections.abc import Callable, Generator, Iterator
from typing import Final, NamedTuple, TypeAlias

import msgspec

from brokerlaw.conformance import events as ev, trace as traces
from brokerlaw.conformance.baseline import Known
from brokerlaw.conformance.judge import InvariantTally
from brokerlaw.conformance.model import PlanModel, normalise
from brokerlaw.conformance.options import Options
from brokerlaw.conformance.overrides import redacted
from brokerlaw.conformance.plan import Plan, Steps
from brokerlaw.conformance.result import ReportedViolation
from brokerlaw.conformance.shrink import Shrinker, encoded, steadiest
from brokerlaw.conformance.ways import Ways
from brokerlaw.spec.history.rows import Recording
from brokerlaw.spec.invariants.invariant import Finding, Violation

REPLAYS: Final = 5
"""How often a reduced violation is run again, to say how often it comes back."""
CONFIRM: Final = 3
"""How often in a row a plan must break to be called steady while it is reduced."""
STEADY: Final = 5
"""How often of these it should: else a longer plan that does is shown."""
MOST_TRIES: Final = 3
"""How many cases are reduced that break a promise, until one comes back."""
MOST_WAYS: Final = 10
"""How many new ways to break one promise a run looks for: on a broker that never does the same, there is no end."""

Case: TypeAlias = Callable[[Plan], tuple[Recording, dict[str, Finding]]]
"""Runs a plan, and judges what came of it."""


class OutOfTime(Exception):
    """Violations could not be told apart in the time that there is for one."""


class Evidence(NamedTuple):
    """A recording, and a violation that it shows."""

    recording: Recording
    violation: Violation


class Probe:
    """Asks whether steps break one promise, and keeps what shows it. `plan` is where they come from."""

    def __init__(self, invariant: str, plan: Plan, case: Case, model: Callable[[], PlanModel] = PlanModel) -> None:
        self.invariant = invariant
        self.plan = plan
        self._case = case
        self._model = model
        self._evidence: dict[bytes, Evidence] = {}

    def breaks(self, steps: Steps) -> bool:
        """Whether one run of these steps breaks the promise."""
        recording, findings = self._case(self.plan.with_steps(steps))
        violations = findings.get(self.invariant, Finding(0)).violations
        if violations:
            self.keep(steps, Evidence(recording, violations[0]))
        return bool(violations)

    def keep(self, steps: Steps, evidence: Evidence) -> None:
        """Remember what these steps have shown."""
        self._evidence[encoded(normalise(steps, self._model))] = evidence

    def evidence(self, steps: Steps) -> Evidence:
        """What these steps have shown last."""
        return self._evidence[encoded(normalise(steps, self._model))]


class Pursuit:
    """Follows up the violations of a run."""

    def __init__(self, options: Options) -> None:
        self.found: list[ReportedViolation] = []
        self.fault: str | None = None
        self._beside: dict[str, dict[str, None]] = {}
        self._tries: Counter[str] = Counter()
        self._plans: dict[bytes, str] = {}
        self._options = options
        overrides = options.settings.overrides
        self._ways: dict[str, Ways] = {entry.id: Ways(overrides) for entry in options.invariants}
        for known in options.baseline or ():
            if known.entry.promise in self._ways:
                self._ways[known.entry.promise].known.add(known.way)

    def follow(self, probe: Probe, tally: InvariantTally, violations: int) -> Iterator[ev.AnyEvent]:
        """Without a baseline, the first violation of each promise is reduced; with one, each way to break it."""
        if self._options.baseline is not None:
            yield from self._attribute(probe, tally, violations)
            return
        tally.violations += violations
        tries = self._tries[probe.invariant]
        reproduced = [found.reproduced for found in self.found if found.invariant == probe.invariant]
        if tries < MOST_TRIES and not any(reproduced):
            self._tries[probe.invariant] += 1
            yield from self._report(probe, probe.plan.steps)

    def beside(self, invariant: str, lead: str, tally: InvariantTally, violations: int) -> None:
        """Count violations that another promise tells, as it is nearer to their cause."""
        tally.violations += violations
        self._beside.setdefault(invariant, {})[lead] = None

    @property
    def told(self) -> list[ReportedViolation]:
        """What was found, each with the promises that are told by it alone."""
        own = {found.invariant for found in self.found}
        alone = {name: leads for name, leads in self._beside.items() if name not in own}
        beside = [tuple(name for name, leads in alone.items() if found.invariant in leads) for found in self.found]
        return [msgspec.structs.replace(found, also=also) for found, also in zip(self.found, beside, strict=True)]

    def shows(self, known: Known) -> bool:
        """Whether the plan of a known violation is that violation under the settings of this run, too."""
        return self._ways[known.entry.promise].of(known.saved.plan.steps) == known.way

    def _attribute(self, probe: Probe, tally: InvariantTally, violations: int) -> Iterator[ev.AnyEvent]:
        """Look for a way that is not known, until there is none; each is reported, and known from then on."""
        ways = self._ways[probe.invariant]
        if not ways.known:
            tally.violations += violations
            violations = 0  # counted before the reduction, which may be interrupted
        before = ways.found
        try:
            while ways.found < MOST_WAYS and (other := ways.other(probe.plan.steps, self._in_time(probe))) is not None:
                if not (yield from self._report(probe, other)):
                    break
        except OutOfTime:
            if ways.found == before:
                tally.undecided += violations
                return
        if ways.found:
            tally.violations += violations
        else:
            tally.known += violations

    def _in_time(self, probe: Probe) -> Callable[[Steps], bool]:
        deadline = self._options.clock() + self._options.shrink_time

        def breaks(steps: Steps) -> bool:
            if self._options.clock() >= deadline:
                raise OutOfTime
            return probe.breaks(steps)

        return breaks

    def _report(self, probe: Probe, steps: Steps) -> Generator[ev.AnyEvent, None, bool]:
        """Reduce the steps, and report what they come to, unless that is a known way after all."""
        reason = probe.evidence(steps).violation.reason
        yield ev.ShrinkStarted(probe.invariant, reason, len(steps))
        deadline = self._options.clock() + self._options.shrink_time

        def time_left() -> bool:
            return self._options.clock() < deadline

        shrinker = Shrinker(probe.breaks, time_left, confirm=CONFIRM, model=self._options.profile.model)
        shrunk = shrinker.shrink(steps)
        reduced, again = steadiest(shrunk, probe.breaks, REPLAYS, STEADY)
        if self._options.baseline is not None and not self._ways[probe.invariant].learn(reduced):
            return False
        place = self._place(probe.invariant, reduced, again)
        if place is not None:
            found = self._save(probe, reduced, again, place + 1)
            self.found[place : place + 1] = [found]
            yield ev.ViolationFound(found)
        return True

    def _place(self, invariant: str, steps: Steps, again: int) -> int | None:
        """Where among what was found this belongs; None: it was told by another promise, or better before."""
        if self._options.baseline is not None:
            return len(self.found)
        told = self._plans.setdefault(encoded(steps), invariant)
        if told != invariant:
            self._beside.setdefault(invariant, {})[told] = None
            return None
        earlier = [(place, found) for place, found in enumerate(self.found) if found.invariant == invariant]
        for place, found in earlier:
            return place if again > found.reproduced else None
        return len(self.found)

    def _save(self, probe: Probe, steps: Steps, again: int, number: int) -> ReportedViolation:
        best = probe.evidence(steps)
        path = self._options.out / f"trace-{number}-{probe.invariant}.json"
        saved = traces.SavedTrace(
            probe.invariant,
            best.violation.reason,
            best.violation.witnesses,
            again,
            REPLAYS,
            self._options.adapter,
            best.recording.header.broker,
            redacted(self._options.settings),
            self._options.seed,
            probe.plan.with_steps(steps),
            best.recording.header,
            best.recording.rows,
        )
        try:
            traces.write(path, saved)
        except OSError as error:
            self.fault = self.fault or f"{path} cannot be written: {error.strerror}"
        return ReportedViolation(
            probe.invariant,
            saved.reason,
            probe.plan.name,
            len(steps),
            len(probe.plan.steps),
            again,
            REPLAYS,
            path.name,
            tuple(self._options.narrate(saved)),
        )
