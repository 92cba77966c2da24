"""Offsets told: where a log begins and ends, and where it has come to at a time, agree with what is in it."""

import numpy as np

from brokerlaw.spec.history.columns import Ints
from brokerlaw.spec.history.evidence.deletions import deleted, deleted_below, deletions
from brokerlaw.spec.history.evidence.ends import Bound, at_least, at_most, ends_told, stable_at_most
from brokerlaw.spec.history.evidence.expiry import kept_until
from brokerlaw.spec.history.evidence.positions import positions
from brokerlaw.spec.history.evidence.records import DURABLE
from brokerlaw.spec.history.evidence.relations import NEVER, find, firsts, highest_before, least, take
from brokerlaw.spec.history.evidence.settings import under
from brokerlaw.spec.history.evidence.stamps import stamps
from brokerlaw.spec.history.evidence.topics import clean, within, without_transactions
from brokerlaw.spec.history.evidence.versions import known_end
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.tables import COMMITTED, EARLIEST, OK, TIMESTAMP, Answers
from brokerlaw.spec.invariants.invariant import Finding, Violation, invariant
from brokerlaw.spec.invariants.wording import partition, place, violation


@invariant(
    "offsets.end-told",
    statement="The end that is told of a log is behind every record that was acknowledged or read, not behind an open"
    " transaction's for read_committed, and not beyond what was sent.",
    formal="∀ latest(p) = e: acknowledged or read before at o ⇒ e > o; at read_committed a transaction open throughout"
    " with a record at o ⇒ e ≤ o; e ≤ |sends to p|",
    source="Kafka, ListOffsets; KIP-98 (last stable offset)",
    promised=DURABLE,
    liars=("list_offsets.answer: *", "list_offsets.request"),
)
def end_told(h: History) -> Finding:
    """How much was sent is a bound only where each record takes one offset: producers are idempotent, and there are no
    transactions, whose markers take offsets too. A transaction is open until somebody asked to end it, its producer
    went or was opened anew, or its timeout passed.
    """
    told = ends_told(h)
    told = told[within(h, clean(h))[told.tp]]
    low, stable, most = at_least(h, told), stable_at_most(h, told), at_most(h, told)
    tested = (low.end > 0) | (stable.end < NEVER) | (most < NEVER)
    breaches = [_end(h, told, low, int(i), "though it was") for i in np.flatnonzero(told.offset < low.end)]
    beyond = told.offset > stable.end
    breaches += [_end(h, told, stable, int(i), "though a transaction was open from") for i in np.flatnonzero(beyond)]
    breaches += [_unsent(h, told, int(i), int(most[i])) for i in np.flatnonzero((told.offset > most) & ~beyond)]
    return Finding(int(tested.sum()), tuple(breaches))


def _end(h: History, told: Answers, bound: Bound, answer: int, why: str) -> Violation:
    where = f"{partition(h, told.tp[answer])} was said to end at {told.offset[answer]}, {why} {bound.end[answer]}"
    return violation(h, where + under(h, DURABLE), (bound.op[answer], told.op[answer]))


def _unsent(h: History, told: Answers, answer: int, most: int) -> Violation:
    where = f"{partition(h, told.tp[answer])} was said to end at {told.offset[answer]}, though at most {most} records"
    return violation(h, f"{where} had been sent to it", (told.op[answer],))


@invariant(
    "offsets.by-timestamp",
    statement="The offset that is told for a timestamp is that of the first record that is there and not older.",
    formal="∀ lookup(p, t) = o: timestamp(o) ≥ t ∧ o not deleted ∧ ∄ record at o' < o, not deleted, timestamp(o') ≥ t;"
    " told that there is none ⇒ ∄ record with timestamp ≥ t",
    source="Kafka, KafkaConsumer.offsetsForTimes; KIP-79; Redpanda issue 18112",
    capabilities=("topics", "timestamps"),
    promised=DURABLE,
    liars=("list_offsets.request.at", "list_offsets.answer"),
)
def by_timestamp(h: History) -> Finding:
    """Of records that were there before it was asked. What somebody asked to delete may be found until it is gone.

    An offset of which no record is known may be a marker of a transaction, which has a timestamp too.
    """
    asked = _lookups(h)
    if not len(asked):
        return Finding(0)
    known = stamps(h)
    found, cut = asked.offset >= 0, deleted(h, asked.tp, asked.invoked)
    own = find((known.tp, known.offset), (asked.tp, asked.offset))
    earlier = _earlier(h, asked)
    gone = found & (asked.offset < cut.below)
    older = ~gone & (own >= 0) & (take(known.timestamp, own) < asked.at)
    missed = ~gone & ~older & (earlier >= 0)
    breaches = [
        _looked_up(h, asked, int(i), int(shown[i]), why)
        for wrong, shown, why in (
            (gone, cut.op, "which was deleted"),
            (older, take(known.op, own), "which is older"),
            (missed, take(known.op, earlier), "though an earlier record is not older"),
        )
        for i in np.flatnonzero(wrong)
    ]
    tested = (own >= 0) | (least((known.tp,), known.offset, (asked.tp,)) < known_end(h, asked.tp, asked.invoked))
    return Finding(int(tested.sum()), tuple(breaches))


