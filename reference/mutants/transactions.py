"""Transactions: bugs of the coordinator, of markers, and of what read_committed readers are given."""

from collections.abc import Iterable
from functools import partial
from typing import Final

from brokerlaw.reference.batch import Batch, Content, Control, Stamp
from brokerlaw.reference.broker import Broker
from brokerlaw.reference.cluster import Cluster, Parts
from brokerlaw.reference.errors import BrokerError
from brokerlaw.reference.groups import GroupCoordinator, Membership
from brokerlaw.reference.leader import Leader, Reply
from brokerlaw.reference.log import Log
from brokerlaw.reference.mutants.mutant import Mutant
from brokerlaw.reference.registration import TRANSACTIONS as INTERNAL
from brokerlaw.reference.sender import Lane, Sender
from brokerlaw.reference.transactions import Identity, Transaction, TransactionCoordinator
from brokerlaw.spec.history.numbers import MILLISECOND
from brokerlaw.spec.history.operations import Acks, Isolation
from brokerlaw.spec.history.values import PartitionOffset, TopicPartition


class AnyEpochEnds(TransactionCoordinator):
    """A transaction is ended by a holder of the past."""

    def check_epoch(self, transaction: Transaction, identity: Identity) -> None:
        """Let it pass."""


class Forgetful(TransactionCoordinator):
    """Can be made to forget what is open."""

    def forget_open(self) -> None:
        """None is, and none is being ended."""
        for transaction in self._transactions.values():
            transaction.ongoing, transaction.deciding = False, None
            transaction.partitions.clear()


class ForgetsOnFailover(Broker):
    """What its coordinator knows of open transactions dies with it."""

    def kill(self) -> None:
        """No other has heard of them."""
        if self.cluster.host(INTERNAL) is self:
            assert isinstance(self.cluster.transactions, Forgetful)
            self.cluster.transactions.forget_open()
        super().kill()


class DelayedEnd(TransactionCoordinator):
    """One epoch for all transactions of a producer, and a request to end one that the network delivers again, late."""

    def end(self, name: str, identity: Identity, commit: bool) -> Identity:
        """End it, and once more in a while."""

        def again() -> None:
            try:
                super(DelayedEnd, self).end(name, identity, commit)
            except BrokerError:
                return

        self.cluster.scheduler.after(30 * MILLISECOND, again)
        return super().end(name, identity, commit)

    def fenced(self, identity: Identity) -> Identity:
        """The same again, as before KIP-890."""
        return identity

    def initialise(self, name: str, timeout: int) -> Identity:
        """Another epoch for another holder only."""
        identity = super().initialise(name, timeout)
        self._transactions[name].identity = after = super().fenced(identity)
        return after


class CountsOn(Sender):
    """Sequences go on through all transactions of an epoch."""

    _numbered: Identity | None = None

    def _stamp(self, lane: Lane, count: int) -> Stamp | None:
        self._numbered = self.producer.identity
        return super()._stamp(lane, count)

    def reset_sequences(self) -> None:
        """In another epoch only."""
        if self._numbered != self.producer.identity:
            super().reset_sequences()


HELD: Final = 6_000 * MILLISECOND
"""Longer than a producer waits for the outcome of a send."""


class UnverifiedProduce(Broker):
    """A batch joins whatever transaction its producer has open, or none; the first of each comes very late."""

    def __init__(self, cluster: Cluster, number: int) -> None:
        super().__init__(cluster, number)
        self._first: dict[int, Stamp] = {}

    def produce(
        self,
        tp: TopicPartition,
        contents: tuple[Content, ...],
        stamp: Stamp | None,
        acks: Acks,
        transactional_id: str | None,
        reply: Reply,
    ) -> None:
        """Append, or later: every attempt at the first batch that a producer sends here in a transaction is held up."""
        append = partial(super().produce, tp, contents, stamp, acks, transactional_id, reply)
        if transactional_id and stamp and stamp == self._first.setdefault(stamp.producer, stamp):
            self.cluster.scheduler.after(HELD, partial(self.deliver, append))
        else:
            append()

    def verify(self, leader: Leader, transactional_id: str, stamp: Stamp, tp: TopicPartition) -> None:
        """Let it in."""


class TimeoutKeepsEpoch(TransactionCoordinator):
    """A transaction that has timed out is aborted without a word to its producer, who goes on with it."""

    def _decide(self, name: str, transaction: Transaction, control: Control) -> None:
        identity = transaction.identity
        super()._decide(name, transaction, control)
        if control == "abort":
            transaction.identity = identity


class PassesLastStable(Leader):
    """read_committed readers are bounded by the high watermark."""

    def bound(self, isolation: Isolation) -> int:
        """For everyone the same."""
        return self.replica.high_watermark


class AbortedIsVisible(Log):
    """read_committed readers are given aborted records."""

    def _visible(self, batch: Batch, isolation: Isolation) -> bool:
        return super()._visible(batch, "read_uncommitted")


