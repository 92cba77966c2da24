"""Committed offsets: what the coordinator tells is what was committed last; administrators wait for members to go."""

import numpy as np

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.columns import Ints
from brokerlaw.spec.history.evidence.assignments import assignments, gone
from brokerlaw.spec.history.evidence.commits import DELETED, standing, written
from brokerlaw.spec.history.evidence.operations import of_kind
from brokerlaw.spec.history.evidence.relations import among
from brokerlaw.spec.history.evidence.sessions import in_session
from brokerlaw.spec.history.evidence.settings import auto_committing, consumers
from brokerlaw.spec.history.evidence.topics import known, within
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.tables import COMMITTED, COMMITTED_OFFSET, OK, UNCOMMITTED, Answers
from brokerlaw.spec.invariants.invariant import MEMBERSHIPS, Finding, Violation, invariant
from brokerlaw.spec.invariants.wording import partition, place, violation

OUTSIDE = (ops.ResetOffsets, ops.DeleteGroup, ops.DeleteOffsets)
"""What an administrator does to the offsets of a group that has no members, or of topics that they do not read."""


@invariant(
    "commits.told-is-last",
    statement="The offset that a group is told it has committed is the last one that it committed, and none once that "
    "was deleted.",
    formal="∀ answer a for group g, partition p: offset(a) = offset(last commit of g for p written before a);"
    " none ⇒ g has committed nothing for p, or its commits for p, or g, were deleted after the last one",
    source="Kafka documentation, KafkaConsumer.committed and commitAsync; KIP-229, KIP-447, KIP-496; KAFKA-13636, "
    "KAFKA-20634",
    capabilities=("topics", "groups"),
    mutants=("commit-regression",),
    liars=(
        "committed",
        "fetch_committed",
        "commit",
        "send_offsets",
        "reset_offsets",
        "delete_group",
        "delete_offsets",
    ),
    covers=("groups.admin", "groups.delete", "groups.delete-offsets", *MEMBERSHIPS),
)
def told_is_last(h: History) -> Finding:
    """Offsets sent in a transaction stand where they were sent: a plain commit after that, before the end, is later.

    Any commit counts that may have been the last: of unknown outcome, concurrent, in a transaction that may have ended.
    What has had the time to expire may be gone. Groups that commit by themselves are left out.
    """
    answers = h.answers[(h.answers.kind == COMMITTED_OFFSET) & (h.answers.status == OK) & (h.answers.group >= 0)]
    answers = answers[within(h, known(h))[answers.tp] & ~among(answers.group, list(auto_committing(h)))]
    tested, breaches = 0, []
    isolation = _isolation(h, answers)
    for level in (UNCOMMITTED, COMMITTED):
        asked = answers[isolation == level]
        if not len(asked):
            continue
        latest, query, commit = standing(h, asked.group, asked.tp, asked.invoked, asked.completed, level)
        may = np.zeros(len(asked), dtype=np.bool_)
        may[query[written(h).offset[commit] == asked.offset[query]]] = True
        wrong = (latest >= 0) & ~may
        tested += int((latest >= 0).sum())
        breaches += [_stale(h, asked, int(i), int(latest[i])) for i in np.flatnonzero(wrong)]
    return Finding(tested, tuple(breaches))


def _isolation(h: History, answers: Answers) -> Ints:
    """Who asks as a read_committed consumer waits for transactions to end; who asks otherwise does not."""
    level = np.full(len(h.operations) + 1, UNCOMMITTED)
    waiting = [opened for opened, consumer in consumers(h).items() if consumer.isolation == "read_committed"]
    level[waiting] = COMMITTED
    return level[h.operations.opened[answers.op]]


def _stale(h: History, answers: Answers, answer: int, latest: int) -> Violation:
    table = written(h)
    tp, offset = int(answers.tp[answer]), int(answers.offset[answer])
    told = f"that it committed {place(h, tp, offset)}" if offset >= 0 else f"of no commit for {partition(h, tp)}"
    last = int(table.offset[latest])
    what = "that was deleted" if last == DELETED else f"it had committed {place(h, tp, last)}"
    reason = f"group {h.groups[int(answers.group[answer])]} was told {told}, after {what}"
    return violation(h, reason, (int(table.op[latest]), int(answers.op[answer])))


@invariant(
    "commits.members-first",
    statement="A group that has members is not reset and not deleted by an administrator, nor are the offsets of a "
    "topic that they read.",
    formal="∀ reset or deletion of group g: a live member of g holds a partition throughout ⇒ it is refused; ∀ "
    "deletion of offsets of g for topic t: a live member of g holds a partition of t throughout ⇒ it is refused",
    source="Kafka, NON_EMPTY_GROUP, UNKNOWN_MEMBER_ID and GROUP_SUBSCRIBED_TO_TOPIC; KIP-122, KIP-229, KIP-496",
    capabilities=("topics", "groups", "groups.admin"),
    liars=("reset_offsets.outcome", "delete_group.outcome", "delete_offsets.outcome"),
    covers=("groups.delete", "groups.delete-offsets"),
)
def members_first(h: History) -> Finding:
    """A member counts that holds a partition and was in session all the time, as far as its polls show it."""
    operations, asked = h.operations, of_kind(h, *OUTSIDE, failed=True)
    asked = asked[operations.ended[asked] >= 0]
    found = [(number, _member_throughout(h, number)) for number in asked.tolist()]
    taken = [(number, row) for number, row in found if row >= 0 and operations.status[number] == OK]
    tested = sum(row >= 0 for _, row in found)
    return Finding(tested, tuple(_taken(h, number, row) for number, row in taken))


def _member_throughout(h: History, number: int) -> int:
    """A row among the assignments of the group: a member held it, and lived, as long as the operation went on."""
    op, held = h.invocations[number].value, assignments(h)
    assert isinstance(op, OUTSIDE)
    begun, ended = h.operations.invoked[number], h.operations.completed[number]
    rows = np.flatnonzero((held.group == h.groups.find(op.group)) & (held.begin < begun) & (held.end > ended))
    if isinstance(op, ops.DeleteOffsets):
        rows = rows[within(h, {tp.topic for tp in op.partitions})[held.tp[rows]]]
    opened, time = held.opened[rows], np.full(len(rows), ended)
    alive = rows[in_session(h, opened, time) & (gone(h)[opened] > time)]
    return int(alive[0]) if len(alive) else -1


def _taken(h: History, number: int, holding: int) -> Violation:
    op, held = h.invocations[number].value, assignments(h)[holding : holding + 1]
    assert isinstance(op, OUTSIDE)
    member, where = h.processes[int(held.process[0])], partition(h, int(held.tp[0]))
    what = f"group {op.group} was {'reset' if isinstance(op, ops.ResetOffsets) else 'deleted'}"
    if isinstance(op, ops.DeleteOffsets):
        what = f"offsets of group {op.group} were deleted"
    return violation(h, f"{what} while {member}, its member, held {where}", (number,), held.row)
