"""Shares: how evenly a group gives out its partitions, and how far one that commits by itself may commit."""

import numpy as np

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.columns import Ints
from brokerlaw.spec.history.evidence.commits import possible_commits
from brokerlaw.spec.history.evidence.deletions import may_be_deleted
from brokerlaw.spec.history.evidence.expiry import keeping
from brokerlaw.spec.history.evidence.operations import of_kind
from brokerlaw.spec.history.evidence.positions import seeks
from brokerlaw.spec.history.evidence.relations import among, highest_before, pack_both, take
from brokerlaw.spec.history.evidence.settings import auto_committing, consumers
from brokerlaw.spec.history.evidence.shares import Wish, wish
from brokerlaw.spec.history.evidence.topics import clean, within
from brokerlaw.spec.history.evidence.versions import left_out
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.tables import COMMITTED, COMMITTED_OFFSET, INFO, OK, PENDING, UNCOMMITTED, Answers
from brokerlaw.spec.invariants.invariant import Finding, Violation, invariant
from brokerlaw.spec.invariants.wording import place, violation

EVEN = ("range", "roundrobin", "uniform")
"""Assignors that share one topic evenly in each generation: a cooperative one takes several to get there."""


@invariant(
    "groups.evenly-shared",
    statement="In a stable group over one topic no member has two partitions more than another.",
    formal="∀ description d of a stable group whose members all read topic t by one assignor, members m, n in d:"
    " |assignment(m)| ≤ |assignment(n)| + 1",
    source="Kafka documentation, partition.assignment.strategy: RangeAssignor, RoundRobinAssignor; KIP-848, uniform",
    capabilities=("topics", "groups", "groups.admin"),
    mutants=("all-to-one",),
    covers=("groups.next", "groups.static"),
)
def evenly_shared(h: History) -> Finding:
    """Groups whose members differ in what they ask for, and topics that grew or were deleted, are left out."""
    tested, breaches = 0, []
    for number, state in h.described_groups:
        asked = h.invocations[number].value
        assert isinstance(asked, ops.DescribeGroup)
        sizes = [len(member.assignment) for member in state.members]
        alike = wish(h, asked.group, int(h.operations.completed[number]))
        if state.state == "stable" and len(sizes) > 1 and _even(alike):
            tested += 1
            if max(sizes) > min(sizes) + 1:
                told = f"group {asked.group} is stable with members of {', '.join(map(str, sorted(sizes)))} partitions"
                breaches.append(violation(h, told, (number,)))
    return Finding(tested, tuple(breaches))


def _even(alike: Wish | None) -> bool:
    """Whether it is one topic that is shared out, by an even assignor."""
    return alike is not None and alike.assignor in EVEN and len(alike.topics) == 1


@invariant(
    "commits.auto-within-read",
    statement="A consumer that commits by itself commits nothing that no member of its group was given.",
    formal="∀ committed offset c of group g that commits by itself, record r of the partition below c:"
    " a member of g was given r, or one behind it, or moved past it by hand, or r may be deleted",
    source="Kafka documentation, enable.auto.commit: offsets of records returned by earlier polls; KAFKA-18641",
    capabilities=("topics", "groups", "auto-commit"),
    liars=("committed.answer: one more", "fetch_committed.answer: one more"),
    covers=("groups.admin",),
)
def auto_within_read(h: History) -> Finding:
    """Judged are groups whose members all begin at the log's beginning, and know what each of their polls returned."""
    answers = h.answers[(h.answers.kind == COMMITTED_OFFSET) & (h.answers.status == OK) & (h.answers.offset >= 0)]
    mine = among(answers.group, [group for group in auto_committing(h) if _accounts(h, group)])
    answers = answers[mine & within(h, keeping(h) & clean(h))[answers.tp]]
    if not len(answers):
        return Finding(0)
    gone = may_be_deleted(h, answers.tp, answers.completed)
    reached = np.maximum(_reached(h, answers), gone)
    level = np.full(len(answers), _level(h))
    shown = left_out(h, level, answers.tp, reached, answers.offset)
    breaches = (_unread(h, answers, int(i), int(shown[i])) for i in np.flatnonzero(shown >= 0))
    return Finding(len(answers), tuple(breaches))


def _level(h: History) -> int:
    """Members that read committed records may pass over others: where there are such, those alone are looked at."""
    careful = any(each.isolation == "read_committed" for each in consumers(h).values())
    return COMMITTED if careful else UNCOMMITTED


def _accounts(h: History, group: int) -> bool:
    """Whether all its members reset to the earliest offset, and none of their polls has an unknown outcome."""
    members = {op: each for op, each in consumers(h).items() if each.group == h.groups[group]}
    polls = of_kind(h, ops.Poll)
    theirs = polls[among(h.operations.opened[polls], [*members])]
    known = not among(h.operations.status[theirs], (INFO, PENDING)).any()
    return known and all(each.reset == "earliest" for each in members.values())


def _reached(h: History, answers: Answers) -> Ints:
    """By answer, how far its group had come in the partition: behind what it read, sought, or was set to."""
    reads, commits, sought = h.reads, possible_commits(h), seeks(h)
    group = np.concatenate([reads.group, commits.group, _groups(h)[sought.opened]])
    tp = np.concatenate([reads.tp, commits.tp, sought.tp])
    offset = np.concatenate([reads.offset + 1, commits.offset, sought.offset])
    time = np.concatenate([reads.invoked, commits.begun, sought.invoked])
    deeds, asked = pack_both((group, tp), (answers.group, answers.tp))
    return take(offset, highest_before(deeds, time, offset, asked, answers.completed), 0)


def _groups(h: History) -> Ints:
    """By the operation that opened it: a consumer's group, or -1."""
    found = np.full(len(h.operations) + 1, -1, dtype=np.int64)
    for opened, consumer in consumers(h).items():
        found[opened] = h.groups.find(consumer.group) if consumer.group else -1
    return found


def _unread(h: History, answers: Answers, answer: int, shown: int) -> Violation:
    where = place(h, int(answers.tp[answer]), int(answers.offset[answer]))
    told = f"group {h.groups[int(answers.group[answer])]}, which commits by itself, has committed {where}"
    reason = f"{told}, and passed over a record that none of its members was given"
    return violation(h, reason, (shown, int(answers.op[answer])))