class ForgetsOpenTransactions(TransactionCoordinator):
    """A coordinator that takes over knows of no partition that was added before."""

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster)
        self._added: dict[tuple[str, TopicPartition], int] = {}

    def add_partition(self, name: str, identity: Identity, tp: TopicPartition) -> None:
        """In the memory of this coordinator."""
        super().add_partition(name, identity, tp)
        self._added[name, tp] = self._term

    def end(self, name: str, identity: Identity, commit: bool) -> Identity:
        """With what this coordinator remembers."""
        partitions = self._held(name, identity).partitions
        for tp in [tp for tp in partitions if self._added[name, tp] != self._term]:
            del partitions[tp]
        return super().end(name, identity, commit)

    @property
    def _term(self) -> int:
        return self.cluster.controller.partitions[INTERNAL].epoch


class NoSecondMarker(TransactionCoordinator):
    """A marker that could not be written is not written again."""

    def _retry(self, transaction: Transaction, number: int) -> None:
        pass


class TornMarkers(TransactionCoordinator):
    """Where a transaction has several partitions, the first is told to commit and the others to abort."""

    def marker(self, transaction: Transaction, tp: TopicPartition) -> Control:
        """What a coordinator tells that died in between, and changed its mind."""
        return super().marker(transaction, tp) if tp == min(transaction.partitions) else "abort"


class OffsetsOutside(TransactionCoordinator):
    """Offsets are committed however the transaction ends."""

    def settle_offsets(self, group: str, transaction: Transaction) -> None:
        """Always."""
        self.cluster.groups.end_transaction(group, transaction.identity.producer, commit=True)


class ZombieOffsets(GroupCoordinator):
    """Offsets in a transaction are taken from members of the past."""

    def commit_in_transaction(self, membership: Membership, producer: int, offsets: Iterable[PartitionOffset]) -> None:
        """Without a question."""
        self.put_aside(membership.group, producer, offsets)


class UnstableOffsets(GroupCoordinator):
    """An offset that a transaction may yet move is told as if it were certain."""

    def stable_offset(self, name: str, tp: TopicPartition) -> int | None:
        """What is committed now."""
        return self.committed(name, tp)


TRANSACTIONS: Final = {
    "KAFKA-17754": Mutant(
        "a delayed request to end a transaction ends a later one of the same producer epoch",
        "KAFKA-17754; KIP-890; Jepsen, Bufstream 0.1.0",
        Parts(transactions=DelayedEnd, sender=CountsOn),
        ("transactions.committed-only",),
    ),
    "KAFKA-14402": Mutant(
        "a batch is not verified to belong to an open transaction",
        "KAFKA-14402; KIP-890",
        Parts(broker=UnverifiedProduce),
        ("transactions.committed-only",),
    ),
    "open-transactions-forgotten": Mutant(
        "a transaction coordinator that dies takes what it knows of open transactions with it",
        "KIP-98, the transaction log",
        Parts(broker=ForgetsOnFailover, transactions=Forgetful),
        ("producers.open-is-ended",),
    ),
    "KAFKA-9600": Mutant(
        "a transaction is ended by a request from another epoch",
        "KAFKA-9600",
        Parts(transactions=AnyEpochEnds),
        ("transactions.atomic",),
    ),
    "KAFKA-6119": Mutant(
        "the epoch is not bumped when a transaction is aborted on its timeout, and the producer goes on",
        "KAFKA-6119",
        Parts(transactions=TimeoutKeepsEpoch),
        ("transactions.atomic",),
    ),
    "KAFKA-9807": Mutant(
        "read_committed readers pass the last stable offset",
        "KAFKA-9807; Redpanda issue 10671",
        Parts(leader=PassesLastStable),
        ("transactions.committed-only", "cycles.write-read"),
    ),
    "dirty-read": Mutant(
        "read_committed readers are given aborted records",
        "KIP-98; Adya (1999), G1a",
        Parts(log=AbortedIsVisible),
        ("transactions.committed-only",),
    ),
    "redpanda-6019": Mutant(
        "the coordinator forgets partitions of an open transaction",
        "Redpanda issue 6019",
        Parts(transactions=ForgetsOpenTransactions),
        ("transactions.atomic",),
    ),
    "KAFKA-5610": Mutant(
        "a marker that could not be written is never written",
        "KAFKA-5610",
        Parts(transactions=NoSecondMarker),
        ("progress.transaction-ends",),
    ),
    "torn-markers": Mutant(
        "one partition is told that the transaction was committed, another that it was aborted",
        "KIP-98",
        Parts(transactions=TornMarkers),
        ("transactions.atomic",),
    ),
    "offsets-outside-txn": Mutant(
        "offsets are committed although their transaction was aborted",
        "KIP-98; KIP-447",
        Parts(transactions=OffsetsOutside),
        ("delivery.exactly-once",),
    ),
    "zombie-offsets": Mutant(
        "a consumer that is no member any more moves its group's offsets in a transaction",
        "KIP-447",
        Parts(groups=ZombieOffsets),
        ("delivery.exactly-once",),
    ),
    "unstable-offsets": Mutant(
        "a new owner is told an offset that an open transaction may yet move",
        "KIP-447; KAFKA-10005",
        Parts(groups=UnstableOffsets),
        ("delivery.exactly-once",),
    ),
}
