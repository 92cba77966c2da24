"""Retention and compaction: bugs of the cleaner."""

from collections.abc import Iterable
from typing import Final

import msgspec

from brokerlaw.reference.batch import Batch, Stamp
from brokerlaw.reference.cleaner import Cleaner, Segment, segments
from brokerlaw.reference.cluster import Parts
from brokerlaw.reference.mutants.mutant import Mutant
from brokerlaw.spec.history.values import Record


class ExpiresBeyondTheMark(Cleaner):
    """What the followers have not got yet expires as all else."""

    def bound(self) -> int:
        """The end of this replica's own log."""
        return self.log.end


class ExpiresByTheOldest(Cleaner):
    """A segment goes as soon as one of its batches has expired."""

    def is_old(self, segment: Segment) -> bool:
        """Whether its oldest is older than `retention.ms`."""
        limit = self.settings.retention_ms
        return limit >= 0 and min(batch.timestamp for batch in segment.batches) < self.now - limit


class ExpiresNothing(Cleaner):
    """Nothing is ever too old."""

    def is_old(self, segment: Segment) -> bool:
        """It is not."""
        return False


class Outgrows(Cleaner):
    """No log is ever too large."""

    def is_spare(self, segment: Segment, size: int) -> bool:
        """It is not."""
        return False


class CompactsNothing(Cleaner):
    """Nothing is ever compacted."""

    def compact(self) -> None:
        """Leave it."""


class SparesNothing(Cleaner):
    """No record is too young to be compacted."""

    def is_young(self, segment: Segment) -> bool:
        """It is not."""
        return False


class ForgetsCleanedProducers(Cleaner):
    """A producer of which compaction leaves no record is a stranger from then on."""

    def compact(self) -> None:
        """Compact, and forget who has nothing left."""
        super().compact()
        left = {batch.stamp.producer for batch in self.log.batches if batch.stamp is not None and batch.records}
        states = self.log.producers.states
        for producer in [each for each in states if each not in left]:
            del states[producer]


class KeepsOlder(Cleaner):
    """Of each key the first record counts as the last."""

    def last_of_each_key(self, batches: Iterable[Batch]) -> dict[bytes | None, int]:
        """Looked at from the wrong end."""
        return super().last_of_each_key(reversed(list(batches)))


class DropsTombstones(Cleaner):
    """A tombstone goes with what it deletes."""

    def _stays(self, record: Record, last: dict[bytes | None, int]) -> bool:
        """Only what has a value."""
        return record.value is not None and super()._stays(record, last)


class LeavesTheClean(Cleaner):
    """What was compacted before is not compacted again, but for its tombstones, which go in their time."""

    def compacted(self, batch: Batch, last: dict[bytes | None, int]) -> Batch:
        """As it is, if it is clean."""
        found = super().compacted(batch, last)
        if batch.base >= self._cleaned:
            return found
        stays = (each for each in batch.records if each.value is not None or each in found.records)
        return batch._replace(records=tuple(stays))


class Reorders(Cleaner):
    """The first two that stay are written back the other way round."""

    def compact(self) -> None:
        """Compact, and let two change places."""
        before = list(self.log.batches)
        super().compact()
        stay = [index for index, batch in enumerate(self.log.batches) if len(batch.records) == 1][:2]
        if self.log.batches != before and len(stay) == 2:
            first, second = (self.log.batches[index].records[0] for index in stay)
            for index, (here, record) in zip(stay, ((first, second), (second, first)), strict=True):
                moved = msgspec.structs.replace(record, offset=here.offset)
                self.log.batches[index] = self.log.batches[index]._replace(records=(moved,))


class LosesMarkersOfSpanningTransactions(Cleaner):
    """The marker of an aborted transaction goes with its segment, while records of it stay in an earlier one."""

    def compact(self) -> None:
        """Forget what was aborted across segments, and compact."""
        ends = [segment.end for segment in segments(self.log.batches, self.settings)][:-1]
        self.log.aborted = [each for each in self.log.aborted if not any(each.first < end <= each.last for end in ends)]
        super().compact()


