"""Commits: forward and back, in transactions and beside them, by members and by administrators."""

from collections.abc import Iterator
from typing import Final

from brokerlaw.conformance.directed.vocabulary import GROUP, OUTPUT, TOPIC, member, sends, topic
from brokerlaw.conformance.plan import AwaitLeader, Elapse, Heal, Settle, Step
from brokerlaw.conformance.timeouts import SESSION_TIMEOUT
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.values import PartitionOffset

MEMBERS: Final = {"c0": GROUP, "c1": "audit"}


def _at(offset: int) -> tuple[PartitionOffset, ...]:
    return (PartitionOffset(TOPIC, 0, offset),)


def _told(client: str = "c0") -> Iterator[Step]:
    yield ops.Committed(client, TOPIC, 0)
    yield ops.FetchCommitted(GROUP, TOPIC, 0)


def back_and_forth(replication: int) -> Iterator[Step]:
    """A member commits forward, back, and without waiting; each time the group's offset is asked for."""
    yield topic(1, replication)
    yield ops.OpenProducer("p0")
    yield from sends(6)
    yield from member("c0")
    yield Settle(GROUP)
    for offset in (4, 2, 6):
        yield ops.Commit("c0", _at(offset))
        yield from _told()
    yield ops.ResetOffsets(GROUP, _at(1))
    yield ops.Commit("c0", _at(5), awaited=False)
    yield ops.Commit("c0", _at(3))
    yield from _told()
    yield ops.Close("c0")
    yield ops.ResetOffsets(GROUP, _at(1))
    yield from member("c1")
    yield Settle(GROUP)
    yield from _told("c1")


def several(replication: int) -> Iterator[Step]:
    """A member commits three partitions at once, again and again, and each of them is asked for."""
    yield topic(3, replication)
    yield ops.OpenProducer("p0")
    yield from sends(9)
    yield from member("c0")
    yield Settle(GROUP)
    for offset in (2, 1, 3, 0, 2, 1):
        yield ops.Commit("c0", tuple(PartitionOffset(TOPIC, partition, offset) for partition in range(3)))
        yield from (ops.FetchCommitted(GROUP, TOPIC, partition) for partition in range(3))


def under_way(replication: int) -> Iterator[Step]:
    """Members commit without waiting and vanish at once, or close: what they sent may count, or not."""
    yield topic(1, replication)
    yield ops.OpenProducer("p0")
    yield from sends(8)
    for number in range(8):
        client = f"c{number}"
        yield from member(client)
        yield Settle(GROUP)
        yield ops.Commit(client, _at(number % 3))
        yield ops.Commit(client, _at(4 + number % 4), awaited=False)
        yield ops.Close(client) if number % 2 else ops.Crash(client)
        yield ops.FetchCommitted(GROUP, TOPIC, 0)


def _in_doubt(replication: int, *faults: Step) -> Iterator[Step]:
    """A member has just committed some partitions without waiting when no broker answers any more."""
    yield topic(6, replication)
    yield ops.OpenProducer("p0")
    yield from sends(8)
    yield from member("c0")
    yield Settle(GROUP)
    yield ops.Commit("c0", tuple(PartitionOffset(TOPIC, partition, 1) for partition in range(6)))
    for partition in range(6):
        yield ops.Commit("c0", (PartitionOffset(TOPIC, partition, 2),), awaited=False)
    yield from faults
    yield Elapse(6_000)
    yield Heal()
    yield AwaitLeader(TOPIC)
    yield from (ops.FetchCommitted(GROUP, TOPIC, partition) for partition in range(6))


def cut_off(replication: int) -> Iterator[Step]:
    """Commits in doubt: no broker can be reached."""
    return _in_doubt(replication, ops.IsolateBrokers(tuple(range(replication)), clients=True))


def killed(replication: int) -> Iterator[Step]:
    """Commits in doubt: all brokers die."""
    return _in_doubt(replication, *(ops.KillBroker(broker) for broker in range(replication)))


def beside_a_transaction(replication: int) -> Iterator[Step]:
    """Offsets are sent in a transaction, and a plain commit comes before its end: that one is the later."""
    yield topic(1, replication)
    yield ops.OpenProducer("p0", transactional_id="tx")
    yield ops.OpenProducer("p1")
    yield from sends(6, "p1")
    yield from member("c0", isolation="read_committed")
    yield Settle(GROUP)
    for first, second in ((5, 3), (2, None), (None, 6)):
        yield ops.BeginTransaction("p0")
        if first is not None:
            yield ops.SendOffsets("p0", "c0", _at(first))
        if second is not None:
            yield ops.Commit("c0", _at(second))
        yield ops.CommitTransaction("p0")
        yield ops.Committed("c0", TOPIC, 0)
    yield ops.BeginTransaction("p0")
    yield ops.SendOffsets("p0", "c0", _at(1))
    yield ops.AbortTransaction("p0")
    yield ops.Committed("c0", TOPIC, 0)
    yield ops.Close("c0")
    yield from member("c1", isolation="read_committed")
    yield Settle(GROUP)


