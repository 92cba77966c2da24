"""A finished run, as data: what renderers see, and what the exit code is made from."""

from typing import Final

from brokerlaw.adapters.contract import Description
from brokerlaw.conformance.judge import VerdictStatus
from brokerlaw.spec.history.values import Struct

KEPT, BROKEN, FAULT, INCOMPLETE, INTERRUPTED = 0, 1, 2, 3, 130
"""Exit codes: promises kept; one broken; usage, adapter or suite at fault; not all was judged; the user ended it."""

_MEANING: Final = {
    KEPT: "kept: every promise that the broker owes was put to the test, and none was broken",
    BROKEN: "violated",
    FAULT: "no verdict: the adapter or the suite is at fault, not the broker",
    INCOMPLETE: "incomplete",
    INTERRUPTED: "interrupted: what is reported stands, the rest was not judged",
}
_MEANS: Final = ("clients.crash", "clients.freeze", "faults.kill", "faults.pause")
"""What some promises cannot be put to the test without."""


class Verdict(Struct, frozen=True, omit_defaults=False):
    """One invariant over the whole run: how often it was put to the test, in how many cases, how often broken."""

    invariant: str
    status: VerdictStatus
    exercised: int
    cases: int
    violations: int


class ReportedViolation(Struct, frozen=True, omit_defaults=False):
    """One violation, reduced: `trace` is its file in the run folder, `lines` the trace for people."""

    invariant: str
    reason: str
    plan: str
    steps: int
    original_steps: int
    reproduced: int
    runs: int
    trace: str
    lines: tuple[str, ...]
    unpromised: tuple[str, ...] = ()


class RunResult(Struct, frozen=True, omit_defaults=False):
    """A run. `fault` says what went wrong with the adapter or the suite, `early` what cut the run short."""

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

    @property
    def unexercised(self) -> tuple[str, ...]:
        """Promises that are owed and were never put to the test."""
        return tuple(verdict.invariant for verdict in self.verdicts if verdict.status == "not exercised")

    @property
    def exit_code(self) -> int:
        """The one number that a script reads."""
        if self.fault:
            return FAULT
        if any(verdict.violations for verdict in self.verdicts):
            return BROKEN
        if self.interrupted:
            return INTERRUPTED
        return INCOMPLETE if self.early or self.unexercised or not self.operations else KEPT

    @property
    def conclusion(self) -> str:
        """The run in one sentence."""
        match self.exit_code:
            case 1:
                broken = [verdict.invariant for verdict in self.verdicts if verdict.violations]
                return f"violated: {', '.join(broken)}"
            case 2:
                return f"{_MEANING[FAULT]}: {self.fault}"
            case 3:
                why = [self.early] if self.early else []
                why += [f"not exercised: {', '.join(self.unexercised)}{self._for_want()}"] if self.unexercised else []
                return f"{_MEANING[INCOMPLETE]}: {'; '.join(why) or 'nothing was run'}"
            case code:
                return _MEANING[code]

    def _for_want(self) -> str:
        """What the adapter cannot do that might have put a promise to the test."""
        missing = [each for each in _MEANS if not self.description.has(each)]
        return f" (this adapter has no {', '.join(missing)})" if missing else ""
