"""Dead letters: what an application does with a record that it cannot process.

It is tried a few times, each time read anew, and then sent to another topic, with headers that say where it came from
and why (Kafka Connect's, KIP-298); only then does the application go on behind it.
"""

from typing import Final

from brokerlaw.spec.history.values import Record, RecordHeader

ATTEMPTS: Final = 3
"""How often a record is tried."""
POISON: Final = b"poison"
"""What a value contains that cannot be processed."""
TOPIC, PARTITION, OFFSET, REASON = (
    f"__connect.errors.{name}" for name in ("topic", "partition", "offset", "exception.message")
)


def is_poison(record: Record) -> bool:
    """Whether it cannot be processed."""
    return POISON in (record.value or b"")


def provenance(record: Record) -> tuple[RecordHeader, ...]:
    """The record's own headers, and where it came from."""
    told = {TOPIC: record.topic, PARTITION: f"{record.partition}", OFFSET: f"{record.offset}", REASON: "poison"}
    return (*record.headers, *(RecordHeader(name, text.encode()) for name, text in told.items()))