def in_transactions(replication: int) -> Iterator[Step]:
    """Offsets of one group or another in each transaction, some of which are aborted; each time all are asked for."""
    partitions = range(3)
    for name in (OUTPUT, TOPIC):
        yield topic(len(partitions), replication, name)
    yield ops.OpenProducer("p0", transactional_id="tx")
    yield ops.OpenProducer("p1")
    for number in partitions:
        yield from (ops.Send("p1", TOPIC, b"p1-%d-%d:" % (number, each), partition=number) for each in range(4))
    for consumer, group in MEMBERS.items():
        yield from member(consumer, group, isolation="read_committed")
        yield Settle(group)
    for number in range(16):
        consumer = ("c0", "c1")[number // 2 % 2]
        offsets = ((number + each) % 5 for each in partitions)
        yield ops.BeginTransaction("p0")
        yield ops.SendOffsets("p0", consumer, tuple(PartitionOffset(TOPIC, *each) for each in enumerate(offsets)))
        yield ops.AbortTransaction("p0") if number % 4 == 2 else ops.CommitTransaction("p0")
        yield from (ops.Committed(each, TOPIC, partition) for each in MEMBERS for partition in partitions)


def in_one_transaction(replication: int) -> Iterator[Step]:
    """Offsets are sent several times in one transaction: of one partition and the other, of one group and the other."""
    yield topic(2, replication)
    yield ops.OpenProducer("p0", transactional_id="tx")
    yield ops.OpenProducer("p1")
    yield from (ops.Send("p1", TOPIC, b"p1-%d:" % number, partition=number % 2) for number in range(8))
    for consumer, group in MEMBERS.items():
        yield from member(consumer, group, isolation="read_committed")
        yield Settle(group)
    for offset in range(1, 4):
        yield ops.BeginTransaction("p0")
        for partition, consumer in ((0, "c0"), (1, "c1"), (1, "c0"), (0, "c1")):
            yield ops.SendOffsets("p0", consumer, (PartitionOffset(TOPIC, partition, offset),))
        yield ops.AbortTransaction("p0") if offset == 2 else ops.CommitTransaction("p0")
        yield from (ops.Committed(each, TOPIC, partition) for each in MEMBERS for partition in range(2))


def by_itself(replication: int) -> Iterator[Step]:
    """A consumer commits by itself, at intervals and as it closes; each time the group's offset is asked for."""
    yield topic(1, replication)
    yield ops.OpenProducer("p0")
    yield from sends(6)
    yield ops.OpenConsumer("c0", GROUP, auto_commit=True, auto_commit_interval=100, session_timeout=SESSION_TIMEOUT)
    yield ops.Subscribe("c0", (TOPIC,))
    for _ in range(8):
        yield ops.Poll("c0", max_records=2)
        yield Elapse(200)
        yield ops.FetchCommitted(GROUP, TOPIC, 0)
    yield from sends(2, start=6)
    yield ops.Poll("c0", max_records=1)
    yield ops.Close("c0")
    yield ops.FetchCommitted(GROUP, TOPIC, 0)


def _by_itself(client: str, group: str, interval: int, auto_commit: bool = True) -> Iterator[Step]:
    """A member that is in session though it does not poll for some seconds."""
    yield ops.OpenConsumer(
        client, group, auto_commit=auto_commit, auto_commit_interval=interval, session_timeout=20_000
    )
    yield ops.Subscribe(client, (TOPIC,))
    yield Settle(group)


def at_close(replication: int) -> Iterator[Step]:
    """Consumers that commit by themselves, though seldom, are closed one after the other, beside one that does not."""
    yield topic(1, replication)
    yield ops.OpenProducer("p0")
    for number in range(6):
        yield from sends(2, start=2 * number)
        yield from _by_itself(f"by-hand-{number}", f"by-hand-{number}", 1_000, auto_commit=False)
        yield from _by_itself(f"c{number}", GROUP, 60_000)
        yield ops.Close(f"c{number}")
        yield ops.FetchCommitted(GROUP, TOPIC, 0)


def at_intervals(replication: int) -> Iterator[Step]:
    """Consumers that commit by themselves often, and others seldom, read a record at a time."""
    often, seldom = (tuple(f"{word}-{number}" for number in range(5)) for word in ("often", "seldom"))
    yield topic(1, replication)
    yield ops.OpenProducer("p0")
    for one, other in zip(often, seldom, strict=True):
        yield from _by_itself(one, one, 1_000)
        yield from _by_itself(other, other, 20_000)
    for number in range(5):
        yield from sends(1, start=number)
        yield from (ops.Poll(client) for client in (*often, *seldom))
        yield Elapse(1_100)
        yield from (ops.FetchCommitted(client, TOPIC, 0) for client in (*often, *seldom))
    yield Elapse(5_100)
    yield from (ops.FetchCommitted(client, TOPIC, 0) for client in often)


def of_a_deleted_topic(replication: int) -> Iterator[Step]:
    """A group commits, and its topic is deleted and created anew: what does it find there?"""
    yield topic(1, replication)
    yield ops.OpenProducer("p0")
    yield from sends(6)
    for client, offset in (("c0", 3), ("c1", 5)):
        yield from member(client)
        yield Settle(GROUP)
        yield ops.Commit(client, _at(offset))
        yield ops.Close(client)
        yield ops.DeleteTopic(TOPIC)
        yield Elapse(500)
        yield topic(1, replication)
        yield Elapse(3_500)
        yield from member(f"{client}-again")
        yield Settle(GROUP)
        yield ops.Committed(f"{client}-again", TOPIC, 0)
        yield ops.Close(f"{client}-again")
