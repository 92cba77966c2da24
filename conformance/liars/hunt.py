"""The hunt for one liar: the cases of a check, in their order, until a promise that is meant for it is broken."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from itertools import product
from typing import Final, Literal, NamedTuple, TypeAlias

from brokerlaw.adapters.contract import Adapter, AdapterError
from brokerlaw.conformance import smoke
from brokerlaw.conformance.coverage import MEANS
from brokerlaw.conformance.liars.arguments import argument
from brokerlaw.conformance.liars.lie import Lie
from brokerlaw.conformance.liars.meant import meant
from brokerlaw.conformance.liars.rehearsal import Rehearsal, subjects
from brokerlaw.conformance.liars.table import Maker
from brokerlaw.conformance.plan import Plan
from brokerlaw.conformance.power.trial import Trial
from brokerlaw.spec.history.operations import OPERATIONS
from brokerlaw.spec.history.rows import Recording
from brokerlaw.spec.history.validate import HistoryError
from brokerlaw.spec.history.values import Struct

Status: TypeAlias = Literal["caught", "argued", "caught aside", "at fault", "missed", "unexercised"]
"""At fault: all that it told was no answer or no history, so that nothing was judged."""
PASSES: Final = 3
"""How often the cases of a check are gone through, with other draws of when it lies: as by checks one after another."""
SMOKE: Final = "smoke"
SMOKE_TIME: Final = 20.0
"""Seconds for each of its checks."""


class Case(NamedTuple):
    """A plan, as the sound adapter ran it; `until` is how many seconds a check takes to come to its end."""

    plan: Plan
    recording: Recording
    subjects: frozenset[str]
    until: float


class Told(Struct, frozen=True, omit_defaults=False):
    """What became of one liar.

    `promises` broke in case number `case`, counted over the passes, which is at its end after `seconds`; it lied in
    `lied_in` cases until then. `why` is the argument, or what was wrong with what it told.
    """

    operation: str
    place: str
    field: str
    how: str
    status: Status
    promises: tuple[str, ...] = ()
    case: int = 0
    plan: str = ""
    seconds: float = 0.0
    lied_in: int = 0
    why: str = ""


def survey(trial: Trial, plans: Iterable[Plan], adapter: Adapter) -> tuple[list[Case], dict[str, frozenset[str]]]:
    """The plans as the sound adapter runs them; and which promises it broke, by plan: there should be none."""
    cases, accused, began = list[Case](), dict[str, frozenset[str]](), time.process_time()
    for plan in plans:
        recording, broken = trial.run(plan, adapter)
        cases.append(Case(plan, recording, subjects(recording), time.process_time() - began))
        if broken:
            accused[plan.name] = broken
    return cases, accused


class Hunt:
    """Hunts liars about one sound adapter, `limit` seconds of this process for each."""

    def __init__(self, trial: Trial, adapter: Adapter, cases: Sequence[Case], limit: float) -> None:
        self._trial, self._adapter, self._cases, self._limit = trial, adapter, cases, limit

    def hunt(self, lie: Lie, maker: Maker) -> Told:
        """What becomes of the liar."""
        found = self._by_promises(lie, maker)
        if found.status == "caught":
            return found
        if why := argument(lie):
            return Told(*lie, "argued", lied_in=found.lied_in, why=why)
        return self._by_smoke(lie, maker, found) if _is_a_means(lie) else found

    def _by_promises(self, lie: Lie, maker: Maker) -> Told:
        began, lied_in, faults, aside = time.process_time(), 0, list[str](), list[Told]()
        wanted = meant(lie)
        for number, (passes, case) in enumerate(product(range(PASSES), self._cases), 1):
            if not self._would_lie(lie, maker, case, number):
                continue
            if lied_in and time.process_time() - began > self._limit:
                break
            lied_in += 1
            try:
                _, broken = self._trial.run(case.plan, maker(self._adapter, lie, number))
            except (AdapterError, HistoryError) as error:
                faults.append(str(error))
                continue
            status: Status = "caught" if broken & wanted or not wanted else "caught aside"
            seconds = round(passes * self._cases[-1].until + case.until, 2)
            found = Told(*lie, status, tuple(sorted(broken)), number, case.plan.name, seconds, lied_in)
            if broken and status == "caught":
                return found
            aside += [found] if broken else []
        if aside:
            return aside[0]
        if not lied_in:
            return Told(*lie, "unexercised")
        return Told(
            *lie, "at fault" if len(faults) == lied_in else "missed", lied_in=lied_in, why=next(iter(faults), "")
        )

    def _would_lie(self, lie: Lie, maker: Maker, case: Case, number: int) -> bool:
        rehearsal = Rehearsal(case.recording, self._trial.description)
        return lie.subject in case.subjects and rehearsal.lies(lie, maker, number)

    def _by_smoke(self, lie: Lie, maker: Maker, otherwise: Told) -> Told:
        """A lie about the means of the suite is the adapter's, which `smoke` is to tell: it lies whenever it can."""
        began, liar = time.process_time(), maker(self._adapter, lie, SMOKE)
        liar.chance = 1.0
        results = list(smoke.smoke(liar, SMOKE, SMOKE_TIME))  # all of them: what was left undone would go on
        seconds = round(time.process_time() - began, 2)
        wrong = [each.name for each in results if each.status in ("fail", "unsure")]
        return Told(*lie, "caught", (SMOKE,), 0, wrong[0], seconds, otherwise.lied_in) if wrong else otherwise


def _is_a_means(lie: Lie) -> bool:
    """Whether it is about what promises are put to the test with, and no promise itself."""
    kind = OPERATIONS.get(lie.subject)
    return kind is not None and all(need.startswith(MEANS) for need in kind.needs)
