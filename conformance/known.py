"""What became of a known violation in a run."""

import math
from collections.abc import Iterable, Iterator
from typing import Final, Literal, TypeAlias

from brokerlaw.conformance.baseline import Entry
from brokerlaw.spec.history.values import Struct

KnownStatus: TypeAlias = Literal["comes back", "gone", "undecided", "not judged"]

_DOUBT: Final = 0.01
"""How likely a violation that is still there may be to stay away in all repeats."""


class KnownViolation(Struct, frozen=True, omit_defaults=False):
    """An entry of the baseline, and whether its trace still breaks the promise; `why` says why not, or why not known.

    `not judged` are those of promises that were not selected: they say nothing about the run.
    """

    promise: str
    reason: str
    since: str
    trace: str
    note: str
    status: KnownStatus
    runs: int = 0
    why: str = ""


def told(entry: Entry, status: KnownStatus, runs: int = 0, why: str = "") -> KnownViolation:
    """What became of an entry."""
    return KnownViolation(
        entry.promise, entry.reason, entry.since.isoformat(), entry.trace, entry.note, status, runs, why
    )


def repeats(reproduced: int, runs: int) -> int:
    """How often to run a trace that came back in so many of so many runs, before it is said to come back no more.

    The rule of succession guesses how often it comes back; what never came back again is run 30 times.
    """
    rate = (reproduced + 1) / (runs + 2)
    return max(runs, math.ceil(math.log(_DOUBT) / math.log(1 - rate)))


def differences(known: Iterable[KnownViolation]) -> Iterator[str]:
    """What is not as the baseline says, or could not be known, each in a few words."""
    for each in known:
        if each.status == "gone":
            yield f"{each.promise} no longer breaks as in {each.trace}{_because(each)}: take it out of the baseline"
        elif each.status == "undecided":
            yield f"{each.promise} may or may not still break as in {each.trace}{_because(each)}"


def _because(known: KnownViolation) -> str:
    return f" ({known.why})" if known.why else ""
