"""The producer: records, and transactions around them. KIP-98, KIP-447, KIP-890."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from brokerlaw.reference.batch import Content
from brokerlaw.reference.client import Client
from brokerlaw.reference.errors import BrokerError
from brokerlaw.reference.registration import TRANSACTIONS
from brokerlaw.reference.sender import Settle, Waiting
from brokerlaw.reference.settings import client_settings
from brokerlaw.reference.transactions import Identity
from brokerlaw.spec.history.numbers import MILLISECOND
from brokerlaw.spec.history.operations import OpenProducer, Send
from brokerlaw.spec.history.outcomes import Fail, Unknown
from brokerlaw.spec.history.values import PartitionOffset, TopicPartition

if TYPE_CHECKING:
    from brokerlaw.reference.broker import Broker
    from brokerlaw.reference.cluster import Cluster
    from brokerlaw.reference.groups import Membership

MAX_IN_FLIGHT: Final = "max.in.flight.requests.per.connection"
DEFAULTS: Final = {"request.timeout.ms": 1_000, "delivery.timeout.ms": 5_000, MAX_IN_FLIGHT: 5}
FATAL: Final = ("PRODUCER_FENCED", "INVALID_PRODUCER_EPOCH", "INVALID_PRODUCER_ID_MAPPING")
"""After these a transactional producer can only be closed."""


class Producer(Client):
    """One producer. `identity` is its producer id and epoch, None where it has no need of one."""

    def __init__(self, cluster: Cluster, op: OpenProducer) -> None:
        super().__init__(cluster, op.client)
        limits = client_settings(op.settings, DEFAULTS)
        if op.transactional_id is not None and op.acks != "all":
            raise BrokerError("INVALID_CONFIG", f"transactions need acks=all, not acks={op.acks}")
        if op.idempotent and limits[MAX_IN_FLIGHT] > DEFAULTS[MAX_IN_FLIGHT]:
            raise BrokerError("INVALID_CONFIG", f"{MAX_IN_FLIGHT} of an idempotent producer is at most 5")
        self.op = op
        self.in_flight = limits[MAX_IN_FLIGHT]
        self.request_timeout = limits["request.timeout.ms"] * MILLISECOND
        self.delivery_timeout = limits["delivery.timeout.ms"] * MILLISECOND
        self.identity: Identity | None = None
        self.sender = cluster.parts.sender(self)
        self.partitioner = cluster.parts.partitioner(self.scheduler)
        self._fatal: str | None = None
        self._failure: str | None = None
        self._in_transaction = False
        self._enlisted: dict[TopicPartition | str, None] = {}

    def open(self) -> None:
        """Get a producer id; with a transactional id, end what its last user left open, and fence it.

        Idempotence needs acks=all, and is off without (KIP-679).
        """
        transactions, op = self.cluster.transactions, self.op
        if op.transactional_id is not None:
            name, timeout = op.transactional_id, op.transaction_timeout * MILLISECOND
            self.identity = self.insist(lambda: self._asked(lambda: transactions.initialise(name, timeout)))
        elif op.idempotent and op.acks == "all":
            self.identity = self.insist(self._new_identity)

    def _new_identity(self) -> Identity:
        if not self.cluster.is_in_touch(self):
            raise BrokerError("COORDINATOR_NOT_AVAILABLE", "no broker answers")
        return self.cluster.transactions.new_identity()

    def _asked(self, question: Callable[[], Identity]) -> Identity:
        self._at_coordinator()
        return question()

    def _at_coordinator(self) -> Broker:
        return self.coordinator(TRANSACTIONS)

    # --- records ---

    def send(self, op: Send, settle: Settle) -> None:
        """Take a record; `settle` is told what became of it. Raises what makes it impossible to begin with."""
        self._require(self.op.transactional_id is None or self._in_transaction, "no transaction is open")
        if self._failure is not None and self._in_transaction:
            raise BrokerError(self._failure, "the transaction has failed, and can only be aborted")
        tp = TopicPartition(op.topic, self.partition(op))
        now = self.scheduler.now
        timestamp = now // MILLISECOND if op.timestamp is None else op.timestamp
        waiting = Waiting(Content(op.key, op.value, timestamp, op.headers), settle, now + self.delivery_timeout)
        self.sender.add(tp, waiting, self.op.linger * MILLISECOND)

    def partition(self, op: Send) -> int:
        """The partition that is asked for, or that the partitioner chooses. Raises `UNKNOWN_TOPIC_OR_PARTITION`."""
        partitions = self.cluster.controller.topics.get(op.topic, 0)
        if op.partition is None and partitions:
            return self.partitioner.partition(op.topic, op.key, partitions)
        if op.partition is None or not 0 <= op.partition < partitions:
            raise BrokerError("UNKNOWN_TOPIC_OR_PARTITION", f"no partition {op.partition} of {op.topic!r}")
        return op.partition

    def flush(self) -> None:
        """Wait until nothing is under way: every record comes to its end, at the latest when its time is up."""
        self.sender.hurry()
        limit = self.scheduler.now + 2 * self.delivery_timeout
        done = self.scheduler.run_until(lambda: self.sender.idle, limit)
        assert done, f"{self.name} has records that never come to an end"

    def failed(self, code: str) -> None:
        """A record has not come through: an open transaction can no longer be committed."""
        if self.op.transactional_id is not None:
            self._failure = code
            if code in FATAL:
                self._fatal = code
            self.sender.drop_waiting(Fail(code, "the transaction has failed"))

    def next_epoch(self) -> None:
        """A producer without transactions takes its next epoch by itself (KIP-360); with, at the end of each."""
        if self.identity is not None and self.op.transactional_id is None:
            self.identity = Identity(self.identity.producer, self.identity.epoch + 1)

    # --- transactions ---

    def begin(self) -> None:
        """Begin; the coordinator hears of it with the first partition."""
        self._require(self.op.transactional_id is not None, "the producer has no transactional id")
        self._require(not self._in_transaction, "a transaction is open")
        self._in_transaction = True

    def prepare(self, tp: TopicPartition) -> None:
        """Enlist a partition before anything is written to it. Raises `BrokerError`."""
        if self._in_transaction and tp not in self._enlisted:
            self._at_coordinator()
            self.cluster.transactions.add_partition(*self._names(), tp)
            self._enlisted[tp] = None

    def send_offsets(self, membership: Membership, offsets: tuple[PartitionOffset, ...]) -> None:
        """Put a consumer's offsets into the transaction, if it is still the consumer's to move them (KIP-447)."""
        self._require(self._in_transaction, "no transaction is open")
        try:
            self.insist(lambda: self._offer(membership, offsets))
        except BrokerError as error:
            self.failed(error.code)
            raise

    def _offer(self, membership: Membership, offsets: tuple[PartitionOffset, ...]) -> None:
        name, identity = self._names()
        self._at_coordinator()
        self.cluster.transactions.add_group(name, identity, membership.group)
        self._enlisted[membership.group] = None
        self.cluster.groups.commit_in_transaction(membership, identity.producer, offsets)

    def commit(self) -> None:
        """Commit, if everything has come through."""
        self._require(self._in_transaction, "no transaction is open")
        self.flush()
        if self._failure is not None:
            raise BrokerError(self._fatal or self._failure, "the transaction has failed, and can only be aborted")
        self._end(commit=True)

    def abort(self) -> None:
        """Abort."""
        self._require(self._in_transaction, "no transaction is open")
        self.sender.drop_waiting(Fail("TRANSACTION_ABORTED", "it was never sent"))
        self.flush()
        self._require_usable()
        self._end(commit=False)

    def _end(self, commit: bool) -> None:
        if self._enlisted:
            end = self.cluster.transactions.end
            try:
                self.identity = self.insist(lambda: self._asked(lambda: end(*self._names(), commit)))
            except BrokerError as error:
                self.failed(error.code)
                raise
            self.sender.reset_sequences()
        self._enlisted.clear()
        self._in_transaction, self._failure = False, None

    def _names(self) -> tuple[str, Identity]:
        assert self.op.transactional_id is not None
        assert self.identity is not None
        return self.op.transactional_id, self.identity

    def _require(self, met: bool, message: str) -> None:
        self._require_usable()
        if not met:
            raise BrokerError("INVALID_TXN_STATE", message)

    def _require_usable(self) -> None:
        if self._fatal is not None:
            raise BrokerError(self._fatal, f"{self.name} can only be closed")

    # --- its life ---

    def disconnected(self, broker: Broker) -> None:
        """A broker has died: its connections break."""
        self.sender.disconnected(broker)

    def close(self) -> None:
        """End in good order: an open transaction is aborted, all else flushed."""
        try:
            if self._in_transaction and self._fatal is None:
                self.abort()
            self.flush()
        finally:
            self.kill()

    def kill(self) -> None:
        """Vanish: what was not sent is gone, and nobody will know what became of what was."""
        super().kill()
        self.sender.drop_waiting(Fail("CLIENT_CRASHED", "it was never sent"))
        self.sender.drop_sent(Unknown("CLIENT_CRASHED", "it was under way"))
