"""Delivery: what an application can rely on when it processes and commits in a certain order, and dies at any point.

The application is part of the bargain: what it may have brought upon itself (it moved by hand, committed what it had
not worked off, applied what it had not committed) is not held against the broker.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np

from brokerlaw.spec.history.columns import Bools, Ints, widened
from brokerlaw.spec.history.derived import derived
from brokerlaw.spec.history.evidence.applications import (
    BY_HAND,
    Application,
    Course,
    applications,
    applied,
    course,
    inputs,
    repeated_by_itself,
    skipped_by_itself,
)
from brokerlaw.spec.history.evidence.assignments import of_group
from brokerlaw.spec.history.evidence.deletions import deleted_below
from brokerlaw.spec.history.evidence.drains import drains
from brokerlaw.spec.history.evidence.expiry import keeping
from brokerlaw.spec.history.evidence.records import DURABLE, Acked, commit_asked
from brokerlaw.spec.history.evidence.relations import NEVER, among, firsts, neighbours, pairs, present, take
from brokerlaw.spec.history.evidence.settings import auto_committing, under
from brokerlaw.spec.history.evidence.topics import partitions_of
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.tables import COMMITTED, FAIL, Applied, Reads, Sends
from brokerlaw.spec.invariants.invariant import MEMBERSHIPS, Finding, Violation, invariant
from brokerlaw.spec.invariants.wording import place, value, violation

PROMISED: Final = (*DURABLE, BY_HAND)
GROUPS: Final = ("topics", "groups")
SOURCE: Final = 'Kafka documentation, "Message Delivery Semantics"'
OUTPUT: Final = b"out:"
"""What a transformed record's value begins with; the rest is the input's value."""
NOTHING: Final = (np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))
"""No input produced output in any transaction."""


@invariant(
    "delivery.at-least-once",
    statement="An application that processes and then commits processes every acknowledged record.",
    formal="∀ at-least-once application A that caught up, acknowledged record r of its topic: r ∈ applied(A)",
    source=SOURCE,
    capabilities=GROUPS,
    promised=PROMISED,
    protocols=("delivery.nothing_skipped",),
    mutants=("commit-before-process", "offset-one-too-far", "reset-ignores-policy"),
    covers=(*MEMBERSHIPS, "auto-commit"),
)
def at_least_once(h: History) -> Finding:
    """Judged once the application was seen to have caught up, for partitions that it then held."""
    return total(nothing_left_out(h, application) for application in applications(h, "at-least-once"))


@invariant(
    "delivery.at-most-once",
    statement="An application that commits and then processes processes no record twice.",
    formal="∀ at-most-once application A, effects a ≠ b of A: place(a) ≠ place(b)",
    source=SOURCE,
    capabilities=GROUPS,
    promised=(BY_HAND,),
    protocols=("delivery.nothing_twice",),
    mutants=("KAFKA-13636", "offset-off-by-one"),
    covers=(*MEMBERSHIPS, "auto-commit"),
)
def at_most_once(h: History) -> Finding:
    """Counted are effects in partitions that were assigned anew later, when they might have been repeated."""
    return total(_nothing_repeated(h, application) for application in applications(h, "at-most-once"))


@invariant(
    "delivery.exactly-once",
    statement="Consume, transform and produce in transactions: each input has one output for read_committed readers.",
    formal="∀ exactly-once application A that caught up, acknowledged input r: |{read_committed output of r}| = 1",
    source=f"{SOURCE}; KIP-98, KIP-447",
    capabilities=(*GROUPS, "transactions"),
    promised=PROMISED,
    protocols=("delivery.nothing_twice", "delivery.only_committed_took_effect"),
    mutants=("offsets-outside-txn", "zombie-offsets", "unstable-offsets"),
    liars=("send_offsets",),
)
def exactly_once(h: History) -> Finding:
    """An input's output is known by its value. Inputs that stand in the log twice may have two outputs.

    Where two applications write into one sink, each has an output of its own: which is whose, nobody can tell.
    """
    return total(_one_output_each(h, application) for application in applications(h, "exactly-once"))


@invariant(
    "delivery.idempotent-sink",
    statement="Processing and then committing into a sink that remembers what it applied applies each record once.",
    formal="∀ idempotent-sink application A that caught up, acknowledged record r: |{fresh effect of r}| = 1",
    source=f"{SOURCE}; Helland, Idempotence Is Not a Medical Condition (2012)",
    capabilities=GROUPS,
    promised=PROMISED,
    protocols=("delivery.nothing_twice",),
    mutants=("offset-one-too-far",),
)
def idempotent_sink(h: History) -> Finding:
    """The sink's memory outlives the application's instances, and knows a record by its value."""
    return total(_applied_once(h, application) for application in applications(h, "idempotent-sink"))


def total(findings: Iterator[Finding]) -> Finding:
    found = list(findings)
    breaches = tuple(violation for each in found for violation in each.violations)
    return Finding(sum(each.exercised for each in found), breaches)


def nothing_left_out(h: History, application: Application) -> Finding:
    owed, done = inputs(h, application), applied(h, application)
    effect = present((done.tp, done.offset), (owed.tp, owed.offset))
    effect |= owed.once & present((done.value,), (owed.value,))
    left = not_its_own_doing(h, application, owed, ~effect, NOTHING)
    breaches = (left_out(h, application, owed, int(i)) for i in left)
    return Finding(int(effect.sum()) + len(left), tuple(breaches))


def not_its_own_doing(
    h: History, application: Application, owed: Acked, missing: Bools, produced: tuple[Ints, Ints]
) -> list[int]:
    """The missing inputs that the broker has to answer for. `produced`: rows, and transactions with their output."""
    caught = application.caught[1] if application.caught else NEVER
    left = missing.copy()
    for tp in np.unique(owed.tp[missing]).tolist():
        rows = np.flatnonzero(missing & (owed.tp == tp))
        here = among(produced[0], rows)
        own = (np.searchsorted(rows, produced[0][here]), produced[1][here])
        left[rows] = ~skipped_by_itself(course(h, application, tp), owed.offset[rows], own, caught)
    found: list[int] = np.flatnonzero(left).tolist()
    return found


def left_out(h: History, application: Application, owed: Acked, send: int, what: str = "applying it") -> Violation:
    declared, caught = application.declared, application.caught or (-1, -1)
    where = place(h, owed.tp[send], owed.offset[send])
    told = f"{value(h, owed.value[send])} was acknowledged at {where}, and the {declared.discipline} application"
    reason = f"{told} of group {declared.group} caught up without {what}{under(h, PROMISED)}"
    return violation(h, reason, (owed.op[send],), (application.row, caught[0]))


def _nothing_repeated(h: History, application: Application) -> Finding:
    done, held = applied(h, application), of_group(h, application.declared.group)
    by_hand = application.group not in auto_committing(h)
    last = np.full(len(h.partitions) + 1, -1)
    np.maximum.at(last, held.tp, held.begin)
    deeds: dict[int, Course] = {}
    breaches = []
    for one, other in zip(*neighbours(done.tp, done.offset), strict=True):
        tp = int(done.tp[one])
        deeds[tp] = deeds.get(tp) or course(h, application, tp)
        if not repeated_by_itself(deeds[tp], int(done.offset[one]), int(done.time[one]), by_hand):
            breaches.append(repeated(h, application, done, one, other))
    at_risk = last[done.tp] > done.time
    return Finding(max(int(at_risk.sum()), len(breaches)), tuple(breaches))


def repeated(h: History, application: Application, done: Applied[Ints], one: int, other: int) -> Violation:
    declared, who = application.declared, [h.processes[done.process[effect]] for effect in (one, other)]
    told = f"{value(h, done.value[one])} at {place(h, done.tp[one], done.offset[one])} was applied by {who[0]}"
    by = "again" if who[0] == who[1] else f"and by {who[1]}"
    reason = f"{told} {by}, for the {declared.discipline} application of group {declared.group}{under(h, PROMISED)}"
    return violation(h, reason, (), (application.row, done.row[one], done.row[other]))


def _applied_once(h: History, application: Application) -> Finding:
    done = applied(h, application)
    effects = done[done.duplicate == 0]
    twice = (repeated(h, application, effects, *pair) for pair in zip(*neighbours(effects.value), strict=True))
    missing = nothing_left_out(h, application)
    at_risk = len(firsts(effects.value))
    return Finding(missing.exercised + at_risk, (*missing.violations, *twice))


class OutputSends(Sends, kw_only=True):
    """Sends into an application's sink, each with the value of its input."""

    input: Ints


