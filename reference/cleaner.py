"""What becomes of old records on one replica: by age and size from the front (retention), or by key (compaction).

Both work on whole segments below the high watermark. Compaction leaves the active segment alone, and what lies beyond
the last stable offset; offsets stay, and so do markers. KIP-33, KIP-58, KIP-98.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from brokerlaw.reference.batch import Batch
from brokerlaw.reference.topic_settings import TopicSettings
from brokerlaw.spec.history.numbers import MILLISECOND
from brokerlaw.spec.history.values import Record

if TYPE_CHECKING:
    from brokerlaw.reference.replica import Replica


class Segment(NamedTuple):
    """Batches that are kept in one file; `largest` is their largest timestamp (ms)."""

    batches: tuple[Batch, ...]

    @property
    def base(self) -> int:
        """The first offset."""
        return self.batches[0].base

    @property
    def end(self) -> int:
        """The offset past the last."""
        return self.batches[-1].end

    @property
    def size(self) -> int:
        """In bytes."""
        return sum(batch.size for batch in self.batches)

    @property
    def largest(self) -> int:
        """The largest timestamp (ms)."""
        return max(batch.timestamp for batch in self.batches)


def segments(batches: Iterable[Batch], settings: TopicSettings) -> Iterator[Segment]:
    """The log in segments; a new one begins where the last is full, or spans too much time."""
    rolled: list[Batch] = []
    size = 0
    for batch in batches:
        full = size + batch.written > settings.segment_bytes
        if rolled and (full or batch.timestamp - rolled[0].timestamp > settings.segment_ms):
            yield Segment(tuple(rolled))
            rolled, size = [], 0
        rolled.append(batch)
        size += batch.written
    if rolled:
        yield Segment(tuple(rolled))


class Cleaner:
    """Looks at one replica's log from time to time, as long as its broker runs."""

    def __init__(self, replica: Replica) -> None:
        self.replica = replica
        self.log = replica.log
        self.cluster = replica.broker.cluster
        self._cleaned = 0
        self._horizons: dict[Record, int] = {}
        self._awake = False
        self._life = 0

    @property
    def settings(self) -> TopicSettings:
        """The topic's."""
        return self.replica.registration.settings

    def wake(self) -> None:
        """Look again after a while, if the topic wants it."""
        if not self._awake and self.settings.sheds:
            self._awake = True
            tick = partial(self._tick, self._life)
            interval = self.cluster.settings.retention_check_interval
            self.cluster.scheduler.after(interval, partial(self.replica.broker.deliver, tick))

    def rest(self) -> None:
        """Look no more, until it is woken."""
        self._awake = False
        self._life += 1

    def _tick(self, life: int) -> None:
        if life == self._life:
            self._awake = False
            self.clean()
            self.wake()

    def clean(self) -> None:
        """One look."""
        if "delete" in self.settings.cleanup:
            self.expire()
        if "compact" in self.settings.cleanup:
            self.compact()

    @property
    def now(self) -> int:
        """In milliseconds."""
        return self.cluster.scheduler.now // MILLISECOND

    # --- retention ---

    def expire(self) -> None:
        """Segments go from the front, as long as they are too old, or too many."""
        kept = [segment for segment in segments(self.log.batches, self.settings) if segment.end > self.log.start]
        start, size = self.log.start, sum(segment.size for segment in kept)
        for segment in kept:
            if segment.end > self.bound() or not (self.is_old(segment) or self.is_spare(segment, size)):
                break
            start, size = segment.end, size - segment.size
        if self.replica.leading is not None:
            self.replica.leading.delete_before(start)
        else:
            self.log.delete_before(start)

    def bound(self) -> int:
        """Nothing is deleted beyond (KAFKA-5634)."""
        return self.replica.high_watermark

    def is_old(self, segment: Segment) -> bool:
        """Whether its last record is older than `retention.ms`."""
        limit = self.settings.retention_ms
        return limit >= 0 and segment.largest < self.now - limit

    def is_spare(self, segment: Segment, size: int) -> bool:
        """Whether a log of this size has `retention.bytes` without it."""
        limit = self.settings.retention_bytes
        return limit >= 0 and size - segment.size >= limit

    # --- compaction ---

    def compact(self) -> None:
        """Of each key the last record stays, where enough is not compacted yet."""
        end = self.cleanable_end()
        batches = [batch for batch in self.log.batches if batch.end <= end]
        dirty = sum(batch.size for batch in batches if batch.base >= self._cleaned)
        if dirty <= self.settings.dirty_ratio * sum(batch.size for batch in batches):
            return
        last = self.last_of_each_key(batches)
        for index, batch in enumerate(batches):
            self.log.batches[index] = self.compacted(batch, last)
        self._cleaned = end

    def cleanable_end(self) -> int:
        """Below lie whole segments, not the active one, in which every transaction is decided."""
        closed = tuple(segments(self.log.batches, self.settings))[:-1]
        end = 0
        for segment in closed:
            if segment.end > self.log.last_stable(self.bound()) or self.is_young(segment):
                break
            end = segment.end
        return end

    def is_young(self, segment: Segment) -> bool:
        """Whether its last record is younger than `min.compaction.lag.ms`."""
        return segment.largest > self.now - self.settings.compaction_lag_ms

    def last_of_each_key(self, batches: Iterable[Batch]) -> dict[bytes | None, int]:
        """The offset of each key's last record that was not aborted."""
        certain = (batch for batch in batches if not self.log.is_aborted(batch))
        return {record.key: record.offset for batch in certain for record in batch.records}

    def compacted(self, batch: Batch, last: dict[bytes | None, int]) -> Batch:
        """The batch with what stays of it. An aborted one is emptied; a marker stays (KAFKA-14055)."""
        stays = () if self.log.is_aborted(batch) else tuple(r for r in batch.records if self._stays(r, last))
        return batch._replace(records=stays)

    def _stays(self, record: Record, last: dict[bytes | None, int]) -> bool:
        """The last of its key does; if it is a tombstone, for `delete.retention.ms` after it was first looked at."""
        if record.key is None or last[record.key] != record.offset:
            return False
        if record.value is not None:
            return True
        return self.now < self._horizons.setdefault(record, self.now + self.settings.delete_retention_ms)
