"""A finished run, as data: what renderers see, and what the exit code is made from."""

from collections.abc import Iterator

from brokerlaw.adapters.contract import Description
from brokerlaw.conformance.coverage import Failure, NeverDone
from brokerlaw.conformance.judge import VerdictStatus
from brokerlaw.conformance.known import KnownViolation, differences
from brokerlaw.conformance.timeouts import Timeout
from brokerlaw.conformance.transitions import Transitions
from brokerlaw.spec.history.values import Struct
from brokerlaw.spec.text import shown

KEPT, BROKEN, FAULT, INCOMPLETE, INTERRUPTED = 0, 1, 2, 3, 130
"""Exit codes: promises kept; one broken; usage, adapter or suite at fault; not all was judged; the user ended it."""
SHOWN = 3
"""Operations that never succeeded, and the ways in which one failed, that the conclusion tells."""
QUOTED = 80
"""Characters of an adapter's message that the conclusion shows."""


class Verdict(Struct, frozen=True, omit_defaults=False):
    """One invariant over the whole run: how often it was put to the test, in how many cases, how often broken.

    `wants` is what the adapter would have to have for it to be put to the test: alternatives, each a few capabilities.
    """

    invariant: str
    status: VerdictStatus
    exercised: int
    cases: int
    violations: int
    wants: tuple[str, ...] = ()
    known: int = 0
    undecided: int = 0


class ReportedViolation(Struct, frozen=True, omit_defaults=False):
    """One violation, reduced: `trace` is its file in the run folder, `lines` the trace for people.

    `broken` and `cases`: in how many cases the promise was broken, and put to the test. `also` are promises that were
    broken by the same cause, and have no trace of their own.
    """

    invariant: str
    reason: str
    plan: str
    steps: int
    original_steps: int
    reproduced: int
    runs: int
    trace: str
    lines: tuple[str, ...]
    broken: int = 0
    cases: int = 0
    also: tuple[str, ...] = ()
    unpromised: tuple[str, ...] = ()


class LeftOut(Struct, frozen=True, omit_defaults=False):
    """A schedule, or a kind of random plans, that the broker could not be asked for, and what it does not have."""

    schedule: str
    missing: tuple[str, ...]


