"""An assignment handed out after its membership is over was never held; any other is told as it comes."""

import struct
from typing import Any

import pytest

pytest.importorskip("confluent_kafka")

from confluent_kafka import TopicPartition

from brokerlaw.adapters.kafka.client import KafkaClient
from brokerlaw.spec.history.observations import Assigned, Lost, Observation, Revoked
from brokerlaw.spec.history.operations import OpenConsumer

HELD = [TopicPartition("orders", 1), TopicPartition("orders", 0)]


class Consumer:
    """What a rebalance callback is given."""

    def __init__(self, member: str) -> None:
        self._member = member

    def memberid(self) -> str:
        return self._member

    def consumer_group_metadata(self) -> bytes:
        return b"CGMDv2:" + struct.pack("<i", 7)


class Listening(KafkaClient):
    """A client that has opened a consumer, and the observations that it tells."""

    def __init__(self) -> None:
        super().__init__({})
        self.seen: list[Observation] = []
        self._opened = OpenConsumer("c0", "shop")
        self.listen(lambda _at, _process, observation: self.seen.append(observation))

    def hears(self, kind: Any, member: str, partitions: list[TopicPartition]) -> None:
        consumer: Any = Consumer(member)
        self._rebalance(kind, consumer, partitions)


def kinds(client: Listening) -> list[str]:
    return [type(each).__name__ for each in client.seen]


def test_what_is_assigned_to_a_member_is_told() -> None:
    client = Listening()
    client.hears(Assigned, "m1", HELD)
    client.hears(Revoked, "m1", HELD)
    client.hears(Assigned, "m1", HELD[:1])
    client.hears(Lost, "", HELD[:1])
    assert kinds(client) == ["Assigned", "Revoked", "Assigned", "Lost"]
    (first, *_) = client.seen
    assert isinstance(first, Assigned)
    assert (first.generation, [tp.partition for tp in first.partitions]) == (7, [0, 1])


def test_what_comes_after_the_end_of_the_membership_is_not() -> None:
    client = Listening()
    client.hears(Assigned, "", HELD)
    client.hears(Lost, "", HELD)
    assert client.seen == []


def test_and_the_next_membership_is_told_again() -> None:
    client = Listening()
    client.hears(Assigned, "", HELD)
    client.hears(Lost, "", HELD)
    client.hears(Assigned, "m2", HELD)
    client.hears(Lost, "", HELD)
    assert kinds(client) == ["Assigned", "Lost"]
