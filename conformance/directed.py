"""Directed plans: schedules that chance seldom finds, each after a loss or a repeat that really happened.

They come before the random plans of a run, so that every promise is put to the test at least once.
"""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from brokerlaw.adapters.contract import Description
from brokerlaw.conformance.plan import (
    AwaitIsr,
    AwaitLeader,
    Declare,
    Elapse,
    Heal,
    Plan,
    Resurrect,
    Settle,
    Step,
    Strike,
    Until,
    Work,
)
from brokerlaw.spec import operations as ops
from brokerlaw.spec.observations import Discipline
from brokerlaw.spec.values import PartitionOffset

TOPIC, OUTPUT, GROUP = "orders", "shipped", "shop"
SESSION_TIMEOUT: Final = 2_000


class Directed(NamedTuple):
    """A schedule, and what the broker must be able to do for it."""

    name: str
    needs: tuple[str, ...]
    steps: Callable[[int], Iterator[Step]]
    """From the replication factor to be used."""


def directed(description: Description) -> list[Plan]:
    """Every schedule that the broker can serve."""
    replication = min(3, description.capabilities.get("replication") or 1)
    able = [schedule for schedule in SCHEDULES if description.has(*schedule.needs)]
    return [Plan(f"directed/{schedule.name}", tuple(schedule.steps(replication))) for schedule in able]


def _sends(count: int, client: str = "p0", topic: str = TOPIC, start: int = 0, awaited: bool = True) -> Iterator[Step]:
    """Keyed records of three keys, with values that no other send of the plan has."""
    for number in range(start, start + count):
        key = b"key-%d" % (number % 3)
        yield ops.Send(client, topic, b"%s-%d:" % (client.encode(), number), key, awaited=awaited)


def _topic(partitions: int, replication: int, name: str = TOPIC, **settings: str) -> Step:
    return ops.CreateTopic(
        name, partitions, replication, {key.replace("_", "."): text for key, text in settings.items()}
    )


def _member(
    client: str, group: str = GROUP, isolation: ops.Isolation = "read_uncommitted", kind: str = "eager"
) -> Iterator[Step]:
    """A client that joins the group for the topic, in one of the ways that a group may rebalance."""
    yield ops.OpenConsumer(
        client,
        group,
        isolation=isolation,
        assignor="cooperative-sticky" if kind == "cooperative" else "range",
        protocol="consumer" if kind == "next" else "classic",
        session_timeout=SESSION_TIMEOUT,
    )
    yield ops.Subscribe(client, (TOPIC,))


def order(replication: int) -> Iterator[Step]:
    """Two producers in turn, keyed records, several in flight or in a batch, and readers at different speeds."""
    yield _topic(3, replication)
    yield ops.OpenProducer("p0")
    yield ops.OpenProducer("p1", idempotent=False, linger=20)
    yield from _sends(4, "p0")
    yield from _sends(4, "p1")
    yield from _sends(5, "p0", start=4, awaited=False)
    yield ops.Flush("p0")
    yield from _sends(9, "p1", start=4, awaited=False)
    yield ops.Flush("p1")
    starts = tuple(PartitionOffset(TOPIC, partition, 0) for partition in range(3))
    for reader, limit in (("c0", 100), ("c1", 2)):
        yield ops.OpenConsumer(reader)
        yield ops.Assign(reader, starts)
        yield from (ops.Poll(reader, limit) for _ in range(12))


def fan_out(replication: int) -> Iterator[Step]:
    """Two groups read the same records; what one has read and committed, the other still gets."""
    yield _topic(2, replication)
    yield ops.OpenProducer("p0")
    yield from _sends(6)
    for group, client in (("first", "c0"), ("second", "c1")):
        yield Declare(group, TOPIC, "at-least-once", f"{group}-sink")
        yield from _member(client, group)
        yield Settle(group)
        yield Work(client)
    yield ops.ListOffsets(TOPIC, 0, "earliest")


def rebalance(kind: str) -> Callable[[int], Iterator[Step]]:
    """Members come and go, more than there are partitions; each new owner goes on where the last one committed."""

    def steps(replication: int) -> Iterator[Step]:
        yield _topic(2, replication)
        yield ops.OpenProducer("p0")
        yield Declare(GROUP, TOPIC, "at-least-once", "sink")
        yield from _sends(6)
        for client in ("c0", "c1", "c2"):
            yield from _member(client, kind=kind)
            yield Settle(GROUP)
        yield ops.Close("c0")
        yield from _sends(3, start=6)
        yield Settle(GROUP)
        yield ops.Crash("c1")
        yield Settle(GROUP)
        yield from _sends(2, start=9)
        yield Work("c2")

    return steps


