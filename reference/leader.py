"""The leader's role: appending, serving followers, the in-sync set, the high watermark. KIP-101, KIP-497, KIP-966."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from brokerlaw.reference.batch import Batch, Content, Control, Stamp, size_of
from brokerlaw.reference.errors import BrokerError
from brokerlaw.reference.log import EpochEnd, Slice
from brokerlaw.reference.topic_settings import TopicSettings
from brokerlaw.spec.history.numbers import MILLISECOND
from brokerlaw.spec.history.operations import Acks, Isolation
from brokerlaw.spec.history.values import Record

if TYPE_CHECKING:
    from brokerlaw.reference.replica import Replica


class Produced(NamedTuple):
    """The answer to a produce request: the base offset, or an error; an appended batch may survive its error."""

    base: int
    error: str | None = None
    appended: bool = False


class Fetched(NamedTuple):
    """The answer to a follower's fetch."""

    batches: list[Batch]
    high_watermark: int
    start: int


Reply: TypeAlias = Callable[[Produced], None]
Serve: TypeAlias = Callable[[Fetched], None]


class Delayed(NamedTuple):
    """A produce request that waits until the high watermark is at `required`."""

    required: int
    base: int
    reply: Reply


@dataclass
class Progress:
    """How far a follower has come; `caught_up` is when it last had everything (ns)."""

    end: int
    caught_up: int


FETCHED_AT_ONCE = 64
"""Batches in one answer to a follower."""


