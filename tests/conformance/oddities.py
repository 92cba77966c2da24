"""Sound brokers that are odd: what each does is lawful, if unusual, and nobody may be accused for it.

Each is the reference with one oddity, which happens now and then; `HAPPENED` counts how often it did.
"""

from collections import Counter
from contextlib import suppress
from functools import partial
from random import Random
from typing import Final

from brokerlaw.adapters.contract import Answer
from brokerlaw.conformance.liars.lie import mapped
from brokerlaw.reference.adapter import ReferenceAdapter
from brokerlaw.reference.batch import Batch, Content, Control, Stamp, size_of
from brokerlaw.reference.classic_group import ClassicGroup
from brokerlaw.reference.cluster import Parts
from brokerlaw.reference.consumer import Consumer
from brokerlaw.reference.consumer_group import ConsumerGroup, Heartbeat, Told
from brokerlaw.reference.errors import BrokerError
from brokerlaw.reference.groups import Membership
from brokerlaw.reference.leader import Leader, Reply
from brokerlaw.reference.producer import Producer
from brokerlaw.reference.transactions import Transaction, TransactionCoordinator
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.numbers import MILLISECOND
from brokerlaw.spec.history.operation import Operation
from brokerlaw.spec.history.outcomes import Fail, Outcome, Unknown
from brokerlaw.spec.history.values import Record, TopicPartition

HAPPENED: Final = Counter[str]()
"""By oddity."""


def noted(oddity: str) -> bool:
    HAPPENED[oddity] += 1
    return True


# --- what clients are told ---


class Odd(ReferenceAdapter):
    """It draws when to be odd, the same in each case."""

    oddity = ""

    def reset(self) -> None:
        super().reset()
        self.random, self.transactional = Random(self.oddity), set[str]()

    def odd(self, one_in: int) -> bool:
        return self.random.randrange(one_in) == 0 and noted(self.oddity)

    def open_producer(self, op: ops.OpenProducer) -> Outcome:
        if op.transactional_id is not None:
            self.transactional.add(op.client)
        return super().open_producer(op)


def unanswered(answer: Answer) -> Answer:
    """What was done, or was not, as nobody heard of it."""
    return mapped(answer, lambda _: Unknown("REQUEST_TIMED_OUT", "no answer came"))


class UnknownSendsThatStand(Odd):
    """A transaction's sends are left alone: where one is unknown, a client does not commit."""

    def send(self, op: ops.Send) -> Answer:
        answer = super().send(op)
        return unanswered(answer) if op.client not in self.transactional and self.odd(4) else answer


class UnknownSendsThatNeverCame(Odd):
    def send(self, op: ops.Send) -> Answer:
        lost = op.client in self._clients and op.client not in self.transactional and self.odd(4)
        return Unknown("REQUEST_TIMED_OUT", "no answer came") if lost else super().send(op)


class UnknownCommitsThatStand(Odd):
    def commit(self, op: ops.Commit) -> Answer:
        answer = super().commit(op)
        return unanswered(answer) if self.odd(3) else answer


class UnknownEndsOfTransactionsThatStand(Odd):
    def commit_transaction(self, op: ops.CommitTransaction) -> Outcome:
        outcome = super().commit_transaction(op)
        return Unknown("REQUEST_TIMED_OUT", "no answer came") if self.odd(3) else outcome

    def abort_transaction(self, op: ops.AbortTransaction) -> Outcome:
        outcome = super().abort_transaction(op)
        return Unknown("REQUEST_TIMED_OUT", "no answer came") if self.odd(3) else outcome


class UnknownAdministrationThatStands(Odd):
    acts = (ops.CreateTopic, ops.DeleteTopic, ops.CreatePartitions, ops.AlterTopic, ops.DeleteRecords, ops.ResetOffsets)

    def perform(self, op: Operation) -> Answer:
        answer = super().perform(op)
        return unanswered(answer) if isinstance(op, self.acts) and self.odd(4) else answer


class Refusals(Odd):
    """Who leads, or coordinates, has just changed, and the client did not ask again."""

    acts = (ops.Send, ops.Poll, ops.Commit, ops.Committed, ops.ListOffsets, ops.Lag, ops.ResetOffsets)

    def perform(self, op: Operation) -> Answer:
        if isinstance(op, self.acts) and getattr(op, "client", "") not in self.transactional and self.odd(6):
            return Fail("NOT_LEADER_OR_FOLLOWER", "the leader has moved")
        return super().perform(op)


# --- what the cluster and its clients do ---


class CrashThatDelivers(Producer):
    """What waited in the client has just gone out when it dies."""

    def kill(self) -> None:
        if not self.paused and not self.sender.idle and noted("crash that delivers"):
            self.sender.hurry()
        super().kill()


class LateMarkers(TransactionCoordinator):
    """The commit is answered, and its markers come a while later (KIP-98)."""

    def _write_markers(self, transaction: Transaction) -> None:
        late: set[tuple[int, int]] = self.__dict__.setdefault("late", set())
        this = transaction.identity.producer, transaction.number
        if this not in late and noted("late markers"):
            late.add(this)
            again = partial(self._retry, transaction, transaction.number)
            self.cluster.scheduler.after(300 * MILLISECOND, again)
            return
        super()._write_markers(transaction)


