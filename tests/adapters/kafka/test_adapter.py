"""The adapter on a real cluster: what breaks under unsafe settings, what holds under safe ones, and who is killed."""

import os
from collections.abc import Iterator
from itertools import count

import pytest

pytest.importorskip("confluent_kafka")

from brokerlaw.adapters.kafka.adapter import KafkaAdapter
from brokerlaw.adapters.kafka.errors import wait_until
from brokerlaw.conformance.execute import execute
from brokerlaw.conformance.judge import judge
from brokerlaw.conformance.overrides import UserSettings
from brokerlaw.conformance.profiles import LOG
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.outcomes import Fail, Ok, Outcome
from brokerlaw.spec.history.values import PartitionState
from brokerlaw.spec.invariants import INVARIANTS
from brokerlaw.spec.invariants.invariant import Finding

pytestmark = pytest.mark.kafka
LIMIT = 60.0  # seconds
NUMBER = count()


@pytest.fixture(scope="module")
def adapter() -> Iterator[KafkaAdapter]:
    """One cluster for all tests; a case begins with a reset."""
    with KafkaAdapter({}) as started:
        yield started


def found(adapter: KafkaAdapter, name: str, **overrides: str) -> dict[str, Finding]:
    """What the directed plan of this name shows."""
    description = adapter.describe()
    (plan,) = (plan for plan in LOG.directed(description) if plan.name == f"directed/{name}")
    recording = execute(plan, adapter, description, UserSettings(overrides, {}), f"t{os.getpid()}-{next(NUMBER)}-")
    return judge(History(recording), INVARIANTS.values())


def broken(findings: dict[str, Finding]) -> set[str]:
    return {name for name, finding in findings.items() if finding.violations}


def test_acks_1_loses_a_record_with_its_leader_each_time(adapter: KafkaAdapter) -> None:
    for _ in range(2):
        findings = found(adapter, "acked-by-the-leader-alone", acks="1")
        assert "durability.acked-survives" in broken(findings)
        assert "(under acks=1)" in findings["durability.acked-survives"].violations[0].reason


def test_acks_all_keeps_it(adapter: KafkaAdapter) -> None:
    findings = found(adapter, "acked-by-the-leader-alone")
    assert broken(findings) == set()
    assert findings["durability.acked-survives"].exercised


@pytest.mark.parametrize(
    ("name", "exercised"),
    [
        ("rebalance-cooperative", "ownership.exclusive"),
        ("rebalance-next", "ownership.exclusive"),
        ("static-member", "ownership.complete"),
        ("instance-taken-over", "ownership.complete"),
        ("zombie-commits", "commits.fenced"),
        ("zombie-commits-next", "commits.fenced"),
        ("crash-in-transaction", "delivery.exactly-once"),
        ("min-isr", "durability.min-isr-refuses"),
        ("rolling-restart", "durability.acked-survives"),
        ("rolling-restart", "delivery.at-least-once"),
    ],
)
def test_what_kafka_promises_is_put_to_the_test_and_kept(adapter: KafkaAdapter, name: str, exercised: str) -> None:
    findings = found(adapter, name)
    assert broken(findings) == set()
    assert findings[exercised].exercised


def test_a_leader_that_is_stopped_hands_over_and_takes_no_record_with_it(adapter: KafkaAdapter) -> None:
    adapter.reset()
    name = f"t{os.getpid()}-{next(NUMBER)}"
    done(adapter.perform(ops.CreateTopic(name, 1, 3)))
    done(adapter.perform(ops.OpenProducer("p", acks="1", idempotent=False)))

    def state() -> PartitionState:
        outcome = done(adapter.perform(ops.DescribePartition(name, 0)))
        assert isinstance(outcome, Ok)
        assert isinstance(outcome.value, PartitionState)
        return outcome.value

    done(adapter.perform(ops.Send("p", name, b"quick", partition=0)))
    before = state()
    assert len(before.isr) == 3
    assert before.leader is not None
    assert wait_until(lambda: done(adapter.perform(ops.ListOffsets(name, 0))) == Ok(1), LIMIT)  # all in sync have it
    done(adapter.perform(ops.StopBroker(before.leader)))
    after = state()
    assert after.leader in before.isr
    assert after.leader != before.leader
    assert after.epoch > before.epoch
    done(adapter.perform(ops.Send("p", name, b"next", partition=0)))
    done(adapter.perform(ops.RestartBroker(before.leader)))
    assert done(adapter.perform(ops.ListOffsets(name, 0))) == Ok(2)


def test_auto_commit_loses_what_was_polled_and_not_processed(adapter: KafkaAdapter) -> None:
    assert "delivery.at-least-once" in broken(found(adapter, "crash-before-processing", auto_commit="true"))


def members(adapter: KafkaAdapter, group: str) -> int:
    state = done(adapter.perform(ops.DescribeGroup(group)))
    assert isinstance(state, Ok)
    return len(state.value.members)


def done(outcome: object) -> Outcome:
    outcome = outcome[0] if isinstance(outcome, tuple) else outcome
    assert isinstance(outcome, Ok)
    return outcome


def test_a_crashed_client_leaves_its_group_without_a_word_and_a_frozen_one_answers_nothing(
    adapter: KafkaAdapter,
) -> None:
    adapter.reset()
    name = f"t{os.getpid()}-{next(NUMBER)}"
    done(adapter.perform(ops.CreateTopic(name, 1, 3)))
    done(adapter.perform(ops.OpenConsumer("c", name, session_timeout=2_000)))
    done(adapter.perform(ops.Subscribe("c", (name,))))

    def joined() -> bool:
        done(adapter.perform(ops.Poll("c")))
        return members(adapter, name) == 1

    assert wait_until(joined, LIMIT)
    done(adapter.perform(ops.Freeze("c")))
    assert isinstance(adapter.perform(ops.Poll("c")), Fail)
    done(adapter.perform(ops.Thaw("c")))
    done(adapter.perform(ops.Poll("c")))
    done(adapter.perform(ops.Crash("c")))
    assert members(adapter, name) == 1  # it did not leave: its session has to run out
    assert wait_until(lambda: members(adapter, name) == 0, LIMIT)
    refused = adapter.perform(ops.Poll("c"))
    assert isinstance(refused, Fail)
    assert refused.error == "NO_CLIENT"
