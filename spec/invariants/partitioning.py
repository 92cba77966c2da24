"""Partitioning: where a record goes is decided by its key."""

import numpy as np

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.columns import Bools, Ints
from brokerlaw.spec.history.derived import derived
from brokerlaw.spec.history.evidence.murmur2 import partitions
from brokerlaw.spec.history.evidence.relations import NEVER, firsts, pack
from brokerlaw.spec.history.evidence.topics import expanded, known, number_of, steady, totals, within
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.tables import OK, Sends
from brokerlaw.spec.invariants.invariant import Finding, Violation, invariant
from brokerlaw.spec.invariants.wording import key, partition, violation


@invariant(
    "partitioning.same-key-same-partition",
    statement="Records with the same key go to the same partition of a topic.",
    formal="∀ acknowledged sends a, b to a topic, no partition named: key(a) = key(b) ⇒ partition(a) = partition(b)",
    source='Kafka documentation, producer configuration: partitioner.class ("if a key is present, by its hash")',
    mutants=("partitioner-drift",),
)
def same_key_same_partition(h: History) -> Finding:
    """Among clients with the same partitioner, until the topic is to have more partitions.

    No key and the empty key may go anywhere: clients differ on them.
    """
    sends = _keyed(h, within(h, steady(h)))
    sends = sends[sends.completed < _expanded(h)[sends.topic]]
    group = pack(sends.topic, sends.key, _partitioner(h)[sends.opened])
    first = firsts(sends.topic, sends.key, _partitioner(h)[sends.opened])
    leader = first[np.unique(group, return_inverse=True)[1]]
    wrong = np.flatnonzero(sends.tp != sends.tp[leader])
    return Finding(len(sends) - len(first), tuple(_parted(h, sends, int(leader[i]), int(i)) for i in wrong))


def _parted(h: History, sends: Sends, one: int, other: int) -> Violation:
    where = " and to ".join(partition(h, sends.tp[send]) for send in (one, other))
    return violation(h, f"key {key(h, sends.key[one])} went to {where}", (sends.op[one], sends.op[other]))


@invariant(
    "partitioning.murmur2",
    statement="The default partitioner sends a keyed record to the partition that murmur2 of its key names.",
    formal="∀ acknowledged send s with a key, no partition named: partition(s) = (murmur2(key(s)) & 2³¹-1) mod n",
    source="Kafka, BuiltInPartitioner and KIP-480: keyed records go by murmur2, so that all clients agree",
    capabilities=("topics", "claims.murmur2"),
    mutants=("partitioner-drift", "crc32-partitioner", "signed-hash"),
)
def murmur2(h: History) -> Finding:
    """For topics created here, whose number of partitions is known, and producers that have this partitioner.

    Once a topic is to have more partitions, clients may go by the old number or by a new one.
    """
    sends = _keyed(h, within(h, [topic for topic in known(h) if h.created[topic].partitions > 0]))
    sends = sends[_uses_murmur2(h)[sends.opened]]
    pair = firsts(sends.topic, sends.key)
    counts = np.array([h.created[h.topics[topic]].partitions for topic in sends.topic[pair]], dtype=np.int64)
    expected = partitions([h.keys[each] for each in sends.key[pair]], counts)
    mine = expected[np.unique(pack(sends.topic, sends.key), return_inverse=True)[1]]
    wrong = np.flatnonzero(number_of(h)[sends.tp] != mine)
    wrong = wrong[[not _by_another_number(h, sends[i : i + 1]) for i in wrong]]
    return Finding(len(sends), tuple(_strayed(h, sends, int(i), int(mine[i])) for i in wrong))


def _strayed(h: History, sends: Sends, send: int, expected: int) -> Violation:
    went = f"key {key(h, sends.key[send])} went to {partition(h, sends.tp[send])}"
    return violation(h, f"{went}, murmur2 names partition {expected}", (sends.op[send],))


def _by_another_number(h: History, send: Sends) -> bool:
    """Whether the send went where murmur2 names for a number of partitions that somebody had asked for by then."""
    topic, key, by = h.topics[send.topic[0]], h.keys[send.key[0]], int(send.completed[0])
    counts = [total for begun, total in totals(h).get(topic, ()) if begun <= by]
    named = partitions([key] * len(counts), np.array(counts, dtype=np.int64))
    return bool((named == number_of(h)[send.tp[0]]).any())


def _expanded(h: History) -> Ints:
    """By topic, when it was first to have more partitions; `NEVER`: it was not."""
    return np.array([expanded(h).get(topic, NEVER) for topic in h.topics.values], dtype=np.int64)


def _keyed(h: History, chosen: Bools) -> Sends:
    """Acknowledged sends to the chosen partitions that left it to the key where to go."""
    sends = h.sends
    empty = h.keys.find(b"")
    free = (sends.partition < 0) & (sends.key >= 0) & (sends.key != empty)
    return sends[free & (sends.status == OK) & chosen[sends.tp]]


@derived
def _partitioner(h: History) -> Ints:
    """By the operation that opened it: which partitioner a producer has."""
    names: dict[tuple[str, str | None], int] = {}
    used = np.full(len(h.operations), -1, dtype=np.int64)
    for op, opened in h.clients:
        if isinstance(opened, ops.OpenProducer):
            used[op] = names.setdefault((opened.partitioner, opened.settings.get("partitioner")), len(names))
    return used


@derived
def _uses_murmur2(h: History) -> Bools:
    """By the operation that opened it: whether a producer has the murmur2 partitioner."""
    uses = np.zeros(len(h.operations), dtype=np.bool_)
    for op, opened in h.clients:
        if isinstance(opened, ops.OpenProducer):
            uses[op] = opened.partitioner == "murmur2" and "partitioner" not in opened.settings
    return uses
