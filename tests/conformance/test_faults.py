"""Waiting for what a fault brings about: for as long as it may come about, and no longer."""

from brokerlaw.conformance.directed.failover import ROLLING
from brokerlaw.conformance.execute import execute
from brokerlaw.conformance.overrides import UserSettings
from brokerlaw.conformance.plan import (
    AwaitCompacted,
    AwaitEarliest,
    AwaitIsr,
    AwaitLeader,
    Elapse,
    Heal,
    InjectFault,
    Plan,
    Step,
)
from brokerlaw.reference.adapter import ReferenceAdapter
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.operation import Operation
from brokerlaw.spec.history.rows import Invoke

CREATED = ops.CreateTopic("orders", replication=3)


def asked(*steps: Step) -> list[Operation]:
    """What the plan, with its end, asks of the broker."""
    with ReferenceAdapter({}) as adapter:
        recording = execute(Plan("plan", (CREATED, *steps)), adapter, adapter.describe(), UserSettings({}, {}), "")
    return [row.value for row in recording.rows if isinstance(row, Invoke)]


def looks(*steps: Step) -> int:
    """How often the plan, with its end, asks who leads and who is in sync."""
    return sum(isinstance(op, ops.DescribePartition) for op in asked(*steps))


def test_nobody_is_asked_where_nobody_stands() -> None:
    everyone = (*(InjectFault("kill", role, "orders") for role in ("followers", "leader")),)
    assert looks(*everyone, AwaitIsr("orders", at_most=0), AwaitLeader("orders")) == looks(*everyone)


def test_the_roles_of_a_rolling_restart_are_all_brokers_one_by_one() -> None:
    steps = [step for role in ROLLING for step in (InjectFault("stop", role, "orders"), Heal(), Elapse(1_000))]
    assert sorted(op.broker for op in asked(*steps) if isinstance(op, ops.StopBroker)) == [0, 1, 2]


def test_a_smaller_in_sync_set_is_waited_for() -> None:
    paused = InjectFault("pause", "followers", "orders")
    assert looks(paused, AwaitIsr("orders")) > looks(paused)


def looks_at_the_beginning(*steps: Step) -> int:
    """How often the plan, with its end, asks where a log begins."""
    return sum(isinstance(op, ops.ListOffsets) and op.at == "earliest" for op in asked(*steps))


def test_what_begins_far_enough_is_not_waited_for() -> None:
    assert looks_at_the_beginning(AwaitEarliest("orders", 0, 0)) == looks_at_the_beginning() + 1


def test_a_log_that_never_begins_there_is_given_up() -> None:
    """Three checks of a second, and two minutes and a little more, in looks of half a second."""
    assert 250 < looks_at_the_beginning(AwaitEarliest("orders", 0, 1)) < 280


def test_what_is_not_there_is_asked_for_once() -> None:
    assert looks_at_the_beginning(AwaitEarliest("nowhere", 0, 1)) <= looks_at_the_beginning() + 1


def turns(*steps: Step) -> int:
    """How often the plan turns back to a record."""
    return sum(isinstance(op, ops.Seek) for op in asked(*steps))


def written(keys: str, **settings: str) -> tuple[Step, ...]:
    """A compacted topic with a record of each key, in a segment of its own."""
    sends = [step for key in keys for step in (ops.Send("p", "logs", b"v", key.encode()), Elapse(500))]
    given = {"cleanup.policy": "compact", "segment.ms": "100", "min.cleanable.dirty.ratio": "0"} | settings
    return ops.CreateTopic("logs", settings=given), ops.OpenProducer("p"), *sends


def test_a_record_is_read_until_it_is_compacted_away() -> None:
    assert 1 <= turns(*written("aab"), AwaitCompacted("logs", 0, 0)) <= 4
    assert turns(*written("aab"), Elapse(3_000), AwaitCompacted("logs", 0, 0)) == 0


def test_a_topic_that_is_not_there_is_not_turned_to() -> None:
    assert turns(AwaitCompacted("nowhere", 0, 0)) == turns(AwaitCompacted("orders", 7, 0)) == 0


def test_a_record_that_stays_is_given_up() -> None:
    """Three looks of the cleaner, a second apart, and two minutes and a little more, in looks of half a second."""
    assert 200 < turns(*written("abc"), AwaitCompacted("logs", 0, 0)) < 280