class RemovesMarkers(Cleaner):
    """A marker is taken for a record of a key that comes again, and goes; who reads the log anew knows of no end."""

    def compact(self) -> None:
        """Compact, and forget how the transactions below ended."""
        super().compact()
        end = self.cleanable_end()
        for index, batch in enumerate(self.log.batches):
            if batch.end <= end and batch.control is not None and batch.stamp is not None:
                first = next((each.base for each in self.log.batches if self._is_of(each, batch.stamp)), batch.base)
                self.log.batches[index] = batch._replace(control=None)
                self.log.producers.open.setdefault(batch.stamp.producer, first)

    def _is_of(self, batch: Batch, stamp: Stamp) -> bool:
        return batch.stamp is not None and batch.stamp.producer == stamp.producer and bool(batch.records)


CLEANING: Final = {
    "KAFKA-5634": Mutant(
        "retention deletes what is beyond the high watermark",
        "KAFKA-5634",
        Parts(cleaner=ExpiresBeyondTheMark),
        ("ends.start-before-end",),
    ),
    "expires-by-the-oldest": Mutant(
        "a segment expires with its oldest record, while its youngest has not",
        "Kafka documentation, topic configuration: retention.ms; KIP-33",
        Parts(cleaner=ExpiresByTheOldest),
        ("retention.only-expired-goes",),
    ),
    "expires-nothing": Mutant(
        "what is older than retention.ms is never deleted",
        "Kafka documentation, topic configuration: retention.ms",
        Parts(cleaner=ExpiresNothing),
        ("retention.expired-goes",),
    ),
    "outgrows-its-bytes": Mutant(
        "a log grows beyond retention.bytes, and nothing is deleted",
        "Kafka documentation, topic configuration: retention.bytes",
        Parts(cleaner=Outgrows),
        ("retention.outgrown-goes",),
    ),
    "cleaned-producer-forgotten": Mutant(
        "what a log knows of a producer goes with the last of its records that compaction leaves",
        "KIP-98: the last batch of each producer is kept, be it empty; KAFKA-8335",
        Parts(cleaner=ForgetsCleanedProducers),
        ("idempotence.goes-on",),
    ),
    "compaction-keeps-older": Mutant(
        "the newest value of a key is dropped, and an older one kept",
        'Kafka documentation, "Log Compaction"',
        Parts(cleaner=KeepsOlder),
        ("compaction.keeps-last",),
    ),
    "compaction-drops-tombstones": Mutant(
        "compaction takes tombstones away at once",
        "Kafka documentation, topic configuration: delete.retention.ms; KAFKA-4545",
        Parts(cleaner=DropsTombstones),
        ("compaction.keeps-last",),
    ),
    "compaction-leaves-the-clean": Mutant(
        "a tombstone goes in its time, and what it deletes stays, since it was compacted before",
        'Kafka documentation, "Log Compaction"; KAFKA-4545',
        Parts(cleaner=LeavesTheClean),
        ("compaction.deleted-stays-deleted",),
    ),
    "compacts-nothing": Mutant(
        "a topic that is to be compacted keeps every record of every key",
        'Kafka documentation, "Log Compaction"',
        Parts(cleaner=CompactsNothing),
        ("compaction.replaced-goes",),
    ),
    "compaction-spares-nothing": Mutant(
        "records are compacted that are younger than min.compaction.lag.ms",
        "Kafka documentation, topic configuration: min.compaction.lag.ms",
        Parts(cleaner=SparesNothing),
        ("compaction.keeps-last",),
    ),
    "compaction-reorders": Mutant(
        "records that stay change places",
        'Kafka documentation, "Log Compaction": the order and the offset of a message never change',
        Parts(cleaner=Reorders),
        ("ordering.one-record-per-offset",),
    ),
    "KAFKA-14055": Mutant(
        "compaction removes the markers of transactions",
        "KAFKA-14055",
        Parts(cleaner=RemovesMarkers),
        ("progress.transaction-ends",),
    ),
    "KAFKA-8351": Mutant(
        "a transaction that spans segments loses its marker to compaction",
        "KAFKA-8351",
        Parts(cleaner=LosesMarkersOfSpanningTransactions),
        ("transactions.committed-only",),
    ),
}
