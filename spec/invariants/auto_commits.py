"""Commits by itself: a consumer that commits by itself does so at its intervals, and as it closes."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.derived import derived
from brokerlaw.spec.history.evidence.assignments import assignments, gone
from brokerlaw.spec.history.evidence.commits import possible_commits, unaccountable
from brokerlaw.spec.history.evidence.operations import of_kind
from brokerlaw.spec.history.evidence.outages import disturbed
from brokerlaw.spec.history.evidence.positions import seeks
from brokerlaw.spec.history.evidence.sessions import in_session
from brokerlaw.spec.history.evidence.settings import auto_committing, consumers
from brokerlaw.spec.history.evidence.topics import known, within
from brokerlaw.spec.history.evidence.waits import members_of
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.numbers import MILLISECOND
from brokerlaw.spec.history.tables import COMMITTED_OFFSET, OK
from brokerlaw.spec.invariants.invariant import Finding, Level, Violation, invariant
from brokerlaw.spec.invariants.wording import place, violation

PATIENCE: Final = 5_000
"""Milliseconds that a commit may be under way."""
OF_INTERVAL: Final = 0.9
"""How much of an interval is an interval: timers run late, and so the next one seems early."""
LIARS: Final = ("open_consumer.request.auto_commit", "open_consumer.request.auto_commit_interval")


class Held(NamedTuple):
    """A consumer that commits by itself holds a partition, the only one of its group from `begin` until `alone`.

    `end` is when it gave the partition back; `row` its row among the assignments.
    """

    row: int
    opened: int
    group: int
    tp: int
    begin: int
    end: int
    alone: int


@derived
def holdings_alone(h: History) -> tuple[Held, ...]:
    """Of groups that nobody commits for by hand, in topics that stay; a consumer that moves about is left out."""
    table, by_hand = assignments(h), {*possible_commits(h).group.tolist()} | (unaccountable(h) - auto_committing(h))
    moved = {*zip(seeks(h).opened.tolist(), seeks(h).tp.tolist(), strict=True)}
    lasting, found = within(h, known(h))[table.tp], []
    for row in range(len(table)):
        opened, group, tp = int(table.opened[row]), int(table.group[row]), int(table.tp[row])
        member, begin = consumers(h).get(opened), int(table.begin[row])
        if member is None or not member.auto_commit or member.group is None or group in by_hand or not lasting[row]:
            continue
        others = [other for other in members_of(h, member.group) if other != opened and gone(h)[other] >= begin]
        alone = min((int(h.operations.invoked[other]) for other in others), default=np.iinfo(np.int64).max)
        if alone > begin and (opened, tp) not in moved:
            found.append(Held(row, opened, group, tp, begin, int(table.end[row]), alone))
    return tuple(found)


class Told(NamedTuple):
    """What a group was told that it had committed for a partition; -1: nothing."""

    op: int
    offset: int
    invoked: int
    completed: int


def _told(h: History, held: Held) -> Iterator[Told]:
    """All answers about the partition, in the order of asking."""
    answers = h.answers[(h.answers.kind == COMMITTED_OFFSET) & (h.answers.status == OK)]
    answers = answers[(answers.group == held.group) & (answers.tp == held.tp)]
    for row in np.argsort(answers.invoked, kind="stable").tolist():
        columns = answers.op, answers.offset, answers.invoked, answers.completed
        yield Told(*(int(column[row]) for column in columns))


def _read(h: History, held: Held, until: int) -> tuple[int, int]:
    """The highest offset behind what the consumer was given by then, and the poll that gave it; -1: nothing."""
    reads = h.reads
    mine = (reads.opened == held.opened) & (reads.tp == held.tp) & (reads.completed <= until)
    rows = np.flatnonzero(mine & (reads.completed >= held.begin) & (reads.status == OK))
    last = rows[np.argmax(reads.offset[rows])] if len(rows) else -1
    return (int(reads.offset[last]) + 1, int(reads.op[last])) if last >= 0 else (-1, -1)


def _sure(h: History, held: Held, at: int, until: int) -> bool:
    """Whether the consumer was in session at a time, and no broker was down from its assignment on."""
    member = in_session(h, np.array([held.opened]), np.array([at]))
    return bool(member[0]) and not disturbed(h, np.array([held.begin]), np.array([until]))[0]


@invariant(
    "commits.auto-at-close",
    statement="A consumer that commits by itself has committed all that it was given once it is closed.",
    formal="∀ close d of m, ok, record r at o given to m before; the first offset c told afterwards: c > o",
    level=Level.SHOULD,
    source="Kafka documentation, KafkaConsumer.close: if auto-commit is enabled, this will commit the current offsets",
    capabilities=("topics", "groups", "auto-commit"),
    covers=("groups.admin",),
    liars=LIARS,
)
def auto_at_close(h: History) -> Finding:
    """Judged are consumers alone in their group, in session, while no broker was down, until somebody else joins."""
    tested, breaches = 0, []
    closes = of_kind(h, ops.Close)
    closes = closes[h.operations.status[closes] == OK]
    for held in holdings_alone(h):
        for close in closes[h.operations.opened[closes] == held.opened].tolist():
            invoked, completed = int(h.operations.invoked[close]), int(h.operations.completed[close])
            after, poll = _read(h, held, invoked)
            if held.end != invoked or after < 0 or not _sure(h, held, invoked, completed):
                continue
            for told in _told(h, held):
                if told.invoked > completed and told.completed < held.alone:
                    tested += 1
                    breaches += [_left_behind(h, held, told, after, poll, close)] if told.offset < after else []
    return Finding(tested, tuple(breaches))


def _left_behind(h: History, held: Held, told: Told, after: int, poll: int, close: int) -> Violation:
    who = h.processes[int(h.operations.client[close])]
    where = f"was given {place(h, held.tp, after - 1)} and closed"
    return violation(h, f"{who}, which commits by itself, {where}, and {_is_told(told)}", (poll, close, told.op))


def _is_told(told: Told) -> str:
    return f"its group was told that it committed {told.offset if told.offset >= 0 else 'nothing'}"


@invariant(
    "commits.auto-at-intervals",
    statement="A consumer that commits by itself and polls has committed what it was given an interval before.",
    formal="∀ record r at o given to m at t, poll q of m begun at t + auto.commit.interval or later, offset c told 5 s"
    " after q: c > o",
    source="Kafka documentation, enable.auto.commit and auto.commit.interval.ms",
    capabilities=("topics", "groups", "auto-commit"),
    covers=("groups.admin",),
    liars=LIARS,
)
def auto_at_intervals(h: History) -> Finding:
    """Judged are consumers alone in their group, in session, while no broker was down."""
    tested, breaches, operations = 0, [], h.operations
    polls = of_kind(h, ops.Poll)
    polls = polls[operations.status[polls] == OK]
    for held in holdings_alone(h):
        mine = polls[operations.opened[polls] == held.opened]
        interval = consumers(h)[held.opened].auto_commit_interval * MILLISECOND
        for told in _told(h, held):
            done = mine[operations.completed[mine] <= told.invoked - PATIENCE * MILLISECOND]
            if not len(done) or told.completed >= min(held.end, held.alone):
                continue
            after, poll = _read(h, held, int(operations.invoked[done].max()) - interval)
            if after >= 0 and _sure(h, held, told.invoked, told.completed):
                tested += 1
                breaches += [_not_yet(h, held, told, after, poll)] if told.offset < after else []
    return Finding(tested, tuple(breaches))


def _not_yet(h: History, held: Held, told: Told, after: int, poll: int) -> Violation:
    who, seconds = h.processes[int(h.operations.client[poll])], consumers(h)[held.opened].auto_commit_interval / 1000
    long = (told.invoked - int(h.operations.completed[poll])) / 1e9
    given = f"was given {place(h, held.tp, after - 1)}, polled on, and {long:.1f} s later {_is_told(told)}"
    return violation(h, f"{who}, which commits by itself every {seconds:g} s, {given}", (held.opened, poll, told.op))


@invariant(
    "commits.auto-no-oftener",
    statement="A consumer that commits by itself does not commit more often than at its intervals.",
    formal="∀ offsets a, b, c, d told of p in this order while m alone holds it, a ≠ b, c ≠ d:"
    " time(d) - time(a) ≥ 0.9 auto.commit.interval",
    level=Level.SHOULD,
    source="Kafka documentation, auto.commit.interval.ms: the frequency at which offsets are committed",
    capabilities=("topics", "groups", "auto-commit"),
    covers=("groups.admin",),
    liars=LIARS,
)
def auto_no_oftener(h: History) -> Finding:
    """What was told shows that it had changed. A rebalance, which commits as well, ends the time that is looked at."""
    tested, breaches = 0, []
    for held in holdings_alone(h):
        told = [
            each for each in _told(h, held) if each.invoked > held.begin and each.completed < min(held.end, held.alone)
        ]
        changes = [(before, after) for before, after in pairwise(told) if before.offset != after.offset]
        interval = consumers(h)[held.opened].auto_commit_interval * MILLISECOND
        for (first, _), (_, last) in pairwise(changes):
            tested += 1
            if last.completed - first.invoked < OF_INTERVAL * interval:
                breaches.append(_too_often(h, held, first, last))
    return Finding(tested, tuple(breaches))


def _too_often(h: History, held: Held, first: Told, last: Told) -> Violation:
    who, seconds = h.processes[int(h.operations.client[held.opened])], (last.completed - first.invoked) / 1e9
    every = consumers(h)[held.opened].auto_commit_interval / 1000
    told = f"committed twice in {seconds:.1f} s, from {first.offset} to {last.offset}"
    return violation(h, f"{who}, which commits by itself every {every:g} s, {told}", (held.opened, first.op, last.op))
