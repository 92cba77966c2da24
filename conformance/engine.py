"""A check from beginning to end: the adapter is tried, then directed and random plans are executed and judged."""

from collections.abc import Generator, Iterable, Iterator
from itertools import islice

import msgspec

from brokerlaw.adapters.contract import Adapter, AdapterError, Description
from brokerlaw.conformance import events as ev, smoke
from brokerlaw.conformance.baseline import Known
from brokerlaw.conformance.causes import Breach, Cause, causes
from brokerlaw.conformance.coverage import Coverage
from brokerlaw.conformance.execute import execute
from brokerlaw.conformance.judge import InvariantTally, JudgeError, claimed, judge
from brokerlaw.conformance.kept import keep
from brokerlaw.conformance.known import KnownViolation, repeats, told
from brokerlaw.conformance.needs import missing
from brokerlaw.conformance.options import Options
from brokerlaw.conformance.overrides import redacted
from brokerlaw.conformance.plan import Plan
from brokerlaw.conformance.profiles import Profile
from brokerlaw.conformance.pursuit import Evidence, Probe, Pursuit
from brokerlaw.conformance.result import LeftOut, ReportedViolation, RunResult, Verdict
from brokerlaw.conformance.timeouts import Timeouts
from brokerlaw.conformance.transitions import TransitionCounts
from brokerlaw.spec.history import rows
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.rows import Invoke, Recording
from brokerlaw.spec.history.validate import HistoryError
from brokerlaw.spec.invariants.invariant import Finding, Violation

BATCH = 8
"""Plans drawn from one machine before the next has its turn."""


