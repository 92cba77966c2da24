"""One way to break a promise is told from another, on brokers made of a rule: which plans break it."""

from collections.abc import Callable

import pytest

from brokerlaw.conformance.features import features
from brokerlaw.conformance.plan import Heal, InjectFault, Steps
from brokerlaw.conformance.ways import Way, Ways, way
from brokerlaw.spec.history import operations as ops

BASE = (ops.CreateTopic("t"), ops.OpenProducer("p"), ops.Send("p", "t", b"v"))
KILL = InjectFault("kill", "leader", "t")
PAUSE = InjectFault("pause", "leader", "t")
BY_KILL = features((*BASE, KILL))
BY_PAUSE = features((*BASE, PAUSE))
BY_NOTHING = features(BASE)
BY_KILL_AND_HEAL = features((*BASE, KILL, Heal()))
ALL = (*BASE, KILL, Heal(), PAUSE, ops.Flush("p"))


def broker(*ways: Way) -> Callable[[Steps], bool]:
    """It breaks the promise whenever a plan has all that one of its ways needs."""
    return lambda steps: any(each <= features(steps) for each in ways)


@pytest.mark.parametrize("guilty", [BY_KILL, BY_PAUSE, BY_NOTHING, BY_KILL_AND_HEAL])
def test_the_known_way_is_known_whatever_else_the_plan_does(guilty: Way) -> None:
    assert Ways({}, [guilty]).other(ALL, broker(guilty)) is None


@pytest.mark.parametrize(
    ("known", "guilty"),
    [
        (BY_KILL, BY_PAUSE),
        (BY_KILL, BY_NOTHING),  # it got worse: nothing has to be killed any more
        (BY_KILL, BY_KILL_AND_HEAL),
        (BY_KILL_AND_HEAL, BY_KILL),
        (BY_NOTHING, BY_KILL),
    ],
)
def test_another_way_is_found(known: Way, guilty: Way) -> None:
    other = Ways({}, [known]).other(ALL, broker(guilty))
    assert other is not None
    assert guilty <= features(other)


@pytest.mark.parametrize(("known", "second"), [(BY_KILL, BY_PAUSE), (BY_PAUSE, BY_KILL), (BY_KILL, BY_NOTHING)])
def test_another_way_beside_the_known_one_is_found_and_the_known_one_is_not_in_it(known: Way, second: Way) -> None:
    other = Ways({}, [known]).other(ALL, broker(known, second))
    assert other is not None
    assert second <= features(other)
    assert not known <= features(other)


def test_ways_are_found_until_all_are_known() -> None:
    guilty = broker(BY_KILL, BY_PAUSE)
    ways = Ways({})
    assert ways.learn((*BASE, KILL))
    assert not ways.learn((*BASE, KILL))
    other = ways.other(ALL, guilty)
    assert other is not None
    assert ways.learn((*BASE, PAUSE))
    assert ways.other(ALL, guilty) is None
    assert ways.found == 2


def test_few_runs_suffice_where_nothing_is_new() -> None:
    runs: list[Steps] = []

    def breaks(steps: Steps) -> bool:
        runs.append(steps)
        return features(steps) >= BY_KILL

    assert Ways({}, [BY_KILL]).other(ALL, breaks) is None
    assert len(runs) == 3, "with nothing beside, without the kill, and without the send; the rest takes more away"


def test_the_settings_of_the_run_belong_to_the_way() -> None:
    assert way(BASE, {"acks": "1"}) == BY_NOTHING | {"open_producer.acks=1", "open_producer.idempotent=false"}
    assert Ways({}, [way(BASE, {"acks": "1"})]).other(BASE, broker(BY_NOTHING)) == BASE
    assert Ways({"acks": "1"}, [way(BASE, {"acks": "1"})]).other(BASE, broker(BY_NOTHING)) is None
