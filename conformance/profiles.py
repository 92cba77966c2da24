"""A profile: one kind of broker, with what it owes and all that puts it to the test.

A kind of broker that is new here (a queue) is another value of `Profile`, entered into `PROFILES`.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple, TypeAlias

from brokerlaw.adapters.contract import Description
from brokerlaw.conformance.application import Applications
from brokerlaw.conformance.directed import SCHEDULES, Directed
from brokerlaw.conformance.faults import FaultInjector
from brokerlaw.conformance.groups import Groups
from brokerlaw.conformance.judge import promises
from brokerlaw.conformance.machines import MACHINES, plans
from brokerlaw.conformance.machines.base import PlanMachine
from brokerlaw.conformance.model import PlanModel
from brokerlaw.conformance.plan import Plan
from brokerlaw.conformance.quiesce import Quiescence
from brokerlaw.conformance.session import Session
from brokerlaw.spec.invariants.invariant import Invariant

Quiesce: TypeAlias = Callable[[Session, PlanModel, Applications, Groups, FaultInjector], Quiescence]


class Profile(NamedTuple):
    """What a kind of broker owes (`invariants`), and how that is put to the test.

    `schedules` come first, then plans drawn by `machines`. `model` is what a plan has come to, `quiesce` the end of
    every case, which leaves the evidence that the invariants judge.
    """

    name: str
    invariants: tuple[Invariant, ...]
    schedules: tuple[Directed, ...]
    machines: tuple[type[PlanMachine], ...]
    model: Callable[[], PlanModel]
    quiesce: Quiesce

    def directed(self, description: Description) -> list[Plan]:
        """Every schedule that the broker can serve."""
        return [schedule.plan(description) for schedule in self.schedules if not schedule.missing(description)]

    def narrowed(self, invariants: Iterable[Invariant]) -> "Profile":
        """The profile with the schedules that test one of these promises, and no others."""
        wanted = {entry.id for entry in invariants}
        return self._replace(schedules=tuple(each for each in self.schedules if not wanted.isdisjoint(each.tests)))

    def draw(self, description: Description, seed: int, batch: int) -> Iterator[Plan]:
        """Plans without end, from all machines that the broker can serve in turn, `batch` for each of their shares."""
        able = [kind for kind in self.machines if description.has(*kind.needs)]
        number = 0
        while able:
            for kind in able:
                yield from plans(kind, description, seed + number, batch * kind.share)
                number += 1

    def schedules_left_out(self, description: Description) -> dict[str, tuple[str, ...]]:
        """Every other schedule, and what the broker does not have for it."""
        wanting = {schedule.name: schedule.missing(description) for schedule in self.schedules}
        return {name: missing for name, missing in wanting.items() if missing}

    def machines_left_out(self, description: Description) -> dict[str, tuple[str, ...]]:
        """Every machine that the broker cannot serve, and what it does not have for it."""
        wanting = {
            kind.name: tuple(sorted(need for need in kind.needs if not description.has(need))) for kind in self.machines
        }
        return {name: missing for name, missing in wanting.items() if missing}

    def wants(self, invariant: str, description: Description) -> tuple[str, ...]:
        """What a promise cannot be tested without: the least, as alternatives; none where a schedule tests it."""
        missing = {frozenset(each.missing(description)) for each in self.schedules if invariant in each.tests}
        least = [each for each in missing if not any(other < each for other in missing)]
        return tuple(sorted(" and ".join(sorted(each)) for each in least if each))


LOG: Final = Profile("log", tuple(promises("log")), SCHEDULES, MACHINES, PlanModel, Quiescence)
"""Topics of partitions that are logs, read by consumers and groups."""

PROFILES: Final = {profile.name: profile for profile in (LOG,)}
