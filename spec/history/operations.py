"""The operations a broker's user knows, as data.

One vocabulary serves the plan (what to do), the wire (what an adapter is asked) and the history (what was
invoked). Names are Kafka's where Kafka has the word, and SQS's for queues. Every operation is a frozen struct
tagged by its snake-case name under `f`, Jepsen's field for the function of an operation. `returns` is the type of
the value that an `ok` outcome carries. Times are milliseconds unless a name says otherwise; keys and
values are bytes (base64 in JSON).
"""

from collections.abc import Iterator
from typing import Any, ClassVar, Literal, TypeAlias

from brokerlaw.spec.history.numbers import (
    BrokerId,
    Count,
    Milliseconds,
    Moment,
    Offset,
    OffsetOrNone,
    PartitionNumber,
    Partitions,
    Replicas,
    Timestamp,
)
from brokerlaw.spec.history.values import (
    Delivery,
    GroupState,
    PartitionOffset,
    PartitionState,
    Placed,
    Record,
    Struct,
    TopicPartition,
    snake_case,
)

Acks: TypeAlias = Literal["0", "1", "all"]
Isolation: TypeAlias = Literal["read_uncommitted", "read_committed"]
Reset: TypeAlias = Literal["earliest", "latest", "none"]


class Operation(Struct, frozen=True, tag_field="f", tag=snake_case):
    """An operation: asked of an adapter, recorded in a history."""

    returns: ClassVar[Any] = None


# --- administration ---


class CreateTopic(Operation, frozen=True):
    """Create a topic; returns when its leaders can be found."""

    topic: str
    partitions: Partitions = 1
    replication: Replicas = 1
    settings: dict[str, str] = {}


class DeleteTopic(Operation, frozen=True):
    """Delete a topic and its records."""

    topic: str


class DeleteRecords(Operation, frozen=True):
    """Delete the records below `before`; the log then starts there."""

    topic: str
    partition: PartitionNumber
    before: OffsetOrNone


class ListOffsets(Operation, frozen=True):
    """The log's start, its end (under an isolation level), or the first offset at or after a timestamp; None: none."""

    returns: ClassVar[Any] = OffsetOrNone | None
    topic: str
    partition: PartitionNumber
    at: Literal["earliest", "latest"] | Moment = "latest"
    isolation: Isolation = "read_uncommitted"


class DescribeGroup(Operation, frozen=True):
    """A group as its coordinator sees it."""

    returns: ClassVar[Any] = GroupState
    group: str


class ResetOffsets(Operation, frozen=True):
    """Set the committed offsets of a group that has no active member."""

    group: str
    offsets: tuple[PartitionOffset, ...]


class FetchCommitted(Operation, frozen=True):
    """The offset that a group has committed for a partition, asked of its coordinator; None: nothing committed."""

    returns: ClassVar[Any] = OffsetOrNone | None
    group: str
    topic: str
    partition: PartitionNumber


# --- producers ---


class OpenProducer(Operation, frozen=True):
    """Open a producer. With a transactional id this also initialises it, and so fences its namesakes."""

    client: str
    acks: Acks = "all"
    idempotent: bool = True
    transactional_id: str | None = None
    transaction_timeout: Milliseconds = 10_000
    partitioner: Literal["murmur2", "default"] = "murmur2"
    linger: Milliseconds = 0
    compression: Literal["none", "gzip", "snappy", "lz4", "zstd"] = "none"
    settings: dict[str, str] = {}


class Send(Operation, frozen=True):
    """Send a record. Not awaited, it stays in flight, and its outcome comes when it comes."""

    returns: ClassVar[Any] = Placed
    client: str
    topic: str
    value: bytes
    key: bytes | None = None
    partition: PartitionNumber | None = None
    timestamp: Timestamp | None = None
    awaited: bool = True


class Flush(Operation, frozen=True):
    """Wait until every send in flight has its outcome."""

    client: str


class BeginTransaction(Operation, frozen=True):
    """Begin a transaction."""

    client: str


