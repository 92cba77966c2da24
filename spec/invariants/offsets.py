"""Offsets: a group goes on where it left off."""

import numpy as np

from brokerlaw.spec.history.evidence.starts import Starts, floors, passed_over, reread, starts
from brokerlaw.spec.history.history import History
from brokerlaw.spec.invariants.invariant import MEMBERSHIPS, Finding, Violation, invariant
from brokerlaw.spec.invariants.wording import place, violation


@invariant(
    "offsets.resume-at-commit",
    statement="A member that is assigned a partition goes on at its group's last commit, or as its reset policy says.",
    formal="∀ first read r after an assignment, c the group's last commit: offset(r) = min {o ≥ c : a record is at o}",
    source='Kafka documentation, "Consumer Position" and auto.offset.reset; KAFKA-13636, KAFKA-20634',
    capabilities=("topics", "groups"),
    mutants=(
        "commit-before-process",
        "KAFKA-13636",
        "KAFKA-20634",
        "offset-off-by-one",
        "offset-one-too-far",
        "reset-ignores-policy",
    ),
    liars=("open_consumer.request.reset",),
    covers=MEMBERSHIPS,
)
def resume_at_commit(h: History) -> Finding:
    """Any commit counts that may have been the last: with an unknown outcome, concurrent, or not yet overwritten.

    Gaps (control and aborted records) may be passed over, records that others were given or that were acknowledged may
    not. Groups with a consumer that commits by itself are left out, since what it committed is not in the history, and
    so are starts before which a poll with an unknown outcome may have taken records.
    """
    first, floor = starts(h), floors(h)
    again, shown = reread(h, first), passed_over(h, first, floor)
    tested = (first.latest >= 0) | (floor >= 0)
    below = [_reread(h, first, int(i)) for i in np.flatnonzero(again)]
    beyond = [_skipped(h, first, int(i), int(floor[i]), int(shown[i])) for i in np.flatnonzero(shown >= 0)]
    return Finding(int(tested.sum()), (*below, *beyond))


def _reread(h: History, first: Starts, start: int) -> Violation:
    lowest = int(first.lowest[start])
    reason = f"{_began(h, first, start)}, though {place(h, int(first.tp[start]), lowest)} or more was committed"
    return violation(h, reason, (first.latest[start], first.op[start]), (first.positioned[start],))


def _skipped(h: History, first: Starts, start: int, floor: int, shown: int) -> Violation:
    committed = f"no more than {floor} was committed" if first.highest[start] >= 0 else "nothing was committed"
    reason = f"{_began(h, first, start)} and passed over a record, though {committed}"
    return violation(h, reason, (first.latest[start], shown, first.op[start]), (first.positioned[start],))


def _began(h: History, first: Starts, start: int) -> str:
    where = place(h, int(first.tp[start]), int(first.offset[start]))
    group = h.groups[first.group[start]]
    return f"{h.processes[first.process[start]]}, assigned the partition in group {group}, began at {where}"
