"""What an administrator asks of a broker: topics, their settings and their offsets, and groups.

They stand in the table of `operations` with the others.
"""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Final, Literal, TypeAlias

from brokerlaw.spec.history.capabilities import Capability
from brokerlaw.spec.history.numbers import Moment, OffsetOrNone, PartitionNumber, Partitions, Replicas
from brokerlaw.spec.history.operation import GroupAdministration, Needs, Operation, Repeated
from brokerlaw.spec.history.roles import Name, Setting
from brokerlaw.spec.history.values import GroupListing, GroupState, PartitionOffset, TopicPartition

Isolation: TypeAlias = Literal["read_uncommitted", "read_committed"]

MIN_ISR: Final = "min.insync.replicas"
CLEANUP: Final = "cleanup.policy"
RETENTION: Final = ("retention.ms", "retention.bytes")


def used_by_settings(settings: Mapping[str, str]) -> Iterator[Capability]:
    """The capabilities that a topic's settings ask for."""
    if MIN_ISR in settings:
        yield "min-isr"
    if "compact" in settings.get(CLEANUP, ""):
        yield "compaction"
    if any(settings.get(name, "-1") != "-1" for name in RETENTION):
        yield "retention"
    if "message.timestamp.type" in settings:
        yield "timestamps"


class CreateTopic(Operation, frozen=True):
    """Create a topic; returns when its leaders can be found."""

    needs: ClassVar[Needs] = ("topics",)
    topic: Name
    partitions: Partitions = 1
    replication: Setting[Replicas] = 1
    settings: dict[str, str] = {}

    def uses(self) -> Iterator[Capability]:
        yield from self.needs
        if self.replication > 1:
            yield "replication"
        yield from used_by_settings(self.settings)


class DeleteTopic(Operation, frozen=True):
    """Delete a topic and its records."""

    needs: ClassVar[Needs] = ("topics",)
    topic: Name


class CreatePartitions(Operation, frozen=True):
    """Give a topic more partitions; it then has `total` (KIP-195). Keys may go elsewhere from then on."""

    needs: ClassVar[Needs] = ("create-partitions",)
    topic: Name
    total: Partitions


class AlterTopic(Operation, frozen=True):
    """Change these settings of a topic, and no others (KIP-339)."""

    needs: ClassVar[Needs] = ("alter-configs",)
    topic: Name
    settings: dict[str, str]

    def uses(self) -> Iterator[Capability]:
        yield from self.needs
        yield from used_by_settings(self.settings)


class DeleteRecords(Operation, frozen=True):
    """Delete the records below `before`; the log then starts there. -1: all that consumers can see."""

    needs: ClassVar[Needs] = ("delete-records",)
    topic: Name
    partition: PartitionNumber
    before: OffsetOrNone


class ListOffsets(Operation, frozen=True):
    """The log's start, its end (under an isolation level), or the first offset at or after a timestamp; None: none."""

    repeated: ClassVar[Repeated] = "nothing"
    needs: ClassVar[Needs] = ("topics",)
    returns: ClassVar[Any] = OffsetOrNone | None
    topic: Name
    partition: PartitionNumber
    at: Literal["earliest", "latest"] | Moment = "latest"
    isolation: Isolation = "read_uncommitted"

    def uses(self) -> Iterator[Capability]:
        yield from self.needs
        if isinstance(self.at, int):
            yield "timestamps"
        if self.isolation == "read_committed":
            yield "transactions"


class DescribeGroup(GroupAdministration, frozen=True):
    """A group as its coordinator sees it."""

    repeated: ClassVar[Repeated] = "nothing"
    returns: ClassVar[Any] = GroupState
    group: Name


class ListGroups(GroupAdministration, frozen=True):
    """All groups that the brokers know."""

    repeated: ClassVar[Repeated] = "nothing"
    needs: ClassVar[Needs] = ("groups.list",)
    returns: ClassVar[Any] = tuple[GroupListing, ...]


class ResetOffsets(GroupAdministration, frozen=True):
    """Set the committed offsets of a group that has no active member."""

    group: Name
    offsets: tuple[PartitionOffset, ...]


class FetchCommitted(GroupAdministration, frozen=True):
    """The offset that a group has committed for a partition, asked of its coordinator; None: nothing committed."""

    repeated: ClassVar[Repeated] = "nothing"
    returns: ClassVar[Any] = OffsetOrNone | None
    group: Name
    topic: Name
    partition: PartitionNumber


class Lag(GroupAdministration, frozen=True):
    """How many offsets lie between what a group has committed and the log's end; None: nothing committed."""

    repeated: ClassVar[Repeated] = "nothing"
    needs: ClassVar[Needs] = ("groups.lag",)
    returns: ClassVar[Any] = OffsetOrNone | None
    group: Name
    topic: Name
    partition: PartitionNumber


class DeleteGroup(GroupAdministration, frozen=True):
    """Delete a group that has no member, and all that it has committed (KIP-229)."""

    needs: ClassVar[Needs] = ("groups.delete",)
    group: Name


class DeleteOffsets(GroupAdministration, frozen=True):
    """Delete what a group has committed for partitions of topics that it is not subscribed to (KIP-496)."""

    needs: ClassVar[Needs] = ("groups.delete-offsets",)
    group: Name
    partitions: tuple[TopicPartition, ...]
