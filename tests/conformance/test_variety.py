"""Every operation is asked for, and all its fields vary, in the random plans of a check with its defaults."""

from collections import defaultdict
from collections.abc import Iterable
from itertools import islice
from typing import get_args

import msgspec
import pytest

from brokerlaw.adapters.contract import CAPABILITIES, Description
from brokerlaw.cli.check import DEFAULT_EXAMPLES
from brokerlaw.conformance.engine import BATCH
from brokerlaw.conformance.machines import plans
from brokerlaw.conformance.machines.mixed import MixedMachine
from brokerlaw.conformance.plan import AnyDirective, AwaitCompacted, AwaitEarliest, Plan, Step
from brokerlaw.conformance.profiles import LOG
from brokerlaw.spec.history.operations import OPERATIONS, OfQueues

ABLE = Description("able", "1", dict.fromkeys(CAPABILITIES) | {"replication": 3}, brokers=(0, 1, 2))
QUEUES = get_args(OfQueues)
"""Of another profile."""
NOT_VARIED = {
    "OpenProducer.settings": "its keys are each client library's own",
    "OpenConsumer.settings": "its keys are each client library's own",
    "DeclareApplication.topic": "an application reads one topic, which is never deleted under it",
}
"""Fields that are the same in all random plans, each with the reason."""
DIRECTED = {
    AwaitEarliest: "which records go by themselves, chance does not know, and it would wait for minutes in vain",
    AwaitCompacted: "which records are replaced, chance does not know, and it would wait for minutes in vain",
}
"""Steps that no random plan has, each with the reason."""
KINDS = [kind for kind in (*OPERATIONS.values(), *get_args(AnyDirective)) if kind not in (*QUEUES, *DIRECTED)]


def _values(drawn: Iterable[Plan]) -> dict[str, set[bytes]]:
    """By kind of step, and by its fields: the values that there were."""
    found: dict[str, set[bytes]] = defaultdict(set)
    for plan in drawn:
        for step in plan.steps:
            found[type(step).__name__].add(b"")
            for field in step.__struct_fields__:
                found[f"{type(step).__name__}.{field}"].add(msgspec.json.encode(getattr(step, field)))
    return found


@pytest.fixture(scope="module")
def values() -> dict[str, set[bytes]]:
    return _values(islice(LOG.draw(ABLE, 0, BATCH), DEFAULT_EXAMPLES))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_step_occurs_and_its_fields_vary(kind: type[Step], values: dict[str, set[bytes]]) -> None:
    assert kind.__name__ in values
    fields = {f"{kind.__name__}.{field}" for field in kind.__struct_fields__}
    assert {name for name in fields if len(values[name]) < 2} == fields & NOT_VARIED.keys()


def test_what_chance_does_not_draw_is_in_a_schedule(values: dict[str, set[bytes]]) -> None:
    scheduled = {type(step) for plan in LOG.directed(ABLE) for step in plan.steps}
    assert DIRECTED.keys() <= scheduled
    assert not {kind.__name__ for kind in DIRECTED} & values.keys()


def test_a_plan_has_some_features_and_not_others() -> None:
    """Swarm: there is a plan with each of two features and without the other."""
    kinds = [{type(step).__name__ for step in plan.steps} for plan in plans(MixedMachine, ABLE, 0, 200)]
    telling = ("BeginTransaction", "InjectFault", "IsolateBrokers", "Subscribe", "DeleteRecords", "Seek", "Freeze")
    for one in telling:
        for other in telling:
            assert one == other or any(one in kind and other not in kind for kind in kinds)
            assert one == other or any(one in kind and other in kind for kind in kinds)


def test_plans_stay_short() -> None:
    lengths = sorted(len(plan.steps) for plan in plans(MixedMachine, ABLE, 0, 200))
    assert 15 <= lengths[len(lengths) // 2] <= 35
    assert lengths[-1] <= 80


def test_a_broker_with_little_is_asked_for_little() -> None:
    bare = Description("bare", "1", {"topics": None})
    drawn = plans(MixedMachine, bare, 0, 50)
    assert all(set(step.uses()) <= {"topics"} for plan in drawn for step in plan.steps)
