"""Progress of readers: who polls is given what there is."""

import numpy as np

from brokerlaw.spec.history.bounds import READING
from brokerlaw.spec.history.columns import Bools, Ints
from brokerlaw.spec.history.evidence.deletions import deleted_below
from brokerlaw.spec.history.evidence.expiry import keeping
from brokerlaw.spec.history.evidence.holdings import given_anew, perhaps_paused
from brokerlaw.spec.history.evidence.idle import Idle, idle
from brokerlaw.spec.history.evidence.outages import disturbed
from brokerlaw.spec.history.evidence.positions import Places, positions
from brokerlaw.spec.history.evidence.relations import NEVER, firsts, last_before, lowest_from, pack_both, pairs, take
from brokerlaw.spec.history.evidence.settings import resets_to_earliest
from brokerlaw.spec.history.evidence.topics import clean, within
from brokerlaw.spec.history.evidence.transactions import transactions
from brokerlaw.spec.history.evidence.versions import first_from, versions
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.numbers import MILLISECOND
from brokerlaw.spec.history.tables import COMMITTED, LATEST, OK, UNCOMMITTED
from brokerlaw.spec.invariants.invariant import MEMBERSHIPS, Finding, Level, Violation, invariant
from brokerlaw.spec.invariants.wording import place, violation

POLLS = 10
"""A reader polls so often before its patience ends."""
PATIENCE = READING * MILLISECOND


@invariant(
    "progress.poller-is-served",
    statement="A reader that polls is given what its partitions hold, once brokers are healthy.",
    formal="∀ reader that polls at position o of p, at healthy brokers, visible record of p at or above o: ◇ a record",
    level=Level.SHOULD,
    source="Kafka documentation, fetch.max.wait.ms; librdkafka issue 2830, Redpanda issue 10195",
    mutants=("never-out-of-range", "stalled-fetch"),
    covers=MEMBERSHIPS,
    liars=("assign", "pause", "resume"),
)
def poller_is_served(h: History) -> Finding:
    """In vain are ten polls or more, over 30 s or more. Counted are polls that were given records.

    Left out are partitions that the reader may have paused, and readers that were given or lost a partition meanwhile,
    or of whose position nothing is known; and read_committed readers while a transaction may be open. Who stands beyond
    the end, as it is told afterwards, and resets to earliest is owed all that there is.
    """
    starved = _starving(h, anew=False)
    return Finding(len(firsts(h.reads.op)) + len(starved), tuple(starved))


@invariant(
    "progress.regained-is-served",
    statement="A partition that a member had paused, and was given again after it was taken from it, is not paused: the"
    " member is given what it holds.",
    formal="∀ member that has paused p, and then was revoked p, and then assigned p, and polls at position o of p, at"
    " healthy brokers, visible record of p at or above o: ◇ a record",
    level=Level.SHOULD,
    source="Kafka documentation, KafkaConsumer.pause: a rebalance does not preserve it; Kafka pull request 22538",
    capabilities=("topics", "groups"),
    mutants=("pause-outlives-rebalance",),
    covers=("groups.next",),
)
def regained_is_served(h: History) -> Finding:
    """As progress.poller-is-served, of what that leaves out. Of clients that keep a pause their adapter ends it.

    Left out are members that have paused it without an answer. Counted are polls that were given records of it.
    """
    reads, row = h.reads, h.operations.row[h.reads.op]
    served = _paused_before(h, reads.opened, reads.tp, row)
    starved = _starving(h, anew=True)
    return Finding(len(firsts(reads.op[served], reads.tp[served])) + len(starved), tuple(starved))


def _paused_before(h: History, opened: Ints, tp: Ints, row: Ints) -> Bools:
    """Whether these consumers had paused these partitions, and then were given them anew by these rows."""
    return perhaps_paused(h, opened, tp, row) & given_anew(h, opened, tp, row)


def _starving(h: History, anew: bool) -> list[Violation]:
    """Readers in vain: of what they had paused and were given `anew`, or of what they never paused."""
    table = idle(h)
    table = table[(table.polls >= POLLS) & (table.ended - table.begun >= PATIENCE)]
    table = table[~disturbed(h, table.begun - PATIENCE, table.ended)]
    breaches: list[Violation] = []
    if not len(table):
        return breaches
    run, stands = _standing(h, table, anew)
    begin = _owed_from(h, table.ended[run], stands)
    for level in (UNCOMMITTED, COMMITTED):
        mine = np.flatnonzero((stands.isolation == level) & _settled(h, table.begun[run], level))
        order = versions(h, level)
        found = first_from(h, level, stands.tp[mine], begin[mine])
        waiting = (found >= 0) & (take(order.since, found, NEVER) < table.begun[run[mine]])
        waiting &= take(order.offset, found) >= deleted_below(h)[stands.tp[mine]]
        rows = mine[waiting]
        first = firsts(table.opened[run[rows]], stands.tp[rows])
        breaches += [_starved(h, table, stands, int(run[i]), int(i), int(begin[i]), level) for i in rows[first]]
    return breaches


def _standing(h: History, table: Idle, anew: bool) -> tuple[Ints, Places]:
    """Rows of the table, and beside each the step that tells where the reader stood in one of its partitions."""
    steps = positions(h)
    steps = steps[within(h, keeping(h) & clean(h))[steps.tp]]
    each = firsts(steps.opened, steps.tp)
    run, place_of = pairs(table.opened, steps.opened[each])
    known, asked = pack_both((steps.opened, steps.tp), (table.opened[run], steps.tp[each[place_of]]))
    last = last_before(known, steps.at, asked, h.operations.row[table.last[run]])
    sure = (last >= 0) & (take(steps.after, last) >= 0)
    opened, tp, row = table.opened[run], steps.tp[each[place_of]], h.operations.row[table.first[run]]
    sure &= _paused_before(h, opened, tp, row) if anew else ~perhaps_paused(h, opened, tp, row)
    return run[sure], steps[last[sure]]


def _settled(h: History, begun: Ints, level: int) -> Bools:
    """Whether every transaction was over by then, as far as readers at this level care."""
    over = transactions(h).over.max(initial=-1) if level == COMMITTED else -1
    return np.asarray(begun > over, dtype=np.bool_)


def _owed_from(h: History, ended: Ints, stands: Places) -> Ints:
    """The position from which on each reader is owed what there is; the log's start, if it is to be reset there."""
    ends = h.answers[(h.answers.kind == LATEST) & (h.answers.isolation == UNCOMMITTED) & (h.answers.status == OK)]
    ends = ends[ends.offset >= 0]
    lowest = lowest_from(ends.tp, ends.invoked, ends.offset, stands.tp, ended + 1)
    beyond = (lowest >= 0) & (stands.after > take(ends.offset, lowest)) & resets_to_earliest(h)[stands.opened]
    return np.where(beyond, deleted_below(h)[stands.tp], stands.after)


def _starved(h: History, table: Idle, stands: Places, run: int, step: int, begin: int, level: int) -> Violation:
    tp, offset, order = int(stands.tp[step]), int(stands.after[step]), versions(h, level)
    there = int(first_from(h, level, stands.tp[step : step + 1], np.array([begin]))[0])
    reader, seconds = h.processes[int(h.operations.client[table.first[run]])], (table.ended - table.begun)[run] / 1e9
    told = f"{reader} polled {int(table.polls[run])} times in {seconds:.0f} s at {place(h, tp, offset)}"
    reason = f"{told} and was given nothing, though a record is at {int(order.offset[there])}"
    shown = (int(stands.op[step]), int(order.op[there]), int(table.first[run]), int(table.last[run]))
    return violation(h, reason, shown)
