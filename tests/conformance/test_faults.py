"""Waiting for what a fault brings about: for as long as it may come about, and no longer."""

from brokerlaw.conformance.execute import execute
from brokerlaw.conformance.overrides import UserSettings
from brokerlaw.conformance.plan import AwaitIsr, AwaitLeader, InjectFault, Plan, Step
from brokerlaw.reference.adapter import ReferenceAdapter
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.rows import Invoke

CREATED = ops.CreateTopic("orders", replication=3)


def looks(*steps: Step) -> int:
    """How often the plan, with its end, asks who leads and who is in sync."""
    with ReferenceAdapter({}) as adapter:
        recording = execute(Plan("plan", (CREATED, *steps)), adapter, adapter.describe(), UserSettings({}, {}), "")
    return sum(isinstance(row, Invoke) and isinstance(row.value, ops.DescribePartition) for row in recording.rows)


def test_nobody_is_asked_where_nobody_stands() -> None:
    everyone = (*(InjectFault("kill", role, "orders") for role in ("followers", "leader")),)
    assert looks(*everyone, AwaitIsr("orders", at_most=0), AwaitLeader("orders")) == looks(*everyone)


def test_a_smaller_in_sync_set_is_waited_for() -> None:
    paused = InjectFault("pause", "followers", "orders")
    assert looks(paused, AwaitIsr("orders")) > looks(paused)
