"""Producers: several of one transactional id, commits under way and too late, and all that they can be opened as."""

from collections.abc import Iterator
from typing import Final

from brokerlaw.conformance.directed.vocabulary import TOPIC, sends, topic
from brokerlaw.conformance.plan import AwaitIsr, AwaitLeader, Elapse, Heal, InjectFault, Step
from brokerlaw.spec.history import operations as ops

PRODUCERS: Final = tuple(f"p{number}" for number in range(10))
"""Enough of them for a bug that shows now and then."""


def taken_over(replication: int) -> Iterator[Step]:
    """Another producer takes over a transactional id; the first goes on, in its transaction and with another."""
    yield topic(2, replication)
    yield ops.OpenProducer("p0", transactional_id="tx")
    yield ops.BeginTransaction("p0")
    yield from sends(2)
    yield ops.OpenProducer("p1", transactional_id="tx")
    yield from sends(2, start=2)
    yield ops.CommitTransaction("p0")
    yield ops.BeginTransaction("p1")
    yield from sends(2, "p1")
    yield ops.CommitTransaction("p1")
    yield ops.BeginTransaction("p0")
    yield from sends(1, start=4)
    yield ops.CommitTransaction("p0")


def under_way(replication: int) -> Iterator[Step]:
    """A commit comes while the records of its transaction wait to be sent."""
    yield topic(2, replication)
    yield ops.OpenProducer("p0", transactional_id="tx", linger=100)
    for start in (0, 4):
        yield ops.BeginTransaction("p0")
        yield from sends(4, start=start, awaited=False)
        yield ops.CommitTransaction("p0")


def too_late(replication: int) -> Iterator[Step]:
    """Transactions are left open for longer than the timeout of some, and all that the coordinator needs to see it."""
    yield topic(1, replication)
    for number, producer in enumerate(PRODUCERS):
        timeout = 5_000 if number % 2 else 34_000
        yield ops.OpenProducer(producer, transactional_id=f"tx-{producer}", transaction_timeout=timeout)
    for producer in PRODUCERS:
        yield ops.BeginTransaction(producer)
        yield from sends(1, producer)
    yield Elapse(26_000)
    yield from (ops.CommitTransaction(producer) for producer in PRODUCERS)


def in_time(replication: int) -> Iterator[Step]:
    """Transactions are left open for most of their timeout, one after the other, and committed in time."""
    yield topic(1, replication)
    for producer in PRODUCERS[:4]:
        yield ops.OpenProducer(producer, transactional_id=f"tx-{producer}", transaction_timeout=10_000)
    for number in range(3):
        for producer in PRODUCERS[:4]:
            yield ops.BeginTransaction(producer)
            yield from sends(1, producer, start=number)
        yield Elapse(7_500)
        yield from (ops.CommitTransaction(producer) for producer in PRODUCERS[:4])


def taken_over_in_turn(replication: int) -> Iterator[Step]:
    """A transactional id goes from one producer to the next; nobody touches the other one."""
    yield topic(1, replication)
    for producer, name in (("p0", "tx"), ("other", "ty")):
        yield ops.OpenProducer(producer, transactional_id=name)
        yield ops.BeginTransaction(producer)
        yield from sends(1, producer)
    for number in range(4):
        before, after = f"p{number}", f"p{number + 1}"
        yield ops.OpenProducer(after, transactional_id="tx")
        yield from sends(1, before, start=1)
        yield ops.CommitTransaction(before)
        yield ops.BeginTransaction(after)
        yield from sends(1, after)
        yield from sends(1, "other", start=1 + number)
    yield ops.CommitTransaction("other")


def acknowledged_by_few(replication: int) -> Iterator[Step]:
    """Producers that ask for fewer acknowledgements than others, with all replicas in sync and with too few."""
    yield topic(1, max(2, replication), min_insync_replicas="2")
    asked: tuple[ops.Acks, ...] = ("all", "0", "1", "0", "all", "1")
    producers = dict(zip(PRODUCERS, asked, strict=False))
    for producer, acks in producers.items():
        yield ops.OpenProducer(producer, acks=acks, idempotent=False)
        yield from sends(1, producer)
    yield InjectFault("pause", "followers", TOPIC)
    yield AwaitIsr(TOPIC, 0, 1)
    for producer in producers:
        yield from sends(1, producer, start=1)
    yield Heal()


def misconfigured(replication: int) -> Iterator[Step]:
    """Settings that go together, and others that do not: more in flight than an idempotent producer may have."""
    yield topic(1, replication)
    for number in range(6):
        for most, idempotent in (("5", True), ("6", True), ("6", False)):
            name = f"p{number}-{most}-{'idempotent' if idempotent else 'plain'}"
            settings = {"max.in.flight.requests.per.connection": most}
            yield ops.OpenProducer(name, idempotent=idempotent, settings=settings)
    yield ops.OpenProducer("t0", acks="1", idempotent=False, transactional_id="tx")
    yield ops.OpenProducer("t1", transactional_id="tx")
    yield from sends(2, "p0-5-idempotent")


def repeated(replication: int) -> Iterator[Step]:
    """Producers with and without idempotence in turn; leaders die with records under way, which are sent again."""
    yield topic(1, replication)
    for number, producer in enumerate(PRODUCERS):
        yield ops.OpenProducer(producer, idempotent=number % 2 == 1)
        yield from sends(1, producer)
    for number in range(2):
        for producer in PRODUCERS:
            yield from sends(4, producer, start=4 * number + 1, awaited=False)
        yield InjectFault("kill", "leader", TOPIC)
        yield AwaitLeader(TOPIC)
        yield Heal()
        yield from (ops.Flush(producer) for producer in PRODUCERS)


def lingering(replication: int) -> Iterator[Step]:
    """Records wait to be sent for a long time; their producers close, or flush: they wait no longer."""
    yield topic(3, replication)
    for producer in PRODUCERS:
        yield ops.OpenProducer(producer, linger=3_000)
        yield from sends(3, producer, awaited=False)
    yield from (ops.Close(producer) for producer in PRODUCERS[:5])
    yield from (ops.Flush(producer) for producer in PRODUCERS[5:])
    yield Elapse(4_500)


def unanswered(replication: int) -> Iterator[Step]:
    """Records reach their leader, whose followers stand still, until their time is up: nobody knows of them."""
    yield topic(1, max(2, replication), min_insync_replicas="2")
    yield ops.OpenProducer("p0", idempotent=False)
    yield from sends(1)
    yield Elapse(1_000)
    yield InjectFault("pause", "followers", TOPIC)
    yield Elapse(500)
    yield from sends(6, start=1, awaited=False)
    yield Elapse(7_000)
    yield Heal()
