"""The operations that a user of a broker has, as data: the one table of them.

The same words serve the plan (what to do), the wire (what an adapter is asked) and the history (what was
invoked). Names are Kafka's where Kafka has the word, and SQS's for queues. Every operation is a frozen struct
tagged by its snake-case name under `f`, Jepsen's field for the function of an operation. Times are milliseconds unless
a name says otherwise; keys and values are bytes (base64 in JSON).
"""

from collections.abc import Iterator
from typing import Any, ClassVar, Final, Literal, TypeAlias, get_args

from brokerlaw.spec.history.capabilities import Capability
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
from brokerlaw.spec.history.operation import (
    BrokerFault,
    BrokerRepair,
    ClientOperation,
    ConsumerOperation,
    Ending,
    FaultOperation,
    GroupAdministration,
    GroupOperation,
    JointFault,
    LifeOperation,
    Needs,
    Opening,
    ProducerOperation,
    Repair,
    SingleFault,
    TransactionOperation,
)
from brokerlaw.spec.history.operation import Operation as Operation
from brokerlaw.spec.history.queues import Ack as Ack
from brokerlaw.spec.history.queues import CreateQueue as CreateQueue
from brokerlaw.spec.history.queues import DeleteQueue as DeleteQueue
from brokerlaw.spec.history.queues import Extend as Extend
from brokerlaw.spec.history.queues import Nack as Nack
from brokerlaw.spec.history.queues import Publish as Publish
from brokerlaw.spec.history.queues import Receive as Receive
from brokerlaw.spec.history.roles import Name, Setting, Wait
from brokerlaw.spec.history.values import (
    GroupState,
    PartitionOffset,
    PartitionState,
    Placed,
    Record,
    TopicPartition,
    snake_case,
)

Acks: TypeAlias = Literal["0", "1", "all"]
Isolation: TypeAlias = Literal["read_uncommitted", "read_committed"]
Reset: TypeAlias = Literal["earliest", "latest", "none"]
FaultKind: TypeAlias = Literal["kill", "stop", "pause", "isolate"]

MIN_ISR: Final = "min.insync.replicas"

# --- administration ---


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
        if MIN_ISR in self.settings:
            yield "min-isr"


class DeleteTopic(Operation, frozen=True):
    """Delete a topic and its records."""

    needs: ClassVar[Needs] = ("topics",)
    topic: Name


class DeleteRecords(Operation, frozen=True):
    """Delete the records below `before`; the log then starts there."""

    needs: ClassVar[Needs] = ("delete-records",)
    topic: Name
    partition: PartitionNumber
    before: OffsetOrNone


class ListOffsets(Operation, frozen=True):
    """The log's start, its end (under an isolation level), or the first offset at or after a timestamp; None: none."""

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

    returns: ClassVar[Any] = GroupState
    group: Name


class ResetOffsets(GroupAdministration, frozen=True):
    """Set the committed offsets of a group that has no active member."""

    group: Name
    offsets: tuple[PartitionOffset, ...]


class FetchCommitted(GroupAdministration, frozen=True):
    """The offset that a group has committed for a partition, asked of its coordinator; None: nothing committed."""

    returns: ClassVar[Any] = OffsetOrNone | None
    group: Name
    topic: Name
    partition: PartitionNumber


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
    """Send a record. Not awaited, it stays in flight, and its outcome comes when it comes."""

    returns: ClassVar[Any] = Placed
    topic: Name
    value: bytes
    key: bytes | None = None
    partition: PartitionNumber | None = None
    timestamp: Timestamp | None = None
    awaited: bool = True

    def uses(self) -> Iterator[Capability]:
        yield from self.needs
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

    returns: ClassVar[Any] = tuple[Record, ...]
    max_records: Count = 100
    timeout: Wait = 100


class Seek(ConsumerOperation, frozen=True):
    """Move the position of an assigned partition."""

    topic: Name
    partition: PartitionNumber
    offset: Offset


class Position(ConsumerOperation, frozen=True):
    """The offset of the next record to be returned; None: nothing returned and nothing sought yet."""

    returns: ClassVar[Any] = OffsetOrNone | None
    topic: Name
    partition: PartitionNumber


