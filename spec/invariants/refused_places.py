"""Refusals of what concerns a place in a log: records are deleted, and offsets committed, where there is a log only."""

from collections.abc import Iterator
from typing import Final

import numpy as np

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.columns import Ints
from brokerlaw.spec.history.evidence.configuration import CLEANUP, values_of
from brokerlaw.spec.history.evidence.operations import of_kind
from brokerlaw.spec.history.evidence.relations import NEVER, among
from brokerlaw.spec.history.evidence.topics import clean, known, most_partitions, number_of, within
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.tables import FAIL, LATEST, OK, UNCOMMITTED
from brokerlaw.spec.history.values import TopicPartition
from brokerlaw.spec.invariants.invariant import Finding, Violation, invariant
from brokerlaw.spec.invariants.wording import partition, violation

ANSWERED: Final = (OK, FAIL)


@invariant(
    "refusals.deletions",
    statement="No records are deleted beyond the log's end, of a partition that is not there, or of a topic that is "
    "compacted and nothing else.",
    formal="∀ delete-records d, ok, of partition p: before(d) ≤ every end of p told later ∧ p < partitions(topic)"
    " ∧ cleanup.policy(topic) ≠ compact",
    source="Kafka, Admin.deleteRecords; protocol, errors: OFFSET_OUT_OF_RANGE, UNKNOWN_TOPIC_OR_PARTITION, "
    "POLICY_VIOLATION; KIP-204",
    capabilities=("topics", "delete-records"),
    liars=("delete_records.outcome: ok for refused",),
)
def deletions(h: History) -> Finding:
    """An end that was told later bounds what was there before: ends do not go back."""
    tested, breaches = 0, []
    for number, op in _deletions(h):
        why = _impossible(h, number, op)
        tested += why is not None
        if why is not None and h.operations.status[number] == OK:
            by, reason = why
            told = f"records of {op.topic}/{op.partition} below {op.before} were deleted"
            breaches.append(violation(h, f"{told}, {reason}", (by, number)))
    return Finding(tested, tuple(breaches))


def _deletions(h: History) -> Iterator[tuple[int, ops.DeleteRecords]]:
    """Those that were answered, of topics that are one log each."""
    for number in of_kind(h, ops.DeleteRecords, failed=True).tolist():
        op = h.invocations[number].value
        assert isinstance(op, ops.DeleteRecords)
        if h.operations.status[number] in ANSWERED and op.topic in known(h):
            yield number, op


def _impossible(h: History, number: int, op: ops.DeleteRecords) -> tuple[int, str] | None:
    """Why a deletion cannot be done, and the operation that shows it (-1: none does); None: perhaps it can."""
    completed = int(h.operations.completed[number])
    count = most_partitions(h, op.topic, completed)
    if op.partition >= count:
        return -1, f"and the topic has {count} partition{'s' * (count > 1)}"
    if {each.value for each in values_of(h, op.topic, CLEANUP)} == {"compact"}:
        return -1, "though the topic is compacted, and nothing else"
    end, by = _lowest_end(h, op, completed)
    return (by, f"though its log ended at {end} later") if op.before > end else None


def _lowest_end(h: History, op: ops.DeleteRecords, time: int) -> tuple[int, int]:
    """The lowest end of a log that was told to somebody who asked after this time, and who asked."""
    if op.topic not in clean(h):
        return NEVER, -1
    answers, tp = h.answers, h.partitions.find(TopicPartition(op.topic, op.partition))
    asked = (answers.kind == LATEST) & (answers.isolation == UNCOMMITTED) & (answers.status == OK)
    answers = answers[asked & (answers.tp == tp) & (answers.offset >= 0) & (answers.invoked > time)]
    if tp < 0 or not len(answers):
        return NEVER, -1
    lowest = int(answers.offset.argmin())
    return int(answers.offset[lowest]), int(answers.op[lowest])


@invariant(
    "refusals.commits",
    statement="No offset is committed for a partition that is not there.",
    formal="∀ commit, reset-offsets or send-offsets o, ok, partition p of topic t in it: p < partitions(t)",
    source="Kafka protocol, errors: UNKNOWN_TOPIC_OR_PARTITION; OffsetCommit and TxnOffsetCommit",
    capabilities=("topics", "groups"),
    liars=("commit.outcome: ok for refused", "reset_offsets.outcome: ok for refused"),
)
def commits(h: History) -> Finding:
    """By the number that the topic was created with, or any that somebody had asked for by then."""
    rows = h.commits[among(h.commits.status, ANSWERED) & within(h, known(h))[h.commits.tp]]
    rows = rows[number_of(h)[rows.tp] >= _fewest(h)[rows.tp]]
    topics = [h.partitions[tp].topic for tp in rows.tp.tolist()]
    times = rows.completed.tolist()
    count = np.array([most_partitions(h, *each) for each in zip(topics, times, strict=True)], dtype=np.int64)
    strange = np.flatnonzero(number_of(h)[rows.tp] >= count)
    done = strange[rows.status[strange] == OK]
    return Finding(len(strange), tuple(_committed(h, int(rows.op[i]), int(rows.tp[i]), int(count[i])) for i in done))


def _fewest(h: History) -> Ints:
    """By partition, how many its topic was created with: most commits are for these. A last 0 for partition -1."""
    created = [h.created[tp.topic].partitions if tp.topic in known(h) else 0 for tp in h.partitions.values]
    return np.array([*created, 0], dtype=np.int64)


def _committed(h: History, op: int, tp: int, count: int) -> Violation:
    word = h.functions[h.operations.f[op]].replace("_", " ")
    reason = f"a {word} moved a group in {partition(h, tp)}, and the topic has {count} partition{'s' * (count > 1)}"
    return violation(h, reason, (op,))
