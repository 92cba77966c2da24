"""Resets: where a member begins whose group has committed nothing."""

import numpy as np

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.columns import Bools, Ints
from brokerlaw.spec.history.derived import derived
from brokerlaw.spec.history.evidence.deletions import deleted_below
from brokerlaw.spec.history.evidence.expansions import added_since_subscribing
from brokerlaw.spec.history.evidence.expiry import keeping
from brokerlaw.spec.history.evidence.operations import completed, of_kind
from brokerlaw.spec.history.evidence.records import send_of_read
from brokerlaw.spec.history.evidence.relations import NEVER, find, last_before, take
from brokerlaw.spec.history.evidence.settings import consumers, under
from brokerlaw.spec.history.evidence.starts import Starts, starts
from brokerlaw.spec.history.evidence.topics import CLEAN_ELECTION, within, without_transactions
from brokerlaw.spec.history.evidence.versions import known_end, left_out, shown_by
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.numbers import SECOND
from brokerlaw.spec.history.tables import COMMITTED, OK
from brokerlaw.spec.invariants.invariant import MEMBERSHIPS, Finding, Level, Violation, invariant
from brokerlaw.spec.invariants.wording import place, violation

NONE, LATEST, EARLIEST = -3, -2, -1
CLOCKS = SECOND
"""How far the clocks of producers and readers may be apart."""


@invariant(
    "offsets.reset-policy",
    statement="Where a group has committed nothing, a member begins as its policy says: latest, at the log's end;"
    " by_duration, at what is not older; none, not at all.",
    formal="∀ first read r after an assignment, nothing committed: latest ⇒ offset(r) ≥ end at the assignment;"
    " by_duration d ⇒ time(r) ≥ time of the assignment - d; none ⇒ there is no r",
    source="Kafka documentation, consumer configuration: auto.offset.reset; KIP-1106",
    capabilities=("topics", "groups"),
    promised=(CLEAN_ELECTION,),
    covers=(*MEMBERSHIPS, "reset-by-duration"),
    liars=("open_consumer.request.reset",),
)
def reset_policy(h: History) -> Finding:
    """What earliest passes over is told by offsets.resume-at-commit. The position is found out at some time after the
    poll began in which the partition was assigned: the end at its beginning counts. For read_committed it is the last
    stable offset, which is not judged where there are transactions. For latest, nor is a partition that was added after
    the member had subscribed.
    """
    first = starts(h)
    fresh = (first.latest < 0) & (first.highest < 0)
    if not fresh.any():
        return Finding(0)
    policy, end = _policies(h)[first.opened], known_end(h, first.tp, _since(h))
    latest = (policy == LATEST) & _told_by_end(h, first) & ~added_since_subscribing(h)
    none = policy == NONE
    judged = fresh & (latest | none | (_sent(h, first) >= 0))
    wrong = none | (latest & (first.offset < end)) | _old(h, first, policy)
    breaches = (_began(h, first, int(i)) for i in np.flatnonzero(judged & wrong))
    return Finding(int(judged.sum()), tuple(breaches))


@invariant(
    "offsets.added-from-the-start",
    level=Level.SHOULD,
    statement="A member reads a partition that was added after it had subscribed to the topic from its first record on,"
    " though it resets to latest.",
    formal="∀ first read r of a partition p by a member that subscribed before p was added, nothing committed:"
    " there is no record of p below r",
    source="KAFKA-12478, KIP-842; Kafka's documentation of auto.offset.reset says what is lost otherwise",
    capabilities=("topics", "groups", "create-partitions", "groups.added-partitions"),
    promised=(CLEAN_ELECTION,),
    covers=MEMBERSHIPS,
    mutants=("latest-in-added-partitions",),
)
def added_from_the_start(h: History) -> Finding:
    """What a producer sent before the member had learned of the partition would be read by nobody. Where records may
    have expired or been deleted, a member may begin behind them.
    """
    first = starts(h)
    whole = within(h, keeping(h))[first.tp] & (deleted_below(h)[first.tp] == 0)
    fresh = (first.latest < 0) & (first.highest < 0)
    judged = fresh & whole & added_since_subscribing(h) & (_policies(h)[first.opened] == LATEST)
    if not judged.any():
        return Finding(0)
    shown = left_out(h, first.isolation, first.tp, np.zeros_like(first.offset), first.offset)
    breaches = (_passed_over(h, first, int(i), int(shown[i])) for i in np.flatnonzero(judged & (shown >= 0)))
    return Finding(int(judged.sum()), tuple(breaches))


def _passed_over(h: History, first: Starts, start: int, shown: int) -> Violation:
    where = f"{h.processes[first.process[start]]} began at {place(h, int(first.tp[start]), int(first.offset[start]))}"
    reason = f"{where} and passed over a record, though the partition was added after it had subscribed"
    witnesses = (int(first.opened[start]), shown, int(first.op[start]))
    return violation(h, reason + under(h, (CLEAN_ELECTION,)), witnesses, (first.positioned[start],))


@derived
def _policies(h: History) -> Ints:
    """By the operation that opened it: a consumer's policy, or the seconds of its duration; -1: earliest."""
    found = np.full(len(h.operations) + 1, EARLIEST)
    for opened, consumer in consumers(h).items():
        kind, _, duration = consumer.reset.partition(":PT")
        found[opened] = int(duration[:-1]) if duration else {"latest": LATEST, "none": NONE}.get(kind, EARLIEST)
    return found


def _told_by_end(h: History, first: Starts) -> Bools:
    """Whether the end is the high watermark: for read_committed it is only where there are no transactions."""
    return np.asarray((first.isolation != COMMITTED) | without_transactions(h)[first.tp], dtype=np.bool_)


@derived
def _since(h: History) -> Ints:
    """By start: when the poll began in which the partition was assigned, or when it was told, if between two polls."""
    first, operations, polls = starts(h), h.operations, of_kind(h, ops.Poll, failed=True)
    poll = last_before(operations.opened[polls], operations.invoked[polls], first.opened, first.assigned + 1)
    during = take(completed(h, polls, NEVER), poll) >= first.assigned
    return np.where(during, take(operations.invoked[polls], poll), first.assigned)


def _sent(h: History, first: Starts) -> Ints:
    """When the record of each start, whose timestamp is its producer's time, had certainly been sent; -1: not known."""
    read = find((h.reads.op, h.reads.tp, h.reads.offset), (first.op, first.tp, first.offset))
    send = take(send_of_read(h), read)
    plain = (send >= 0) & (take(h.sends.timestamp, send) < 0) & (take(h.sends.status, send) == OK)
    return np.where(plain & (_policies(h)[first.opened] >= 0), take(h.sends.completed, send), -1)


def _old(h: History, first: Starts, policy: Ints) -> Bools:
    """Whether a record was older than its reader wanted."""
    sent = _sent(h, first)
    return np.asarray((sent >= 0) & (sent + np.maximum(policy, 0) * SECOND + CLOCKS < _since(h)), dtype=np.bool_)


def _began(h: History, first: Starts, start: int) -> Violation:
    tp, opened = int(first.tp[start]), int(first.opened[start])
    where = f"{h.processes[first.process[start]]} began at {place(h, tp, int(first.offset[start]))}"
    reason = f"{where}, though its group had committed nothing and it resets to {consumers(h)[opened].reset}"
    latest = _policies(h)[opened] == LATEST
    shown = int(shown_by(h, first.tp, _since(h))[start]) if latest else -1
    return violation(
        h, reason + under(h, (CLEAN_ELECTION,)), (opened, shown, first.op[start]), (first.positioned[start],)
    )
