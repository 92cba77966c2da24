"""Lawful oddities: a broker that has one is never accused, and each did happen."""

from collections.abc import Iterator
from itertools import islice

import pytest
from oddities import HAPPENED, ODDITIES, odd

from brokerlaw.conformance.execute import execute
from brokerlaw.conformance.judge import judge
from brokerlaw.conformance.overrides import UserSettings
from brokerlaw.conformance.plan import Plan
from brokerlaw.conformance.profiles import LOG
from brokerlaw.reference.adapter import ReferenceAdapter
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.tables import INFO
from brokerlaw.spec.invariants import INVARIANTS

BROKER = ReferenceAdapter({}).describe()
ENOUGH = 1
"""Plans in which it happened."""


def accusations(oddity: str, plan: Plan) -> list[str]:
    recording = execute(plan, odd(oddity), BROKER, UserSettings({}, {}), "")
    found = judge(History(recording), INVARIANTS.values())
    return [f"{plan.name}: {name}: {each.reason}" for name, it in found.items() for each in it.violations]


def plans(oddity: str, drawn: int) -> Iterator[Plan]:
    """The schedules, each oddity's from another one on, then random ones."""
    schedules = LOG.directed(BROKER)
    first = len(schedules) * ODDITIES.index(oddity) // len(ODDITIES)
    yield from [*schedules[first:], *schedules[:first]]
    yield from islice(LOG.draw(BROKER, 1, 3), drawn)


@pytest.mark.parametrize("oddity", ODDITIES)
def test_nobody_is_accused_for_a_few(oddity: str) -> None:
    seen = 0
    for plan in plans(oddity, 0):
        before = HAPPENED[oddity]
        assert accusations(oddity, plan) == []
        seen += HAPPENED[oddity] > before
        if seen == ENOUGH:
            return
    pytest.fail(f"it happened in {seen} plans only")


@pytest.mark.slow
@pytest.mark.parametrize("oddity", ODDITIES)
def test_nobody_is_accused(oddity: str) -> None:
    assert [each for plan in plans(oddity, 100) for each in accusations(oddity, plan)] == []


def test_a_crash_does_deliver_what_waited_in_the_client() -> None:
    """Else the oddity would be one in name alone."""
    sends = [ops.Send("p0", "orders", b"%d" % number, awaited=False) for number in range(3)]
    opened = ops.OpenProducer("p0", linger=5_000)
    plan = Plan("crash", (ops.CreateTopic("orders"), opened, *sends, ops.Crash("p0")))
    history = History(execute(plan, odd("crash that delivers"), BROKER, UserSettings({}, {}), ""))
    assert (history.sends.status == INFO).all()
    assert {history.values[value] for value in history.reads.value} == {b"0", b"1", b"2"}
