"""The operations that a user of a broker has, as data: the one table of them.

The same words serve the plan (what to do), the wire (what an adapter is asked) and the history (what was
invoked). Names are Kafka's where Kafka has the word, and SQS's for queues. Every operation is a frozen struct
tagged by its snake-case name under `f`, Jepsen's field for the function of an operation. Times are milliseconds unless
a name says otherwise; keys and values are bytes (base64 in JSON). Those of clients are here; administrators', faults
and queues have a file each, and stand in this table too.
"""

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Final, Literal, TypeAlias, get_args

from msgspec import Meta

from brokerlaw.spec.history.administration import (
    CLEANUP as CLEANUP,
    MIN_ISR as MIN_ISR,
    RETENTION as RETENTION,
    AlterTopic as AlterTopic,
    CreatePartitions as CreatePartitions,
    CreateTopic as CreateTopic,
    DeleteGroup as DeleteGroup,
    DeleteOffsets as DeleteOffsets,
    DeleteRecords as DeleteRecords,
    DeleteTopic as DeleteTopic,
    DescribeGroup as DescribeGroup,
    FetchCommitted as FetchCommitted,
    Isolation as Isolation,
    Lag as Lag,
    ListGroups as ListGroups,
    ListOffsets as ListOffsets,
    ResetOffsets as ResetOffsets,
)
from brokerlaw.spec.history.capabilities import Capability
from brokerlaw.spec.history.faults import (
    FAULTS as FAULTS,
    AdvanceClock as AdvanceClock,
    DescribePartition as DescribePartition,
    ElectLeader as ElectLeader,
    FaultKind as FaultKind,
    HealNetwork as HealNetwork,
    IsolateBrokers as IsolateBrokers,
    KillBroker as KillBroker,
    PauseBroker as PauseBroker,
    ReadReplica as ReadReplica,
    RestartBroker as RestartBroker,
    ResumeBroker as ResumeBroker,
    StopBroker as StopBroker,
    faults_undone_by as faults_undone_by,
)
from brokerlaw.spec.history.numbers import Count, Milliseconds, Offset, OffsetOrNone, PartitionNumber, Timestamp
from brokerlaw.spec.history.operation import (
    ClientOperation,
    ConsumerOperation,
    Ending,
    GroupOperation,
    LifeOperation,
    Needs,
    Opening,
    Operation as Operation,
    ProducerOperation,
    Repeated,
    TransactionOperation,
)
from brokerlaw.spec.history.queues import (
    Ack as Ack,
    CreateQueue as CreateQueue,
    DeleteQueue as DeleteQueue,
    Extend as Extend,
    Nack as Nack,
    Publish as Publish,
    Receive as Receive,
)
from brokerlaw.spec.history.roles import Name, Setting, Wait
from brokerlaw.spec.history.values import (
    PartitionOffset,
    Placed,
    Record,
    RecordHeader,
    TopicPartition,
    snake_case,
)

Acks: TypeAlias = Literal["0", "1", "all"]
Reset: TypeAlias = Annotated[str, Meta(pattern=r"^(earliest|latest|none|by_duration:PT\d+S)$")]
"""Where a reader begins that has no position: `by_duration` at what is that many seconds old (KIP-1106)."""

# --- producers ---


class OpenProducer(Opening, frozen=True):
    """Open a producer. With a transactional id this also initialises it, and so fences its namesakes."""

    acks: Setting[Acks] = "all"
    idempotent: Setting[bool] = True
    transactional_id: Name | None = None
    transaction_timeout: Setting[Milliseconds] = 10_000
    partitioner: Setting[Literal["murmur2", "default"]] = "murmur2"
    linger: Setting[Milliseconds] = 0
    compression: Setting[Literal["none", "gzip", "snappy", "lz4", "zstd"]] = "none"
    settings: dict[str, str] = {}

    def uses(self) -> Iterator[Capability]:
        yield from self.needs
        if self.transactional_id is not None:
            yield "transactions"
        elif self.idempotent:
            yield "idempotence"


class Send(ProducerOperation, frozen=True):
    """Send a record; no value: a tombstone. Not awaited, it stays in flight, and its outcome comes when it comes."""

    repeated: ClassVar[Repeated] = "again"
    returns: ClassVar[Any] = Placed
    bulk: ClassVar[bool] = True
    topic: Name
    value: bytes | None
    key: bytes | None = None
    partition: PartitionNumber | None = None
    timestamp: Timestamp | None = None
    headers: tuple[RecordHeader, ...] = ()
    awaited: bool = True

    def uses(self) -> Iterator[Capability]:
        yield from self.needs
        if self.value is None:
            yield "tombstones"
        if self.headers:
            yield "headers"
        if self.timestamp is not None:
            yield "timestamps"


class Flush(ProducerOperation, frozen=True):
    """Wait until every send in flight has its outcome."""


class BeginTransaction(TransactionOperation, frozen=True):
    """Begin a transaction."""


class SendOffsets(ProducerOperation, frozen=True):
    """Put a consumer's offsets into the open transaction."""

    needs: ClassVar[Needs] = ("transactions", "groups")
    consumer: str
    offsets: tuple[PartitionOffset, ...]


class CommitTransaction(TransactionOperation, frozen=True):
    """Commit the open transaction."""


class AbortTransaction(TransactionOperation, frozen=True):
    """Abort the open transaction."""


# --- consumers ---