def static_member(replication: int) -> Iterator[Step]:
    """A static member dies and comes back under its instance id within its session: its partitions wait for it."""
    yield _topic(2, replication)
    yield ops.OpenProducer("p0")
    yield Declare(GROUP, TOPIC, "at-least-once", "sink")
    yield from _sends(4)
    for number in range(2):
        yield ops.OpenConsumer(f"c{number}", GROUP, instance_id=f"i{number}", session_timeout=3 * SESSION_TIMEOUT)
        yield ops.Subscribe(f"c{number}", (TOPIC,))
        yield Settle(GROUP)
    yield ops.Crash("c0")
    yield ops.OpenConsumer("c2", GROUP, instance_id="i0", session_timeout=3 * SESSION_TIMEOUT)
    yield ops.Subscribe("c2", (TOPIC,))
    yield from _sends(3, start=4)
    yield Settle(GROUP)
    yield Work("c2")


def crash_between(discipline: Discipline, until: Until) -> Callable[[int], Iterator[Step]]:
    """An instance vanishes after `until`; another takes over."""

    def steps(replication: int) -> Iterator[Step]:
        isolation: ops.Isolation = "read_committed" if discipline == "exactly-once" else "read_uncommitted"
        yield _topic(1, replication)
        yield _topic(1, replication, OUTPUT)
        yield ops.OpenProducer("p0")
        yield Declare(GROUP, TOPIC, discipline, OUTPUT)
        yield from _sends(3)
        yield from _member("c0", isolation=isolation)
        yield Settle(GROUP)
        yield from _sends(3, start=3)
        yield Work("c0", until)
        yield Elapse(1_500)
        yield ops.Crash("c0")
        yield from _member("c1", isolation=isolation)
        yield Settle(GROUP)
        yield Work("c1")

    return steps


def zombie(discipline: Discipline, until: Until, kind: str = "eager") -> Callable[[int], Iterator[Step]]:
    """An instance stands still in mid-turn, its partition moves on, and it wakes and finishes its turn."""

    def steps(replication: int) -> Iterator[Step]:
        isolation: ops.Isolation = "read_committed" if discipline == "exactly-once" else "read_uncommitted"
        yield _topic(1, replication)
        yield _topic(1, replication, OUTPUT)
        yield ops.OpenProducer("p0")
        yield Declare(GROUP, TOPIC, discipline, OUTPUT)
        yield from _sends(2)
        yield from _member("c0", isolation=isolation, kind=kind)
        yield Settle(GROUP)
        yield from _sends(3, start=2)
        yield Work("c0", until)
        yield ops.Freeze("c0")
        yield from _member("c1", isolation=isolation, kind=kind)
        yield Settle(GROUP)
        yield from _sends(2, start=5)
        yield Work("c1")
        yield Work("c1")
        yield ops.Thaw("c0")
        yield Work("c0")
        yield Settle(GROUP)

    return steps


def transactions(replication: int) -> Iterator[Step]:
    """One transaction committed, one aborted, one left open by a producer that is then fenced."""
    yield _topic(2, replication)
    yield ops.OpenProducer("p0", transactional_id="tx")
    ends: tuple[Step, ...] = (ops.CommitTransaction("p0"), ops.AbortTransaction("p0"))
    for number, end in enumerate(ends):
        yield ops.BeginTransaction("p0")
        yield from _sends(4, start=4 * number)
        yield end
    yield ops.BeginTransaction("p0")
    yield from _sends(3, start=8)
    yield ops.OpenConsumer("c0", isolation="read_committed")
    yield ops.Assign("c0", tuple(PartitionOffset(TOPIC, partition, 0) for partition in range(2)))
    yield from (ops.Poll("c0") for _ in range(3))
    yield ops.OpenProducer("p1", transactional_id="tx")
    yield ops.BeginTransaction("p1")
    yield from _sends(2, "p1")
    yield ops.CommitTransaction("p0")
    yield ops.CommitTransaction("p1")
    yield from (ops.Poll("c0") for _ in range(3))


def transaction_timed_out(replication: int) -> Iterator[Step]:
    """A transaction is left alone until the coordinator aborts it; its producer goes on with it, unaware."""
    yield _topic(2, replication)
    yield ops.OpenProducer("p0", transactional_id="tx", transaction_timeout=4_000)
    yield ops.BeginTransaction("p0")
    yield ops.Send("p0", TOPIC, b"p0-0:", partition=0)
    yield Elapse(6_000)
    yield ops.Send("p0", TOPIC, b"p0-1:", partition=1)
    yield ops.CommitTransaction("p0")


