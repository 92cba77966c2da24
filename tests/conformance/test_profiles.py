"""A profile carries all that puts its kind of broker to the test; another one runs by itself alone."""

from typing import get_args

import pytest

from brokerlaw.conformance.directed import Directed, ordering
from brokerlaw.conformance.execute import execute
from brokerlaw.conformance.judge import SelectionError, promises
from brokerlaw.conformance.machines.logs import LogMachine
from brokerlaw.conformance.model import PlanModel, normalise
from brokerlaw.conformance.overrides import UserSettings
from brokerlaw.conformance.plan import Plan
from brokerlaw.conformance.profiles import LOG, PROFILES, Profile
from brokerlaw.conformance.quiesce import Quiescence
from brokerlaw.reference.adapter import ReferenceAdapter
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.observations import Drained
from brokerlaw.spec.history.rows import Observe
from brokerlaw.spec.invariants import INVARIANTS, invariant

SMALL = Profile(
    "small", LOG.invariants[:1], (Directed("order", ordering.order, ()),), (LogMachine,), PlanModel, Quiescence
)


class NoSecondTopic(PlanModel):
    """A model in which one topic is enough."""

    def allows(self, step: object) -> bool:
        return not (isinstance(step, ops.CreateTopic) and self.topics) and super().allows(step)  # type: ignore[arg-type]


class Silence(Quiescence):
    """An end that leaves no evidence."""

    def run(self) -> None:
        pass


def test_every_profile_that_promises_name_is_a_value() -> None:
    named = {name for entry in INVARIANTS.values() for name in entry.profiles}
    assert named == set(PROFILES)
    assert named <= set(get_args(invariant.Profile))


def test_a_profile_has_its_own_promises_schedules_and_machines() -> None:
    able = ReferenceAdapter({}).describe()
    assert [plan.name for plan in SMALL.directed(able)] == ["directed/order"]
    drawn = SMALL.draw(able, 0, 2)
    assert {next(drawn).name for _ in range(6)} == {"logs"}
    assert len(LOG.directed(able)) > 20
    assert set(promises("log")) == set(LOG.invariants)


def test_a_profile_has_its_own_model() -> None:
    steps = (ops.CreateTopic("a"), ops.CreateTopic("b"))
    assert normalise(steps, NoSecondTopic) == steps[:1]
    assert normalise(steps, LOG.model) == steps


@pytest.mark.parametrize(("profile", "drains"), [(LOG, True), (LOG._replace(quiesce=Silence), False)])
def test_a_profile_has_its_own_end_of_a_case(profile: Profile, drains: bool) -> None:
    with ReferenceAdapter({}) as adapter:
        plan = Plan("p", (ops.CreateTopic("t"), ops.OpenProducer("p"), ops.Send("p", "t", b"1")))
        recording = execute(plan, adapter, adapter.describe(), UserSettings({}, {}), "", profile)
    seen = [row.value for row in recording.rows if isinstance(row, Observe)]
    assert any(isinstance(value, Drained) for value in seen) == drains


def test_a_profile_that_there_is_not_is_named_with_those_that_there_are() -> None:
    with pytest.raises(SelectionError, match="--profile queue: there is no such profile; there is log"):
        promises("queue")