class Run:
    """One check. `events` does the work; `result` can be asked for at any time, and is then true of what was done."""

    def __init__(self, adapter: Adapter, options: Options) -> None:
        self._adapter = adapter
        self._options = options
        self._began = options.clock()
        self._profile = options.profile.narrowed(options.invariants)
        self._description = adapter.describe()
        self._tallies = {
            entry.id: InvariantTally(entry, claimed(entry, self._description)) for entry in options.invariants
        }
        self._settings = redacted(options.settings)
        self._cases = 0
        self._operations = 0
        self._coverage = Coverage()
        self._transitions = TransitionCounts()
        self._left_out = _left_out(self._profile, self._description)
        self._timeouts = Timeouts(self._description).listed
        self._pursuit = Pursuit(options)
        self._known: list[KnownViolation] = []
        self._early: str | None = None
        self._fault: str | None = None

    def events(self) -> Iterator[ev.AnyEvent]:
        """Run the phases. Raises `AdapterError` when the adapter fails; the result so far stands."""
        options = self._options
        yield ev.RunStarted(
            options.adapter,
            self._description,
            options.seed,
            self._profile.name,
            self._settings,
            tuple(self._tallies),
            self._left_out,
            self._timeouts,
        )
        yield from self._smoke()
        yield from self._baseline()
        schedules = self._profile.directed(self._description)
        yield ev.PhaseStarted("directed", len(schedules))
        yield from self._cases_of(schedules)
        if self._early is None:
            yield ev.PhaseStarted("stateful", options.examples)
            drawn = self._profile.draw(self._description, options.seed, BATCH)
            yield from self._cases_of(islice(drawn, options.examples))

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
            adapter=self._options.adapter,
            description=self._description,
            seed=self._options.seed,
            profile=self._profile.name,
            settings=self._settings,
            cases=self._cases,
            operations=self._operations,
            seconds=round(self._options.clock() - self._began, 3),
            verdicts=tuple(map(self._verdict, self._tallies.values())),
            found=tuple(map(self._in_all, self._pursuit.told)),
            fault=fault or self._fault or self._pursuit.fault,
            early=self._early,
            interrupted=interrupted,
            promises=len(self._profile.invariants),
            narrowed_by=len(self._options.profile.schedules) - len(self._profile.schedules),
            untested=self._coverage.untested(self._description),
            transitions=self._transitions.told,
            left_out=self._left_out,
            never_done=self._coverage.never_done,
            timeouts=self._timeouts,
            known=tuple(self._known),
        )

    def _in_all(self, found: ReportedViolation) -> ReportedViolation:
        """With what the whole run says of its promise."""
        tally = self._tallies[found.invariant]
        return msgspec.structs.replace(found, broken=tally.broken, cases=tally.cases)

    def _verdict(self, tally: InvariantTally) -> Verdict:
        name, status = tally.invariant.id, tally.status
        missing = self._profile.wants(name, self._description) if status == "not exercised" else ()
        counts = (tally.exercised, tally.cases, tally.violations)
        return Verdict(name, status, *counts, missing, tally.known, tally.undecided)

    def _baseline(self) -> Iterator[ev.AnyEvent]:
        """Run the trace of each known violation again."""
        if self._options.baseline:
            yield ev.PhaseStarted("known", len(self._options.baseline))
        for known in self._options.baseline or ():
            checked = yield from self._recheck(known)
            self._known.append(checked)
            yield ev.KnownChecked(checked)

    def _recheck(self, known: Known) -> Generator[ev.AnyEvent, None, KnownViolation]:
        """Whether it comes back: run as often as it takes to know, within the time that there is for a violation."""
        tally = self._tallies.get(known.entry.promise)
        if tally is None:
            return told(known.entry, "not judged")
        if not tally.claimed:
            return told(known.entry, "gone", why="the broker does not claim what the promise needs")
        if lacks := missing(known.saved.plan.steps, self._description):
            return told(known.entry, "undecided", why=f"the adapter has no {', '.join(lacks)}")
        if not self._pursuit.shows(known):
            yield from self._take(known.saved.plan)
            return told(known.entry, "gone", 1, "it was recorded under other settings than those of this run")
        wanted, tested = repeats(known.saved.reproduced, known.saved.runs), False
        deadline = self._options.clock() + self._options.shrink_time
        for runs in range(1, wanted + 1):
            findings = yield from self._take(known.saved.plan, known)
            finding = findings.get(known.entry.promise, Finding(0))
            if finding.violations:
                return told(known.entry, "comes back", runs)
            tested = tested or finding.exercised > 0
            if runs < wanted and self._options.clock() >= deadline:
                why = f"it was run {runs} of {wanted} times before the time for a violation ended"
                return told(known.entry, "undecided", runs, why)
        if not tested:
            return told(known.entry, "undecided", wanted, "its steps did not put the promise to the test")
        return told(known.entry, "gone", wanted)

    def _cases_of(self, plans: Iterable[Plan]) -> Iterator[ev.AnyEvent]:
        for plan in plans:
            if self._out_of_time():
                return
            yield from self._take(plan)

    def _take(self, plan: Plan, known: Known | None = None) -> Generator[ev.AnyEvent, None, dict[str, Finding]]:
        """One case of the run, and what it leads to; the violation that the plan is known for leads to nothing new."""
        recording, findings = self._case(plan)
        self._coverage.add(recording, findings)
        self._transitions.add(recording)
        for name, finding in findings.items():
            self._tallies[name].add(finding)
        operations = sum(isinstance(row, Invoke) for row in recording.rows)
        self._operations += operations
        exercised = sum(finding.exercised for finding in findings.values())
        broken = {name: finding.violations for name, finding in findings.items() if finding.violations}
        self._keep(plan, recording, bool(broken))
        yield ev.CaseFinished(self._cases, plan.name, len(plan.steps), operations, exercised, tuple(broken))
        if known is not None and known.entry.promise in broken:
            self._tallies[known.entry.promise].known += len(broken.pop(known.entry.promise))
        yield from self._pursue(plan, recording, broken)
        return findings

    def _pursue(
        self, plan: Plan, recording: Recording, broken: dict[str, tuple[Violation, ...]]
    ) -> Iterator[ev.AnyEvent]:
        """Follow up what a case has broken: each promise where there is a baseline, else each cause."""
        breaches = [Breach(name, violation) for name, violations in broken.items() for violation in violations]
        found = [Cause(breach) for breach in breaches] if self._options.baseline is not None else causes(breaches)
        first: dict[str, Violation] = {}
        for cause in found:
            first.setdefault(cause.told.invariant, cause.told.violation)
        for name in broken:
            self._tallies[name].broken += 1
            if name not in first:
                leads = (cause.told.invariant for cause in found if name in cause.beside)
                self._pursuit.beside(name, next(leads), self._tallies[name], len(broken[name]))
        for name, violation in first.items():
            probe = Probe(name, plan, self._case, self._profile.model)
            probe.keep(plan.steps, Evidence(recording, violation))
            yield from self._pursuit.follow(probe, self._tallies[name], len(broken[name]))

    def _out_of_time(self) -> bool:
        """Time alone bounds a run without a number of examples; with one, time that ends first is said."""
        limit = self._options.max_time
        if limit is None or self._options.clock() - self._began < limit:
            return False
        directed_left = self._cases < len(self._profile.directed(self._description))
        if self._options.examples is not None or directed_left:
            self._early = f"the budget of {limit:g} s ended after {self._cases} cases"
        return True

    def _case(self, plan: Plan) -> tuple[Recording, dict[str, Finding]]:
        self._cases += 1
        prefix = f"bl{self._options.seed}-{self._options.run_id}-{self._cases}-"
        options = self._options
        recording = execute(
            plan, self._adapter, self._description, options.settings, prefix, self._profile, options.patience
        )
        return recording, self._judged(recording)

    def _judged(self, recording: Recording) -> dict[str, Finding]:
        """What each owed promise comes to. A judge that failed once is not asked again, and the history is kept."""
        owed = [tally.invariant for tally in self._tallies.values() if tally.claimed and not tally.failed]
        try:
            return judge(History(recording), owed)
        except HistoryError as error:
            raise AdapterError(f"what the adapter told is no history: {error}{self._kept(recording)}") from error
        except JudgeError as error:
            for name in error.failures:
                self._tallies[name].failed = True
            self._fault = self._fault or f"{error}{self._kept(recording)}"
            return error.findings

    def _keep(self, plan: Plan, recording: Recording, broken: bool) -> None:
        """Keep the history where that is wanted; what cannot be written is the run's fault, and does not end it."""
        if self._options.keep == "all" or (self._options.keep == "violations" and broken):
            try:
                keep(self._options.out, self._cases, plan.name, recording)
            except OSError as error:
                self._fault = self._fault or f"the history of case {self._cases} cannot be kept: {error.strerror}"

    def _kept(self, recording: Recording) -> str:
        path = self._options.out / f"history-{self._cases}.jsonl"
        try:
            rows.write(path, recording)
        except (OSError, OverflowError) as error:
            return f"; its history cannot be kept: {error}"
        return f"; its history is in {path}"


def _left_out(profile: Profile, description: Description) -> tuple[LeftOut, ...]:
    """Schedules and random plans that need what the broker does not have."""
    random = {f"random {name}": missing for name, missing in profile.machines_left_out(description).items()}
    return tuple(LeftOut(name, missing) for name, missing in (profile.schedules_left_out(description) | random).items())
