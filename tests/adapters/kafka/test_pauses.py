"""A pause ends with the assignment, as in the Java client: librdkafka keeps it."""

from typing import Any

import pytest

pytest.importorskip("confluent_kafka")

from confluent_kafka import TopicPartition

from brokerlaw.adapters.kafka.client import KafkaClient
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.observations import Assigned, Revoked
from brokerlaw.spec.history.outcomes import Ok
from brokerlaw.spec.history.values import TopicPartition as Partition

HELD = [TopicPartition("orders", number) for number in range(3)]


class Consumer:
    """As much of librdkafka's as a pause needs."""

    def __init__(self) -> None:
        self.resumed: list[int] = []

    def assignment(self) -> list[TopicPartition]:
        return HELD

    def pause(self, partitions: list[TopicPartition]) -> None:
        """Accept it."""

    def resume(self, partitions: list[TopicPartition]) -> None:
        self.resumed += [each.partition for each in partitions]

    def memberid(self) -> str:
        return "m1"

    def consumer_group_metadata(self) -> bytes:
        return bytes(11)


def opened() -> tuple[KafkaClient, Any]:
    client, consumer = KafkaClient({}), Consumer()
    client._opened, client._consumer = ops.OpenConsumer("c0", "shop"), consumer  # type: ignore[assignment]  # a stand-in
    client.listen(lambda *_: None)
    return client, consumer


def test_what_is_assigned_again_is_resumed_once() -> None:
    client, consumer = opened()
    assert client.pause(ops.Pause("c0", (Partition("orders", 0), Partition("orders", 1)))) == Ok()
    client._rebalance(Revoked, consumer, HELD)
    client._rebalance(Assigned, consumer, HELD[1:])
    assert consumer.resumed == [1]
    client._rebalance(Assigned, consumer, HELD[1:])
    client._rebalance(Assigned, consumer, HELD[:1])
    assert consumer.resumed == [1, 0]


def test_a_pause_that_was_refused_is_none() -> None:
    client, consumer = opened()
    client.pause(ops.Pause("c0", (Partition("orders", 5),)))
    client._rebalance(Assigned, consumer, HELD)
    assert consumer.resumed == []
