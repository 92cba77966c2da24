"""Delivery: an application vanishes or stands still at each point of poll, process and commit."""

from collections.abc import Callable, Iterator

from brokerlaw.conformance.directed.vocabulary import GROUP, OUTPUT, TOPIC, member, sends, topic
from brokerlaw.conformance.plan import DeclareApplication, Elapse, RunApplication, Settle, Step, Until
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.observations import Discipline


def _isolation(discipline: Discipline) -> ops.Isolation:
    return "read_committed" if discipline == "exactly-once" else "read_uncommitted"


def _application(discipline: Discipline, replication: int) -> Iterator[Step]:
    """A topic in, a topic out, and what the application between them promises."""
    yield topic(1, replication)
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
