import pytest

from brokerlaw.adapters.contract import CAPABILITIES, Description
from brokerlaw.conformance.directed import SCHEDULES
from brokerlaw.conformance.machines import MACHINES, plans
from brokerlaw.conformance.machines.base import PlanMachine
from brokerlaw.conformance.model import normalise
from brokerlaw.conformance.profiles import LOG
from brokerlaw.spec.history import operations as ops

ABLE = Description("able", "1", dict.fromkeys(CAPABILITIES) | {"replication": 3}, brokers=(0, 1, 2))
BARE = Description("bare", "1", {"topics": None})


@pytest.mark.parametrize("kind", MACHINES)
def test_the_same_seed_draws_the_same_plans(kind: type[PlanMachine]) -> None:
    assert plans(kind, ABLE, 7, 10) == plans(kind, ABLE, 7, 10)
    assert plans(kind, ABLE, 7, 10) != plans(kind, ABLE, 8, 10)


@pytest.mark.parametrize("kind", MACHINES)
def test_every_drawn_step_makes_sense(kind: type[PlanMachine]) -> None:
    for plan in plans(kind, ABLE, 3, 20):
        assert normalise(plan.steps) == plan.steps


def test_directed_plans_make_sense_and_need_what_they_say() -> None:
    assert [plan.name.removeprefix("directed/") for plan in LOG.directed(ABLE)] == [each.name for each in SCHEDULES]
    for plan in LOG.directed(ABLE):
        assert normalise(plan.steps) == plan.steps
    served = [each.name for each in SCHEDULES if not each.missing(BARE)]
    assert [plan.name.removeprefix("directed/") for plan in LOG.directed(BARE)] == served
    assert "order" in served and "rebalance" not in served


def test_a_broker_is_asked_for_nothing_that_it_does_not_claim() -> None:
    taken = LOG.draw(BARE, 0, 8)
    for plan in (next(taken) for _ in range(40)):
        assert plan.name in ("mixed", "logs")
        for step in plan.steps:
            assert not isinstance(step, ops.Subscribe | ops.BeginTransaction | ops.Crash | ops.Freeze)
            assert not (isinstance(step, ops.OpenProducer) and (step.idempotent or step.transactional_id))


def test_records_can_be_told_apart_within_a_plan() -> None:
    for kind in MACHINES:
        for plan in plans(kind, ABLE, 1, 40):
            records = [step for step in plan.steps if isinstance(step, ops.Send)]
            values = [record.value for record in records if record.value is not None]
            without = [(record.key, record.headers) for record in records if record.value is None]
            assert len(values) == len(set(values)) and len(without) == len(set(without))
