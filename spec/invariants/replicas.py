"""Replicas: who is in sync has in its log what readers were given, and nothing else at its places."""

from typing import Final, NamedTuple

import numpy as np

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.columns import Bools, Ints
from brokerlaw.spec.history.evidence.deletions import deleted_below
from brokerlaw.spec.history.evidence.expiry import keeping
from brokerlaw.spec.history.evidence.operations import of_kind
from brokerlaw.spec.history.evidence.relations import find, first_after, firsts, last_before, neighbours, pairs, take
from brokerlaw.spec.history.evidence.topics import CLEAN_ELECTION, clean, within
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.tables import OK, Copied, Reads
from brokerlaw.spec.history.values import TopicPartition
from brokerlaw.spec.invariants.invariant import Finding, Violation, invariant
from brokerlaw.spec.invariants.wording import partition, place, violation

NEEDS: Final = ("topics", "inspect.replica")


class Looks(NamedTuple):
    """Each look at a replica's log that was answered: the operation, whose log it is, and of what."""

    op: Ints
    tp: Ints
    broker: Ints


@invariant(
    "replicas.in-order",
    statement="The log of a replica is that of its partition, offsets ascending.",
    formal="∀ look l at a replica of p: every record in l is of p; offsets in l ascend",
    source='Kafka documentation, "Replication" and "Log": a partition is a sequence of records by offset',
    capabilities=NEEDS,
    covers=("replication",),
    liars=("read_replica.answer: two swapped", "read_replica.answer: one repeated"),
)
def in_order(h: History) -> Finding:
    """Offsets may have holes: of markers, of what was aborted, deleted or compacted."""
    looks = _looks(h)
    look = find((looks.op,), (h.copied.op,))
    copied, look = h.copied[look >= 0], look[look >= 0]
    strange = np.flatnonzero(looks.tp[look] != copied.tp)
    earlier, later = neighbours(copied.op)
    back = np.flatnonzero(copied.offset[earlier] >= copied.offset[later])
    others = [_stranger(h, copied, int(i), int(looks.tp[look[i]])) for i in strange[firsts(copied.op[strange])]]
    return Finding(len(copied), (*others, *(_back(h, copied, int(earlier[i]), int(later[i])) for i in back)))


def _stranger(h: History, copied: Copied[Ints], row: int, asked: int) -> Violation:
    where = place(h, int(copied.tp[row]), int(copied.offset[row]))
    return violation(h, f"a replica of {partition(h, asked)} has {where}", (copied.op[row],))


def _back(h: History, copied: Copied[Ints], one: int, other: int) -> Violation:
    where = place(h, int(copied.tp[other]), int(copied.offset[other]))
    return violation(h, f"a replica has {where} after offset {int(copied.offset[one])}", (copied.op[one],))


@invariant(
    "replicas.hold-what-was-read",
    statement="A replica that is in sync has every record that readers were given before, the same one.",
    formal="∀ look l at broker b, in sync before and after it in one epoch; record r read before l: r ∈ l",
    source='Kafka documentation, "Replication": consumers get what all in-sync replicas have; KIP-101',
    capabilities=(*NEEDS, "inspect.partition"),
    promised=(CLEAN_ELECTION,),
    covers=("replication",),
    liars=("read_replica",),
)
def hold_what_was_read(h: History) -> Finding:
    """Records that may be deleted, expired or compacted are owed to nobody. -1 and none: not told, and not compared."""
    looks = _in_sync(h)
    reads = h.reads[within(h, keeping(h) & clean(h))[h.reads.tp] & (h.reads.offset >= deleted_below(h)[h.reads.tp])]
    reads = reads[firsts(reads.tp, reads.offset)]
    look, read = pairs(looks.tp, reads.tp)
    before = reads.completed[read] < h.operations.invoked[looks.op[look]]
    look, read = look[before & (reads.status[read] == OK)], read[before & (reads.status[read] == OK)]
    copy = find((h.copied.op, h.copied.tp, h.copied.offset), (looks.op[look], looks.tp[look], reads.offset[read]))
    wrong = np.flatnonzero((copy < 0) | _differs(h, reads, read, copy))
    wrong = wrong[firsts(look[wrong])]
    broken = (_lacks(h, looks, int(look[i]), reads, int(read[i]), int(copy[i])) for i in wrong)
    return Finding(len(look), tuple(broken))


def _differs(h: History, reads: Reads, read: Ints, copy: Ints) -> Bools:
    """Whether what stands there is another record."""
    copied, differs = h.copied, np.zeros(len(copy), dtype=np.bool_)
    for name in ("key", "value", "headers"):
        differs |= take(getattr(copied, name), copy) != getattr(reads, name)[read]
    for name in ("timestamp", "stamped"):
        there, seen = take(getattr(copied, name), copy), getattr(reads, name)[read]
        differs |= (there != seen) & (there >= 0) & (seen >= 0)
    return differs


def _lacks(h: History, looks: Looks, look: int, reads: Reads, read: int, copy: int) -> Violation:
    where = place(h, int(reads.tp[read]), int(reads.offset[read]))
    has = "lacks" if copy < 0 else "has another record at"
    return violation(h, f"broker {looks.broker[look]}, in sync, {has} {where}", (reads.op[read], looks.op[look]))


def _looks(h: History) -> Looks:
    """By operation, ascending."""
    numbers = of_kind(h, ops.ReadReplica)
    numbers = numbers[h.operations.status[numbers] == OK]
    found = Looks(numbers, np.zeros(len(numbers), dtype=np.int64), np.zeros(len(numbers), dtype=np.int64))
    for row, number in enumerate(numbers.tolist()):
        op = h.invocations[number].value
        assert isinstance(op, ops.ReadReplica)
        found.tp[row], found.broker[row] = h.partitions.find(TopicPartition(op.topic, op.partition)), op.broker
    return found


def _in_sync(h: History) -> Looks:
    """Looks at replicas that were in sync before and after, in one epoch of a leader: then also in between."""
    looks, states, operations = _looks(h), h.leadership, h.operations
    before = last_before(states.tp, states.completed, looks.tp, operations.invoked[looks.op])
    after = first_after(states.tp, states.invoked, looks.tp, operations.completed[looks.op])
    members = (_member(h, before, looks.broker), _member(h, after, looks.broker))
    epoch = take(states.epoch, before)
    sure = members[0] & members[1] & (epoch >= 0) & (epoch == take(states.epoch, after))
    return Looks(looks.op[sure], looks.tp[sure], looks.broker[sure])


def _member(h: History, states: Ints, brokers: Ints) -> Bools:
    """Whether these descriptions (-1: none) have these brokers in sync."""
    isr = take(h.leadership.isr, states).tolist()
    each = zip(isr, brokers.tolist(), strict=True)
    return np.array([held >= 0 and broker in h.brokers[held] for held, broker in each], dtype=np.bool_)