class Pause(ConsumerOperation, frozen=True):
    """Stop fetching from assigned partitions."""

    partitions: tuple[TopicPartition, ...]


class Resume(ConsumerOperation, frozen=True):
    """Fetch again from paused partitions."""

    partitions: tuple[TopicPartition, ...]


class Commit(GroupOperation, frozen=True):
    """Commit offsets (the next to be read, not the last that was). Not awaited: as with `Send`."""

    offsets: tuple[PartitionOffset, ...]
    awaited: bool = True


class Committed(GroupOperation, frozen=True):
    """The offset that this consumer's group has committed, as the consumer is told; None: nothing committed."""

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


# --- faults and inspection (optional) ---


class RestartBroker(BrokerRepair, frozen=True):
    """Start a broker that is down; returns when it has registered again."""


class ResumeBroker(BrokerRepair, frozen=True):
    """Let a paused broker go on."""


class HealNetwork(Repair, frozen=True):
    """End every isolation."""


class PauseBroker(SingleFault, frozen=True):
    """Stop a broker's process without ending it."""

    needs: ClassVar[Needs] = ("faults.pause",)
    undone_by: ClassVar[tuple[type[Repair], ...]] = (ResumeBroker, RestartBroker)


class KillBroker(SingleFault, frozen=True):
    """End a broker's process at once."""

    needs: ClassVar[Needs] = ("faults.kill",)
    undone_by: ClassVar[tuple[type[Repair], ...]] = (RestartBroker,)
    replaces: ClassVar[tuple[type[BrokerFault], ...]] = (PauseBroker,)


class StopBroker(SingleFault, frozen=True):
    """Shut a broker down in good order: replicas in sync lead first what it led. Returns when its process has ended."""

    needs: ClassVar[Needs] = ("faults.stop",)
    undone_by: ClassVar[tuple[type[Repair], ...]] = (RestartBroker,)


class IsolateBrokers(JointFault, frozen=True):
    """Cut these brokers off from all others, and from the clients where `clients` says so."""

    needs: ClassVar[Needs] = ("faults.isolate",)
    undone_by: ClassVar[tuple[type[Repair], ...]] = (HealNetwork,)
    stops: ClassVar[bool] = False
    clients: bool = False


class ElectLeader(FaultOperation, frozen=True):
    """Ask for the preferred leader of a partition."""

    needs: ClassVar[Needs] = ("faults.elect",)
    topic: Name
    partition: PartitionNumber


class AdvanceClock(FaultOperation, frozen=True):
    """Let time pass: simulated clocks jump, real ones wait."""

    needs: ClassVar[Needs] = ("faults.clock",)
    duration: Wait


class DescribePartition(Operation, frozen=True):
    """Leader, leader epoch, replicas and in-sync set, as the cluster's metadata has them."""

    needs: ClassVar[Needs] = ("inspect.partition",)
    returns: ClassVar[Any] = PartitionState
    topic: Name
    partition: PartitionNumber


class ReadReplica(Operation, frozen=True):
    """The log of one replica, as far as the broker shows it."""

    needs: ClassVar[Needs] = ("inspect.replica",)
    returns: ClassVar[Any] = tuple[Record, ...]
    topic: Name
    partition: PartitionNumber
    broker: BrokerId


OfAdmins: TypeAlias = (
    CreateTopic | DeleteTopic | DeleteRecords | ListOffsets | DescribeGroup | ResetOffsets | FetchCommitted
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
FAULTS: dict[FaultKind, type[BrokerFault]] = {
    "kill": KillBroker,
    "stop": StopBroker,
    "pause": PauseBroker,
    "isolate": IsolateBrokers,
}


def faults_undone_by(repair: type[Repair]) -> tuple[type[BrokerFault], ...]:
    """The faults that the suite undoes by it."""
    return tuple(kind for kind in FAULTS.values() if kind.undone_by[0] is repair)


def name_of(op: Operation) -> str:
    """The operation's word: `open_producer`, `send`, …"""
    return snake_case(type(op).__name__)


def client_of(op: Operation) -> str | None:
    """The client that performs the operation, if one does."""
    return op.client if isinstance(op, ClientOperation) else None
