"""Deserted groups: whom all members have left has none, however it is asked for."""

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.evidence.operations import of_kind
from brokerlaw.spec.history.evidence.outages import disturbed
from brokerlaw.spec.history.evidence.relations import NEVER
from brokerlaw.spec.history.evidence.waits import bounds, left_while_joining, members_of
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.numbers import MILLISECOND
from brokerlaw.spec.history.tables import OK
from brokerlaw.spec.invariants.described import NOBODY
from brokerlaw.spec.invariants.invariant import MEMBERSHIPS, Finding, Violation, invariant
from brokerlaw.spec.invariants.silence import PATIENCE
from brokerlaw.spec.invariants.wording import violation

ACTS: Final = (ops.Subscribe, ops.Unsubscribe, ops.Close, ops.Crash)


class Told(NamedTuple):
    """What an operation told of a group: its state, if it told any, and how many members it has."""

    op: int
    group: str
    state: str | None
    members: int


@invariant(
    "groups.deserted-is-empty",
    statement="A group whose members have all left, or vanished longer ago than their sessions, is empty.",
    formal="∀ description or list entry d of g, asked for at t, every member of g closed by t - rebalance delay - 10 s,"
    " or vanished by its session before that: d has no members, and its state is empty or dead",
    source="Kafka protocol, DescribeGroups, ConsumerGroupDescribe (KIP-848), ListGroups (KIP-518): Empty, Dead",
    capabilities=("topics", "groups", "groups.admin"),
    mutants=("describes-who-left",),
    covers=MEMBERSHIPS,
    liars=("describe_group.answer.state", "list_groups.answer.[].state"),
)
def deserted_is_empty(h: History) -> Finding:
    """A member with an instance id does not leave when it closes, but is missed. No broker was down meanwhile.

    Who only unsubscribed may not have left yet, and who joined last may not be known of.
    """
    found = [told for told in _told(h) if _deserted(h, told)]
    wrong = (told for told in found if told.members or told.state not in (None, *NOBODY))
    return Finding(len(found), tuple(_haunted(h, told) for told in wrong))


def _told(h: History) -> Iterator[Told]:
    for op, described in h.described_groups:
        asked = h.invocations[op].value
        assert isinstance(asked, ops.DescribeGroup)
        yield Told(op, asked.group, described.state, len(described.members))
    for op, listed in h.listed_groups:
        yield from (Told(op, each.group, each.state, 0) for each in listed)


def _deserted(h: History, told: Told) -> bool:
    """Whether the group had members, and certainly has none any more."""
    invoked, asked, over = h.operations.invoked, h.operations.invoked[told.op], h.operations.completed[told.op]
    members = {op: each for op, each in members_of(h, told.group).items() if invoked[op] <= over}
    if not members or left_while_joining(h, told.group, int(over)):
        return False
    if any(_out(h, op, each, int(over)) > asked for op, each in members.items()):
        return False
    return not disturbed(h, np.array([min(invoked[op] for op in members)]), np.array([over]))[0]


def _out(h: History, opened: int, member: ops.OpenConsumer, time: int) -> int:
    """From when on a consumer is certainly no member, as far as it came and went by this time; `NEVER`."""
    operations, acts = h.operations, of_kind(h, *ACTS, failed=True)
    mine = acts[(operations.opened[acts] == opened) & (operations.invoked[acts] <= time)]
    if not len(mine):
        return NEVER
    last, limits = int(mine[-1]), bounds(h)
    op = h.invocations[last].value
    if not isinstance(op, ops.Close | ops.Crash) or operations.status[last] != OK:
        return NEVER
    silent = isinstance(op, ops.Crash) or member.instance_id is not None
    wait = limits.rebalance_delay + PATIENCE + (limits.missed(member) if silent else 0)
    return int(operations.completed[last]) + wait * MILLISECOND


def _haunted(h: History, told: Told) -> Violation:
    operations, acts = h.operations, of_kind(h, *ACTS)
    mine = [acts[operations.opened[acts] == op] for op in members_of(h, told.group)]
    last = [int(each[-1]) for each in mine if len(each) and operations.invoked[each[-1]] < operations.invoked[told.op]]
    members = f" with {told.members} members" if told.members else ""
    reason = f"all members of group {told.group} had left, and it is {told.state}{members}"
    return violation(h, reason, (*last, told.op))
