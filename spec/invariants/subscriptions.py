"""Subscriptions: a member's last one counts, and takes the place of those before."""

import numpy as np

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.columns import Ints
from brokerlaw.spec.history.evidence.assignments import Assignments, holders, of_group
from brokerlaw.spec.history.evidence.operations import of_kind
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.tables import OK
from brokerlaw.spec.invariants.invariant import MEMBERSHIPS, Finding, Violation, invariant
from brokerlaw.spec.invariants.wording import partition, violation


@invariant(
    "groups.last-subscription-counts",
    statement="In a group at rest a member holds partitions of no topic but those of its last subscription.",
    formal="∀ group g at rest, member m, partition p of topic t: owns(m, p) ⇒ t ∈ topics of the last subscription of m",
    source="Kafka documentation, KafkaConsumer.subscribe: subscriptions are not incremental, a list replaces the last",
    capabilities=("topics", "groups"),
    mutants=("subscriptions-add-up",),
    covers=MEMBERSHIPS,
)
def last_subscription_counts(h: History) -> Finding:
    """Counted is what members hold that subscribed again. Whose last subscription was not granted is left out, and a
    group that was waited for in vain.
    """
    tested, breaches, before = 0, [], dict[str, int]()
    for row, time, stable in h.stable:
        since = before.get(stable.group, -1)
        before[stable.group] = row
        in_vain = any(since < vain < row and told.group == stable.group for vain, _, told in h.timed_out)
        held = of_group(h, stable.group)
        held = held[holders(held, time)] if not in_vain else held[:0]
        for opened in np.unique(held.opened).tolist():
            asked = _subscriptions(h, opened, row)
            mine = held[held.opened == opened]
            if len(asked) > 1 and h.processes[int(mine.process[0])] in stable.members and _granted(h, asked[-1], row):
                tested += len(mine)
                breaches += _beside(h, mine, int(asked[-1]), row)
    return Finding(tested, tuple(breaches))


def _subscriptions(h: History, opened: int, row: int) -> Ints:
    """The subscriptions of a member that were asked for by this row."""
    asked = of_kind(h, ops.Subscribe, failed=True)
    mine = (h.operations.opened[asked] == opened) & (h.operations.row[asked] < row)
    return np.asarray(asked[mine], dtype=np.int64)


def _granted(h: History, number: int, row: int) -> bool:
    return bool(h.operations.status[number] == OK and h.operations.ended[number] < row)


def _beside(h: History, held: Assignments, asked: int, row: int) -> list[Violation]:
    op = h.invocations[asked].value
    assert isinstance(op, ops.Subscribe)
    strange = np.flatnonzero([h.partitions[tp].topic not in op.topics for tp in held.tp.tolist()])
    return [_not_asked_for(h, held, int(each), asked, row) for each in strange[:1]]


def _not_asked_for(h: History, held: Assignments, each: int, asked: int, row: int) -> Violation:
    who, where = h.processes[int(held.process[each])], partition(h, int(held.tp[each]))
    reason = f"group {h.groups[int(held.group[each])]} is at rest with {where} held by {who}"
    told = f"{reason}, which subscribed to other topics last"
    return violation(h, told, (asked,), (int(held.row[each]), row))