class SendOffsets(Operation, frozen=True):
    """Put a consumer's offsets into the open transaction."""

    client: str
    consumer: str
    offsets: tuple[PartitionOffset, ...]


class CommitTransaction(Operation, frozen=True):
    """Commit the open transaction."""

    client: str


class AbortTransaction(Operation, frozen=True):
    """Abort the open transaction."""

    client: str


# --- consumers ---


class OpenConsumer(Operation, frozen=True):
    """Open a consumer; `group` None reads by assignment alone."""

    client: str
    group: str | None = None
    reset: Reset = "earliest"
    isolation: Isolation = "read_uncommitted"
    auto_commit: bool = False
    auto_commit_interval: Milliseconds = 1_000
    assignor: Literal["range", "roundrobin", "cooperative-sticky", "uniform"] = "range"
    protocol: Literal["classic", "consumer"] = "classic"
    instance_id: str | None = None
    session_timeout: Milliseconds = 6_000
    max_poll_interval: Milliseconds = 60_000
    settings: dict[str, str] = {}


class Subscribe(Operation, frozen=True):
    """Join the group for these topics. Assignments arrive as observations while polling."""

    client: str
    topics: tuple[str, ...]


class Unsubscribe(Operation, frozen=True):
    """Leave the group, keep the client."""

    client: str


class Assign(Operation, frozen=True):
    """Read these partitions from these offsets, outside any group management."""

    client: str
    offsets: tuple[PartitionOffset, ...]


class Poll(Operation, frozen=True):
    """Fetch records: waits up to `timeout` for the first, then returns what is there."""

    returns: ClassVar[Any] = tuple[Record, ...]
    client: str
    max_records: Count = 100
    timeout: Milliseconds = 100


class Seek(Operation, frozen=True):
    """Move the position of an assigned partition."""

    client: str
    topic: str
    partition: PartitionNumber
    offset: Offset


class Position(Operation, frozen=True):
    """The offset of the next record to be returned; None: nothing returned and nothing sought yet."""

    returns: ClassVar[Any] = OffsetOrNone | None
    client: str
    topic: str
    partition: PartitionNumber


class Pause(Operation, frozen=True):
    """Stop fetching from assigned partitions."""

    client: str
    partitions: tuple[TopicPartition, ...]


class Resume(Operation, frozen=True):
    """Fetch again from paused partitions."""

    client: str
    partitions: tuple[TopicPartition, ...]


class Commit(Operation, frozen=True):
    """Commit offsets (the next to be read, not the last that was). Not awaited: as with `Send`."""

    client: str
    offsets: tuple[PartitionOffset, ...]
    awaited: bool = True


class Committed(Operation, frozen=True):
    """The offset that this consumer's group has committed, as the consumer is told; None: nothing committed."""

    returns: ClassVar[Any] = OffsetOrNone | None
    client: str
    topic: str
    partition: PartitionNumber


# --- the life of a client ---


class Close(Operation, frozen=True):
    """Close in good order: flush, leave the group."""

    client: str


class Crash(Operation, frozen=True):
    """Vanish without a word, and with everything not yet sent."""

    client: str


class Freeze(Operation, frozen=True):
    """Stop the client's clock: a zombie in waiting."""

    client: str


class Thaw(Operation, frozen=True):
    """Let a frozen client go on as if nothing had happened."""

    client: str


# --- queues ---


class CreateQueue(Operation, frozen=True):
    """Create a queue."""

    queue: str
    fifo: bool = False
    visibility_timeout: Milliseconds = 30_000
    max_deliveries: Count | None = None
    dead_letter_queue: str | None = None
    settings: dict[str, str] = {}


class DeleteQueue(Operation, frozen=True):
    """Delete a queue and its messages."""

    queue: str


class Publish(Operation, frozen=True):
    """Put a message into a queue."""

    queue: str
    value: bytes
    group: str | None = None
    deduplication_id: str | None = None