def _earlier(h: History, asked: Answers) -> Ints:
    """A record before the one told, or any, that should have been told instead, as a row of `stamps`; -1: none.

    All below an end that was known were there, whenever they became known.
    """
    known = stamps(h)
    rows = np.flatnonzero(known.offset >= deleted_below(h)[known.tp])
    end = known_end(h, asked.tp, asked.invoked)
    upto = np.where(asked.offset >= 0, np.minimum(asked.offset, end), end)
    found = take(rows, highest_before(known.tp[rows], known.offset[rows], known.timestamp[rows], asked.tp, upto))
    stayed = kept_until(h, asked.tp, take(known.offset, found, 0)) > asked.completed
    return np.where((found >= 0) & stayed & (take(known.timestamp, found) >= asked.at), found, -1)


def _lookups(h: History) -> Answers:
    """Answers to lookups by time; those for read_committed only where there are no transactions."""
    asked = h.answers
    asked = asked[(asked.kind == TIMESTAMP) & (asked.status == OK) & (asked.at >= 0)]
    plain = without_transactions(h)[asked.tp] | (asked.isolation != COMMITTED)
    return asked[within(h, clean(h))[asked.tp] & plain]


def _looked_up(h: History, asked: Answers, answer: int, shown: int, why: str) -> Violation:
    told = "no offset" if asked.offset[answer] < 0 else place(h, int(asked.tp[answer]), int(asked.offset[answer]))
    what = f"asked for the first record of {partition(h, asked.tp[answer])} from the time {asked.at[answer]} on"
    return violation(h, f"{what}, {told} was told, {why}{under(h, DURABLE)}", (shown, asked.op[answer]))


@invariant(
    "retention.deletes-what-was-asked",
    statement="Once records were deleted, their log begins behind them, and no reader is given them any more.",
    formal="∀ deletion of all below b, done: earliest told later ≥ b ∧ ∀ read r, position set later: offset(r) ≥ b",
    source="KIP-107; Kafka, Admin.deleteRecords",
    capabilities=("topics", "delete-records"),
    mutants=("deleted-comes-back", "log-start-forgotten"),
    liars=("delete_records",),
)
def deletes_what_was_asked(h: History) -> Finding:
    """A reader that stood there before may have records in hand. What is not below stays: see durability and retention.

    All live replicas have deleted the records before that is confirmed, and whoever leads next has too. A broker that
    was killed may forget where its log began: once one is back it is not judged.
    """
    if not len(deletions(h)):
        return Finding(0)
    begins = h.answers[(h.answers.kind == EARLIEST) & (h.answers.status == OK)]
    begins = begins[within(h, clean(h))[begins.tp]]
    cut = deleted(h, begins.tp, begins.invoked)
    early = np.flatnonzero((begins.offset >= 0) & (begins.offset < cut.below))
    breaches = [_begins(h, begins, int(i), int(cut.below[i]), int(cut.op[i])) for i in early]
    steps = positions(h)
    steps = steps[(steps.positioned >= 0) & within(h, clean(h))[steps.tp]]
    gone = deleted(h, steps.tp, _when(h, steps.positioned))
    read = np.flatnonzero(steps.offset < gone.below)
    read = read[firsts(steps.op[read], steps.tp[read])] if len(read) else read
    breaches += [_given(h, int(steps.op[i]), int(steps.tp[i]), int(steps.offset[i]), int(gone.op[i])) for i in read]
    return Finding(int((cut.below > 0).sum() + (gone.below > 0).sum()), tuple(breaches))


def _when(h: History, row: Ints) -> Ints:
    """When each of these rows was: an operation was invoked, or a member was told of a partition; else 0."""
    op = find((h.operations.row,), (row,))
    told = find((h.ownership.row,), (row,))
    return np.where(op >= 0, take(h.operations.invoked, op), take(h.ownership.time, told, 0))


def _begins(h: History, begins: Answers, answer: int, below: int, op: int) -> Violation:
    where = f"{partition(h, begins.tp[answer])} was said to begin at {begins.offset[answer]}"
    return violation(h, f"{where}, though all below {below} had been deleted", (op, begins.op[answer]))


def _given(h: History, poll: int, tp: int, offset: int, op: int) -> Violation:
    reader = h.processes[h.operations.client[poll]]
    return violation(h, f"{reader} was given {place(h, tp, offset)}, which had been deleted", (op, poll))
