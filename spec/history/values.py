"""The values that operations carry and answer with."""

import re
from typing import NamedTuple

import msgspec

from brokerlaw.spec.history.numbers import (
    BrokerId,
    Count,
    Epoch,
    Leader,
    Offset,
    OffsetOrNone,
    PartitionNumber,
    Timestamp,
)
from brokerlaw.spec.history.roles import Name


def snake_case(name: str) -> str:
    """`OpenProducer` → `open_producer`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


class TopicPartition(NamedTuple):
    """A partition, as `["orders", 0]` on the wire."""

    topic: Name
    partition: PartitionNumber

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}"


class PartitionOffset(NamedTuple):
    """An offset in a partition, as `["orders", 0, 42]` on the wire."""

    topic: Name
    partition: PartitionNumber
    offset: Offset

    @property
    def tp(self) -> TopicPartition:
        """The partition alone."""
        return TopicPartition(self.topic, self.partition)


class Struct(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What all words have in common: immutable, strict, short on the wire."""


class Record(Struct, frozen=True):
    """One record as a reader saw it."""

    topic: Name
    partition: PartitionNumber
    offset: Offset
    value: bytes | None
    key: bytes | None = None
    timestamp: Timestamp = -1


class Placed(Struct, frozen=True):
    """Where an acknowledged record stands. `offset` is -1 where the settings (acks=0) do not tell."""

    topic: Name
    partition: PartitionNumber
    offset: OffsetOrNone


class PartitionState(Struct, frozen=True):
    """One partition as the cluster describes it; `epoch` is -1 where the broker does not tell."""

    leader: Leader | None
    epoch: Epoch
    replicas: tuple[BrokerId, ...]
    isr: tuple[BrokerId, ...]


class Member(Struct, frozen=True):
    """One member of a group as its coordinator describes it."""

    member: str
    assignment: tuple[TopicPartition, ...]
    instance_id: Name | None = None


class GroupState(Struct, frozen=True):
    """A group as its coordinator describes it: `state` in Kafka's words, in lower case (stable, empty, dead, …)."""

    state: str
    members: tuple[Member, ...]


class Delivery(Struct, frozen=True):
    """One message received from a queue; `receipt` names this delivery of it."""

    receipt: str
    value: bytes
    attempt: Count = 1
    group: Name | None = None
