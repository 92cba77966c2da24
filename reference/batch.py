"""A record batch: what is appended, replicated and truncated as one."""

from collections.abc import Iterable
from typing import Final, Literal, NamedTuple, TypeAlias

from brokerlaw.spec.history.values import Record, RecordHeader

Control: TypeAlias = Literal["commit", "abort"]

BATCH_OVERHEAD: Final = 61
RECORD_OVERHEAD: Final = 9
"""Bytes beside keys, values and headers."""


class Content(NamedTuple):
    """A record before it has an offset. `timestamp` is in ms."""

    key: bytes | None
    value: bytes | None
    timestamp: int
    headers: tuple[RecordHeader, ...] = ()

    @property
    def size(self) -> int:
        """About as many bytes as in Kafka's record format."""
        headers = sum(len(name.encode()) + len(value or b"") + 2 for name, value in self.headers)
        return len(self.key or b"") + len(self.value or b"") + headers + RECORD_OVERHEAD


class Stamp(NamedTuple):
    """Whose batch it is: producer id, producer epoch, and the sequence number of the first record."""

    producer: int
    epoch: int
    sequence: int


class Batch(NamedTuple):
    """Records from `base` on, written in leader epoch `epoch`; or a control marker, which takes one offset.

    `offsets` is how many it takes, whatever compaction leaves of its records; `written`
    its bytes before that; `timestamp` the largest (ms).
    """

    base: int
    epoch: int
    records: tuple[Record, ...]
    offsets: int
    written: int
    timestamp: int
    stamp: Stamp | None = None
    transactional: bool = False
    control: Control | None = None

    @property
    def end(self) -> int:
        """The offset past the last."""
        return self.base + self.offsets

    @property
    def size(self) -> int:
        """In bytes; none for what compaction has emptied."""
        if not self.records and self.control is None:
            return 0
        return size_of(Content(each.key, each.value, each.timestamp, each.headers) for each in self.records)


def size_of(contents: Iterable[Content]) -> int:
    """About as many bytes as a batch of these has in Kafka's format."""
    return BATCH_OVERHEAD + sum(content.size for content in contents)
