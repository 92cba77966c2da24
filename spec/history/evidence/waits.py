"""Waits of the suite that ended in vain, though nothing that the history shows stood in the way."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.bounds import Bounds
from brokerlaw.spec.history.columns import Bools, Ints
from brokerlaw.spec.history.derived import derived
from brokerlaw.spec.history.evidence.operations import of_kind
from brokerlaw.spec.history.evidence.outages import disturbed
from brokerlaw.spec.history.evidence.relations import among, last_before, take
from brokerlaw.spec.history.evidence.settings import consumers
from brokerlaw.spec.history.evidence.topics import expanded, known
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.numbers import MILLISECOND
from brokerlaw.spec.history.observations import Awaited, WaitTimedOut
from brokerlaw.spec.history.tables import FAIL, OK
from brokerlaw.spec.history.values import TopicPartition

JOINING = 10_000
"""Milliseconds in which a client that polls has certainly joined."""
LEAST_POLL_INTERVAL = 30_000
"""Milliseconds of `max.poll.interval.ms` with which members that are polled in turn do not lose their partitions."""


class InVain(NamedTuple):
    """A wait in [begun, ended] (ns), which `row` tells."""

    row: int
    begun: int
    ended: int
    wait: WaitTimedOut

    @property
    def tp(self) -> TopicPartition:
        """The partition that was waited for."""
        assert self.wait.topic is not None
        assert self.wait.partition is not None
        return TopicPartition(self.wait.topic, self.wait.partition)

    @property
    def seconds(self) -> str:
        """How long it was, for people."""
        return f"{self.wait.milliseconds / 1000:g} s"


@derived
def bounds(h: History) -> Bounds:
    """What the broker's settings allow it."""
    return Bounds(h.broker_settings)


def longest_transaction(h: History) -> int:
    """Milliseconds until every transaction is ended, whoever left it open; 0: there are none."""
    opened = (client for _, client in h.clients if isinstance(client, ops.OpenProducer) and client.transactional_id)
    longest = max((client.transaction_timeout for client in opened), default=None)
    return 0 if longest is None else bounds(h).transactions(longest)


def in_vain(h: History, awaited: Awaited, bound: int) -> Iterator[InVain]:
    """Waits for this, as long as `bound` (ms) at least, during which no broker was disturbed."""
    for row, time, wait in h.timed_out:
        if wait.awaited == awaited and wait.milliseconds >= bound:
            begun = time - wait.milliseconds * MILLISECOND
            if not disturbed(h, np.array([begun]), np.array([time]))[0]:
                yield InVain(row, begun, time, wait)


def undisturbed(h: History, time: Ints) -> Bools:
    """At which of these times no broker was disturbed."""
    return ~disturbed(h, time, time)


def restful(h: History, group: str, begun: int, ended: int) -> bool:
    """Whether nothing that its members did keeps a group from its rest.

    They are `ordinary`, and may take their time between polls.
    """
    members = members_of(h, group).values()
    patient = all(member.max_poll_interval >= LEAST_POLL_INTERVAL for member in members)
    return patient and ordinary(h, group, begun, ended)


def ordinary(h: History, group: str, begun: int, ended: int) -> bool:
    """Whether the members of a group are alike: no reason to be refused is among them.

    All read known topics that did not grow, by one protocol and assignor, each with an instance id of its own or none.
    None was refused as it joined, nor as it polled in this time, and none left while it was joining.
    """
    members = members_of(h, group)
    shares = {(member.protocol, member.assignor) for member in members.values()}
    instances = [member.instance_id for member in members.values() if member.instance_id is not None]
    alike = len(shares) == 1 and len(set(instances)) == len(instances)
    joined = _joined(h, [*members], ended) and not left_while_joining(h, group, ended)
    return alike and joined and not _refused(h, [*members], begun, ended)


def left_while_joining(h: History, group: str, time: int) -> bool:
    """Whether a client of the group had unsubscribed soon after it subscribed, and before it was told of any partition.

    Its request to join may be under way, and make it a member that nobody polls. librdkafka does not take it back.
    """
    operations, left = h.operations, of_kind(h, ops.Unsubscribe, failed=True)
    left = left[among(operations.opened[left], [*members_of(h, group)]) & (operations.invoked[left] <= time)]
    if not len(left):
        return False
    opened, row, asked = operations.opened, operations.row, of_kind(h, ops.Subscribe, failed=True)
    subscribed = take(asked, last_before(opened[asked], row[asked], opened[left], row[left]))
    told = take(h.ownership.row, last_before(h.ownership.opened, h.ownership.row, opened[left], row[left]))
    soon = operations.invoked[left] - take(operations.invoked, subscribed) < JOINING * MILLISECOND
    return bool(((subscribed >= 0) & (told < take(row, subscribed)) & soon).any())


def members_of(h: History, group: str) -> dict[int, ops.OpenConsumer]:
    """The consumers of a group, by the operation that opened each."""
    return {opened: consumer for opened, consumer in consumers(h).items() if consumer.group == group}


def _joined(h: History, members: list[int], ended: int) -> bool:
    """Whether all that these asked for is known topics that did not grow, and was granted."""
    asked = of_kind(h, ops.Subscribe, failed=True)
    asked = asked[among(h.operations.opened[asked], members)]
    topics: set[str] = set()
    for number in asked.tolist():
        op = h.invocations[number].value
        assert isinstance(op, ops.Subscribe)
        topics |= {*op.topics}
    grown = {topic for topic, time in expanded(h).items() if time <= ended}
    return bool(np.all(h.operations.status[asked] == OK)) and topics <= known(h) and not topics & grown


def _refused(h: History, members: list[int], begun: int, ended: int) -> bool:
    operations, polls = h.operations, of_kind(h, ops.Poll, failed=True)
    theirs = polls[among(operations.opened[polls], members) & (operations.status[polls] == FAIL)]
    during = (operations.invoked[theirs] >= begun) & (operations.invoked[theirs] <= ended)
    return bool(during.any())
