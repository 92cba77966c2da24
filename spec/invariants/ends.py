"""Ends: what is told of a log's end holds from then on, and is never before its start."""

import numpy as np

from brokerlaw.spec.history.evidence.relations import firsts, highest_before, take
from brokerlaw.spec.history.evidence.settings import under
from brokerlaw.spec.history.evidence.topics import CLEAN_ELECTION, clean, within
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.tables import COMMITTED, EARLIEST, LATEST, UNCOMMITTED, Answers
from brokerlaw.spec.invariants.invariant import Finding, Violation, invariant
from brokerlaw.spec.invariants.wording import partition, violation


@invariant(
    "ends.never-go-back",
    statement="The end of a log never goes back, nor does its last stable offset, and no end is before one of those.",
    formal="∀ ends e, f told of p: completed(e) < invoked(f) ∧ (isolation(e) = isolation(f) ∨ f of read_uncommitted)"
    " ⇒ e ≤ f",
    source="KIP-207; KAFKA-2334",
    promised=(CLEAN_ELECTION,),
    mutants=("KAFKA-2334",),
    liars=("list_offsets.answer: one more", "list_offsets.answer: stale", "list_offsets.answer: of elsewhere"),
)
def never_go_back(h: History) -> Finding:
    """Topics that were deleted, or that may elect a replica which is not in sync, are left out.

    So are answers that tell no end, as of a leader that does not know it yet.
    """
    ends = h.answers[(h.answers.kind == LATEST) & (h.answers.offset >= 0) & within(h, clean(h))[h.answers.tp]]
    full, stable = ends[ends.isolation == UNCOMMITTED], ends[ends.isolation == COMMITTED]
    found = [_behind(h, later, earlier) for later, earlier in ((full, full), (stable, stable), (full, stable))]
    return Finding(len(full) + len(stable), tuple(each for some in found for each in some))


def _behind(h: History, later: Answers, earlier: Answers) -> list[Violation]:
    """Each partition's first answer that is behind one of the earlier ones."""
    highest = highest_before(earlier.tp, earlier.completed, earlier.offset, later.tp, later.invoked)
    wrong = np.flatnonzero(take(earlier.offset, highest) > later.offset)
    wrong = wrong[firsts(later.tp[wrong])]
    return [_went_back(h, later[i : i + 1], earlier[highest[i : i + 1]]) for i in wrong]


def _went_back(h: History, later: Answers, earlier: Answers) -> Violation:
    what = "last stable offset" if earlier.isolation[0] == COMMITTED else "end"
    told = f"the {what} of {partition(h, int(later.tp[0]))} was {int(earlier.offset[0])}"
    now = "last stable offset" if later.isolation[0] == COMMITTED else "end"
    reason = f"{told}, and later its {now} was {int(later.offset[0])}{under(h, (CLEAN_ELECTION,))}"
    return violation(h, reason, (int(earlier.op[0]), int(later.op[0])))


@invariant(
    "ends.start-before-end",
    statement="A log never begins behind its end: nothing goes that is not replicated yet.",
    formal="∀ start b, then end e told of p: b ≤ e",
    source="KAFKA-5634; KIP-107: the log start offset is at most the high watermark",
    promised=(CLEAN_ELECTION,),
    mutants=("KAFKA-5634",),
    liars=("list_offsets.answer: one more",),
    covers=("retention",),
)
def start_before_end(h: History) -> Finding:
    """As above; ends are those of read_uncommitted."""
    told = h.answers[(h.answers.offset >= 0) & within(h, clean(h))[h.answers.tp]]
    starts, ends = told[told.kind == EARLIEST], told[(told.kind == LATEST) & (told.isolation == UNCOMMITTED)]
    furthest = highest_before(starts.tp, starts.completed, starts.offset, ends.tp, ends.invoked)
    wrong = np.flatnonzero(take(starts.offset, furthest) > ends.offset)
    wrong = wrong[firsts(ends.tp[wrong])]
    breaches = (_begins_behind(h, starts[furthest[i : i + 1]], ends[i : i + 1]) for i in wrong)
    return Finding(int((furthest >= 0).sum()), tuple(breaches))


def _begins_behind(h: History, start: Answers, end: Answers) -> Violation:
    told = f"{partition(h, int(start.tp[0]))} began at {int(start.offset[0])}"
    reason = f"{told}, and later its end was {int(end.offset[0])}{under(h, (CLEAN_ELECTION,))}"
    return violation(h, reason, (int(start.op[0]), int(end.op[0])))
