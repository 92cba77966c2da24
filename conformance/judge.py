"""Judge: a history against the invariants. Nothing is executed here."""

import re
from collections.abc import Iterable, Sequence
from typing import Final, Literal, TypeAlias

from brokerlaw.adapters.contract import Description
from brokerlaw.spec.history.history import History
from brokerlaw.spec.invariants import INVARIANTS
from brokerlaw.spec.invariants.invariant import Finding, Invariant

VerdictStatus: TypeAlias = Literal[
    "pass", "violated", "known", "undecided", "not judged", "not exercised", "not claimed"
]
ALL: Final = "*"


class SelectionError(Exception):
    """The selection selects nothing, or names what there is not."""


class JudgeError(Exception):
    """Judges failed: by invariant, what each raised; and what the others found."""

    def __init__(self, findings: dict[str, Finding], failures: dict[str, Exception]) -> None:
        told = (f"the judge of {name} failed: {type(error).__name__}: {error}" for name, error in failures.items())
        super().__init__("; ".join(told))
        self.findings = findings
        self.failures = failures


class InvariantTally:
    """What a run has found out about one invariant.

    `violations` are those that count; `known` ones are in the baseline; of the `undecided`, nobody knows. `cases` put
    it to the test, and in `broken` of them it broke.
    """

    def __init__(self, invariant: Invariant, claimed: bool) -> None:
        self.invariant = invariant
        self.claimed = claimed
        self.exercised = 0
        self.cases = 0
        self.broken = 0
        self.violations = 0
        self.known = 0
        self.undecided = 0
        self.failed = False

    def add(self, finding: Finding) -> None:
        """Count one case; whoever looks into its violations counts these."""
        self.exercised += finding.exercised
        self.cases += finding.exercised > 0

    @property
    def status(self) -> VerdictStatus:
        """The verdict: what was never exercised never passes."""
        if self.violations:
            return "violated"
        if self.failed:
            return "not judged"
        if self.undecided:
            return "undecided"
        if self.known:
            return "known"
        if self.exercised:
            return "pass"
        return "not exercised" if self.claimed else "not claimed"


def select(patterns: Sequence[str], profile: str) -> list[Invariant]:
    """Invariants of the profile whose id matches a pattern (`ordering`, `durability.acked-*`); without patterns, all.

    Raises `SelectionError` when a pattern matches nothing, or there is no such profile.
    """
    book = promises(profile)
    for pattern in patterns:
        if not any(_matches(pattern, invariant.id) for invariant in book):
            raise SelectionError(f"--select {pattern}: no invariant of the profile {profile} has such an id")
    return [entry for entry in book if not patterns or any(_matches(pattern, entry.id) for pattern in patterns)]


def promises(profile: str) -> list[Invariant]:
    """All that a broker of this profile may owe. Raises `SelectionError` when there is no such profile."""
    owed = [invariant for invariant in INVARIANTS.values() if profile in invariant.profiles]
    if not owed:
        known = sorted({name for invariant in INVARIANTS.values() for name in invariant.profiles})
        raise SelectionError(f"--profile {profile}: there is no such profile; there is {' and '.join(known)}")
    return owed


def claimed(invariant: Invariant, description: Description) -> bool:
    """Whether the broker owes this promise at all; `claims.x` is a claim beyond the capabilities."""
    have = set(description.capabilities) | {f"claims.{claim}" for claim in description.claims}
    return have.issuperset(invariant.capabilities)


def judge(history: History, invariants: Iterable[Invariant]) -> dict[str, Finding]:
    """The finding of each invariant. Raises `JudgeError` when a judge fails, with the findings of all others."""
    findings: dict[str, Finding] = {}
    failures: dict[str, Exception] = {}
    for invariant in invariants:
        try:
            findings[invariant.id] = invariant.judge(history)
        except Exception as error:  # a bug of ours, and no verdict about a broker
            failures[invariant.id] = error
    if failures:
        raise JudgeError(findings, failures)
    return findings


def _matches(pattern: str, identifier: str) -> bool:
    expression = "".join(".*" if char == ALL else re.escape(char) for char in pattern)
    return re.fullmatch(rf"{expression}(\..*)?", identifier) is not None
