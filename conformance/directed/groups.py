"""Groups: members come, go, die and stand still; each partition finds its next owner."""

from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

from brokerlaw.conformance.directed.vocabulary import (
    GROUP,
    KINDS,
    OUTPUT,
    TOPIC,
    Assignor,
    Protocol,
    member,
    sends,
    topic,
)
from brokerlaw.conformance.plan import DeclareApplication, Elapse, RunApplication, Settle, Step
from brokerlaw.conformance.timeouts import SESSION_TIMEOUT
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.values import PartitionOffset

LONG: Final = 17_000
"""Milliseconds of a session or a poll interval of which twice as many are more than is allowed on top of them."""
Kind: TypeAlias = tuple[str, Assignor, Protocol]
"""A group's name, and what its members ask for."""


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


def comes_and_goes(kind: str) -> Callable[[int], Iterator[Step]]:
    """One member after the other joins, and then one after the other leaves: the others keep what they have."""

    def steps(replication: int) -> Iterator[Step]:
        yield topic(6, replication)
        yield ops.OpenProducer("p0")
        yield from sends(6)
        for client in ("c0", "c1", "c2", "c3"):
            yield from member(client, kind=kind)
            yield Settle(GROUP)
        for client in ("c1", "c0"):
            yield ops.Close(client)
            yield Settle(GROUP)

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
        for topics in ((TOPIC,), names, names[::-1], names[:2] if number else names[1:]):
            yield ops.Subscribe(f"c{number}", topics)
            yield Settle(GROUP)
    yield ops.Close("c0")
    yield Settle(GROUP)


def _teams(replication: int, kinds: tuple[Kind, ...]) -> Iterator[Step]:
    """Groups of these names, assignors and protocols over two topics; a member joins each of them, and another."""
    yield from (topic(5, replication), topic(4, replication, OUTPUT), ops.OpenProducer("p0"))
    yield from sends(6)
    for number in range(3):
        for group, assignor, protocol in kinds:
            client = f"{group}-{number}"
            yield ops.OpenConsumer(client, group, assignor=assignor, protocol=protocol, session_timeout=SESSION_TIMEOUT)
            yield ops.Subscribe(client, (TOPIC, OUTPUT))
            yield Settle(group)


def assignors(replication: int) -> Iterator[Step]:
    """Groups that are shared out by range, and others by round robin."""
    kinds: tuple[Kind, ...] = (
        ("first", "range", "classic"),
        ("second", "roundrobin", "classic"),
        ("third", "range", "classic"),
        ("fourth", "roundrobin", "classic"),
    )
    return _teams(replication, kinds)


def protocols(replication: int) -> Iterator[Step]:
    """Groups of both protocols."""
    kinds: tuple[Kind, ...] = (
        ("first", "range", "classic"),
        ("second", "uniform", "consumer"),
        ("third", "range", "classic"),
        ("fourth", "uniform", "consumer"),
    )
    return _teams(replication, kinds)


def _pair(group: str, session: int, max_poll: int = 60_000) -> Iterator[Step]:
    """A group of two: a keeper with other timeouts, and a sleeper with these."""
    other = 20_000 if session == SESSION_TIMEOUT else SESSION_TIMEOUT
    yield ops.OpenConsumer(f"keeper-{group}", group, session_timeout=other)
    yield ops.Subscribe(f"keeper-{group}", (TOPIC,))
    yield ops.OpenConsumer(f"sleeper-{group}", group, session_timeout=session, max_poll_interval=max_poll)
    yield ops.Subscribe(f"sleeper-{group}", (TOPIC,))
    yield Settle(group)


