"""Offsets told: by time, the end while records come and while transactions are open, after a deletion; lags; resets."""

from collections.abc import Iterator

from brokerlaw.conformance.directed.vocabulary import GROUP, TOPIC, member, sends, topic
from brokerlaw.conformance.plan import (
    AwaitLeader,
    DeclareApplication,
    Elapse,
    Heal,
    InjectFault,
    RunApplication,
    Settle,
    Step,
)
from brokerlaw.conformance.timeouts import SESSION_TIMEOUT
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.values import PartitionOffset

EARLIEST, LATEST = ops.ListOffsets(TOPIC, 0, "earliest"), ops.ListOffsets(TOPIC, 0, "latest")


def ends(replication: int) -> Iterator[Step]:
    """The end is asked for after each record."""
    yield topic(1, replication)
    yield ops.OpenProducer("p0")
    yield LATEST
    for number in range(4):
        yield from sends(1, start=number)
        yield LATEST


def stable_ends(replication: int) -> Iterator[Step]:
    """The end at both levels, while a transaction is open and when it was ended."""
    levels = (LATEST, ops.ListOffsets(TOPIC, 0, "latest", "read_committed"))
    yield topic(1, replication)
    yield ops.OpenProducer("p0", transactional_id="tx")
    ends: tuple[Step, ...] = (ops.CommitTransaction("p0"), ops.AbortTransaction("p0"))
    for number, end in enumerate(ends * 2):
        yield ops.BeginTransaction("p0")
        yield from sends(2, start=2 * number)
        yield from (*levels, *levels)
        yield end
        yield from levels


def by_time(replication: int) -> Iterator[Step]:
    """Records with times of their own, which go up, stay and go back; lookups at, between and beyond them."""
    yield topic(1, replication, retention_ms="-1")
    yield ops.OpenProducer("p0")
    for number, time in enumerate((1_000, 1_010, 1_010, 1_005, 1_030, 1_020)):
        yield ops.Send("p0", TOPIC, b"p0-%d:" % number, timestamp=time)
    for time in (0, 1_000, 1_001, 1_010, 1_011, 1_025, 1_030, 1_031) * 2:
        yield ops.ListOffsets(TOPIC, 0, time)


def deleted(replication: int) -> Iterator[Step]:
    """Records are deleted up to an offset, then all there are; start, lookups and new readers agree."""
    yield topic(1, replication)
    yield ops.OpenProducer("p0")
    yield from sends(6)
    for number, before in enumerate((3, 4, -1)):
        reader = f"c{number}"
        yield from (EARLIEST, ops.DeleteRecords(TOPIC, 0, before), EARLIEST, LATEST)
        yield ops.OpenConsumer(reader)
        yield from (ops.Assign(reader, (PartitionOffset(TOPIC, 0, 0),)), ops.Poll(reader), ops.Poll(reader, 2))
        yield from sends(2, start=6 + 2 * number)
        yield ops.Poll(reader)


def deleted_by_time(replication: int) -> Iterator[Step]:
    """The same, looked up by time."""
    yield from by_time(replication)
    yield from (ops.DeleteRecords(TOPIC, 0, 3), EARLIEST)
    yield from (ops.ListOffsets(TOPIC, 0, time) for time in (0, 1_000, 1_010, 1_030))


def lags(replication: int) -> Iterator[Step]:
    """A group commits one record after the other, and is asked how far it is behind."""
    asked = ops.Lag(GROUP, TOPIC, 0)
    yield topic(1, replication)
    yield ops.OpenProducer("p0")
    yield from sends(5)
    yield from member("c0")
    yield from (asked, Settle(GROUP))
    for offset in (1, 3, 5):
        yield from (ops.Commit("c0", (PartitionOffset(TOPIC, 0, offset),)), asked)
    yield from sends(2, start=5)
    yield asked


def added(replication: int) -> Iterator[Step]:
    """A topic is expanded under a member that resets to latest, and something is sent before it has learned of that."""
    yield topic(1, replication)
    yield ops.OpenProducer("p0")
    yield from sends(2)
    yield ops.OpenConsumer("c0", GROUP, reset="latest", session_timeout=SESSION_TIMEOUT)
    yield from (ops.Subscribe("c0", (TOPIC,)), Settle(GROUP), ops.Poll("c0"))
    yield ops.CreatePartitions(TOPIC, 2)
    yield from (ops.Send("p0", TOPIC, b"p0-%d:added" % number, partition=1) for number in range(2, 5))
    yield Settle(GROUP)
    yield from (ops.Send("p0", TOPIC, b"p0-%d:added" % number, partition=1) for number in range(5, 7))
    yield from (ops.Poll("c0"), ops.Poll("c0"))


def resets_by_duration(replication: int) -> Iterator[Step]:
    """A group that has committed nothing begins at what is not older than it says."""
    yield topic(1, replication)
    yield ops.OpenProducer("p0")
    for number in range(3):
        yield from sends(2, start=2 * number)
        yield Elapse(1_500)
    yield ops.OpenConsumer("c0", GROUP, reset="by_duration:PT2S", session_timeout=SESSION_TIMEOUT)
    yield from (ops.Subscribe("c0", (TOPIC,)), Settle(GROUP), ops.Position("c0", TOPIC, 0))
    yield from sends(2, start=6)
    yield from (ops.Poll("c0"), ops.Poll("c0"))


def resets(replication: int) -> Iterator[Step]:
    """Groups that have committed nothing: at the end, and nowhere."""
    yield topic(1, replication)
    yield ops.OpenProducer("p0")
    yield from sends(4)
    for number, reset in enumerate(("latest", "none")):
        client, group = f"c{number}", f"{GROUP}-{reset}"
        yield ops.OpenConsumer(client, group, reset=reset, session_timeout=SESSION_TIMEOUT)
        yield from (ops.Subscribe(client, (TOPIC,)), Settle(group), ops.Position(client, TOPIC, 0))
        yield from sends(2, start=4 + 2 * number)
        yield from (ops.Poll(client), ops.Poll(client))


def deleted_and_led_by_another(replication: int) -> Iterator[Step]:
    """Records are deleted, and then another broker leads, in good order: it knows where its log begins."""
    yield topic(1, replication)
    yield ops.OpenProducer("p0")
    yield InjectFault("kill", "leader", TOPIC)
    yield from (AwaitLeader(TOPIC), Heal(), Elapse(2_000))
    yield from sends(6)
    yield from (ops.DeleteRecords(TOPIC, 0, 4), EARLIEST)
    yield from (ops.ElectLeader(TOPIC, 0), Elapse(500))
    yield from (EARLIEST, EARLIEST)
    yield ops.OpenConsumer("c0")
    yield from (ops.Assign("c0", (PartitionOffset(TOPIC, 0, 0),)), ops.Poll("c0"), ops.Poll("c0"))


def begun_behind_what_was_deleted(replication: int) -> Iterator[Step]:
    """A group begins to work where the first records have been deleted."""
    yield topic(1, replication)
    yield ops.OpenProducer("p0")
    yield DeclareApplication(GROUP, TOPIC, "at-least-once", "sink")
    yield from sends(5)
    yield ops.DeleteRecords(TOPIC, 0, 3)
    yield from member("c0")
    yield Settle(GROUP)
    yield RunApplication("c0")
    yield ops.Position("c0", TOPIC, 0)
    yield from sends(2, start=5)
    yield RunApplication("c0")