class Receive(Operation, frozen=True):
    """Take messages; each is hidden from others until it is acknowledged or its visibility ends."""

    returns: ClassVar[Any] = tuple[Delivery, ...]
    client: str
    queue: str
    max_messages: Count = 1
    visibility_timeout: Milliseconds | None = None
    timeout: Milliseconds = 100


class Ack(Operation, frozen=True):
    """The message is done with."""

    client: str
    queue: str
    receipt: str


class Nack(Operation, frozen=True):
    """The message is to be delivered again (or dead-lettered)."""

    client: str
    queue: str
    receipt: str


class Extend(Operation, frozen=True):
    """Keep a message hidden for `timeout` from now."""

    client: str
    queue: str
    receipt: str
    timeout: Milliseconds


# --- faults (optional) ---


class KillBroker(Operation, frozen=True):
    """End a broker's process at once."""

    broker: BrokerId


class RestartBroker(Operation, frozen=True):
    """Start a killed broker; returns when it has registered again."""

    broker: BrokerId


class PauseBroker(Operation, frozen=True):
    """Stop a broker's process without ending it."""

    broker: BrokerId


class ResumeBroker(Operation, frozen=True):
    """Let a paused broker go on."""

    broker: BrokerId


class IsolateBrokers(Operation, frozen=True):
    """Cut these brokers off from all others, and from the clients where `clients` says so."""

    brokers: tuple[BrokerId, ...]
    clients: bool = False


class HealNetwork(Operation, frozen=True):
    """End every isolation."""


class ElectLeader(Operation, frozen=True):
    """Ask for the preferred leader of a partition."""

    topic: str
    partition: PartitionNumber


class AdvanceClock(Operation, frozen=True):
    """Let time pass: simulated clocks jump, real ones wait."""

    duration: Milliseconds


# --- inspection (optional) ---


class DescribePartition(Operation, frozen=True):
    """Leader, leader epoch, replicas and in-sync set, as the cluster's metadata has them."""

    returns: ClassVar[Any] = PartitionState
    topic: str
    partition: PartitionNumber


class ReadReplica(Operation, frozen=True):
    """The log of one replica, as far as the broker shows it."""

    returns: ClassVar[Any] = tuple[Record, ...]
    topic: str
    partition: PartitionNumber
    broker: BrokerId


AdminOperation: TypeAlias = (
    CreateTopic | DeleteTopic | DeleteRecords | ListOffsets | DescribeGroup | ResetOffsets | FetchCommitted
)
ProducerOperation: TypeAlias = (
    OpenProducer | Send | Flush | BeginTransaction | SendOffsets | CommitTransaction | AbortTransaction
)
ConsumerOperation: TypeAlias = (
    OpenConsumer | Subscribe | Unsubscribe | Assign | Poll | Seek | Position | Pause | Resume | Commit | Committed
)
LifeOperation: TypeAlias = Close | Crash | Freeze | Thaw
QueueOperation: TypeAlias = CreateQueue | DeleteQueue | Publish | Receive | Ack | Nack | Extend
FaultOperation: TypeAlias = (
    KillBroker | RestartBroker | PauseBroker | ResumeBroker | IsolateBrokers | HealNetwork | ElectLeader | AdvanceClock
)
InspectOperation: TypeAlias = DescribePartition | ReadReplica
AnyOperation: TypeAlias = (
    AdminOperation
    | ProducerOperation
    | ConsumerOperation
    | LifeOperation
    | QueueOperation
    | FaultOperation
    | InspectOperation
)


def _leaves(kind: type[Operation]) -> Iterator[type[Operation]]:
    for sub in kind.__subclasses__():
        yield sub
        yield from _leaves(sub)


OPERATIONS: dict[str, type[Operation]] = {snake_case(kind.__name__): kind for kind in _leaves(Operation)}


def name_of(op: Operation) -> str:
    """The operation's word: `open_producer`, `send`, …"""
    return snake_case(type(op).__name__)


def client_of(op: Operation) -> str | None:
    """The client that performs the operation, if one does."""
    client: str | None = getattr(op, "client", None)
    return client
