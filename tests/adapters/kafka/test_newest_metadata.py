"""A partition is described by the newest metadata that any broker has."""

import pytest

from brokerlaw.adapters.kafka import adapter as module
from brokerlaw.adapters.kafka.adapter import KafkaAdapter
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.outcomes import Ok, Unknown
from brokerlaw.spec.history.values import PartitionState

LAGGING = PartitionState(1, 0, (1, 2, 3), (1, 2, 3))
NEWEST = PartitionState(2, 1, (1, 2, 3), (2, 3))


@pytest.mark.parametrize("told", [(LAGGING, NEWEST), (NEWEST, LAGGING), (None, NEWEST, LAGGING)])
def test_a_broker_that_stood_still_is_not_believed(
    told: tuple[PartitionState | None, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "partition_state", lambda address, topic, partition: told[address[1]])
    monkeypatch.setattr(KafkaAdapter, "_up", lambda self: [("127.0.0.1", port) for port in range(len(told))])
    assert KafkaAdapter({}).describe_partition(ops.DescribePartition("t", 0)) == Ok(NEWEST)


def test_where_no_broker_answers_nobody_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "partition_state", lambda *_: None)
    monkeypatch.setattr(KafkaAdapter, "_up", lambda self: [("127.0.0.1", 0)])
    assert isinstance(KafkaAdapter({}).describe_partition(ops.DescribePartition("t", 0)), Unknown)
