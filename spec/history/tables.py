"""The columns of a history, as they are recorded: pools of names, and tables whose columns index into them."""

from collections.abc import Callable
from typing import Any, Final

from brokerlaw.spec.history import observations as seen
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.columns import Pool, Table
from brokerlaw.spec.history.outcomes import Fail, Ok, Unknown
from brokerlaw.spec.history.rows import Invoke
from brokerlaw.spec.history.values import TopicPartition

PENDING, OK, FAIL, INFO = range(4)
"""`status` of an operation: not completed yet, or its outcome."""
STATUS: Final = {Ok: OK, Fail: FAIL, Unknown: INFO}
ACKS: Final = {"0": 0, "1": 1, "all": -1}
UNCOMMITTED, COMMITTED = range(2)
"""`isolation` of a reader."""
ISOLATION: Final = {"read_uncommitted": UNCOMMITTED, "read_committed": COMMITTED}
OPEN, COMMIT, ABORT = range(3)
"""How a transaction was asked to end; whether it did is the `status` of the operation `end`."""
ASSIGNED, REVOKED, LOST = range(3)
"""`kind` of a row of `ownership`."""
EARLIEST, LATEST, TIMESTAMP, POSITION, COMMITTED_OFFSET = range(5)
"""`kind` of a row of `offsets`: what the offset was asked as."""


class Tables:
    """A table for each kind of thing seen; `raw_` ones are joined with their completions by `History`.

    `overrides` are the settings that the user chose for the whole run. `brokers` are sets of brokers: replicas, ISRs.
    """

    def __init__(self) -> None:
        self.overrides: dict[str, str] = {}
        self.memory: dict[Callable[..., Any], tuple[int, Any]] = {}
        self.invocations: dict[int, Invoke] = {}
        self.processes: Pool[str] = Pool()
        self.partitions: Pool[TopicPartition] = Pool()
        self.topics: Pool[str] = Pool()
        self.keys: Pool[bytes] = Pool()
        self.values: Pool[bytes] = Pool()
        self.groups: Pool[str] = Pool()
        self.sinks: Pool[str] = Pool()
        self.members: Pool[str] = Pool()
        self.functions: Pool[str] = Pool()
        self.brokers: Pool[frozenset[int]] = Pool()
        self.rows = 0
        self.clients: list[tuple[int, ops.OpenProducer | ops.OpenConsumer]] = []
        self.created: dict[str, ops.CreateTopic] = {}
        self.declared: list[tuple[int, seen.Declared]] = []
        self.stable: list[tuple[int, int, seen.Stable]] = []
        self.caught: list[tuple[int, int, seen.CaughtUp]] = []
        self.raw_operations = Table("row", "process", "client", "opened", "f", "invoked")
        self.raw_completions = Table("op", "status", "completed")
        self.raw_sends = Table("op", "process", "opened", "topic", "partition", "key", "value", "acks", "transaction")
        self.raw_placed = Table("op", "tp", "offset")
        self.raw_reads = Table(
            "op",
            "process",
            "opened",
            "positioned",
            "tp",
            "offset",
            "key",
            "value",
            "timestamp",
            "group",
            "isolation",
        )
        self.raw_transactions = Table("begin", "process", "opened")
        self.raw_ends = Table("begin", "end", "how")
        self.raw_commits = Table("op", "process", "opened", "group", "tp", "offset", "generation", "transaction")
        self.ownership = Table("row", "time", "kind", "process", "opened", "group", "member", "generation", "tp")
        self.offsets = Table("op", "kind", "process", "group", "tp", "offset", "isolation")
        self.leaders = Table("op", "tp", "leader", "epoch", "replicas", "isr")
        self.applied = Table("row", "time", "process", "opened", "group", "sink", "tp", "offset", "value", "duplicate")
        self.drained = Table("row", "time", "process", "opened", "tp", "start", "end", "isolation")
