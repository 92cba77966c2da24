"""What is seen without being asked for: rebalances by clients, effects by applications, completeness by the suite."""

from typing import Literal, TypeAlias

from brokerlaw.spec.history.administration import Isolation
from brokerlaw.spec.history.numbers import Count, Epoch, Milliseconds, Offset, PartitionNumber
from brokerlaw.spec.history.roles import Name
from brokerlaw.spec.history.values import Struct, TopicPartition, snake_case

Discipline: TypeAlias = Literal[
    "at-least-once", "at-most-once", "exactly-once", "idempotent-sink", "dead-letter", "backpressure"
]
"""In which order an application processes and commits, and so what it may expect."""

Awaited: TypeAlias = Literal["visible", "drained", "stable", "caught-up", "leader", "in-sync"]
"""What the suite waits for."""


class Observation(Struct, frozen=True, tag_field="o", tag=snake_case):
    """Something that a process saw, at a time."""


class Assigned(Observation, frozen=True):
    """A group member was given partitions; `generation` is -1, `group` and `member` are "", where nobody tells."""

    group: Name
    member: str
    generation: Epoch
    partitions: tuple[TopicPartition, ...]


class Revoked(Observation, frozen=True):
    """A group member gave partitions back."""

    group: Name
    member: str
    generation: Epoch
    partitions: tuple[TopicPartition, ...]


class Lost(Observation, frozen=True):
    """A group member learned that partitions had been taken from it."""

    group: Name
    member: str
    generation: Epoch
    partitions: tuple[TopicPartition, ...]


class Declared(Observation, frozen=True):
    """From here on the application behind `group` follows this discipline over `topic`; `sink` names its output.

    An instance of it holds at most `bound` records that it has not worked off; None: any number.
    """

    group: Name
    topic: Name
    discipline: Discipline
    sink: str
    bound: Count | None = None


class Applied(Observation, frozen=True):
    """An application let one consumed record take effect in its sink; an idempotent sink may say `duplicate`."""

    group: Name
    sink: str
    topic: Name
    partition: PartitionNumber
    offset: Offset
    value: bytes
    duplicate: bool = False


class Stable(Observation, frozen=True):
    """What live members of a group hold when it is at rest, or when all its timeouts have passed and it is not."""

    group: Name
    topics: tuple[Name, ...]
    members: tuple[str, ...]


class Drained(Observation, frozen=True):
    """This process has now read everything in [start, end) of a partition, and there was no more when it began."""

    topic: Name
    partition: PartitionNumber
    start: Offset
    end: Offset
    isolation: Isolation


class CaughtUp(Observation, frozen=True, tag="caught"):
    """The application behind `group` has worked off everything: no record is left for it to read."""

    group: Name
    topic: Name


class WaitTimedOut(Observation, frozen=True):
    """The suite waited this long for something, and it did not come.

    `visible`: what was acknowledged, below the end that a reader of this isolation is told. `drained`: the end of a
    partition, by reading. `stable`: the group at rest. `caught-up`: the application behind the group at the end of the
    topic. `leader`: of the partition. `in-sync`: its replicas.
    """

    awaited: Awaited
    milliseconds: Milliseconds
    topic: Name | None = None
    partition: PartitionNumber | None = None
    group: Name | None = None
    isolation: Isolation | None = None


AnyObservation: TypeAlias = Assigned | Revoked | Lost | Declared | Applied | Stable | Drained | CaughtUp | WaitTimedOut
