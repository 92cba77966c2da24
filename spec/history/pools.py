"""The values that columns refer to by index."""

from brokerlaw.spec.history.columns import Pool
from brokerlaw.spec.history.values import RecordHeader, TopicPartition


class Pools:
    """One pool for each kind of name. `brokers`: replicas and in-sync sets. `headers`: those of one record.

    `lists`: replicas and in-sync sets in the order in which they were told.
    """

    def __init__(self) -> None:
        self.processes: Pool[str] = Pool()
        self.partitions: Pool[TopicPartition] = Pool()
        self.topics: Pool[str] = Pool()
        self.keys: Pool[bytes] = Pool()
        self.values: Pool[bytes] = Pool()
        self.headers: Pool[tuple[RecordHeader, ...]] = Pool()
        self.groups: Pool[str] = Pool()
        self.sinks: Pool[str] = Pool()
        self.members: Pool[str] = Pool()
        self.functions: Pool[str] = Pool()
        self.brokers: Pool[frozenset[int]] = Pool()
        self.lists: Pool[tuple[int, ...]] = Pool()