class MarkersTwice(Leader):
    """A coordinator that heard no answer asks again: an offset more that no reader is given."""

    def mark(self, control: Control, stamp: Stamp, reply: Reply) -> None:
        super().mark(control, stamp, reply)
        now = self.cluster.scheduler.now // MILLISECOND
        noted("markers twice")
        self._write(Batch(self.log.end, self.epoch, (), 1, size_of(()), now, stamp, True, control))


class RetriesTwice(Leader):
    """A producer that is not idempotent heard no answer, and sent its batch again (KIP-98, motivation)."""

    def append(self, contents: tuple[Content, ...], stamp: Stamp | None, transactional: bool) -> int:
        if stamp is None and self.log.end % 3 == 0 and noted("retries twice"):
            super().append(contents, stamp, transactional)
        return super().append(contents, stamp, transactional)


class ZombiesLastPoll(Consumer):
    """What it had fetched when it stood still it gives out when it goes on, whoever owns the partition by then."""

    _kept: tuple[Record, ...] = ()

    def pause(self) -> None:
        if not self.op.auto_commit:
            with suppress(BrokerError):
                self._kept = tuple(self.fetch(1))
        super().pause()

    def poll(self, limit: int, timeout: int) -> tuple[Record, ...]:
        kept, self._kept = self._kept, ()
        return kept if kept and noted("zombie's last poll") else super().poll(limit, timeout)

    def seek(self, tp: TopicPartition, offset: int) -> None:
        self._kept = ()
        super().seek(tp, offset)

    def position(self, tp: TopicPartition) -> int | None:
        given = [record for record in self._kept if (record.topic, record.partition) == tp]
        return given[0].offset if given else super().position(tp)


class RestlessClassicGroup(ClassicGroup):
    """A few rounds for no reason."""

    _heartbeats = 0

    def heartbeat(self, membership: Membership) -> None:
        self._heartbeats += 1
        if self.state == "stable" and self._heartbeats in (3, 7, 12) and noted("needless rounds"):
            self.prepare()
        super().heartbeat(membership)


class RestlessConsumerGroup(ConsumerGroup):
    """A few epochs for no reason."""

    _heartbeats = 0

    def converse(self, said: Heartbeat) -> Told:
        self._heartbeats += 1
        if self.members and self._heartbeats in (4, 9, 14) and noted("needless epochs"):
            self.retarget()
        return super().converse(said)


class EmptyPolls(Consumer):
    """There are records, and none is given yet."""

    _looks = 0

    def fetch(self, limit: int) -> list[Record]:
        self._looks += 1
        return [] if self._looks % 3 == 0 and noted("empty polls") else super().fetch(limit)


class SingleRecords(Consumer):
    def fetch(self, limit: int) -> list[Record]:
        found = super().fetch(1)
        if found:
            noted("single records")
        return found


class Interleaved(Consumer):
    """Order is promised within a partition, and between partitions none."""

    def fetch(self, limit: int) -> list[Record]:
        found = super().fetch(limit)
        mixed = sorted(found, key=lambda record: (record.offset, -record.partition))
        if mixed != found:
            noted("interleaved")
        return mixed


PARTS: Final = {
    "crash that delivers": Parts(producer=CrashThatDelivers),
    "late markers": Parts(transactions=LateMarkers),
    "markers twice": Parts(leader=MarkersTwice),
    "retries twice": Parts(leader=RetriesTwice),
    "zombie's last poll": Parts(consumer=ZombiesLastPoll),
    "needless rounds": Parts(classic_group=RestlessClassicGroup),
    "needless epochs": Parts(consumer_group=RestlessConsumerGroup),
    "empty polls": Parts(consumer=EmptyPolls),
    "single records": Parts(consumer=SingleRecords),
    "interleaved": Parts(consumer=Interleaved),
}
TOLD: Final[dict[str, type[Odd]]] = {
    "unknown sends that stand": UnknownSendsThatStand,
    "unknown sends that never came": UnknownSendsThatNeverCame,
    "unknown commits that stand": UnknownCommitsThatStand,
    "unknown ends of transactions that stand": UnknownEndsOfTransactionsThatStand,
    "unknown administration that stands": UnknownAdministrationThatStands,
    "refusals": Refusals,
}
ODDITIES: Final = (*PARTS, *TOLD)


class OddParts(ReferenceAdapter):
    """A cluster with an odd part."""

    def __init__(self, parts: Parts) -> None:
        super().__init__({})
        self._parts = parts
        self._build()


def odd(oddity: str) -> ReferenceAdapter:
    """A broker that is odd in this way."""
    if oddity in PARTS:
        return OddParts(PARTS[oddity])
    adapter = TOLD[oddity]({})
    adapter.oddity = oddity
    adapter.reset()
    return adapter
