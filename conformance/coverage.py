"""What a run put to the test: capabilities by promises, and operations that never succeeded.

An ability of the broker is put to the test by a promise that names it (`capabilities`, `covers`), exercised in a case
that used it; one that no operation needs, by a promise that is not owed without it. A means of the suite (crashes,
faults, inspection) is, by any promise exercised in a case that used it.
"""

from collections import Counter
from typing import Final, NamedTuple

from brokerlaw.adapters.contract import CAPABILITIES, Description
from brokerlaw.conformance.needs import needs
from brokerlaw.spec.history.capabilities import ABILITIES
from brokerlaw.spec.history.operations import name_of
from brokerlaw.spec.history.outcomes import Fail, Ok, Outcome
from brokerlaw.spec.history.rows import Complete, Invoke, Recording
from brokerlaw.spec.history.values import Struct
from brokerlaw.spec.invariants import INVARIANTS
from brokerlaw.spec.invariants.invariant import Finding

MEANS: Final = ("clients.", "faults.", "inspect.")
"""What these begin with is no promise of the broker, but what its promises are put to the test with."""
UNASKED: Final = frozenset(name for name, ability in ABILITIES.items() if ability.unasked)


class Failure(Struct, frozen=True, omit_defaults=False):
    """How an operation ended that did not succeed: `info` or `fail`, the error, one of its messages, how often."""

    status: str
    error: str
    message: str
    count: int


class NeverDone(Struct, frozen=True, omit_defaults=False):
    """An operation that never succeeded."""

    operation: str
    asked: int
    failures: tuple[Failure, ...]


class _Ending(NamedTuple):
    status: str
    error: str


class Coverage:
    """Counts what the cases of a run used."""

    def __init__(self) -> None:
        self._tested: set[str] = set()
        self._asked: Counter[str] = Counter()
        self._done: set[str] = set()
        self._endings: dict[str, Counter[_Ending]] = {}
        self._messages: dict[tuple[str, _Ending], str] = {}

    def add(self, recording: Recording, findings: dict[str, Finding]) -> None:
        """Count one case."""
        invoked = {row.op: row.value for row in recording.rows if isinstance(row, Invoke)}
        self._asked.update(name_of(op) for op in invoked.values())
        used: set[str] = set()
        for row in recording.rows:
            if isinstance(row, Complete):
                op = invoked[row.op]
                self._ended(name_of(op), row.outcome)
                used |= needs(op) if isinstance(row.outcome, Ok) else frozenset()
        exercised = [INVARIANTS[name] for name, finding in findings.items() if finding.exercised]
        named = {name for entry in exercised for name in (*entry.capabilities, *entry.covers)}
        self._tested |= {each for each in used if exercised and (each in named or each.startswith(MEANS))}
        self._tested |= {name for entry in exercised for name in entry.capabilities if name in UNASKED}

    def untested(self, description: Description) -> tuple[str, ...]:
        """Capabilities that are claimed and that no promise put to the test."""
        return tuple(each for each in CAPABILITIES if description.has(each) and each not in self._tested)

    @property
    def never_done(self) -> tuple[NeverDone, ...]:
        """Operations that never succeeded, in the order in which they were first asked for: causes before effects."""
        failed = [(name, asked) for name, asked in self._asked.items() if name not in self._done]
        return tuple(NeverDone(name, asked, self._failures(name)) for name, asked in failed)

    def _ended(self, name: str, outcome: Outcome) -> None:
        if isinstance(outcome, Ok):
            self._done.add(name)
            return
        ending = _Ending("fail" if isinstance(outcome, Fail) else "info", outcome.error)
        self._endings.setdefault(name, Counter())[ending] += 1
        self._messages.setdefault((name, ending), outcome.message)

    def _failures(self, name: str) -> tuple[Failure, ...]:
        endings = self._endings.get(name, Counter()).most_common()
        return tuple(Failure(*ending, self._messages[name, ending], count) for ending, count in endings)
