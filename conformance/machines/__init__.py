"""Hypothesis state machines, one for each kind of promise."""

from collections.abc import Iterable, Iterator

import hypothesis
import msgspec
from hypothesis import HealthCheck, Phase
from hypothesis.stateful import run_state_machine_as_test

from brokerlaw.adapters.contract import Description
from brokerlaw.conformance.machines.base import PlanMachine
from brokerlaw.conformance.machines.delivery import DeliveryMachine
from brokerlaw.conformance.machines.draws import backend
from brokerlaw.conformance.machines.groups import GroupMachine
from brokerlaw.conformance.machines.logs import LogMachine
from brokerlaw.conformance.machines.replication import ReplicationMachine
from brokerlaw.conformance.plan import Plan

MACHINES: tuple[type[PlanMachine], ...] = (LogMachine, GroupMachine, ReplicationMachine, DeliveryMachine)


def plans(kind: type[PlanMachine], description: Description, seed: int, count: int) -> list[Plan]:
    """Plans drawn by a machine, all different, the same ones for the same seed and description.

    Twice as many are drawn as are wanted: a machine that has no rule to go on with ends early, often where others did.
    """
    drawn: list[Plan] = []
    with backend(seed) as name:
        settings = hypothesis.settings(
            max_examples=2 * count,
            stateful_step_count=kind.steps_per_example,
            phases=[Phase.generate],
            backend=name,
            database=None,
            deadline=None,
            print_blob=False,
            suppress_health_check=list(HealthCheck),
        )
        run_state_machine_as_test(lambda: kind(description, drawn.append), settings=settings)  # type: ignore[arg-type]  # a factory will do
    simplest, *others = drawn  # whatever the seed
    return list(_distinct(others, simplest))[:count]


def _distinct(drawn: Iterable[Plan], *known: Plan) -> Iterator[Plan]:
    seen = {msgspec.json.encode(plan) for plan in known}
    for plan in drawn:
        if (told := msgspec.json.encode(plan)) not in seen:
            seen.add(told)
            yield plan