class OpenConsumer(Opening, frozen=True):
    """Open a consumer; `group` None reads by assignment alone."""

    group: Name | None = None
    reset: Setting[Reset] = "earliest"
    isolation: Setting[Isolation] = "read_uncommitted"
    auto_commit: Setting[bool] = False
    auto_commit_interval: Setting[Milliseconds] = 1_000
    assignor: Setting[Literal["range", "roundrobin", "cooperative-sticky", "uniform"]] = "range"
    protocol: Setting[Literal["classic", "consumer"]] = "classic"
    instance_id: Name | None = None
    session_timeout: Setting[Milliseconds] = 6_000
    max_poll_interval: Setting[Milliseconds] = 60_000
    settings: dict[str, str] = {}

    def uses(self) -> Iterator[Capability]:
        yield from self.needs
        if self.isolation == "read_committed":
            yield "transactions"
        if self.reset.startswith("by_duration"):
            yield "reset-by-duration"
        if self.group is not None:
            yield "groups"
            if self.protocol == "consumer":
                yield "groups.next"
            elif self.assignor == "cooperative-sticky":
                yield "groups.cooperative"
            if self.instance_id is not None:
                yield "groups.static"
            if self.auto_commit:
                yield "auto-commit"


class Subscribe(GroupOperation, frozen=True):
    """Join the group for these topics. Assignments arrive as observations while polling."""

    topics: tuple[Name, ...]


class Unsubscribe(GroupOperation, frozen=True):
    """Leave the group, keep the client."""


class Assign(ConsumerOperation, frozen=True):
    """Read these partitions from these offsets, outside any group management."""

    offsets: tuple[PartitionOffset, ...]


class Poll(ConsumerOperation, frozen=True):
    """Fetch records: waits up to `timeout` for the first, then returns what is there."""

    repeated: ClassVar[Repeated] = "again"
    returns: ClassVar[Any] = tuple[Record, ...]
    bulk: ClassVar[bool] = True
    max_records: Count = 100
    timeout: Wait = 100


class Seek(ConsumerOperation, frozen=True):
    """Move the position of an assigned partition."""

    topic: Name
    partition: PartitionNumber
    offset: Offset


class Position(ConsumerOperation, frozen=True):
    """The offset of the next record to be returned; None: nothing returned and nothing sought yet."""

    repeated: ClassVar[Repeated] = "nothing"
    returns: ClassVar[Any] = OffsetOrNone | None
    topic: Name
    partition: PartitionNumber


class Pause(ConsumerOperation, frozen=True):
    """Stop fetching from assigned partitions, until they are resumed or taken away."""

    partitions: tuple[TopicPartition, ...]


class Resume(ConsumerOperation, frozen=True):
    """Fetch again from paused partitions."""

    partitions: tuple[TopicPartition, ...]


class Commit(GroupOperation, frozen=True):
    """Commit offsets (the next to be read, not the last that was). Not awaited: as with `Send`."""

    bulk: ClassVar[bool] = True
    offsets: tuple[PartitionOffset, ...]
    awaited: bool = True


class Committed(GroupOperation, frozen=True):
    """The offset that this consumer's group has committed, as the consumer is told; None: nothing committed."""

    repeated: ClassVar[Repeated] = "nothing"
    returns: ClassVar[Any] = OffsetOrNone | None
    topic: Name
    partition: PartitionNumber


# --- the life of a client ---


class Close(Ending, frozen=True):
    """Close in good order: flush, leave the group."""

    needs: ClassVar[Needs] = ("topics",)


class Crash(Ending, frozen=True):
    """Vanish without a word, and with everything not yet sent."""

    needs: ClassVar[Needs] = ("clients.crash",)


class Freeze(LifeOperation, frozen=True):
    """Stop the client's clock: a zombie in waiting."""

    needs: ClassVar[Needs] = ("clients.freeze",)


class Thaw(LifeOperation, frozen=True):
    """Let a frozen client go on as if nothing had happened."""

    needs: ClassVar[Needs] = ("clients.freeze",)


OfAdmins: TypeAlias = (
    CreateTopic
    | DeleteTopic
    | CreatePartitions
    | AlterTopic
    | DeleteRecords
    | ListOffsets
    | DescribeGroup
    | ListGroups
    | ResetOffsets
    | FetchCommitted
    | Lag
    | DeleteGroup
    | DeleteOffsets
)
OfProducers: TypeAlias = OpenProducer | Send | Flush | SendOffsets
OfTransactions: TypeAlias = BeginTransaction | CommitTransaction | AbortTransaction
OfConsumers: TypeAlias = OpenConsumer | Assign | Poll | Seek | Position | Pause | Resume
OfMembers: TypeAlias = Subscribe | Unsubscribe | Commit | Committed
OfClients: TypeAlias = Close | Crash | Freeze | Thaw
OfQueues: TypeAlias = CreateQueue | DeleteQueue | Publish | Receive | Ack | Nack | Extend
OfFaults: TypeAlias = (
    KillBroker | StopBroker | PauseBroker | IsolateBrokers | RestartBroker | ResumeBroker | HealNetwork
)
OfTheCluster: TypeAlias = ElectLeader | AdvanceClock | DescribePartition | ReadReplica
AnyOperation: TypeAlias = (
    OfAdmins | OfProducers | OfTransactions | OfConsumers | OfMembers | OfClients | OfQueues | OfFaults | OfTheCluster
)

OPERATIONS: Final[dict[str, type[Operation]]] = {snake_case(kind.__name__): kind for kind in get_args(AnyOperation)}


def name_of(op: Operation) -> str:
    """The operation's word: `open_producer`, `send`, …"""
    return snake_case(type(op).__name__)


def client_of(op: Operation) -> str | None:
    """The client that performs the operation, if one does."""
    return op.client if isinstance(op, ClientOperation) else None
