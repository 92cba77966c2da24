"""Create times: a record whose send names no time bears the time of its send, by its producer's clock."""

from typing import Final

import numpy as np

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.columns import Ints, Table
from brokerlaw.spec.history.evidence.operations import of_kind
from brokerlaw.spec.history.evidence.records import source_of_read
from brokerlaw.spec.history.evidence.relations import firsts, least_of_each
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.numbers import MILLISECOND, SECOND
from brokerlaw.spec.history.tables import OK
from brokerlaw.spec.invariants.invariant import Finding, Violation, invariant
from brokerlaw.spec.invariants.records import of_creation
from brokerlaw.spec.invariants.wording import place, violation

LONGEST: Final = 2**42
"""Milliseconds that are as good as any later time."""
APART: Final = SECOND
"""ns that a producer's clock may gain or lose over a history, beside a thousandth of it."""


class Stamped(Table[Ints], kw_only=True):
    """A record that was read with the time of its send: `read` and `send` are rows of those tables.

    The producer's clock was ahead of the history's by `least` to `most` ns, if the time is the send's.
    """

    read: Ints
    send: Ints
    opened: Ints
    least: Ints
    most: Ints


@invariant(
    "records.create-time-is-the-sends",
    statement="Where timestamps are of their creation, a record whose send gave none has the time of that send.",
    formal="∀ producer: ∃ d: ∀ acknowledged send s of it without a timestamp, read r of it, type(topic(r)) = "
    "CreateTime: begin(s) + d ≤ timestamp(r) ≤ end(s) + d, give or take a second",
    source="Kafka documentation, ProducerRecord: without a timestamp, the producer stamps it with its current time; "
    "KIP-32",
    capabilities=("topics", "timestamps"),
    liars=("poll.answer.[].timestamp",),
)
def create_time_is_the_sends(h: History) -> Finding:
    """How far a producer's clock is ahead of the history's (d) nobody knows, but it stays. Of each producer the two
    records are shown that are furthest apart. Where clocks were put forward nothing is judged.
    """
    if len(of_kind(h, ops.AdvanceClock)):
        return Finding(0)
    stamped = _stamped(h)
    earliest = stamped[least_of_each(stamped.opened, stamped.most)]
    latest = stamped[least_of_each(stamped.opened, -stamped.least)]
    span = np.abs(h.sends.invoked[latest.send] - h.sends.invoked[earliest.send])
    wrong = latest.least > earliest.most + APART + span // 1_000
    breaches = (_apart(h, earliest[wrong], latest[wrong], i) for i in range(int(wrong.sum())))
    compared = np.bincount(stamped.opened)[stamped.opened] > 1
    return Finding(int(compared.sum()), tuple(breaches))


def _stamped(h: History) -> Stamped:
    reads, sends, send = h.reads, h.sends, source_of_read(h)
    plain = (send >= 0) & of_creation(h) & (reads.timestamp >= 0)
    plain[plain] &= (sends.timestamp[send[plain]] < 0) & (sends.status[send[plain]] == OK)
    read = np.flatnonzero(plain)
    read = read[firsts(send[read], reads.timestamp[read])] if len(read) else read
    by, time = send[read], np.minimum(reads.timestamp[read], LONGEST) * MILLISECOND
    return Stamped(
        read=read,
        send=by,
        opened=sends.opened[by],
        least=time - sends.completed[by],
        most=time + MILLISECOND - sends.invoked[by],
    )


def _apart(h: History, earliest: Stamped, latest: Stamped, row: int) -> Violation:
    one, other = (int(each.read[row]) for each in (earliest, latest))
    said = [f"{place(h, h.reads.tp[read], h.reads.offset[read])} at {h.reads.timestamp[read]}" for read in (one, other)]
    sends = [int(each.send[row]) for each in (earliest, latest)]
    between = (h.sends.invoked[sends[1]] - h.sends.invoked[sends[0]]) / 1e9
    reason = f"{said[0]} and {said[1]} (ms) were sent by one producer, the second {between:.1f} s after the first"
    return violation(h, reason, (*h.sends.op[sends], *h.reads.op[[one, other]]))
