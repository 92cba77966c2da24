"""A check from beginning to end: the adapter is tried, then directed and random plans are executed and judged."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from brokerlaw.adapters.contract import Adapter, Description
from brokerlaw.conformance import events as ev
from brokerlaw.conformance import smoke
from brokerlaw.conformance import trace as traces
from brokerlaw.conformance.coverage import Coverage
from brokerlaw.conformance.directed import directed, left_out, wants
from brokerlaw.conformance.execute import execute
from brokerlaw.conformance.judge import Breach, InvariantTally, breaches, claimed, judge, promises
from brokerlaw.conformance.machines import draw, machines_left_out
from brokerlaw.conformance.model import normalise
from brokerlaw.conformance.overrides import UserSettings, redacted
from brokerlaw.conformance.plan import Plan
from brokerlaw.conformance.result import LeftOut, ReportedViolation, RunResult, Verdict
from brokerlaw.conformance.shrink import Shrinker, Steps, encoded, steadiest
from brokerlaw.conformance.timeouts import Timeouts
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.rows import Invoke, Recording
from brokerlaw.spec.invariants.invariant import Finding, Invariant, Violation

BATCH = 8
"""Plans drawn from one machine before the next has its turn."""
REPLAYS = 5
"""How often a reduced violation is run again, to say how often it comes back."""
CONFIRM = 3
"""How often in a row a plan must break to be called steady while it is reduced."""
STEADY = 5
"""How often of these it should: else a longer plan that does is shown."""


class Evidence(NamedTuple):
    """A recording, and a violation that it shows."""

    recording: Recording
    violation: Violation


class Options(NamedTuple):
    """What the user asked for. `examples` counts random plans; times are seconds; `clock` measures them.

    `narrate` tells a trace to people, a line for each step and witness.
    """

    adapter: str
    settings: UserSettings
    invariants: list[Invariant]
    profile: str
    seed: int
    run_id: str
    examples: int | None
    max_time: float | None
    shrink_time: float
    out: Path
    clock: Callable[[], float]
    narrate: Callable[[traces.SavedTrace], Iterable[str]]


class Run:
    """One check. `events` does the work; `result` can be asked for at any time, and is then true of what was done."""

    def __init__(self, adapter: Adapter, options: Options) -> None:
        self._adapter = adapter
        self._options = options
        self._began = options.clock()
        self._description = adapter.describe()
        self._tallies = {
            entry.id: InvariantTally(entry, claimed(entry, self._description)) for entry in options.invariants
        }
        self._settings = redacted(options.settings)
        self._cases = 0
        self._operations = 0
        self._coverage = Coverage()
        self._left_out = _left_out(self._description)
        self._timeouts = Timeouts(self._description).listed
        self._found: list[ReportedViolation] = []
        self._early: str | None = None

    def events(self) -> Iterator[ev.AnyEvent]:
        """Run the phases. Raises `AdapterError` when the adapter fails; the result so far stands."""
        options = self._options
        yield ev.RunStarted(
            options.adapter,
            self._description,
            options.seed,
            options.profile,
            self._settings,
            tuple(self._tallies),
            self._left_out,
            self._timeouts,
        )
        yield from self._smoke()
        schedules = directed(self._description)
        yield ev.PhaseStarted("directed", len(schedules))
        yield from self._cases_of(schedules)
        if self._early is None:
            yield ev.PhaseStarted("stateful", options.examples)
            yield from self._cases_of(islice(draw(self._description, options.seed, BATCH), options.examples))

    def _smoke(self) -> Iterator[ev.AnyEvent]:
        """Is the adapter sane? A misuse of the contract raises; a doubt is told, since it may be the broker's doing."""
        yield ev.PhaseStarted("smoke")
        for made in smoke.at_start(
            self._adapter, self._description, f"bl{self._options.seed}-{self._options.run_id}-s"
        ):
            yield ev.AdapterChecked(made.name, made.status, made.reason)

    def result(self, fault: str | None = None, interrupted: bool = False) -> RunResult:
        """What is known now."""
        return RunResult(
            self._options.adapter,
            self._description,
            self._options.seed,
            self._options.profile,
            self._settings,
            self._cases,
            self._operations,
            round(self._options.clock() - self._began, 3),
            tuple(map(self._verdict, self._tallies.values())),
            tuple(self._found),
            fault,
            self._early,
            interrupted,
            len(promises(self._options.profile)),
            self._coverage.untested(self._description),
            self._coverage.unjudged,
            self._left_out,
            self._coverage.never_done,
            self._timeouts,
        )

    def _verdict(self, tally: InvariantTally) -> Verdict:
        name, status = tally.invariant.id, tally.status
        missing = wants(name, self._description) if status == "not exercised" else ()
        return Verdict(name, status, tally.exercised, tally.cases, tally.violations, missing)

    def _cases_of(self, plans: Iterable[Plan]) -> Iterator[ev.AnyEvent]:
        for plan in plans:
            if self._out_of_time():
                return
            recording, findings = self._case(plan)
            self._coverage.add(recording, findings)
            exercised = 0
            for name, finding in findings.items():
                self._tallies[name].add(finding)
                exercised += finding.exercised
            broken = breaches(findings)
            violated = tuple(dict.fromkeys(breach.invariant.id for breach in broken))
            operations = sum(isinstance(row, Invoke) for row in recording.rows)
            self._operations += operations
            yield ev.CaseFinished(self._cases, plan.name, len(plan.steps), operations, exercised, violated)
            yield from self._pursue(plan, recording, broken)

    def _out_of_time(self) -> bool:
        """Time alone bounds a run without a number of examples; with one, time that ends first is said."""
        limit = self._options.max_time
        if limit is None or self._options.clock() - self._began < limit:
            return False
        directed_left = self._cases < len(directed(self._description))
        if self._options.examples is not None or directed_left:
            self._early = f"the budget of {limit:g} s ended after {self._cases} cases"
        return True

    def _case(self, plan: Plan) -> tuple[Recording, dict[str, Finding]]:
        self._cases += 1
        prefix = f"bl{self._options.seed}-{self._options.run_id}-{self._cases}-"
        recording = execute(plan, self._adapter, self._description, self._options.settings, prefix)
        owed = [tally.invariant for tally in self._tallies.values() if tally.claimed]
        return recording, judge(History(recording), owed)

    def _pursue(self, plan: Plan, recording: Recording, broken: list[Breach]) -> Iterator[ev.AnyEvent]:
        """Reduce the first violation of each invariant that this run has not reported yet."""
        for breach in broken:
            if all(found.invariant != breach.invariant.id for found in self._found):
                yield ev.ShrinkStarted(breach.invariant.id, breach.violation.reason, len(plan.steps))
                found = self._reduce(plan, recording, breach)
                self._found.append(found)
                yield ev.ViolationFound(found)

    def _reduce(self, plan: Plan, recording: Recording, breach: Breach) -> ReportedViolation:
        """The shortest plan that still breaks the invariant, with the history of its last breach."""
        evidence = {encoded(normalise(plan.steps)): Evidence(recording, breach.violation)}
        deadline = self._options.clock() + self._options.shrink_time

        def breaks(steps: Steps) -> bool:
            seen, findings = self._case(plan.with_steps(steps))
            violations = findings[breach.invariant.id].violations
            if violations:
                evidence[encoded(steps)] = Evidence(seen, violations[0])
            return bool(violations)

        shrinker = Shrinker(breaks, lambda: self._options.clock() < deadline, confirm=CONFIRM)
        shrunk = shrinker.shrink(plan.steps)
        steps, again = steadiest(shrunk, breaks, REPLAYS, STEADY)
        return self._save(plan, breach.invariant, steps, evidence[encoded(steps)], again)

    def _save(self, plan: Plan, invariant: Invariant, steps: Steps, best: Evidence, again: int) -> ReportedViolation:
        path = self._options.out / f"trace-{len(self._found) + 1}-{invariant.id}.json"
        saved = traces.SavedTrace(
            invariant.id,
            best.violation.reason,
            best.violation.witnesses,
            again,
            REPLAYS,
            self._options.adapter,
            best.recording.header.broker,
            self._settings,
            self._options.seed,
            plan.with_steps(steps),
            best.recording.header,
            best.recording.rows,
        )
        traces.write(path, saved)
        return ReportedViolation(
            invariant.id,
            saved.reason,
            plan.name,
            len(steps),
            len(plan.steps),
            again,
            REPLAYS,
            path.name,
            tuple(self._options.narrate(saved)),
        )


def _left_out(description: Description) -> tuple[LeftOut, ...]:
    """Schedules and random plans that need what the broker does not have."""
    random = {f"random {name}": missing for name, missing in machines_left_out(description).items()}
    return tuple(LeftOut(name, missing) for name, missing in (left_out(description) | random).items())
