"""Groups: what one group does is nothing to another."""

import numpy as np

from brokerlaw.spec.history.columns import Bools, Ints, Table
from brokerlaw.spec.history.evidence.commits import possible_commits
from brokerlaw.spec.history.evidence.relations import among, firsts, least, pairs
from brokerlaw.spec.history.evidence.settings import auto_committing
from brokerlaw.spec.history.evidence.starts import Starts, floors, passed_over, starts
from brokerlaw.spec.history.evidence.topics import known, within
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.tables import COMMITTED_OFFSET, Answers
from brokerlaw.spec.invariants.invariant import Finding, Violation, invariant
from brokerlaw.spec.invariants.wording import partition, place, violation


@invariant(
    "groups.independent",
    statement="Groups that read the same partitions do not see one another's commits, nor miss what another has read.",
    formal="∀ group g, partition p: committed(g, p) ∈ {offset(c) : c a commit of g for p} ∪ {none};"
    " no commit of g for p, reset = earliest ⇒ g starts p at the log's start",
    source='Kafka documentation, "Consumers": each group gets every record; Kreps et al., Kafka (NetDB 2011)',
    capabilities=("topics", "groups"),
    mutants=("shared-offsets", "delete-on-consume"),
    liars=("committed", "fetch_committed"),
)
def independent(h: History) -> Finding:
    """Put to the test where another group committed or read before. Groups that commit by themselves are left out."""
    answers, strange, contested = _answers(h)
    first, shown, fresh = _fresh_starts(h)
    told = [_not_its_own(h, answers, int(i)) for i in np.flatnonzero(strange)]
    missed = [_missed(h, first, int(i), int(shown[i])) for i in np.flatnonzero(fresh & (shown >= 0))]
    return Finding(int((strange | contested).sum() + fresh.sum()), (*told, *missed))


def _answers(h: History) -> tuple[Answers, Bools, Bools]:
    """What groups were told they had committed; which answers are none of their commits; which others might leak."""
    commits, answers = possible_commits(h), h.answers
    by_hand = (answers.group >= 0) & ~among(answers.group, list(auto_committing(h)))
    answers = answers[(answers.kind == COMMITTED_OFFSET) & by_hand & within(h, known(h))[answers.tp]]
    own = least((commits.group, commits.tp, commits.offset), commits.begun, (answers.group, answers.tp, answers.offset))
    strange = (answers.offset >= 0) & (own > answers.completed)
    deeds = Deeds(group=commits.group, tp=commits.tp, time=commits.begun)
    return answers, strange, _others_before(deeds, answers.group, answers.tp, answers.completed)


def _fresh_starts(h: History) -> tuple[Starts, Ints, Bools]:
    """Starts of groups without a commit, the ops that show what they passed over (or -1), which another had read."""
    first, reads = starts(h), h.reads
    untold = (first.highest < 0) & (floors(h) >= 0)
    grouped = reads[reads.group >= 0]
    deeds = Deeds(group=grouped.group, tp=grouped.tp, time=grouped.completed)
    read = _others_before(deeds, first.group, first.tp, first.assigned)
    fresh = untold & read
    return first, passed_over(h, first, np.where(fresh, floors(h), -1)), fresh


class Deeds(Table[Ints], kw_only=True):
    """What groups did in partitions, and when."""

    group: Ints
    tp: Ints
    time: Ints


def _others_before(deeds: Deeds, group: Ints, tp: Ints, time: Ints) -> Bools:
    """Whether another group did something in the partition before a time."""
    order = np.argsort(deeds.time, kind="stable")
    deeds = deeds[order[firsts(deeds.group[order], deeds.tp[order])]]
    row, deed = pairs(tp, deeds.tp)
    other = (deeds.group[deed] != group[row]) & (deeds.time[deed] < time[row])
    found = np.zeros(len(tp), dtype=np.bool_)
    found[row[other]] = True
    return found


def _not_its_own(h: History, answers: Answers, answer: int) -> Violation:
    tp, group, offset = (int(column[answer]) for column in (answers.tp, answers.group, answers.offset))
    commits = possible_commits(h)
    same = np.flatnonzero((commits.tp == tp) & (commits.offset == offset) & (commits.begun < answers.completed[answer]))
    told = f"group {h.groups[group]} was told that it committed {place(h, tp, offset)}, which it never did"
    whose = sorted({h.groups[each] for each in commits.group[same]})
    reason = f"{told}; group {' and '.join(whose)} did" if whose else told
    return violation(h, reason, (*commits.op[same], answers.op[answer]))


def _missed(h: History, first: Starts, start: int, shown: int) -> Violation:
    tp, offset, group = (int(column[start]) for column in (first.tp, first.offset, first.group))
    told = f"{h.processes[first.process[start]]} began {partition(h, tp)} for group {h.groups[group]} at {offset}"
    reason = (
        f"{told}, after another group had read it, though the group had committed nothing and a record is before it"
    )
    return violation(h, reason, (shown, first.op[start]), (first.positioned[start],))
