"""Hypothesis state machines, one for each kind of promise."""

from collections.abc import Iterator

import hypothesis
from hypothesis import HealthCheck, Phase
from hypothesis.stateful import run_state_machine_as_test

from brokerlaw.adapters.contract import Description
from brokerlaw.conformance.machines.base import PlanMachine
from brokerlaw.conformance.machines.delivery import DeliveryMachine
from brokerlaw.conformance.machines.groups import GroupMachine
from brokerlaw.conformance.machines.logs import LogMachine
from brokerlaw.conformance.machines.replication import ReplicationMachine
from brokerlaw.conformance.plan import Plan

MACHINES: tuple[type[PlanMachine], ...] = (LogMachine, GroupMachine, ReplicationMachine, DeliveryMachine)


def plans(kind: type[PlanMachine], description: Description, seed: int, count: int) -> list[Plan]:
    """Plans drawn by a machine, the same ones for the same seed and description."""
    drawn: list[Plan] = []

    @hypothesis.seed(seed)
    def machine() -> PlanMachine:
        return kind(description, drawn.append)

    settings = hypothesis.settings(
        max_examples=count,
        stateful_step_count=kind.steps_per_example,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        print_blob=False,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine, settings=settings)  # type: ignore[arg-type]  # a factory will do
    return drawn


def draw(description: Description, seed: int, batch: int) -> Iterator[Plan]:
    """Plans without end, from all machines that the broker can serve in turn, `batch` of each at a time."""
    able = [kind for kind in MACHINES if description.has(*kind.needs)]
    number = 0
    while able:
        for kind in able:
            yield from plans(kind, description, seed + number, batch)
            number += 1
