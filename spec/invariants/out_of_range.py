"""Out of range: a reader that stands where the log does not reach goes on where its policy says, or not at all."""

import numpy as np

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.columns import Bools, Ints
from brokerlaw.spec.history.evidence.deletions import deleted, may_be_deleted
from brokerlaw.spec.history.evidence.expiry import keeping
from brokerlaw.spec.history.evidence.operations import of_kind
from brokerlaw.spec.history.evidence.outages import leaders_since
from brokerlaw.spec.history.evidence.positions import READ, SOUGHT, TOLD, Places, positions, sought_at
from brokerlaw.spec.history.evidence.relations import among
from brokerlaw.spec.history.evidence.settings import consumers, under
from brokerlaw.spec.history.evidence.topics import CLEAN_ELECTION, clean, within, without_transactions
from brokerlaw.spec.history.evidence.versions import known_end, left_out, shown_by
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.tables import COMMITTED
from brokerlaw.spec.invariants.invariant import Finding, Violation, invariant
from brokerlaw.spec.invariants.wording import place, violation


@invariant(
    "reading.out-of-range-is-reset",
    statement="A reader that turned to an offset outside of the log goes on where its policy says: earliest, at the "
    "first record; latest, at the end; none, nowhere.",
    formal="∀ read or told position r, position p sought before it, r < p or p deleted before it was sought: earliest"
    " ⇒ no record is below r; latest ⇒ r ≥ end when p was sought; none ⇒ r is no read",
    source="Kafka documentation, consumer configuration: auto.offset.reset; protocol, errors: OFFSET_OUT_OF_RANGE",
    promised=(CLEAN_ELECTION,),
    mutants=("reset-to-the-start", "reset-to-the-end"),
    liars=("open_consumer.request.reset",),
)
def out_of_range_is_reset(h: History) -> Finding:
    """Who is given less than it sought was beyond the end, whatever is known of that. What earliest passes over from
    below the start is told by reading.leaves-nothing-out.

    Left out is what came after leaders may have changed. For read_committed the end is the last stable offset, which is
    not judged where there are transactions; nor is that of members of groups, who know of partitions added.
    """
    steps = _sought(h)
    beyond = steps.offset < steps.before
    policy = _policies(h)[steps.opened]
    start = may_be_deleted(h, steps.tp, h.operations.completed[steps.op])
    passed = np.where((policy == EARLIEST) & beyond, start, steps.offset)
    shown = left_out(h, steps.isolation, steps.tp, passed, steps.offset)
    since = sought_at(h, steps)
    latest = (policy == AT_END) & ((steps.isolation != COMMITTED) | without_transactions(h)[steps.tp])
    latest &= ~among(steps.opened, h.operations.opened[of_kind(h, ops.Subscribe, failed=True)])
    short = latest & (steps.offset < known_end(h, steps.tp, since))
    shown = np.where(short, shown_by(h, steps.tp, since), shown)
    none = (policy == NOWHERE) & (steps.kind == READ)
    judged = none | latest | ((policy == EARLIEST) & beyond)
    broken = none | short | (shown >= 0)
    breaches = (_not_reset(h, steps, int(i), int(shown[i])) for i in np.flatnonzero(judged & broken))
    return Finding(int(judged.sum()), tuple(breaches))


EARLIEST, AT_END, NOWHERE, OTHERWISE = range(4)
POLICIES = {"earliest": EARLIEST, "latest": AT_END, "none": NOWHERE}


def _policies(h: History) -> Ints:
    """By the operation that opened it: a consumer's policy."""
    found = np.full(len(h.operations) + 1, OTHERWISE)
    for opened, consumer in consumers(h).items():
        found[opened] = POLICIES.get(consumer.reset, OTHERWISE)
    return found


def _sought(h: History) -> Places:
    """Reads and positions told after a seek or an assignment that led out of the log: no record is there, and what
    came is below, or it is above what had been deleted before.
    """
    steps, table = positions(h), positions(h)
    kept = among(steps.kind, (READ, TOLD)) & (steps.before >= 0) & (steps.offset >= 0)
    kept &= (steps.origin >= 0) & (table.kind[steps.origin] == SOUGHT)
    steps = steps[kept & within(h, keeping(h) & clean(h))[steps.tp]]
    out = (steps.offset < steps.before) | _below_the_start(h, steps)
    return steps[out & (h.operations.completed[steps.op] < leaders_since(h))]


def _below_the_start(h: History, steps: Places) -> Bools:
    """Whether what was sought had certainly been deleted, and the position told is not what was sought itself."""
    cut = deleted(h, steps.tp, sought_at(h, steps))
    unmoved = (steps.kind == TOLD) & (steps.offset == steps.before)
    return np.asarray((cut.below > steps.before) & ~unmoved, dtype=np.bool_)


def _not_reset(h: History, steps: Places, step: int, shown: int) -> Violation:
    tp, opened = int(steps.tp[step]), int(steps.opened[step])
    reader, policy = h.processes[h.operations.client[steps.op[step]]], consumers(h)[opened].reset
    came = "was given" if steps.kind[step] == READ else "was told that its position is"
    sought, given = place(h, tp, int(steps.before[step])), place(h, tp, int(steps.offset[step]))
    reason = f"{reader} turned to {sought}, outside of the log, and {came} {given}, though it resets to {policy}"
    origin = positions(h).op[steps.origin[step]]
    return violation(h, reason + under(h, (CLEAN_ELECTION,)), (origin, shown, steps.op[step]))
