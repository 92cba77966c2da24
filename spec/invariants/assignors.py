"""Assignors: a group whose members ask for one assignor is shared out as it is documented, and takes them all in."""

from itertools import pairwise
from typing import Final

import numpy as np

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.evidence.errors import told
from brokerlaw.spec.history.evidence.operations import of_kind
from brokerlaw.spec.history.evidence.relations import among
from brokerlaw.spec.history.evidence.settings import consumers
from brokerlaw.spec.history.evidence.shares import Wish, wish
from brokerlaw.spec.history.evidence.waits import members_of
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.tables import OK
from brokerlaw.spec.history.values import GroupState, Member, TopicPartition
from brokerlaw.spec.invariants.invariant import Finding, Violation, invariant
from brokerlaw.spec.invariants.wording import violation

DOCUMENTED: Final = ("range", "roundrobin")
"""Assignors that say who is to have which partition; others say how many each is to have."""
INCONSISTENT: Final = ("INCONSISTENT_GROUP_PROTOCOL",)
LIARS: Final = ("open_consumer.request.assignor", "open_consumer.request.protocol")


@invariant(
    "groups.assigned-as-documented",
    statement="A stable group is shared out as its assignor says: range, to each member a range of each topic; "
    "roundrobin, all partitions in turn.",
    formal="∀ description d of a stable classic group of n members that ask for the same topics, i-th of all partitions"
    " p, q of member m: range ⇒ those of one topic are i, i+1, …; roundrobin ⇒ they are i, i+n, i+2n, …",
    source="Kafka documentation, partition.assignment.strategy: RangeAssignor and RoundRobinAssignor",
    capabilities=("topics", "groups", "groups.admin"),
    covers=("groups.static",),
    liars=LIARS,
)
def assigned_as_documented(h: History) -> Finding:
    """Left out are groups whose members ever differed in what they asked for, or know of racks, and topics that grew or
    were deleted.
    """
    tested, breaches = 0, []
    for number, state in h.described_groups:
        asked = h.invocations[number].value
        assert isinstance(asked, ops.DescribeGroup)
        alike = wish(h, asked.group, int(h.operations.completed[number]))
        if state.state == "stable" and len(state.members) > 1 and alike and _documented(alike):
            tested += 1
            wrong = _against(h, state, alike)
            if wrong is not None:
                breaches.append(_strange(h, number, asked.group, alike.assignor, wrong))
    return Finding(tested, tuple(breaches))


def _documented(alike: Wish) -> bool:
    return alike.protocol == "classic" and alike.assignor in DOCUMENTED and not alike.racks


def _against(h: History, state: GroupState, alike: Wish) -> Member | None:
    """A member whose share is not the assignor's."""
    every = [TopicPartition(topic, number) for topic in alike.topics for number in range(h.created[topic].partitions)]
    place, members = {tp: at for at, tp in enumerate(every)}, len(state.members)
    for member in state.members:
        mine = sorted(place[tp] for tp in member.assignment if tp in place)
        if alike.assignor == "roundrobin":
            fair = all(after - before == members for before, after in pairwise(mine))
        else:
            fair = all(after - before == 1 for before, after in pairwise(mine) if every[before][0] == every[after][0])
        if not fair:
            return member
    return None


def _strange(h: History, number: int, group: str, assignor: str, wrong: Member) -> Violation:
    share = ", ".join(map(str, sorted(wrong.assignment)))
    return violation(h, f"group {group} is shared out by {assignor}, and a member of it has {share}", (number,))


@invariant(
    "groups.alike-are-taken-in",
    statement="A member is not refused as inconsistent with its group where all its members ask for the same.",
    formal="∀ poll of m refused with INCONSISTENT_GROUP_PROTOCOL: a member of its group was opened with another"
    " protocol or assignor than m",
    source="Kafka protocol, errors: INCONSISTENT_GROUP_PROTOCOL; KIP-848",
    capabilities=("topics", "groups"),
    covers=("groups.cooperative", "groups.next"),
    liars=LIARS,
)
def alike_are_taken_in(h: History) -> Finding:
    """Counted are members that share their group with others, all of them alike."""
    operations, refused = h.operations, np.flatnonzero(told(h, INCONSISTENT))
    refused = refused[among(refused, of_kind(h, ops.Poll, failed=True)) & (operations.status[refused] != OK)]
    tested, breaches = 0, []
    for opened, member in consumers(h).items():
        group = members_of(h, member.group) if member.group is not None else {}
        if len(group) > 1 and len({(each.protocol, each.assignor) for each in group.values()}) == 1:
            tested += 1
            mine = refused[operations.opened[refused] == opened]
            breaches += [_turned_away(h, opened, member, int(mine[0]))] if len(mine) else []
    return Finding(tested, tuple(breaches))


def _turned_away(h: History, opened: int, member: ops.OpenConsumer, poll: int) -> Violation:
    alike = (
        f"as inconsistent with group {member.group}, whose members all ask for {member.assignor} ({member.protocol})"
    )
    return violation(h, f"{member.client} was refused {alike}", (opened, poll))
