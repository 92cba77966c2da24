"""The transaction coordinator: who holds a transactional id, what belongs to its transaction, and how it ends.

A transaction is decided when its end is written down here; the markers that tell the logs follow, until every one is
replicated. Each end bumps the producer's epoch, so that nothing late can join the next transaction. KIP-98, KIP-890.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from brokerlaw.reference.batch import Control, Stamp
from brokerlaw.reference.errors import BrokerError
from brokerlaw.reference.leader import Produced
from brokerlaw.reference.registration import TRANSACTIONS
from brokerlaw.spec.history.numbers import MILLISECOND
from brokerlaw.spec.history.values import TopicPartition

if TYPE_CHECKING:
    from brokerlaw.reference.broker import Broker
    from brokerlaw.reference.cluster import Cluster

RETRY: Final = 50 * MILLISECOND
"""Until markers that have not been acknowledged are sent again."""


class Identity(NamedTuple):
    """A producer id and its epoch."""

    producer: int
    epoch: int


@dataclass(eq=False)
class Transaction:
    """One transactional id. `number` counts its transactions; `deciding` is how the present one ends, once it does."""

    identity: Identity
    timeout: int
    number: int = 0
    ongoing: bool = False
    deciding: Control | None = None
    partitions: dict[TopicPartition, None] = field(default_factory=dict)
    groups: dict[str, None] = field(default_factory=dict)


class TransactionCoordinator:
    """All transactional ids. It is wherever its partition is led; its state is taken to be replicated there."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self._transactions: dict[str, Transaction] = {}
        self._producers = 0

    def new_identity(self) -> Identity:
        """A producer id that no one else has."""
        self._producers += 1
        return Identity(self._producers, 0)

    # --- asked by producers ---

    def initialise(self, name: str, timeout: int) -> Identity:
        """Take over a transactional id: its last holder is fenced, what it left open is aborted.

        Raises `CONCURRENT_TRANSACTIONS` until that has been done. `timeout` in ns.
        """
        known = self._transactions.get(name)
        if known is None:
            known = self._transactions[name] = Transaction(self.new_identity(), timeout)
            return known.identity
        if known.ongoing and known.deciding is None:
            self._decide(name, known, "abort")
        if known.deciding is not None:
            raise BrokerError("CONCURRENT_TRANSACTIONS", f"the last transaction of {name!r} is being ended")
        known.timeout = timeout
        known.identity = self.fenced(known.identity)
        return known.identity

    def fenced(self, identity: Identity) -> Identity:
        """The identity that makes this one stale."""
        return Identity(identity.producer, identity.epoch + 1)

    def add_partition(self, name: str, identity: Identity, tp: TopicPartition) -> None:
        """A partition will be written to. Raises `CONCURRENT_TRANSACTIONS`, `PRODUCER_FENCED`."""
        self._begun(name, identity).partitions[tp] = None

    def add_group(self, name: str, identity: Identity, group: str) -> None:
        """A group's offsets will be moved. Raises as `add_partition`."""
        self._begun(name, identity).groups[group] = None

    def end(self, name: str, identity: Identity, commit: bool) -> Identity:
        """Decide the transaction; the answer is the identity for the next. Raises `PRODUCER_FENCED`, …"""
        transaction = self._held(name, identity)
        if not transaction.ongoing:
            raise BrokerError("INVALID_TXN_STATE", f"{name!r} has no transaction")
        self._decide(name, transaction, "commit" if commit else "abort")
        return transaction.identity

    def verify(self, name: str, stamp: Stamp, tp: TopicPartition) -> None:
        """Whether a batch belongs to a transaction that is open (KIP-890). Raises `INVALID_TXN_STATE`, …"""
        transaction = self._held(name, Identity(stamp.producer, stamp.epoch))
        if not transaction.ongoing or tp not in transaction.partitions:
            raise BrokerError("INVALID_TXN_STATE", f"{tp} is in no open transaction of {name!r}")

    def _held(self, name: str, identity: Identity) -> Transaction:
        transaction = self._transactions.get(name)
        if transaction is None or transaction.identity.producer != identity.producer:
            raise BrokerError("INVALID_PRODUCER_ID_MAPPING", f"{name!r} is not producer {identity.producer}")
        self.check_epoch(transaction, identity)
        return transaction

    def check_epoch(self, transaction: Transaction, identity: Identity) -> None:
        """Raises `PRODUCER_FENCED` for a holder of the past (KAFKA-9600)."""
        if identity.epoch != transaction.identity.epoch:
            raise BrokerError("PRODUCER_FENCED", f"epoch {identity.epoch} is not {transaction.identity.epoch}")

    def _begun(self, name: str, identity: Identity) -> Transaction:
        transaction = self._held(name, identity)
        if transaction.deciding is not None:
            raise BrokerError("CONCURRENT_TRANSACTIONS", f"the last transaction of {name!r} is being ended")
        if not transaction.ongoing:
            transaction.ongoing = True
            transaction.number += 1
            self._expire_later(name, transaction, transaction.timeout)
        return transaction

    def _expire_later(self, name: str, transaction: Transaction, delay: int) -> None:
        number = transaction.number

        def expire() -> None:
            if transaction.number != number or not transaction.ongoing or transaction.deciding is not None:
                return
            if self.cluster.host(TRANSACTIONS) is None:
                self._expire_later(name, transaction, RETRY)
            else:
                self._decide(name, transaction, "abort")

        self.cluster.scheduler.after(delay, expire)

    # --- deciding ---

    def _decide(self, name: str, transaction: Transaction, control: Control) -> None:
        """From here on the outcome is certain, and the epoch that brought it about is past."""
        transaction.deciding = control
        transaction.identity = self.fenced(transaction.identity)
        self._write_markers(transaction)

    def _write_markers(self, transaction: Transaction) -> None:
        """Send the markers that are missing, again and again until none is."""
        partitions = self.cluster.controller.partitions
        for tp in tuple(transaction.partitions):
            if tp in partitions:
                self._send_marker(transaction, tp)
            else:
                del transaction.partitions[tp]
        if transaction.partitions:
            self.cluster.scheduler.after(RETRY, partial(self._retry, transaction, transaction.number))
        else:
            self._complete(transaction)

    def _retry(self, transaction: Transaction, number: int) -> None:
        if transaction.number == number and transaction.deciding is not None:
            self._write_markers(transaction)

    def _send_marker(self, transaction: Transaction, tp: TopicPartition) -> None:
        network, host = self.cluster.network, self.cluster.host(TRANSACTIONS)
        leader = self.cluster.controller.partitions[tp].leader
        if host is None or leader is None:
            return
        broker, stamp = self.cluster.brokers[leader], Stamp(*transaction.identity, 0)
        marked = partial(self._marked, transaction, transaction.number, tp)
        reply = partial(_return, self.cluster, broker, host, marked)
        request = partial(broker.write_marker, tp, self.marker(transaction, tp), stamp, reply)
        network.send(host, broker, request)

    def marker(self, transaction: Transaction, tp: TopicPartition) -> Control:
        """What the log of a partition is told."""
        assert transaction.deciding is not None
        return transaction.deciding

    def _marked(self, transaction: Transaction, number: int, tp: TopicPartition, produced: Produced) -> None:
        if transaction.number == number and produced.error is None:
            transaction.partitions.pop(tp, None)
            if transaction.deciding is not None and not transaction.partitions:
                self._complete(transaction)

    def _complete(self, transaction: Transaction) -> None:
        """All logs know: now the offsets."""
        for group in transaction.groups:
            self.settle_offsets(group, transaction)
        transaction.groups.clear()
        transaction.ongoing, transaction.deciding = False, None

    def settle_offsets(self, group: str, transaction: Transaction) -> None:
        """The offsets that were sent in the transaction become the group's, or are forgotten."""
        commit = transaction.deciding == "commit"
        self.cluster.groups.end_transaction(group, transaction.identity.producer, commit)


def _return(cluster: Cluster, broker: Broker, host: Broker, marked: partial[None], produced: Produced) -> None:
    """The broker's answer goes to the coordinator."""
    cluster.network.send(broker, host, partial(marked, produced))
