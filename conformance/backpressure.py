"""Backpressure: an application that reads no more than it has room for.

While its buffer is full, its partitions are paused, and it polls on, so as to stay in its group; it resumes them when
half of the buffer is empty. What it is given must never be more than it has room for.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final

from brokerlaw.spec.history.values import Record, TopicPartition

BOUND: Final = 4
"""How many records an instance holds at most."""
STEP: Final = 1
"""How many it works off in a turn."""


@dataclass
class Buffer:
    """Records that were read and not worked off yet."""

    records: list[Record] = field(default_factory=list)
    paused: bool = False

    @property
    def room(self) -> int:
        """How many more it takes."""
        return BOUND - len(self.records)

    @property
    def to_pause(self) -> bool:
        """Whether it has just become full."""
        return self.room <= 0 and not self.paused

    @property
    def to_resume(self) -> bool:
        """Whether there is room again."""
        return self.paused and self.room >= BOUND // 2

    def keep(self, held: Collection[TopicPartition]) -> None:
        """Forget what is of partitions that are no longer held: their next owner reads it again."""
        self.records = [record for record in self.records if TopicPartition(record.topic, record.partition) in held]

    def next(self) -> tuple[Record, ...]:
        """What is worked off next."""
        return tuple(self.records[:STEP])
