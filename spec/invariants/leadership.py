"""Leadership: epochs count a partition's leaders, one at a time."""

from typing import Final

import numpy as np

from brokerlaw.spec.history.evidence.relations import highest_before, neighbours, take
from brokerlaw.spec.history.evidence.topics import steady, within
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.tables import Leadership
from brokerlaw.spec.invariants.invariant import Finding, Violation, invariant
from brokerlaw.spec.invariants.wording import partition, violation

NEEDS: Final = ("topics", "inspect.partition")


@invariant(
    "leadership.epoch-monotonic",
    statement="A partition's leader epoch never goes back.",
    formal="∀ descriptions a, b of a partition: completed(a) < invoked(b) ⇒ epoch(a) ≤ epoch(b)",
    source="KIP-101, KIP-320; KAFKA-18106",
    capabilities=NEEDS,
    mutants=("epochs-begin-again",),
    covers=("replication",),
)
def epoch_monotonic(h: History) -> Finding:
    """Adapters answer from the newest metadata that they have seen: a lagging broker's older answer is no answer."""
    states = _told(h)
    before = highest_before(states.tp, states.completed, states.epoch, states.tp, states.invoked)
    back = np.flatnonzero(take(states.epoch, before) > states.epoch)
    return Finding(int((before >= 0).sum()), tuple(_went_back(h, states, int(before[i]), int(i)) for i in back))


def _went_back(h: History, states: Leadership, one: int, other: int) -> Violation:
    epochs = f"epoch {int(states.epoch[one])}, later in epoch {int(states.epoch[other])}"
    return violation(h, f"{partition(h, states.tp[one])} was in {epochs}", (states.op[one], states.op[other]))


@invariant(
    "leadership.one-leader-per-epoch",
    statement="In one leader epoch a partition has one leader.",
    formal="∀ descriptions a, b of a partition with a leader: epoch(a) = epoch(b) ⇒ leader(a) = leader(b)",
    source="KIP-101; Ongaro and Ousterhout, Raft (2014): election safety",
    capabilities=NEEDS,
    mutants=("two-leaders",),
    covers=("replication",),
)
def one_leader_per_epoch(h: History) -> Finding:
    """No leader at all is no second leader."""
    states = _told(h)
    states = states[states.leader >= 0]
    earlier, later = neighbours(states.tp, states.epoch)
    two = np.flatnonzero(states.leader[earlier] != states.leader[later])
    return Finding(len(later), tuple(_two(h, states, earlier[i], later[i]) for i in two))


def _two(h: History, states: Leadership, one: int, other: int) -> Violation:
    leaders = f"{int(states.leader[one])} and {int(states.leader[other])}"
    reason = f"{partition(h, states.tp[one])} had leaders {leaders} in epoch {int(states.epoch[one])}"
    return violation(h, reason, (states.op[one], states.op[other]))


def _told(h: History) -> Leadership:
    """Descriptions with an epoch."""
    states = h.leadership
    return states[(states.epoch >= 0) & within(h, steady(h))[states.tp]]