def coordinator_killed(replication: int) -> Iterator[Step]:
    """One broker after the other dies and comes back while a transaction is open; one of them coordinates it."""
    yield _topic(3, replication)
    yield ops.OpenProducer("p0", transactional_id="tx", transaction_timeout=60_000)
    yield ops.BeginTransaction("p0")
    for partition in range(3):
        yield ops.Send("p0", TOPIC, b"p0-%d:" % partition, partition=partition)
        yield Strike("kill", "leader", TOPIC, partition)
        yield AwaitLeader(TOPIC, partition)
        yield Heal()
    yield ops.CommitTransaction("p0")
    yield ops.BeginTransaction("p0")
    yield from (ops.Send("p0", TOPIC, b"p0-%d:" % (3 + partition), partition=partition) for partition in range(3))
    yield ops.AbortTransaction("p0")


def partition_regained(replication: int) -> Iterator[Step]:
    """A member gives partitions to another, has them back when it leaves, and a third one joins (KIP-848)."""
    yield _topic(4, replication)
    yield ops.OpenProducer("p0")
    yield Declare(GROUP, TOPIC, "at-least-once", "sink")
    yield from _sends(4)
    for client in ("c0", "c1", "c2"):
        yield ops.OpenConsumer(client, GROUP, assignor="uniform", protocol="consumer", session_timeout=SESSION_TIMEOUT)
        yield ops.Subscribe(client, (TOPIC,))
        yield Work(client)
        yield Settle(GROUP)
        if client == "c1":
            yield ops.Close(client)
            yield Settle(GROUP)


def instance_taken_over(replication: int) -> Iterator[Step]:
    """A static member stands still; another of its instance id takes its place, and it wakes."""
    yield _topic(2, replication)
    yield ops.OpenProducer("p0")
    yield Declare(GROUP, TOPIC, "at-least-once", "sink")
    yield from _sends(4)
    for client in ("c0", "c1"):
        yield ops.OpenConsumer(client, GROUP, instance_id="instance", session_timeout=SESSION_TIMEOUT)
        yield ops.Subscribe(client, (TOPIC,))
        yield Settle(GROUP)
        yield Work(client)
        yield from _sends(2, start=4 + 2 * int(client[1]))
        if client == "c0":
            yield Work(client, "polled")
            yield ops.Freeze(client)
    yield ops.Thaw("c0")
    yield Work("c0")
    yield Settle(GROUP)


def leader_killed(replication: int) -> Iterator[Step]:
    """The leader dies after each acknowledgement, until every broker has led."""
    yield _topic(1, replication)
    yield ops.OpenProducer("p0")
    yield ops.DescribePartition(TOPIC, 0)
    for number in range(2):
        yield from _sends(3, start=3 * number)
        yield Strike("kill", "leader", TOPIC)
        yield AwaitLeader(TOPIC)
        yield from _sends(1, start=3 * number + 100)
        yield Heal()
        yield ops.DescribePartition(TOPIC, 0)


def acked_by_the_leader_alone(replication: int) -> Iterator[Step]:
    """Followers stand still, the leader takes records and dies, the followers wake: acks=1 loses what they lack.

    One record comes before, and has time to reach them all. The fetch that waits when they stop may bring them the
    next one, and what is sent in the same moment; what comes after that is the leader's alone.
    """
    yield _topic(1, replication)
    yield ops.OpenProducer("p0", idempotent=False)
    yield from _sends(1)
    yield Elapse(1_000)
    yield Strike("pause", "followers", TOPIC)
    for number in (1, 2):
        yield from _sends(1, start=number, awaited=False)
        yield Elapse(200)
    yield Strike("kill", "leader", TOPIC)
    yield Resurrect()
    yield AwaitLeader(TOPIC)
    yield from _sends(1, start=3)


def leader_overtaken(replication: int) -> Iterator[Step]:
    """A producer is late to learn of a new leader: one record is refused, the next is sent before the retry."""
    yield _topic(1, replication)
    yield ops.OpenProducer("p0")
    yield Strike("kill", "leader", TOPIC)
    yield AwaitLeader(TOPIC)
    yield Heal()
    yield Elapse(1_000)
    yield from _sends(1)
    yield ops.ElectLeader(TOPIC, 0)
    yield from _sends(1, start=1, awaited=False)
    yield Elapse(10)
    yield from _sends(1, start=2, awaited=False)
    yield ops.Flush("p0")


def double_failover(replication: int) -> Iterator[Step]:
    """The leader dies, and the one that is to follow it stands still: the third leads once the second is missed."""
    yield _topic(1, replication)
    yield ops.OpenProducer("p0", idempotent=False)
    yield from _sends(2)
    yield Strike("kill", "leader", TOPIC)
    yield Strike("pause", "follower", TOPIC)
    yield Elapse(1_500)
    yield AwaitLeader(TOPIC)
    yield from _sends(1, start=2)
    yield Heal()