class OutputReads(Reads, kw_only=True):
    """What read_committed readers were given of an application's sink, each with the value of its input."""

    input: Ints


class Outputs(NamedTuple):
    """An application's outputs."""

    sends: OutputSends
    reads: OutputReads


@derived
def _input_of(h: History) -> Ints:
    """By value, the value of the input that it is the output of; -1: it is no output."""
    values = h.values.values
    found = [h.values.find(each[len(OUTPUT) :]) if each.startswith(OUTPUT) else -1 for each in values]
    return np.array([*found, -1], dtype=np.int64)


def _outputs(h: History, application: Application) -> Outputs:
    sink, input_of = application.declared.sink, _input_of(h)
    sends = widened(OutputSends, h.sends, input=input_of[h.sends.value])
    reads = widened(OutputReads, h.reads, input=input_of[h.reads.value])
    into = np.array([*(tp.topic == sink for tp in h.partitions.values), False], dtype=np.bool_)
    reads = reads[into[reads.tp] & (reads.isolation == COMMITTED) & (reads.input >= 0)]
    return Outputs(
        sends[(sends.topic == h.topics.find(sink)) & (sends.input >= 0) & (sends.status != FAIL)],
        reads[np.sort(firsts(reads.tp, reads.offset, reads.input))],
    )