class Leader:
    """Leads from the time it is told to until it resigns, in one leader epoch."""

    def __init__(self, replica: Replica) -> None:
        self.replica = replica
        self.log = replica.log
        self.broker = replica.broker
        self.cluster = replica.broker.cluster
        self.epoch = replica.registration.epoch
        self.start = self.log.end
        self.delayed: list[Delayed] = []
        self._waiting: dict[int, Serve] = {}
        self._watching = False
        now = self.cluster.scheduler.now
        others = (broker for broker in replica.registration.replicas if broker != self.broker.id)
        self.progress = {broker: Progress(-1, now) for broker in others}

    @property
    def isr(self) -> tuple[int, ...]:
        """The in-sync set as this leader knows it."""
        return self.replica.registration.isr

    @property
    def settings(self) -> TopicSettings:
        """The topic's, as this leader knows them."""
        return self.replica.registration.settings

    def begin(self) -> None:
        """Take office."""
        self.log.begin_epoch(self.epoch)
        self.advance()
        self._watch()

    def resign(self) -> None:
        """Nobody waits any longer; what was appended may survive."""
        delayed, self.delayed = self.delayed, []
        for entry in delayed:
            entry.reply(Produced(-1, "NOT_LEADER_OR_FOLLOWER", appended=True))

    # --- producers ---

    def produce(
        self, contents: tuple[Content, ...], stamp: Stamp | None, acks: Acks, transactional: bool, reply: Reply
    ) -> None:
        """Append, once, and answer when as many have it as `acks` asks for. Raises what `admit` and `validate` do."""
        self.admit(acks)
        self.validate(contents)
        base = None if stamp is None else self.duplicate_of(stamp, len(contents))
        if base is None:
            base = self.append(contents, stamp, transactional)
        self.acknowledge(acks, base, base + len(contents), reply)

    def admit(self, acks: Acks) -> None:
        """Raises `NOT_ENOUGH_REPLICAS` when acks=all could not be kept."""
        needed = self.replica.registration.effective_min_isr
        if acks == "all" and len(self.isr) < needed:
            raise BrokerError("NOT_ENOUGH_REPLICAS", f"{len(self.isr)} in sync where {needed} are needed")

    def duplicate_of(self, stamp: Stamp, count: int) -> int | None:
        """The base offset of a batch that is in the log already."""
        return self.log.producers.duplicate_of(stamp, count)

    def validate(self, contents: tuple[Content, ...]) -> None:
        """Raises `MESSAGE_TOO_LARGE`, and what `check_keys` does."""
        self.check_keys(contents)
        size, most = size_of(contents), self.settings.max_message_bytes
        if size > most:
            raise BrokerError("MESSAGE_TOO_LARGE", f"a batch of {size} bytes, where {most} are allowed")

    def check_keys(self, contents: tuple[Content, ...]) -> None:
        """Raises `INVALID_RECORD` for a record without a key where keys are compacted."""
        if "compact" in self.settings.cleanup and any(content.key is None for content in contents):
            raise BrokerError("INVALID_RECORD", "a topic that is compacted takes no record without a key")

    def append(self, contents: tuple[Content, ...], stamp: Stamp | None, transactional: bool) -> int:
        """Write a batch; returns its base offset."""
        base, (topic, partition), kind = self.log.end, self.replica.tp, self.settings.timestamp_type
        now = self.cluster.scheduler.now // MILLISECOND if kind == "LogAppendTime" else None
        records = tuple(
            Record(topic, partition, base + index, value, key, timestamp if now is None else now, kind, headers)
            for index, (key, value, timestamp, headers) in enumerate(contents)
        )
        largest = max(record.timestamp for record in records)
        size = size_of(contents)
        self._write(Batch(base, self.epoch, records, len(records), size, largest, stamp, transactional))
        return base

    def acknowledge(self, acks: Acks, base: int, end: int, reply: Reply) -> None:
        """Answer now, or when the high watermark has passed the batch."""
        if acks != "all" or self.replica.high_watermark >= end:
            reply(Produced(base))
        else:
            self.delayed.append(Delayed(end, base, reply))

    def mark(self, control: Control, stamp: Stamp, reply: Reply) -> None:
        """Write a transaction marker, once; answer when the in-sync set has it."""
        if stamp.producer in self.log.producers.open:
            now = self.cluster.scheduler.now // MILLISECOND
            self._write(Batch(self.log.end, self.epoch, (), 1, size_of(()), now, stamp, True, control))
        self.acknowledge("all", self.log.end - 1, self.log.end, reply)

    def _write(self, batch: Batch) -> None:
        self.log.append(batch)
        self.advance()
        self._serve_waiting([batch])
        if len(self.isr) > 1:
            self._watch()

    def _serve_waiting(self, batches: list[Batch]) -> None:
        waiting, self._waiting = self._waiting, {}
        for serve in waiting.values():
            serve(Fetched(batches, self.replica.high_watermark, self.log.start))

    def delete_before(self, offset: int) -> None:
        """Move the log's start up; the followers hear of it at once."""
        if offset > self.log.start:
            self.log.delete_before(offset)
            self._serve_waiting([])

    # --- followers ---

    def end_of_epoch(self, epoch: int) -> EpochEnd:
        """Where a follower must truncate to (KIP-101)."""
        return self.log.end_of_epoch(epoch)

    def fetched(self, follower: int, offset: int, serve: Serve) -> None:
        """A follower has everything below `offset`, and wants more: now, or when there is more."""
        self._note(follower, offset)
        self.advance()
        if offset < self.log.end:
            batches = self.log.since(offset, FETCHED_AT_ONCE)
            serve(Fetched(batches, self.replica.high_watermark, self.log.start))
        else:
            self._waiting[follower] = serve

    def _note(self, follower: int, offset: int) -> None:
        progress = self.progress[follower]
        progress.end = offset
        if offset >= self.log.end:
            progress.caught_up = self.cluster.scheduler.now
        if follower not in self.isr and offset >= max(self.replica.high_watermark, self.start):
            self._alter((*self.isr, follower))

    # --- the in-sync set and the high watermark ---

    def advance(self) -> None:
        """Raise the high watermark to what all in sync have, if they are enough (KAFKA-15583)."""
        reached = self.in_sync_end()
        if reached > self.replica.high_watermark and len(self.isr) >= self.replica.registration.effective_min_isr:
            self.replica.high_watermark = reached
            while self.delayed and self.delayed[0].required <= reached:
                done = self.delayed.pop(0)
                done.reply(Produced(done.base))

    def in_sync_end(self) -> int:
        """The offset below which all in sync have everything."""
        progress = self.progress
        return min((progress[broker].end for broker in self.isr if broker in progress), default=self.log.end)

    def _watch(self) -> None:
        """See to it that a follower that falls behind is noticed."""
        if not self._watching:
            self._watching = True
            limit = self.cluster.settings.replica_lag_time_max
            self.cluster.scheduler.after(limit, lambda: self.broker.deliver(self._check_lag))

    def _check_lag(self) -> None:
        self._watching = False
        if self.replica.leading is not self:
            return
        oldest = self.cluster.scheduler.now - self.cluster.settings.replica_lag_time_max
        behind = [broker for broker in self.isr if broker in self.progress and self._behind(broker)]
        slow = [broker for broker in behind if self.progress[broker].caught_up <= oldest]
        if slow:
            self._alter(tuple(broker for broker in self.isr if broker not in slow))
        if behind:
            self._watch()

    def _behind(self, broker: int) -> bool:
        return self.progress[broker].end < self.log.end

    def _alter(self, isr: tuple[int, ...]) -> None:
        """Ask the controller for another in-sync set (AlterPartition, KIP-497)."""
        controller = self.cluster.controller
        if not self.cluster.network.reaches(self.broker, controller):
            return
        try:
            granted = controller.alter_partition(self.replica.tp, self.broker.id, self.epoch, isr)
        except BrokerError:
            return
        self.replica.registration = granted
        self.advance()

    # --- readers ---

    def bound(self, isolation: Isolation) -> int:
        """The offset below which a reader may see."""
        mark = self.replica.high_watermark
        return mark if isolation == "read_uncommitted" else self.log.last_stable(mark)

    def read(self, offset: int, limit: int, isolation: Isolation) -> Slice:
        """Records for a consumer. Raises `OFFSET_OUT_OF_RANGE`."""
        if not self.log.start <= offset <= self.log.end:
            raise BrokerError("OFFSET_OUT_OF_RANGE", f"{offset} is not in [{self.log.start}, {self.log.end}]")
        return self.log.read(offset, self.bound(isolation), limit, isolation)

    def latest(self, isolation: Isolation) -> int:
        """The end, to a reader. Raises `OFFSET_NOT_AVAILABLE` while it could still seem to go back (KIP-207)."""
        if self.replica.high_watermark < self.start:
            raise BrokerError("OFFSET_NOT_AVAILABLE", f"{self.replica.tp} has elected a leader just now")
        return self.bound(isolation)
