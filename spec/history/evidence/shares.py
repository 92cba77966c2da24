"""Shares: what the members of a group ask for, and who of a group at rest owned which partitions."""

from collections.abc import Iterator
from typing import Final, NamedTuple

import msgspec
import numpy as np

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.derived import derived
from brokerlaw.spec.history.evidence.assignments import contested, holders, of_group
from brokerlaw.spec.history.evidence.operations import of_kind
from brokerlaw.spec.history.evidence.outages import disturbed
from brokerlaw.spec.history.evidence.relations import among, last_before, take
from brokerlaw.spec.history.evidence.settings import consumers
from brokerlaw.spec.history.evidence.topics import known, partition_count
from brokerlaw.spec.history.evidence.waits import left_while_joining, members_of
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.observations import Stable
from brokerlaw.spec.history.tables import FAIL, OK
from brokerlaw.spec.history.values import TopicPartition

RACK: Final = "client.rack"


class Wish(NamedTuple):
    """What all members of a group ask for; `racks`: some of them say where they are."""

    protocol: str
    assignor: str
    topics: tuple[str, ...]
    racks: bool


def wish(h: History, group: str, time: int) -> Wish | None:
    """What all members that a group ever had ask for; None where they differ, or where a topic was not as it had been
    created by this time.
    """
    members = members_of(h, group)
    shares = {(member.protocol, member.assignor) for member in members.values()}
    asked = of_kind(h, ops.Subscribe, failed=True)
    topics = {_topics(h, number) for number in asked[among(h.operations.opened[asked], [*members])].tolist()}
    if len(shares) != 1 or len(topics) != 1:
        return None
    ((protocol, assignor),), (wanted,) = shares, topics
    lasting = all(topic in known(h) and partition_count(h, topic, time) is not None for topic in wanted)
    racks = any(RACK in member.settings for member in members.values())
    return Wish(protocol, assignor, wanted, racks) if lasting else None


def _topics(h: History, number: int) -> tuple[str, ...]:
    op = h.invocations[number].value
    assert isinstance(op, ops.Subscribe)
    return tuple(sorted(op.topics))


class Shares(NamedTuple):
    """What the members of a stable group held: by partition of its topics, the rows that gave it to each owner."""

    row: int
    time: int
    stable: Stable
    owners: dict[str, dict[str, int]]

    @property
    def busy(self) -> set[str]:
        """Members that own something."""
        return {member for owners in self.owners.values() for member in owners}

    @property
    def unfair(self) -> list[str]:
        """Partitions without exactly one owner."""
        return [name for name, owners in self.owners.items() if len(owners) != 1]


@derived
def shares(h: History) -> tuple[Shares, ...]:
    return tuple(_each_share(h))


def _each_share(h: History) -> Iterator[Shares]:
    """At each rest of a group over topics of a known size, unless a broker was down just then.

    Who holds nothing and whose last poll was refused, or who shares its instance id with another client, is perhaps
    none of its members: the other is, before it or instead of it. Which of several topics it alone has asked for is
    not told, so that nothing is said of them. Nor is it where a client left while it was joining.
    """
    times = np.array([time for _, time, _ in h.stable], dtype=np.int64)
    calm = ~disturbed(h, times, times)
    for (row, time, stable), judged in zip(h.stable, calm, strict=True):
        judged = judged and not left_while_joining(h, stable.group, time)
        if judged and all(topic in known(h) and partition_count(h, topic, time) for topic in stable.topics):
            owners = _owners(h, stable, time)
            able = {*_able(h, stable.members, row)} - _sharing(h, time)
            able |= {owner for each in owners.values() for owner in each}
            if able and (len(stable.topics) == 1 or able.issuperset(stable.members)):
                members = tuple(member for member in stable.members if member in able)
                yield Shares(row, time, msgspec.structs.replace(stable, members=members), owners)


def _sharing(h: History, time: int) -> set[str]:
    """Members that are not alone with their static ids."""
    return {consumer.client for opened, consumer in consumers(h).items() if contested(h)[opened] <= time}


def _able(h: History, members: tuple[str, ...], row: int) -> tuple[str, ...]:
    """Those whose last poll before this row was not refused."""
    operations, polls = h.operations, of_kind(h, ops.Poll, failed=True)
    asked = np.array([h.processes.find(member) for member in members], dtype=np.int64)
    last = last_before(operations.client[polls], operations.ended[polls], asked, np.full(len(asked), row))
    refused = take(operations.status[polls], last, OK) == FAIL
    return tuple(member for member, no in zip(members, refused.tolist(), strict=True) if not no)


def _owners(h: History, stable: Stable, time: int) -> dict[str, dict[str, int]]:
    """By partition of the topics: its owners among the members, each with the row of its assignment."""
    names = [TopicPartition(topic, n) for topic in stable.topics for n in range(h.created[topic].partitions)]
    owners: dict[str, dict[str, int]] = {str(name): {} for name in names}
    held = of_group(h, stable.group)
    held = held[holders(held, time)]
    for tp, process, row in zip(held.tp.tolist(), held.process.tolist(), held.row.tolist(), strict=True):
        if h.processes[process] in stable.members and str(h.partitions[tp]) in owners:
            owners[str(h.partitions[tp])][h.processes[process]] = row
    return owners
