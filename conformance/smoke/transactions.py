"""Smoke checks of transactions."""

from brokerlaw.conformance.smoke.bench import Bench, check, said
from brokerlaw.conformance.smoke.groups import join
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.outcomes import Ok
from brokerlaw.spec.history.values import PartitionOffset

ISOLATION = "pass op.isolation on to the client"


@check("transactions")
def commit_and_abort(b: Bench) -> None:
    """What is committed is read under read_committed, what is aborted is not."""
    topic, client = b.topic(), b.producer(transactional_id="tx", idempotent=True)
    for value, end in ((b"aborted", ops.AbortTransaction), (b"committed", ops.CommitTransaction)):
        b.ok(ops.BeginTransaction(client))
        b.ok(ops.Send(client, topic, value, partition=0))
        b.ok(end(client))
    values = [record.value for record in b.read(b.reader(topic, isolation="read_committed"), 1)]
    b.must(values == [b"committed"], f"aborted one, committed one, and {values} were read", ISOLATION)


@check("transactions")
def open_transaction(b: Bench) -> None:
    """What is in an open transaction is not read under read_committed."""
    topic, client = b.topic(), b.producer(transactional_id="tx", idempotent=True)
    b.ok(ops.BeginTransaction(client))
    b.ok(ops.Send(client, topic, b"open", partition=0))
    records = b.ok(ops.Poll(b.reader(topic, isolation="read_committed")))
    b.must(records == (), f"an open transaction's record was read: {records}", ISOLATION)
    ends: list[list[int]] = []

    def told() -> bool:
        levels: tuple[ops.Isolation, ...] = ("read_uncommitted", "read_committed")
        ends.append([b.ok(ops.ListOffsets(topic, 0, "latest", isolation)) for isolation in levels])
        return ends[-1] == [1, 0]

    b.eventually(told, lambda: f"the end is {ends[-1][0]} uncommitted, {ends[-1][1]} committed", ISOLATION)
    b.ok(ops.AbortTransaction(client))


@check("transactions")
def fenced(b: Bench) -> None:
    """A second producer of one transactional id fences the first."""
    topic = b.topic()
    first = b.producer("first", transactional_id="tx", idempotent=True)
    b.producer("second", transactional_id="tx", idempotent=True)
    asked = (ops.BeginTransaction(first), ops.Send(first, topic, b"late", partition=0), ops.CommitTransaction(first))
    outcomes = [b.ask(op) for op in asked]
    mend = "open_producer with a transactional id initialises transactions; errors are Fail or Unknown"
    b.must(not isinstance(outcomes[-1], Ok), f"the fenced producer committed: {', '.join(map(said, outcomes))}", mend)


@check("transactions", "groups")
def offsets(b: Bench) -> None:
    """Offsets sent in a transaction are committed with it."""
    topic = b.topic()
    member, client = join(b, topic), b.producer(transactional_id="tx", idempotent=True)
    b.ok(ops.BeginTransaction(client))
    b.ok(ops.SendOffsets(client, member, (PartitionOffset(topic, 0, 3),)))
    b.ok(ops.CommitTransaction(client))
    told: list[int | None] = []

    def committed() -> bool:  # markers reach the coordinator after the transaction's end
        told.append(b.ok(ops.Committed(member, topic, 0)))
        return told[-1] == 3

    mend = "send the offsets to op.consumer's group"
    b.eventually(committed, lambda: f"offset 3 went into the transaction, and {told[-1]} is committed", mend)
