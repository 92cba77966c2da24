"""Dead letters: what an application could not process is set aside with where it came from, and holds up nothing."""

from collections.abc import Iterator
from typing import Final

import numpy as np

from brokerlaw.spec.history.columns import Bools, Ints, Table, stacked
from brokerlaw.spec.history.derived import derived
from brokerlaw.spec.history.evidence.applications import (
    Application,
    Course,
    applications,
    applied,
    course,
    inputs,
)
from brokerlaw.spec.history.evidence.commits import unaccountable
from brokerlaw.spec.history.evidence.records import acked
from brokerlaw.spec.history.evidence.relations import NEVER, find, firsts, neighbours, present, take
from brokerlaw.spec.history.evidence.settings import under
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.tables import OK
from brokerlaw.spec.history.values import RecordHeader, TopicPartition
from brokerlaw.spec.invariants.delivery import GROUPS, NOTHING, PROMISED, left_out, not_its_own_doing, total
from brokerlaw.spec.invariants.invariant import MEMBERSHIPS, Finding, Violation, invariant
from brokerlaw.spec.invariants.wording import place, value, violation

TOPIC, PARTITION, OFFSET = (f"__connect.errors.{name}" for name in ("topic", "partition", "offset"))
"""Headers of a dead letter that say where it came from (KIP-298)."""
NOT_DONE: Final = "applying it or setting it aside"


@invariant(
    "delivery.dead-letter",
    statement="An application that sets aside what it cannot process works off every acknowledged record, once while"
    " nothing goes wrong; a dead letter says where it came from.",
    formal="∀ dead-letter application A that caught up, acknowledged record r: r ∈ applied(A) ∪ letters(A);"
    " ∀ dead letter d read: key(d), value(d) are those of the record at origin(d)",
    source='Kafka documentation, "Message Delivery Semantics"; KIP-298 (dead letter queues in Connect)',
    capabilities=(*GROUPS, "headers"),
    promised=PROMISED,
    covers=(*MEMBERSHIPS, "headers"),
    liars=("seek.outcome: not done", "commit.request.offsets[].offset: one more", "send.request.headers"),
)
def dead_letter(h: History) -> Finding:
    """Judged once the application was seen to have caught up, for partitions that it then held."""
    return total(_worked_off(h, application) for application in applications(h, "dead-letter"))


class Done(Table[Ints], kw_only=True):
    """What an application did with a record of its topic: when, and what shows it (-1: nothing of this kind).

    `opened` is the instance, where an effect tells.
    """

    opened: Ints
    tp: Ints
    offset: Ints
    time: Ints
    op: Ints
    row: Ints


def _worked_off(h: History, application: Application) -> Finding:
    owed, done = inputs(h, application), _done(h, application)
    there = present((done.tp, done.offset), (owed.tp, owed.offset))
    left = not_its_own_doing(h, application, owed, ~there, NOTHING)
    missing = (left_out(h, application, owed, i, NOT_DONE) for i in left)
    read, wrong = _letters_read(h, application)
    strayed = (_strayed(h, application, int(i)) for i in wrong)
    breaches = (*missing, *_twice(h, application, done), *strayed)
    return Finding(max(int(there.sum()) + len(left) + read, len(breaches)), breaches)


def _done(h: History, application: Application) -> Done:
    """Effects, and dead letters that were acknowledged."""
    effects, sends = applied(h, application), h.sends
    into = (sends.topic == h.topics.find(application.declared.sink)) & (sends.status == OK)
    letters = sends[into & (_origins(h)[0][sends.headers] >= 0)]
    tp, offset = (column[letters.headers] for column in _origins(h))
    no_op, no_row = np.full(len(effects), -1), np.full(len(letters), -1)
    return stacked(
        [
            Done(
                opened=effects.opened,
                tp=effects.tp,
                offset=effects.offset,
                time=effects.time,
                op=no_op,
                row=effects.row,
            ),
            Done(opened=no_row, tp=tp, offset=offset, time=letters.completed, op=letters.op, row=no_row),
        ]
    )


