"""Transitions are counted by what shows them; the tables name each action of a protocol once."""

import pytest

from brokerlaw.conformance.directed import SCHEDULES
from brokerlaw.conformance.execute import execute
from brokerlaw.conformance.overrides import UserSettings
from brokerlaw.conformance.transitions import OUT_OF_SIGHT, SIGNS, TransitionCounts
from brokerlaw.reference.adapter import ReferenceAdapter
from brokerlaw.spec.protocols.registry import load


@pytest.mark.parametrize("protocol", SIGNS)
def test_each_action_has_a_sign_or_is_out_of_sight(protocol: str) -> None:
    assert sorted((*SIGNS[protocol], *OUT_OF_SIGHT[protocol])) == sorted(load(protocol).spec.actions)


def test_what_a_schedule_exercises_is_counted_and_nothing_else() -> None:
    adapter = ReferenceAdapter({"loss": "0"})
    schedule = next(each for each in SCHEDULES if each.name == "transactions")
    counts = TransitionCounts()
    counts.add(execute(schedule.plan(adapter.describe()), adapter, adapter.describe(), UserSettings({}, {}), ""))
    told = {each.protocol: each for each in counts.told}
    assert told["transactions"].never == ()
    assert told["transactions"].exercised["begin"] == 7
    assert told["transactions"].told.startswith("transactions: 8 of 8 actions exercised; out of sight: add")
    assert told["groups_classic"].exercised == {}
    assert "never: configure, join" in told["groups_classic"].told
