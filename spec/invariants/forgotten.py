"""Offsets of a topic that was deleted: they go with it, and a topic of its name begins without any."""

from collections.abc import Iterator
from typing import Final

import numpy as np

from brokerlaw.spec.history.columns import Bools
from brokerlaw.spec.history.evidence.commits import PossibleCommits, possible_commits
from brokerlaw.spec.history.evidence.incarnations import Incarnation, incarnations
from brokerlaw.spec.history.evidence.outages import disturbed
from brokerlaw.spec.history.evidence.relations import among, find, present
from brokerlaw.spec.history.evidence.settings import auto_committing, older_kafka
from brokerlaw.spec.history.evidence.topics import partitions_of
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.numbers import SECOND
from brokerlaw.spec.history.tables import COMMITTED_OFFSET, OK, Answers
from brokerlaw.spec.invariants.invariant import Finding, Level, Violation, invariant
from brokerlaw.spec.invariants.wording import place, violation

FORGETTING: Final = 3 * SECOND
"""Time (ns) in which coordinators have heard that a topic is gone, and written down that its offsets are."""
LOADING: Final = 10 * SECOND
"""Time (ns) in which a coordinator that has moved may not hear of deletions."""
SINCE: Final = (1, 0)
"""The version of Kafka that certainly does so."""


@invariant(
    "commits.gone-with-the-topic",
    statement="Once a topic was deleted, no group is told an offset that it had committed for it, nor for a topic that"
    " was created anew under its name.",
    formal="∀ deletion of topic t, answer a for group g, partition p of t, 3 s after that or later: offset(a) is none,"
    " or of a commit of g for p that was not certain before the deletion",
    level=Level.SHOULD,
    source="Kafka, group coordinator: onPartitionsDeleted; KAFKA-2000, KAFKA-16168; franz-go pull request 1411",
    capabilities=("topics", "groups"),
    mutants=("commits-outlive-the-topic",),
)
def gone_with_the_topic(h: History) -> Finding:
    """While no broker was disturbed, nor shortly before: a coordinator that loads does not hear of it.

    Counted are answers for which there was an old commit. Offsets sent in transactions may come later, and groups that
    commit by themselves may have committed since.
    """
    tested, breaches = 0, list[Violation]()
    for each in () if older_kafka(h, SINCE) else incarnations(h):
        if each.cleared >= 0:
            answers, commits = _asked_of(h, each), possible_commits(h)
            old = commits[_is_old(commits, each)]
            answers = answers[present((old.group, old.tp), (answers.group, answers.tp))]
            tested += len(answers)
            breaches += _remembered(h, answers, each)
    return Finding(tested, tuple(breaches))


def _asked_of(h: History, each: Incarnation) -> Answers:
    """What groups were told of their commits once everybody had heard of the deletion."""
    answers = h.answers[(h.answers.kind == COMMITTED_OFFSET) & (h.answers.status == OK) & (h.answers.group >= 0)]
    mine = among(answers.tp, partitions_of(h, each.topic)) & ~among(answers.group, [*auto_committing(h)])
    answers = answers[mine & (answers.invoked > each.begun + FORGETTING) & (answers.completed < each.over)]
    return answers[~disturbed(h, np.full(len(answers), each.cleared), answers.completed, LOADING)]


def _is_old(commits: PossibleCommits, each: Incarnation) -> Bools:
    """Which commits were certain before the topic was deleted."""
    return np.asarray((commits.transaction < 0) & (commits.done < each.cleared), dtype=np.bool_)


def _remembered(h: History, answers: Answers, each: Incarnation) -> Iterator[Violation]:
    """The answers that only an old commit explains."""
    commits = possible_commits(h)
    asked, is_old = (answers.group, answers.tp, answers.offset), _is_old(commits, each)
    old, others = commits[is_old], commits[~is_old]
    shown = find((old.group, old.tp, old.offset), asked)
    explained = present((others.group, others.tp, others.offset), asked)
    for row in np.flatnonzero((shown >= 0) & ~explained).tolist():
        where = place(h, int(answers.tp[row]), int(answers.offset[row]))
        told = f"group {h.groups[int(answers.group[row])]} was told that it committed {where}"
        reason = f"{told}, which it did before the topic was deleted"
        yield violation(h, reason, (int(old.op[shown[row]]), each.op, int(answers.op[row])))