def deposed_leader(replication: int) -> Iterator[Step]:
    """A leader that is cut off takes records in an epoch that no one else has seen, comes back, and leads again."""
    yield _topic(1, replication)
    yield ops.OpenProducer("p0", idempotent=False)
    yield Strike("isolate", "leader", TOPIC)
    yield from _sends(2, awaited=False)
    yield Elapse(100)
    yield ops.Crash("p0")
    yield Elapse(1_500)
    yield AwaitLeader(TOPIC)
    yield ops.OpenProducer("p1", idempotent=False)
    yield from _sends(3, "p1")
    yield Heal()
    yield Elapse(1_500)
    yield ops.ElectLeader(TOPIC, 0)
    yield from _sends(1, "p1", start=3)


def last_in_sync_replica(replication: int) -> Iterator[Step]:
    """Followers fall out of the in-sync set, the leader acknowledges alone and dies: an unclean election loses it."""
    yield _topic(1, replication, min_insync_replicas="1")
    yield ops.OpenProducer("p0", idempotent=False)
    yield from _sends(1)
    yield Strike("pause", "followers", TOPIC)
    yield AwaitIsr(TOPIC, 0, 1)
    yield from _sends(2, start=1)
    yield Strike("kill", "leader", TOPIC)
    yield Resurrect()
    yield AwaitLeader(TOPIC)
    yield from _sends(1, start=3)


def min_isr(replication: int) -> Iterator[Step]:
    """Fewer in sync than min.insync.replicas: the leader refuses, and takes records again when the others are back."""
    yield _topic(1, replication, min_insync_replicas="2")
    yield ops.OpenProducer("p0", idempotent=False)
    yield from _sends(1)
    yield Strike("pause", "followers", TOPIC)
    yield AwaitIsr(TOPIC, 0, 1)
    yield ops.DescribePartition(TOPIC, 0)
    yield from _sends(1, start=1)
    yield ops.DescribePartition(TOPIC, 0)
    yield Heal()
    yield from _sends(1, start=2)


_CRASH: Final = ("topics", "groups", "clients.crash")
_ZOMBIE: Final = ("topics", "groups", "clients.freeze")
_FAULTS: Final = ("topics", "replication", "faults.kill", "faults.pause", "inspect.partition")

SCHEDULES: Final = (
    Directed("order", ("topics",), order),
    Directed("fan-out", ("topics", "groups"), fan_out),
    Directed("rebalance", _CRASH, rebalance("eager")),
    Directed("rebalance-cooperative", (*_CRASH, "groups.cooperative"), rebalance("cooperative")),
    Directed("rebalance-next", (*_CRASH, "groups.next"), rebalance("next")),
    Directed("static-member", (*_CRASH, "groups.static"), static_member),
    Directed("crash-before-processing", _CRASH, crash_between("at-least-once", "polled")),
    Directed("crash-before-commit", _CRASH, crash_between("at-least-once", "halfway")),
    Directed("crash-after-commit", _CRASH, crash_between("at-most-once", "halfway")),
    Directed("crash-after-processing", _CRASH, crash_between("at-most-once", "done")),
    Directed("crash-before-dedup-commit", _CRASH, crash_between("idempotent-sink", "halfway")),
    Directed("crash-in-transaction", (*_CRASH, "transactions"), crash_between("exactly-once", "halfway")),
    Directed("zombie-commits", _ZOMBIE, zombie("at-least-once", "halfway")),
    Directed("zombie-commits-next", (*_ZOMBIE, "groups.next"), zombie("at-least-once", "halfway", "next")),
    Directed("zombie-commits-first", _ZOMBIE, zombie("at-most-once", "polled")),
    Directed("zombie-in-transaction", (*_ZOMBIE, "transactions"), zombie("exactly-once", "halfway")),
    Directed("zombie-begins-transaction", (*_ZOMBIE, "transactions"), zombie("exactly-once", "polled")),
    Directed("partition-regained", ("topics", "groups", "groups.next"), partition_regained),
    Directed("instance-taken-over", (*_ZOMBIE, "groups.static"), instance_taken_over),
    Directed("transactions", ("topics", "transactions"), transactions),
    Directed("transaction-timed-out", ("topics", "transactions"), transaction_timed_out),
    Directed("coordinator-killed", (*_FAULTS, "transactions"), coordinator_killed),
    Directed("acked-by-the-leader-alone", _FAULTS, acked_by_the_leader_alone),
    Directed("leader-killed", _FAULTS, leader_killed),
    Directed("leader-overtaken", (*_FAULTS, "faults.elect"), leader_overtaken),
    Directed("double-failover", _FAULTS, double_failover),
    Directed("deposed-leader", (*_FAULTS, "faults.isolate", "faults.elect"), deposed_leader),
    Directed("last-in-sync-replica", _FAULTS, last_in_sync_replica),
    Directed("min-isr", (*_FAULTS, "min-isr"), min_isr),
)
"""Every schedule, from the simplest on."""
