"""The producer's sender: records wait in a lane for each partition, and go out in batches, several in flight.

A batch keeps its stamp through all retries, so that the broker can tell it. When a numbered batch is given up, the log
may have it or not: the sender lets what else it has numbered come to an end, then takes the next epoch and counts
from 0 again. KIP-98, KIP-91, KIP-360.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from brokerlaw.reference.batch import Content, Stamp
from brokerlaw.reference.client import BACKOFF
from brokerlaw.reference.errors import RETRIABLE, BrokerError
from brokerlaw.reference.leader import Produced
from brokerlaw.reference.producer_state import SEQUENCES
from brokerlaw.spec.history.numbers import MILLISECOND
from brokerlaw.spec.history.outcomes import Fail, Ok, Outcome, Unknown
from brokerlaw.spec.history.values import Placed, TopicPartition

if TYPE_CHECKING:
    from brokerlaw.reference.broker import Broker
    from brokerlaw.reference.producer import Producer

Settle: TypeAlias = Callable[[Outcome], None]

BATCH: Final = 16
"""Records in a batch."""
TICK: Final = 100 * MILLISECOND
"""How often a sender with something under way looks for what takes too long."""


class Waiting(NamedTuple):
    """A record not sent yet, whom to tell, and when it is too late (ns)."""

    content: Content
    settle: Settle
    deadline: int


@dataclass(eq=False)
class Sent:
    """A batch under way. `asked` is whom, unless it waits for its next attempt.

    `doubtful`: an attempt that was not answered may have been appended, or may yet be.
    """

    lane: Lane
    entries: list[Waiting]
    stamp: Stamp | None
    attempt: int = 0
    since: int = 0
    asked: Broker | None = None
    doubtful: bool = False
    error: str = "LEADER_NOT_AVAILABLE"


@dataclass(eq=False)
class Lane:
    """What one producer has for one partition."""

    tp: TopicPartition
    waiting: deque[Waiting] = field(default_factory=deque)
    sent: list[Sent] = field(default_factory=list)
    sequence: int = 0
    planned: bool = False


class Sender:
    """One producer's lanes."""

    def __init__(self, producer: Producer) -> None:
        self.producer = producer
        self.cluster = producer.cluster
        self.scheduler = producer.scheduler
        self.lanes: dict[TopicPartition, Lane] = {}
        self._renumbering = False
        self._ticking = False

    @property
    def idle(self) -> bool:
        """Whether nothing is under way."""
        return not any(lane.waiting or lane.sent for lane in self.lanes.values())

    def add(self, tp: TopicPartition, waiting: Waiting, linger: int) -> None:
        """Take a record; its batch goes out after `linger` ns at the latest."""
        lane = self.lanes.get(tp)
        if lane is None:
            lane = self.lanes[tp] = Lane(tp)
        lane.waiting.append(waiting)
        self._plan(lane, linger)
        self._tick_later()

    def hurry(self) -> None:
        """Linger no longer."""
        for lane in self.lanes.values():
            self._drain(lane)

    def drop_waiting(self, outcome: Outcome) -> None:
        """Give up what has not been sent."""
        for lane in self.lanes.values():
            waiting, lane.waiting = lane.waiting, deque()
            for entry in waiting:
                entry.settle(outcome)

    def drop_sent(self, outcome: Outcome) -> None:
        """Give up what is under way."""
        for lane in self.lanes.values():
            sent, lane.sent = lane.sent, []
            for entry in (entry for batch in sent for entry in batch.entries):
                entry.settle(outcome)

    # --- from a lane to the network ---

    def _plan(self, lane: Lane, delay: int) -> None:
        if delay == 0:
            self._drain(lane)
        elif not lane.planned:
            lane.planned = True
            self._later(delay, partial(self._drain, lane))

    def _later(self, delay: int, action: Callable[[], None]) -> None:
        self.scheduler.after(delay, partial(self.producer.deliver, action))

    def _drain(self, lane: Lane) -> None:
        """Send as many batches as may be in flight."""
        lane.planned = False
        while lane.waiting and self._has_room(lane) and self._prepared(lane):
            count = min(BATCH, len(lane.waiting))
            batch = Sent(lane, [lane.waiting.popleft() for _ in range(count)], self._stamp(lane, count))
            lane.sent.append(batch)
            self.transmit(batch)

    def _has_room(self, lane: Lane) -> bool:
        return len(lane.sent) < self.producer.in_flight and not self._renumbering

    def _prepared(self, lane: Lane) -> bool:
        """Whether the producer may write to the partition now; if not yet, look again soon."""
        try:
            self.producer.prepare(lane.tp)
        except BrokerError as error:
            if error.code in RETRIABLE:
                self._plan(lane, BACKOFF)
            else:
                self.producer.failed(error.code)
                self.drop_waiting(Fail(error.code, error.message))
            return False
        return True

    def _stamp(self, lane: Lane, count: int) -> Stamp | None:
        if self.producer.identity is None:
            return None
        stamp = Stamp(*self.producer.identity, lane.sequence)
        lane.sequence = (lane.sequence + count) % SEQUENCES
        return stamp

    def transmit(self, batch: Sent) -> None:
        """Send a batch to the broker that we believe to lead; if there is none, try again later."""
        producer, tp, acks = self.producer, batch.lane.tp, self.producer.op.acks
        batch.attempt += 1
        batch.since = self.scheduler.now
        try:
            broker = batch.asked = producer.leader(tp)
        except BrokerError as error:
            batch.error, batch.asked = error.code, None
            self._retry_later(batch)
            return
        contents = tuple(entry.content for entry in batch.entries)
        reply = partial(self._reply, batch, broker, batch.attempt) if acks != "0" else _unasked
        request = partial(broker.produce, tp, contents, batch.stamp, acks, producer.op.transactional_id, reply)
        self.cluster.network.send(producer, broker, request)
        if acks == "0":
            self._finish(batch, -1)

    def _refresh(self, batch: Sent) -> None:
        """Ask who leads; a topic that is gone may come again until the batch expires."""
        with suppress(BrokerError):
            self.producer.refresh(batch.lane.tp)

    def _retry_later(self, batch: Sent) -> None:
        attempt = batch.attempt

        def again() -> None:
            if batch.attempt == attempt and batch in batch.lane.sent:
                self.transmit(batch)

        self._later(BACKOFF, again)

    # --- from the network to the lane ---

    def _reply(self, batch: Sent, broker: Broker, attempt: int, produced: Produced) -> None:
        """At the broker: the answer sets out, or the connection breaks."""
        loss = self.cluster.settings.loss
        if loss and self.scheduler.random.random() * loss < 1:
            answer = partial(self.disconnected, broker)
        else:
            answer = partial(self._answered, batch, attempt, produced)
        self.cluster.network.send(broker, self.producer, answer)

    def disconnected(self, broker: Broker) -> None:
        """No answer will come from this broker: ask again."""
        for batch in self._asked(broker):
            batch.doubtful = True
            self.transmit(batch)

    def _asked(self, broker: Broker) -> list[Sent]:
        return [batch for lane in self.lanes.values() for batch in lane.sent if batch.asked is broker]

    def _answered(self, batch: Sent, attempt: int, produced: Produced) -> None:
        if attempt != batch.attempt or batch not in batch.lane.sent:
            return
        error, batch.asked = produced.error, None
        batch.doubtful |= produced.appended
        if error is None:
            self._finish(batch, produced.base)
        elif error == "DUPLICATE_SEQUENCE_NUMBER":
            self._finish(batch, -1)
        elif error == "MESSAGE_TOO_LARGE" and len(batch.entries) > 1:
            self._split(batch)
        elif error in RETRIABLE or (error == "OUT_OF_ORDER_SEQUENCE_NUMBER" and batch is not batch.lane.sent[0]):
            batch.error = error
            self._refresh(batch)
            self._retry_later(batch)
        else:
            batch.error = error
            self.give_up(batch)

    def _split(self, batch: Sent) -> None:
        """What is too large together may not be in halves: the numbers stay each record's own (KIP-126)."""
        lane, stamp, half = batch.lane, batch.stamp, len(batch.entries) // 2
        second = None if stamp is None else stamp._replace(sequence=(stamp.sequence + half) % SEQUENCES)
        halves = [Sent(lane, batch.entries[:half], stamp), Sent(lane, batch.entries[half:], second)]
        index = lane.sent.index(batch)
        lane.sent[index : index + 1] = halves
        for each in halves:
            self.transmit(each)

    def _finish(self, batch: Sent, base: int) -> None:
        lane = batch.lane
        lane.sent.remove(batch)
        for index, entry in enumerate(batch.entries):
            entry.settle(Ok(Placed(*lane.tp, base + index if base >= 0 else -1)))
        self._renumber()
        self._drain(lane)

    def give_up(self, batch: Sent) -> None:
        """A batch has failed; what it may have left in the log is nobody's knowledge."""
        batch.lane.sent.remove(batch)
        outcome = Unknown(batch.error) if batch.doubtful or batch.asked is not None else Fail(batch.error)
        self._renumbering = batch.stamp is not None
        self.producer.failed(batch.error)
        for entry in batch.entries:
            entry.settle(outcome)
        self._renumber()

    def _renumber(self) -> None:
        """Once nothing numbered is under way: the next epoch, and every lane from 0 (KAFKA-12152)."""
        if self._renumbering and not any(lane.sent for lane in self.lanes.values()):
            self._renumbering = False
            self.producer.next_epoch()
            self.reset_sequences()
            self.hurry()

    def reset_sequences(self) -> None:
        """Count from 0 on every lane."""
        for lane in self.lanes.values():
            lane.sequence = 0

    # --- what takes too long ---

    def _tick_later(self) -> None:
        if not self._ticking:
            self._ticking = True
            self._later(TICK, self._tick)

    def _tick(self) -> None:
        self._ticking = False
        for lane in self.lanes.values():
            for batch in tuple(lane.sent):
                self._check(batch)
            self._expire_waiting(lane)
        if not self.idle:
            self._tick_later()

    def _check(self, batch: Sent) -> None:
        now = self.scheduler.now
        if batch.entries[0].deadline <= now:
            batch.error = "REQUEST_TIMED_OUT" if batch.asked is not None else batch.error
            self.give_up(batch)
        elif batch.asked is not None and now - batch.since >= self.producer.request_timeout:
            batch.doubtful = True
            self._refresh(batch)
            self.transmit(batch)

    def _expire_waiting(self, lane: Lane) -> None:
        while lane.waiting and lane.waiting[0].deadline <= self.scheduler.now:
            lane.waiting.popleft().settle(Fail("REQUEST_TIMED_OUT", "it was never sent"))
            self.producer.failed("REQUEST_TIMED_OUT")


def _unasked(_: Produced) -> None:
    """acks=0: the broker's answer is not sent."""
