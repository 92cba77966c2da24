"""The values that operations carry and answer with."""

import re
from functools import cache
from typing import Literal, NamedTuple, TypeAlias

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


@cache
def snake_case(name: str) -> str:
    """`OpenProducer` → `open_producer`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


TimestampType: TypeAlias = Literal["CreateTime", "LogAppendTime"]
"""Whose clock a record's timestamp is of: the producer's, or the broker's."""


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


class RecordHeader(NamedTuple):
    """A header of a record, as `["trace", "MQ=="]` on the wire. A record may have several of one name, in order."""

    name: str
    value: bytes | None


class Struct(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """What all words have in common: immutable, strict, short on the wire.

    They form no cycles, so that the garbage collector need not look at them, which are most of all that there is.
    """


class Record(Struct, frozen=True):
    """One record as a reader saw it; no value: a tombstone. `timestamp_type` is None where the client does not tell."""

    topic: Name
    partition: PartitionNumber
    offset: Offset
    value: bytes | None
    key: bytes | None = None
    timestamp: Timestamp = -1
    timestamp_type: TimestampType | None = None
    headers: tuple[RecordHeader, ...] = ()


class Placed(Struct, frozen=True):
    """Where an acknowledged record stands. `offset` is -1 where that is not told (with acks=0, or for a duplicate)."""

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


class GroupListing(Struct, frozen=True):
    """One group in a list of all; `state` as in `GroupState`, None where it is not told."""

    group: Name
    state: str | None = None


class Delivery(Struct, frozen=True):
    """One message received from a queue; `receipt` names this delivery of it."""

    receipt: str
    value: bytes
    attempt: Count = 1
    group: Name | None = None
