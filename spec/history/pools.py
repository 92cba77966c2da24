"""The values that columns refer to by index."""

from brokerlaw.spec.history.columns import Pool
from brokerlaw.spec.history.values import RecordHeader, TopicPartition


class Pools:
    """One pool for each kind of name. `brokers`: replicas and in-sync sets. `headers`: those of one record.

    `lists`: replicas and in-sync sets in the order in which they were told.
    """

    processes: Pool[str]
    partitions: Pool[TopicPartition]
    topics: Pool[str]
    keys: Pool[bytes]
    values: Pool[bytes]
    headers: Pool[tuple[RecordHeader, ...]]
    groups: Pool[str]
    sinks: Pool[str]
    members: Pool[str]
    functions: Pool[str]
    codes: Pool[str]
    brokers: Pool[frozenset[int]]
    lists: Pool[tuple[int, ...]]

    def __init__(self) -> None:
        self.processes = Pool()
        self.partitions = Pool()
        self.topics = Pool()
        self.keys = Pool()
        self.values = Pool()
        self.headers = Pool()
        self.groups = Pool()
        self.sinks = Pool()
        self.members = Pool()
        self.functions = Pool()
        self.codes = Pool()
        self.brokers = Pool()
        self.lists = Pool()