def _keep(groups: tuple[str, ...], milliseconds: int) -> Iterator[Step]:
    """The keepers alone poll, for about this time."""
    for _ in range(milliseconds // 1_000):
        yield from (ops.Poll(f"keeper-{group}", timeout=1_000 // len(groups)) for group in groups)


def asleep(replication: int) -> Iterator[Step]:
    """Members stand still for a part of their session, and others do not poll for a while: they keep what they have."""
    frozen, idle = ("first", "second", "third"), ("fourth", "fifth", "sixth")
    yield topic(2, replication)
    for group in frozen:
        yield from _pair(group, 20_000)
    for group in idle:
        yield from _pair(group, SESSION_TIMEOUT, 20_000)
    yield from (ops.Freeze(f"sleeper-{group}") for group in frozen)
    yield from _keep((*frozen, *idle), 8_000)
    yield from (ops.Thaw(f"sleeper-{group}") for group in frozen)
    yield from (Settle(group) for group in (*frozen, *idle))


def unheard(replication: int) -> Iterator[Step]:
    """Members vanish, leave, or do not poll for longer than they may: they are missed, also where that is long."""
    leaving = ("left", "deserted")
    vanishing = {"first": SESSION_TIMEOUT, "second": SESSION_TIMEOUT, "third": LONG}
    idle = {"fourth": 6_000, "fifth": 6_000, "sixth": 6_000, "seventh": 6_000, "eighth": LONG}
    yield topic(2, replication)
    for group in leaving:
        yield from _two(group, "eager")
    yield from _poll_all(leaving)
    for group, session in vanishing.items():
        yield from _pair(group, session)
    for group, interval in idle.items():
        yield from _pair(group, SESSION_TIMEOUT, interval)
    yield from (ops.Crash(f"sleeper-{group}") for group in vanishing)
    yield from (ops.Close("sleeper-left"), ops.Close("sleeper-deserted"), ops.Close("keeper-deserted"))
    yield from _keep((*vanishing, *idle, "left"), 2 * LONG)


def leavers(replication: int) -> Iterator[Step]:
    """Members with long sessions close; others have their partitions soon, however the group rebalances."""
    kinds = {"first": "cooperative", "second": "uniform"}
    yield topic(2, replication)
    for group, kind in kinds.items():
        yield from _two(group, kind)
    yield from _poll_all(tuple(kinds))
    yield from (ops.Close(f"sleeper-{group}") for group in kinds)
    yield from _keep(tuple(kinds), 17_000)


def deserted(replication: int) -> Iterator[Step]:
    """Groups lose all their members; they have none."""
    yield topic(2, replication)
    yield from (*_two("first", "eager"), *_two("second", "eager"))
    yield from _poll_all(("first", "second"))
    yield from (ops.Close(f"{who}-{group}") for group in ("first", "second") for who in ("keeper", "sleeper"))
    yield Elapse(14_000)
    yield from (ops.DescribeGroup("first"), ops.DescribeGroup("second"))


def _two(group: str, kind: str) -> Iterator[Step]:
    """A group of a keeper and a sleeper with long sessions."""
    assignor, protocol = KINDS[kind]
    for client in (f"keeper-{group}", f"sleeper-{group}"):
        yield ops.OpenConsumer(client, group, assignor=assignor, protocol=protocol, session_timeout=30_000)
        yield from (ops.Subscribe(client, (TOPIC,)), Settle(group))


def _poll_all(groups: tuple[str, ...]) -> Iterator[Step]:
    """Keepers and sleepers poll for longer than a heartbeat, with which those learn that these have come."""
    clients = [f"{who}-{group}" for group in groups for who in ("keeper", "sleeper")]
    for _ in range(10):
        yield from (ops.Poll(client, timeout=400 // len(clients)) for client in clients)


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


def static_members_return(kind: str) -> Callable[[int], Iterator[Step]]:
    """One static member after the other closes and comes back within its session: the other keeps what it has.

    They poll for longer than a heartbeat before their group is taken to be at rest.
    """

    def steps(replication: int) -> Iterator[Step]:
        assignor, protocol = KINDS[kind]
        session = 5 * SESSION_TIMEOUT
        yield topic(6, replication)
        for number in range(4):
            client, place = f"c{number}", f"i{number % 2}"
            if number > 1:
                yield ops.Close(f"c{number - 2}")
            yield ops.OpenConsumer(
                client, GROUP, instance_id=place, assignor=assignor, protocol=protocol, session_timeout=session
            )
            yield ops.Subscribe(client, (TOPIC,))
            members = (client, f"c{number - 1}") if number else (client,)
            for _ in range(8):
                yield from (ops.Poll(each, timeout=200) for each in members)
            yield Settle(GROUP)

    return steps


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


def instance_claimed_twice(replication: int) -> Iterator[Step]:
    """A client comes with the instance id of one that lives; both poll, and commit in turn."""
    yield topic(1, replication)
    yield ops.OpenProducer("p0")
    yield from sends(8)
    for client in ("c0", "c1"):
        yield ops.OpenConsumer(client, GROUP, instance_id="instance", session_timeout=SESSION_TIMEOUT)
        yield ops.Subscribe(client, (TOPIC,))
        yield from (ops.Poll(client, timeout=500) for _ in range(8 if client == "c0" else 3))
    for number in range(8):
        client = f"c{number % 2}"
        yield ops.Poll(client, timeout=200)
        yield ops.Commit(client, (PartitionOffset(TOPIC, 0, number),))
    yield ops.Close("c0")
    yield Settle(GROUP)
