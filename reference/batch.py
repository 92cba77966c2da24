"""A record batch: what is appended, replicated and truncated as one."""

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
    """Records from `base` on, written in leader epoch `epoch`; or a control marker, which takes one offset."""

    base: int
    epoch: int
    records: tuple[Record, ...]
    stamp: Stamp | None = None
    transactional: bool = False
    control: Control | None = None

    @property
    def end(self) -> int:
        """The offset past the last."""
        return self.base + (len(self.records) or 1)
