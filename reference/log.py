"""The log of one replica of a partition: batches, leader epochs, producers, aborted transactions."""

from bisect import bisect_right
from typing import ClassVar, NamedTuple

from brokerlaw.reference.batch import Batch
from brokerlaw.reference.producer_state import Aborted, ProducerStates
from brokerlaw.spec.history.operations import Isolation
from brokerlaw.spec.history.values import Record


class EpochStart(NamedTuple):
    """The first offset of a leader epoch: an entry of the leader-epoch cache."""

    epoch: int
    start: int


class EpochEnd(NamedTuple):
    """Where the largest known leader epoch not above the one asked for ends (KIP-101, KIP-279)."""

    epoch: int
    end: int


class Slice(NamedTuple):
    """What was read, and where to read on."""

    records: list[Record]
    next: int


class Log:
    """Offsets [start, end). Nothing here knows of leaders or followers."""

    producer_states: ClassVar[type[ProducerStates]] = ProducerStates

    def __init__(self) -> None:
        self.start = 0
        self.end = 0
        self.batches: list[Batch] = []
        self.epochs: list[EpochStart] = []
        self.producers = self.producer_states()
        self.aborted: list[Aborted] = []
        self._bases: list[int] = []

    @property
    def latest_epoch(self) -> int:
        """The leader epoch in which the log ends; -1 for none."""
        return self.epochs[-1].epoch if self.epochs else -1

    def append(self, batch: Batch) -> None:
        """Add a batch at the end."""
        assert batch.base == self.end, f"a batch at {batch.base} cannot follow {self.end}"
        self.begin_epoch(batch.epoch)
        self.batches.append(batch)
        self._bases.append(batch.base)
        self.end = batch.end
        if batch.stamp is not None and (aborted := self.producers.append(batch)):
            self.aborted.append(aborted)

    def begin_epoch(self, epoch: int) -> None:
        """From here on this leader epoch writes, even if it never does (KAFKA-7415)."""
        if epoch > self.latest_epoch:
            self.epochs.append(EpochStart(epoch, self.end))

    def end_of_epoch(self, epoch: int) -> EpochEnd:
        """Where a leader epoch ends here."""
        index = bisect_right(self.epochs, epoch, key=lambda entry: entry.epoch)
        known = self.epochs[index - 1].epoch if index else epoch
        return EpochEnd(known, self.epochs[index].start if index < len(self.epochs) else self.end)

    def truncate(self, end: int) -> None:
        """Drop every batch that reaches beyond `end`; producers and epochs are as they were then."""
        kept = [batch for batch in self.batches if batch.end <= end]
        start, epochs = self.start, self.epochs
        Log.__init__(self)
        for batch in kept:
            self.append(batch)
        self.start = min(start, self.end)
        self.epochs = [entry for entry in epochs if entry.start < self.end]

    def delete_before(self, offset: int) -> None:
        """Move the start up. Producers are remembered (KAFKA-7190)."""
        self.start = max(self.start, offset)

    def since(self, offset: int, limit: int) -> list[Batch]:
        """The batches from an offset on: what a follower fetches."""
        index = bisect_right(self._bases, offset - 1)
        return self.batches[index : index + limit]

    def last_stable(self, high_watermark: int) -> int:
        """The offset below which every transaction is decided."""
        first_open = next(iter(self.producers.open.values()), high_watermark)
        return min(first_open, high_watermark)

    def read(self, offset: int, bound: int, limit: int, isolation: Isolation) -> Slice:
        """Up to `limit` records in [offset, bound); under read_committed those of aborted transactions are left out."""
        records: list[Record] = []
        at = max(0, bisect_right(self._bases, offset) - 1)
        for index in range(at, len(self.batches)):
            batch = self.batches[index]
            if batch.base >= bound:
                break
            if self._visible(batch, isolation):
                for record in batch.records:
                    if record.offset >= offset:
                        if len(records) == limit:
                            return Slice(records, record.offset)
                        records.append(record)
            offset = batch.end
        return Slice(records, max(offset, 0))

    def first_at(self, timestamp: int, bound: int) -> int | None:
        """The first offset below `bound` whose record is of this time (ms) or later."""
        for record in self.read(self.start, bound, self.end + 1, "read_uncommitted").records:
            if record.timestamp >= timestamp:
                return record.offset
        return None

    def _visible(self, batch: Batch, isolation: Isolation) -> bool:
        if batch.control is not None:
            return False
        return isolation == "read_uncommitted" or not self.is_aborted(batch)

    def is_aborted(self, batch: Batch) -> bool:
        """Whether it belongs to a transaction that was aborted."""
        if batch.stamp is None or not batch.transactional:
            return False
        producer = batch.stamp.producer
        return any(entry.producer == producer and entry.first <= batch.base < entry.last for entry in self.aborted)
