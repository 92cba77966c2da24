"""Groups: members come, go, die and stand still; each partition finds its next owner."""

from collections.abc import Callable, Iterator

from brokerlaw.conformance.directed.vocabulary import GROUP, OUTPUT, TOPIC, member, sends, topic
from brokerlaw.conformance.plan import DeclareApplication, RunApplication, Settle, Step
from brokerlaw.conformance.timeouts import SESSION_TIMEOUT
from brokerlaw.spec.history import operations as ops


def fan_out(replication: int) -> Iterator[Step]:
    """Two groups read the same records; what one has read and committed, the other still gets."""
    yield topic(2, replication)
    yield ops.OpenProducer("p0")
    yield from sends(6)
    for group, client in (("first", "c0"), ("second", "c1")):
        yield DeclareApplication(group, TOPIC, "at-least-once", f"{group}-sink")
        yield from member(client, group)
        yield Settle(group)
        yield RunApplication(client)
    yield ops.ListOffsets(TOPIC, 0, "earliest")


def rebalance(kind: str) -> Callable[[int], Iterator[Step]]:
    """Members come and go, more than there are partitions; each new owner goes on where the last one committed."""

    def steps(replication: int) -> Iterator[Step]:
        yield topic(2, replication)
        yield ops.OpenProducer("p0")
        yield DeclareApplication(GROUP, TOPIC, "at-least-once", "sink")
        yield from sends(6)
        for client in ("c0", "c1", "c2"):
            yield from member(client, kind=kind)
            yield Settle(GROUP)
        yield ops.Close("c0")
        yield from sends(3, start=6)
        yield Settle(GROUP)
        yield ops.Crash("c1")
        yield Settle(GROUP)
        yield from sends(2, start=9)
        yield RunApplication("c2")

    return steps


def several_topics(replication: int) -> Iterator[Step]:
    """Members of one group join for three topics, one after the other."""
    names = (TOPIC, OUTPUT, "returned")
    yield from (topic(2, replication, name) for name in names)
    yield ops.OpenProducer("p0")
    for number, name in enumerate(names):
        yield from sends(2, topic=name, start=2 * number)
    for number in range(3):
        yield ops.OpenConsumer(f"c{number}", GROUP, session_timeout=SESSION_TIMEOUT)
        for topics in ((TOPIC,), names, names[::-1]):
            yield ops.Subscribe(f"c{number}", topics)
            yield Settle(GROUP)
    yield ops.Close("c0")
    yield Settle(GROUP)


def zombies(replication: int) -> Iterator[Step]:
    """A member stands still until it is missed, while others join, and wakes when its partitions are theirs."""
    yield topic(6, replication)
    yield ops.OpenProducer("p0")
    yield from sends(6)
    yield ops.DescribeGroup("audit")
    for client in ("c0", "c1"):
        yield from member(client)
        yield Settle(GROUP)
    for number in range(3):
        yield ops.Freeze("c1")
        yield from member(f"c{2 + number}")
        yield Settle(GROUP)
        yield ops.Thaw("c1")
        yield ops.Poll("c1")
        yield Settle(GROUP)
        yield from sends(2, start=6 + 2 * number)


def static_member(replication: int) -> Iterator[Step]:
    """A static member dies and comes back under its instance id within its session: its partitions wait for it."""
    yield topic(2, replication)
    yield ops.OpenProducer("p0")
    yield DeclareApplication(GROUP, TOPIC, "at-least-once", "sink")
    yield from sends(4)
    for number in range(2):
        yield ops.OpenConsumer(f"c{number}", GROUP, instance_id=f"i{number}", session_timeout=3 * SESSION_TIMEOUT)
        yield ops.Subscribe(f"c{number}", (TOPIC,))
        yield Settle(GROUP)
    yield ops.Crash("c0")
    yield ops.OpenConsumer("c2", GROUP, instance_id="i0", session_timeout=3 * SESSION_TIMEOUT)
    yield ops.Subscribe("c2", (TOPIC,))
    yield from sends(3, start=4)
    yield Settle(GROUP)
    yield RunApplication("c2")


def partition_regained(replication: int) -> Iterator[Step]:
    """A member gives partitions to another, has them back when it leaves, and a third one joins (KIP-848)."""
    yield topic(4, replication)
    yield ops.OpenProducer("p0")
    yield DeclareApplication(GROUP, TOPIC, "at-least-once", "sink")
    yield from sends(4)
    for client in ("c0", "c1", "c2"):
        yield ops.OpenConsumer(client, GROUP, assignor="uniform", protocol="consumer", session_timeout=SESSION_TIMEOUT)
        yield ops.Subscribe(client, (TOPIC,))
        yield RunApplication(client)
        yield Settle(GROUP)
        if client == "c1":
            yield ops.Close(client)
            yield Settle(GROUP)


def instance_taken_over(replication: int) -> Iterator[Step]:
    """A static member stands still; another of its instance id takes its place, and it wakes."""
    yield topic(2, replication)
    yield ops.OpenProducer("p0")
    yield DeclareApplication(GROUP, TOPIC, "at-least-once", "sink")
    yield from sends(4)
    for client in ("c0", "c1"):
        yield ops.OpenConsumer(client, GROUP, instance_id="instance", session_timeout=SESSION_TIMEOUT)
        yield ops.Subscribe(client, (TOPIC,))
        yield Settle(GROUP)
        yield RunApplication(client)
        yield from sends(2, start=4 + 2 * int(client[1]))
        if client == "c0":
            yield RunApplication(client, "polled")
            yield ops.Freeze(client)
    yield ops.Thaw("c0")
    yield RunApplication("c0")
    yield Settle(GROUP)
