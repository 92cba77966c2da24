"""What a run says while it works. Renderers and `run.jsonl` are fed from these and nothing else."""

from typing import TypeAlias

from brokerlaw.adapters.contract import Description
from brokerlaw.conformance.known import KnownViolation
from brokerlaw.conformance.result import LeftOut, ReportedViolation, RunResult
from brokerlaw.conformance.smoke import CheckStatus
from brokerlaw.conformance.timeouts import Timeout
from brokerlaw.spec.history.values import Struct, snake_case


class Event(Struct, frozen=True, tag_field="event", tag=snake_case):
    """Something that happened in a run."""


class RunStarted(Event, frozen=True):
    """The adapter is up and has described itself; `left_out` are schedules that it cannot be asked for.

    `timeouts` are the broker's settings that the suite's waits follow.
    """

    adapter: str
    description: Description
    seed: int
    profile: str
    settings: dict[str, str]
    invariants: tuple[str, ...]
    left_out: tuple[LeftOut, ...] = ()
    timeouts: tuple[Timeout, ...] = ()


class PhaseStarted(Event, frozen=True):
    """A phase begins; `cases` is how many plans it will have, None when time alone bounds it."""

    phase: str
    cases: int | None = None


class AdapterChecked(Event, frozen=True):
    """A smoke check of the adapter was made; what is `unsure` may be the adapter's doing or the broker's."""

    check: str
    status: CheckStatus
    reason: str = ""


class KnownChecked(Event, frozen=True):
    """A known violation was run again."""

    known: KnownViolation


class CaseFinished(Event, frozen=True):
    """A plan was executed and judged."""

    number: int
    plan: str
    steps: int
    operations: int
    exercised: int
    violated: tuple[str, ...] = ()


class ShrinkStarted(Event, frozen=True):
    """A violation is being reduced."""

    invariant: str
    reason: str
    steps: int


class ViolationFound(Event, frozen=True):
    """A violation, reduced and saved."""

    found: ReportedViolation


class RunFinished(Event, frozen=True):
    """The end, whatever it was."""

    result: RunResult


AnyEvent: TypeAlias = (
    RunStarted
    | PhaseStarted
    | AdapterChecked
    | KnownChecked
    | CaseFinished
    | ShrinkStarted
    | ViolationFound
    | RunFinished
)
