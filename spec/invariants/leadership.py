"""Leadership: epochs count a partition's leaders, one at a time."""

from typing import Final

import numpy as np

from brokerlaw.spec.history.columns import Bools, Ints
from brokerlaw.spec.history.evidence.outages import Outage, outages
from brokerlaw.spec.history.evidence.relations import firsts, highest_before, neighbours, pack, take
from brokerlaw.spec.history.evidence.topics import known, steady, within
from brokerlaw.spec.history.evidence.waits import bounds
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.numbers import MILLISECOND
from brokerlaw.spec.history.tables import Leadership
from brokerlaw.spec.invariants.invariant import Finding, Level, Violation, invariant
from brokerlaw.spec.invariants.wording import partition, violation

NEEDS: Final = ("topics", "inspect.partition")
NOTICED: Final = 5_000
"""Milliseconds in which what was noticed is decided, and told."""
QUORATE: Final = 3
"""Brokers of which one may be down, and the others still decide."""


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


@invariant(
    "leadership.in-sync-are-replicas",
    statement="A partition's leader is in sync, and who is in sync is a replica, once.",
    formal="∀ description d: leader(d) ≠ none ⇒ leader(d) ∈ ISR(d); ISR(d) ⊆ replicas(d); neither has a broker twice",
    source='Kafka documentation, "Replication": the in-sync replicas; KIP-497; KRaft\'s PartitionRegistration',
    capabilities=NEEDS,
    covers=("replication",),
    liars=("describe_partition.answer.isr", "describe_partition.answer.leader"),
)
def in_sync_are_replicas(h: History) -> Finding:
    """A partition without a leader may have nobody in sync (KIP-966)."""
    states = h.leadership
    code = pack(states.leader, states.listed_replicas, states.listed_isr)
    _, kinds, kind = np.unique(code, return_index=True, return_inverse=True)
    wrong = np.array([_is_wrong(h, states, row) for row in kinds.tolist()], dtype=np.int64)
    return Finding(len(states), tuple(_wrong(h, states, int(row)) for row in np.flatnonzero(take(wrong, kind) > 0)))


def _is_wrong(h: History, states: Leadership, row: int) -> bool:
    leader, replicas, isr = int(states.leader[row]), *_lists(h, states, row)
    once = len(set(isr)) == len(isr) and len(set(replicas)) == len(replicas)
    return not (once and set(isr) <= set(replicas) and (leader < 0 or leader in isr))


def _wrong(h: History, states: Leadership, row: int) -> Violation:
    replicas, isr = _lists(h, states, row)
    told = f"{partition(h, states.tp[row])} has replicas {list(replicas)}, in sync {list(isr)}"
    leader = f", leader {states.leader[row]}" if states.leader[row] >= 0 else ""
    return violation(h, told + leader, (states.op[row],))


def _lists(h: History, states: Leadership, row: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    return h.lists[states.listed_replicas[row]], h.lists[states.listed_isr[row]]


@invariant(
    "leadership.in-sync-are-up",
    statement="A broker that stopped longer ago than its session and a replica's lag is not in sync.",
    formal="∀ description d of a partition with a leader, broker b that alone is down, since before d -"
    " broker.session.timeout.ms - 1.5 · replica.lag.time.max.ms - 5 s: b ∉ ISR(d)",
    level=Level.SHOULD,
    source="Kafka documentation, broker configuration: broker.session.timeout.ms, replica.lag.time.max.ms; KIP-631",
    capabilities=(*NEEDS, "replication"),
    mutants=("in-sync-though-down",),
)
def in_sync_are_up(h: History) -> Finding:
    """Put to the test where the broker is out, and where it should be. Left out is one that is cut off, which somebody
    may still hear, and several that are down: they may be those that would have to notice.
    """
    states = h.leadership[(h.leadership.leader >= 0) & within(h, steady(h))[h.leadership.tp]]
    count, told = 0, []
    for outage in outages(h) if len(h.cluster) >= QUORATE else ():
        alone = _alone_down(h, states, outage) & _listed(h, states.listed_replicas, outage.broker)
        in_sync = _listed(h, states.listed_isr, outage.broker)
        noticed = outage.certain <= states.invoked - (bounds(h).smaller_isr + NOTICED) * MILLISECOND
        count += int((alone & (noticed | ~in_sync)).sum())
        told += [_down(h, states, row, outage) for row in np.flatnonzero(alone & noticed & in_sync)[:1].tolist()]
    return Finding(count, tuple(told))


def _alone_down(h: History, states: Leadership, outage: Outage) -> Bools:
    """By description, whether a broker was down as it was made, and no other one had been since."""
    alone = (outage.certain <= states.invoked) & (states.completed < outage.ending) & outage.fault.stops
    for other in outages(h):
        if other.broker != outage.broker:
            alone &= (states.completed < other.begun) | (other.over < outage.begun)
    return np.asarray(alone, dtype=np.bool_)


def _listed(h: History, lists: Ints, broker: int) -> Bools:
    """By list, whether a broker is in it."""
    return np.array([broker in each for each in h.lists.values], dtype=np.bool_)[lists]


def _down(h: History, states: Leadership, row: int, outage: Outage) -> Violation:
    seconds = (int(states.invoked[row]) - outage.certain) / 1_000 / MILLISECOND
    told = f"{partition(h, states.tp[row])} has broker {outage.broker} in sync, which had been down for {seconds:.0f} s"
    return violation(h, told, (states.op[row],))


@invariant(
    "leadership.replicas-as-created",
    statement="A partition has as many replicas as its topic was created with, always the same, in the same order.",
    formal="∀ descriptions a, b of a partition of a topic created in the history: replicas(a) = replicas(b); "
    "|replicas(a)| = the replication factor that was asked for, if one was",
    source='Kafka documentation, "Replication": the first replica is the preferred leader; KIP-455: only an '
    "administrator's reassignment changes them",
    capabilities=NEEDS,
    covers=("replication",),
    liars=("describe_partition.answer.replicas", "create_topic.request.replication: one less"),
)
def replicas_as_created(h: History) -> Finding:
    """Nobody reassigns replicas in a history: it has no word for it."""
    states = h.leadership[within(h, known(h))[h.leadership.tp]]
    first = take(firsts(states.tp), np.unique(states.tp, return_inverse=True)[1])
    moved = states.listed_replicas != states.listed_replicas[first]
    asked = np.array([_factor(h, tp.topic) for tp in h.partitions.values], dtype=np.int64)[states.tp]
    sizes = np.array([len(replicas) for replicas in h.lists.values], dtype=np.int64)[states.listed_replicas]
    wrong = np.flatnonzero(moved | ((asked > 0) & (sizes != asked)))
    return Finding(len(states), tuple(_other_replicas(h, states, int(i), int(first[i])) for i in wrong))


def _factor(h: History, topic: str) -> int:
    """The replication factor that a topic was created with; -1: as the broker saw fit."""
    return h.created[topic].replication if topic in h.created else -1


def _other_replicas(h: History, states: Leadership, row: int, first: int) -> Violation:
    tp, replicas = states.tp[row], list(_lists(h, states, row)[0])
    before = list(_lists(h, states, first)[0])
    asked = (
        f"{_factor(h, h.partitions[tp].topic)} replicas were asked for" if before == replicas else f"before {before}"
    )
    return violation(h, f"{partition(h, tp)} has replicas {replicas}, {asked}", (states.op[first], states.op[row]))