class RunResult(Struct, frozen=True, omit_defaults=False):
    """A run. `fault` says what went wrong with the adapter or the suite, `early` what cut the run short.

    `promises` is how many the profile has; `narrowed_by` counts the schedules that test none of those that were
    selected, and were not run. `untested` are capabilities that are claimed and that no promise put to the
    test; None: an older report, which does not tell.
    `timeouts` are the broker's settings that the suite's waits follow, `transitions` the actions of each protocol that
    the cases exercised, as far as clients see them.
    """

    adapter: str
    description: Description
    seed: int
    profile: str
    settings: dict[str, str]
    cases: int
    operations: int
    seconds: float
    verdicts: tuple[Verdict, ...]
    found: tuple[ReportedViolation, ...] = ()
    fault: str | None = None
    early: str | None = None
    interrupted: bool = False
    promises: int = 0
    narrowed_by: int = 0
    untested: tuple[str, ...] | None = None
    transitions: tuple[Transitions, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    never_done: tuple[NeverDone, ...] = ()
    timeouts: tuple[Timeout, ...] = ()
    known: tuple[KnownViolation, ...] = ()

    @property
    def unexercised(self) -> tuple[str, ...]:
        """Promises that are owed and were never put to the test."""
        return tuple(verdict.invariant for verdict in self.verdicts if verdict.status == "not exercised")

    @property
    def tested(self) -> int:
        """How many promises were put to the test."""
        return sum(verdict.exercised > 0 or verdict.violations > 0 for verdict in self.verdicts)

    @property
    def exit_code(self) -> int:
        """The one number that a script reads."""
        if self.fault:
            return FAULT
        if self.interrupted:
            return INTERRUPTED
        if any(verdict.violations for verdict in self.verdicts):
            return BROKEN
        if self.early or self.unexercised or not self.tested or any(self._unlike_the_baseline()):
            return INCOMPLETE
        return KEPT

    @property
    def conclusion(self) -> str:
        """The run in one sentence."""
        match self.exit_code:
            case 0:
                return f"kept: {self._tested}, and none was broken{self._known}{self._not_tested}"
            case 1:
                return "; ".join([self._violated, *self._unlike_the_baseline(), self._tested])
            case 2:
                fault = (self.fault or "").partition("\n")[0]
                return f"no verdict: the adapter or the suite is at fault, not the broker: {fault}"
            case 3:
                held = f", and none was broken{self._known}" if self.tested else ""
                return f"incomplete: {'; '.join([*self._incomplete(), self._tested])}{held}"
            case _:
                told = f"; {self._violated}" if any(verdict.violations for verdict in self.verdicts) else ""
                return f"interrupted: what is reported stands, the rest was not judged{told}"

    @property
    def _violated(self) -> str:
        return f"violated: {', '.join(verdict.invariant for verdict in self.verdicts if verdict.violations)}"

    @property
    def last_words(self) -> str:
        """What the adapter wrote to standard error before it was at fault, under a line that says so."""
        return (self.fault or "").partition("\n")[2]

    @property
    def _tested(self) -> str:
        """`25 of 26 promises were put to the test, on 812 operations (1 not claimed)`."""
        promises = max(self.promises, len(self.verdicts))
        verb = "was" if self.tested == 1 else "were"
        others = {
            "not selected": promises - len(self.verdicts),
            "not claimed": sum(verdict.status == "not claimed" for verdict in self.verdicts),
        }
        aside = ", ".join(f"{count} {word}" for word, count in others.items() if count)
        told = f"{self.tested} of {promises} promises {verb} put to the test, on {self.operations} operations"
        return f"{told} ({aside})" if aside else told

    @property
    def _known(self) -> str:
        known = [verdict.invariant for verdict in self.verdicts if verdict.known]
        return f" but as the baseline knows: {', '.join(known)}" if known else ""

    @property
    def _not_tested(self) -> str:
        untested = len(self.untested or ())
        if not untested:
            return ""
        return f"; {untested} claimed {'capability was' if untested == 1 else 'capabilities were'} not tested"

    def _incomplete(self) -> Iterator[str]:
        """Why not everything was judged."""
        if self.early:
            yield self.early
        elif not self.operations:
            yield "nothing was run"
        elif not self.unexercised and not self.tested:
            yield "the broker owes nothing of what was selected"
        if self.unexercised:
            yield f"not exercised: {'; '.join(self._by_want())}"
            if any(not verdict.wants for verdict in self.verdicts if verdict.status == "not exercised"):
                yield from map(told_never_done, self.never_done[:SHOWN])
        yield from self._unlike_the_baseline()

    def _by_want(self) -> Iterator[str]:
        """Promises that were not exercised, those together that want the same; what any schedule tests comes first."""
        wants = {each.invariant: each.wants for each in self.verdicts if each.status == "not exercised"}
        for want in sorted(dict.fromkeys(wants.values()), key=len):
            names = ", ".join(name for name, wanted in wants.items() if wanted == want)
            yield f"{names} (this adapter has no {' or '.join(want)})" if want else names

    def _unlike_the_baseline(self) -> Iterator[str]:
        """Known violations that are gone, or may be; violations of which it is not known whether they are known."""
        yield from differences(self.known)
        for verdict in self.verdicts:
            if verdict.undecided:
                yield f"{verdict.undecided} violations of {verdict.invariant} were not told from the known in time"


def told_never_done(never: NeverDone) -> str:
    """`of 812 send none succeeded: 812 x info ConnectionError (refused)`."""
    told = ", ".join(map(_failure, never.failures[:SHOWN])) or "none came to an end"
    return f"of {never.asked} {never.operation} none succeeded: {told}"


def _failure(failure: Failure) -> str:
    message = f" ({shown(failure.message, QUOTED)})" if failure.message else ""
    return f"{failure.count} x {failure.status} {shown(failure.error, QUOTED)}{message}"