@derived
def _origins(h: History) -> tuple[Ints, Ints]:
    """By headers, the partition and the offset that they say a dead letter came from; -1: they say nothing."""
    told = [_origin(h, each) for each in h.headers.values]
    table = np.array([*told, (-1, -1)], dtype=np.int64)
    return table[:, 0], table[:, 1]


def _origin(h: History, headers: tuple[RecordHeader, ...]) -> tuple[int, int]:
    told = {name: (data or b"").decode("utf-8", "replace") for name, data in headers}
    partition, offset = told.get(PARTITION, ""), told.get(OFFSET, "")
    if TOPIC not in told or not (partition.isdecimal() and offset.isdecimal()):
        return -1, -1
    return h.partitions.find(TopicPartition(told[TOPIC], int(partition))), int(offset)


def _twice(h: History, application: Application, done: Done) -> Iterator[Violation]:
    """Records that took effect again for an instance that was given them after they had been committed."""
    done, deeds = done[np.argsort(done.time, kind="stable")], dict[int, Course]()
    for one, other in zip(*neighbours(done.tp, done.offset), strict=True):
        tp, offset = int(done.tp[one]), int(done.offset[one])
        deeds[tp] = deeds.get(tp) or course(h, application, tp)
        if application.group not in unaccountable(h) and _given_again(deeds[tp], offset, int(done.opened[other])):
            told = f"{place(h, tp, offset)} was worked off twice by the {application.declared.discipline} application"
            reason = f"{told} of group {application.declared.group}, the second time after it was committed"
            both = np.array([one, other])
            yield violation(h, reason + under(h, PROMISED), done.op[both], (application.row, *done.row[both]))


def _given_again(deeds: Course, offset: int, opened: int) -> bool:
    """Whether every assignment of this instance came after a commit past the record, and nobody moved back since."""
    begun = deeds.assignments.begin[deeds.assignments.opened == opened].min(initial=NEVER)
    past = deeds.commits[(deeds.commits.offset > offset) & (deeds.commits.done < begun)]
    since = past.begun.min(initial=NEVER)
    lower = (deeds.commits.offset <= offset) & (deeds.commits.begun >= since)
    back = (deeds.seeks.offset <= offset) & (deeds.seeks.invoked >= since)
    return bool(begun < NEVER and len(past) and not lower.any() and not back.any())


def _letters_read(h: History, application: Application) -> tuple[int, Ints]:
    """How many dead letters were read whose origin is known, and the rows of the reads that are not of the record."""
    reads, sends = h.reads, acked(h)
    into = np.array([*(tp.topic == application.declared.sink for tp in h.partitions.values), False], dtype=np.bool_)
    tp, offset = (column[reads.headers] for column in _origins(h))
    send = find((sends.tp, sends.offset), (tp, offset))
    known: Bools = np.asarray(into[reads.tp] & (tp >= 0) & (send >= 0), dtype=np.bool_)
    same = (take(sends.key, send) == reads.key) & (take(sends.value, send) == reads.value)
    wrong = np.flatnonzero(known & ~same)
    return len(firsts(reads.tp[known], reads.offset[known])), wrong[firsts(reads.tp[wrong], reads.offset[wrong])]


def _strayed(h: History, application: Application, read: int) -> Violation:
    reads, sends = h.reads, acked(h)
    tp, offset = (int(column[reads.headers[read]]) for column in _origins(h))
    send = int(find((sends.tp, sends.offset), (np.array([tp]), np.array([offset])))[0])
    told = f"the dead letter {value(h, int(reads.value[read]))} says that it came from {place(h, tp, offset)}"
    reason = f"{told}, where {value(h, int(sends.value[send]))} stands"
    return violation(h, reason, (sends.op[send], reads.op[read]), (application.row,))
