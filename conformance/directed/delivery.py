"""Delivery: an application vanishes or stands still at each point of poll, process and commit."""

from collections.abc import Callable, Iterator

from brokerlaw.conformance.directed.vocabulary import GROUP, OUTPUT, TOPIC, member, sends, topic
from brokerlaw.conformance.plan import DeclareApplication, Elapse, RunApplication, Settle, Step, Until
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.observations import Discipline


def _isolation(discipline: Discipline) -> ops.Isolation:
    return "read_committed" if discipline == "exactly-once" else "read_uncommitted"


def _application(discipline: Discipline, replication: int, partitions: int = 1) -> Iterator[Step]:
    """A topic in, a topic out, and what the application between them promises."""
    yield topic(partitions, replication)
    yield topic(1, replication, OUTPUT)
    yield ops.OpenProducer("p0")
    yield DeclareApplication(GROUP, TOPIC, discipline, OUTPUT)


def crash_between(discipline: Discipline, until: Until) -> Callable[[int], Iterator[Step]]:
    """An instance vanishes after `until`; another takes over."""

    def steps(replication: int) -> Iterator[Step]:
        isolation = _isolation(discipline)
        yield from _application(discipline, replication)
        yield from sends(3)
        yield from member("c0", isolation=isolation)
        yield Settle(GROUP)
        yield from sends(3, start=3)
        yield RunApplication("c0", until)
        yield Elapse(1_500)
        yield ops.Crash("c0")
        yield from member("c1", isolation=isolation)
        yield Settle(GROUP)
        yield RunApplication("c1")

    return steps


def zombie(discipline: Discipline, until: Until, kind: str = "eager") -> Callable[[int], Iterator[Step]]:
    """An instance stands still in mid-turn, its partition moves on, and it wakes and finishes its turn."""

    def steps(replication: int) -> Iterator[Step]:
        isolation = _isolation(discipline)
        yield from _application(discipline, replication)
        yield from sends(2)
        yield from member("c0", isolation=isolation, kind=kind)
        yield Settle(GROUP)
        yield from sends(3, start=2)
        yield RunApplication("c0", until)
        yield ops.Freeze("c0")
        yield from member("c1", isolation=isolation, kind=kind)
        yield Settle(GROUP)
        yield from sends(2, start=5)
        yield RunApplication("c1")
        yield RunApplication("c1")
        yield ops.Thaw("c0")
        yield RunApplication("c0")
        yield Settle(GROUP)

    return steps


def set_aside(replication: int) -> Iterator[Step]:
    """Records that cannot be processed, among others; an instance vanishes between a try and the next."""
    yield from _application("dead-letter", replication)
    yield from sends(3)
    for number, key in enumerate((b"key-0", None, b"key-1")):
        yield ops.Send("p0", TOPIC, b"p0-%d:poison" % (100 + number), key, 0)
        yield from sends(2, start=3 + 2 * number)
    yield from member("c0")
    yield Settle(GROUP)
    yield from (RunApplication("c0") for _ in range(3))
    yield from sends(2, start=9)
    yield ops.Send("p0", TOPIC, b"p0-200:poison", b"key-2", 0)
    yield RunApplication("c0", "halfway")
    yield ops.Crash("c0")
    yield from member("c1")
    yield Settle(GROUP)
    yield from (RunApplication("c1") for _ in range(4))


def full(replication: int) -> Iterator[Step]:
    """More records than an instance has room for; another joins, and the lag falls faster."""
    yield from _application("backpressure", replication, partitions=2)
    yield from sends(30)
    yield from member("c0")
    yield from (RunApplication("c0") for _ in range(14))
    yield from sends(10, start=30)
    yield from member("c1")
    for _ in range(8):
        yield RunApplication("c0")
        yield RunApplication("c1")
    yield Settle(GROUP)