def _one_output_each(h: History, application: Application) -> Finding:
    owed, outputs = inputs(h, application), _outputs(h, application)
    owed = owed[owed.once]
    seen = present((outputs.reads.input,), (owed.value,))
    settled = ~seen & ~_may_yet_show(h, outputs.sends, owed) & _keeps_outputs(h, application)
    left = not_its_own_doing(h, application, owed, settled, _producers(outputs.sends, owed))
    missing = (left_out(h, application, owed, i, "an output that was committed") for i in left)
    pairs = zip(*neighbours(outputs.reads.input), strict=True)
    shared = sum(each.declared.sink == application.declared.sink for each in applications(h, "exactly-once")) > 1
    doubled = [pair for pair in pairs if not shared and _broker_doubled(h, application, outputs, *pair)]
    twice = (_two_outputs(h, application, outputs, one, other) for one, other in doubled)
    return Finding(max(int(seen.sum()) + len(left), len(doubled)), (*missing, *twice))


def _keeps_outputs(h: History, application: Application) -> bool:
    """Whether nothing that was written into the sink may be gone again."""
    sink = application.declared.sink
    return sink in keeping(h) and not deleted_below(h)[partitions_of(h, sink)].any()


def _producers(sends: OutputSends, owed: Acked) -> tuple[Ints, Ints]:
    """Each input, as a row of `owed`, with each transaction that sent an output of it (-1: outside of any)."""
    item, send = pairs(owed.value, sends.input)
    transaction = sends.transaction[send]
    once = firsts(item, transaction)
    return item[once], transaction[once]


def _may_yet_show(h: History, sends: OutputSends, owed: Acked) -> Bools:
    """Whether an input has an output whose transaction may have been committed, out of reach of the complete reads."""
    asked = take(commit_asked(h), sends.transaction, 0) < NEVER
    table = drains(h)
    ends = np.full(len(h.partitions) + 1, -1)
    isolated = table[table.isolation == COMMITTED]
    np.maximum.at(ends, isolated.tp, isolated.end)
    beyond = (sends.offset < 0) | (sends.offset >= ends[sends.tp])
    return present((sends.input[asked & beyond],), (owed.value,))


def _broker_doubled(h: History, application: Application, outputs: Outputs, one: int, other: int) -> bool:
    """Whether two outputs of one input are the broker's doing: it had the input once, and nobody moved back.

    An application that reads again what it asked to commit, not knowing whether it was, doubles its output itself.
    """
    wanted = outputs.reads.input[one]
    sends = outputs.sends[outputs.sends.input == wanted]
    given = h.reads[(h.reads.group == application.group) & (h.reads.value == wanted)]
    if len(firsts(given.tp, given.offset)) != 1 or (sends.transaction < 0).any():
        return False
    asked = commit_asked(h)[sends.transaction].min(initial=NEVER)
    sought = course(h, application, int(given.tp[0])).seeks
    return not ((sought.offset <= given.offset[0]) & (sought.invoked > asked)).any()


def _two_outputs(h: History, application: Application, outputs: Outputs, one: int, other: int) -> Violation:
    reads, declared = outputs.reads, application.declared
    where = " and at ".join(place(h, reads.tp[read], reads.offset[read]) for read in (one, other))
    told = f"{value(h, reads.input[one])} has an output at {where} for read_committed readers"
    reason = f"{told}, of the exactly-once application of group {declared.group}{under(h, PROMISED)}"
    sends = outputs.sends[outputs.sends.input == reads.input[one]]
    return violation(h, reason, (*sends.op, reads.op[one], reads.op[other]), (application.row,))
