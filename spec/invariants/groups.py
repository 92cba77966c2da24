"""Groups: what one group does is nothing to another."""

import numpy as np

from brokerlaw.spec.history.columns import Bools, Ints, Table
from brokerlaw.spec.history.evidence.commits import possible_commits
from brokerlaw.spec.history.evidence.relations import firsts, least, pack_both, pairs
from brokerlaw.spec.history.evidence.settings import auto_committing
from brokerlaw.spec.history.evidence.starts import floors, passed_over, starts
from brokerlaw.spec.history.evidence.topics import known, within
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.tables import COMMITTED_OFFSET
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
)
def independent(h: History) -> Finding:
    """Put to the test where another group committed or read before. Groups that commit by themselves are left out."""
    answers, strange, contested = _answers(h)
    first, shown, fresh = _fresh_starts(h)
    told = [_not_its_own(h, answers, int(i)) for i in np.flatnonzero(strange)]
    missed = [_missed(h, first, int(i), int(shown[i])) for i in np.flatnonzero(fresh & (shown >= 0))]
    return Finding(int((strange | contested).sum() + fresh.sum()), (*told, *missed))


def _answers(h: History) -> tuple[Table, Bools, Bools]:
    """What groups were told they had committed; which answers are none of their commits; which others might leak."""
    commits, answers = possible_commits(h), h.answers
    by_hand = (answers.group >= 0) & ~np.isin(answers.group, list(auto_committing(h)))
    answers = answers[(answers.kind == COMMITTED_OFFSET) & by_hand & within(h, known(h))[answers.tp]]
    own = least((commits.group, commits.tp, commits.offset), commits.begun, (answers.group, answers.tp, answers.offset))
    strange = (answers.offset >= 0) & (own > answers.completed)
    return answers, strange, _others_before(commits.with_columns(time=commits.begun), answers, answers.completed)


def _fresh_starts(h: History) -> tuple[Table, Ints, Bools]:
    """Starts of groups without a commit, the ops that show what they passed over (or -1), which another had read."""
    first, reads = starts(h), h.reads
    untold = (first.highest < 0) & (floors(h) >= 0)
    grouped = reads[reads.group >= 0]
    read = _others_before(grouped.with_columns(time=grouped.completed), first, first.assigned)
    return first, passed_over(h, first, floors(h)), untold & read


def _others_before(deeds: Table, asked: Table, time: Ints) -> Bools:
    """Whether another group than the asked one did something in the partition (at the deed's `time`) before a time."""
    order = np.argsort(deeds.time, kind="stable")
    deeds = deeds[order[firsts(deeds.group[order], deeds.tp[order])]]
    tp, wanted = pack_both((deeds.tp,), (asked.tp,))
    row, deed = pairs(wanted, tp)
    other = (deeds.group[deed] != asked.group[row]) & (deeds.time[deed] < time[row])
    found = np.zeros(len(asked), dtype=np.bool_)
    found[row[other]] = True
    return found


def _not_its_own(h: History, answers: Table, answer: int) -> Violation:
    tp, group, offset = (int(getattr(answers, name)[answer]) for name in ("tp", "group", "offset"))
    commits = possible_commits(h)
    same = np.flatnonzero((commits.tp == tp) & (commits.offset == offset) & (commits.begun < answers.completed[answer]))
    told = f"group {h.groups[group]} was told that it committed {place(h, tp, offset)}, which it never did"
    whose = sorted({h.groups[each] for each in commits.group[same]})
    reason = f"{told}; group {' and '.join(whose)} did" if whose else told
    return violation(h, reason, (*commits.op[same], answers.op[answer]))


def _missed(h: History, first: Table, start: int, shown: int) -> Violation:
    tp, offset, group = (int(getattr(first, name)[start]) for name in ("tp", "offset", "group"))
    told = f"{h.processes[first.process[start]]} began {partition(h, tp)} for group {h.groups[group]} at {offset}"
    reason = (
        f"{told}, after another group had read it, though the group had committed nothing and a record is before it"
    )
    return violation(h, reason, (shown, first.op[start]), (first.positioned[start],))
