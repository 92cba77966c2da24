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
from brokerlaw.conformance.machines.mixed import MixedMachine
from brokerlaw.conformance.machines.replication import ReplicationMachine
from brokerlaw.conformance.plan import Plan

MACHINES: tuple[type[PlanMachine], ...] = (
    MixedMachine,
    LogMachine,
    GroupMachine,
    ReplicationMachine,
    DeliveryMachine,
)


def plans(kind: type[PlanMachine], description: Description, seed: int, count: int) -> list[Plan]:
    """Plans drawn by a machine, all different, the same ones for the same seed and description.

    As many are drawn as are wanted. Where some are alike, since a machine that has no rule to go on with ends early, as
    many again: not for ever, as there may be no others.
    """
    drawn: list[Plan] = []
    with backend(seed) as name:
        for _ in range(2):
            drawn += _run(kind, description, name, count + 1)[1:]  # the first is the simplest, whatever the seed
            different = list(_distinct(drawn))
            if len(different) >= count:
                break
    return different[:count]


def _run(kind: type[PlanMachine], description: Description, backend_name: str, count: int) -> list[Plan]:
    drawn: list[Plan] = []
    settings = hypothesis.settings(
        max_examples=count,
        stateful_step_count=kind.steps_per_example,
        phases=[Phase.generate],
        backend=backend_name,
        database=None,
        deadline=None,
        print_blob=False,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(lambda: kind(description, drawn.append), settings=settings)  # type: ignore[arg-type]  # a factory will do
    return drawn


def _distinct(drawn: Iterable[Plan]) -> Iterator[Plan]:
    seen = set()
    for plan in drawn:
        if (told := msgspec.json.encode(plan)) not in seen:
            seen.add(told)
            yield plan
