"""Applications: what a group's application owes to its discipline, and what it brought upon itself."""

from typing import NamedTuple

import numpy as np

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.columns import Bools, Ints
from brokerlaw.spec.history.evidence.assignments import Assignments, holders, of_group
from brokerlaw.spec.history.evidence.commits import PossibleCommits, possible_commits
from brokerlaw.spec.history.evidence.deletions import deleted_below
from brokerlaw.spec.history.evidence.expiry import kept_until
from brokerlaw.spec.history.evidence.operations import of_kind
from brokerlaw.spec.history.evidence.positions import Seeks, seeks
from brokerlaw.spec.history.evidence.records import Acked, acked, owed_to
from brokerlaw.spec.history.evidence.relations import among, firsts, in_order, least, pack_both, pairs, present
from brokerlaw.spec.history.evidence.settings import auto_committing, consumers, lifted
from brokerlaw.spec.history.evidence.topics import partitions_of, within
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.observations import Declared, Discipline
from brokerlaw.spec.history.tables import COMMITTED, ISOLATION, OK, Applied, Reads, Sends

BY_HAND = "auto_commit=false"


class Application(NamedTuple):
    """The application behind a group: what it declared, in which row, and when it had caught up (row and time)."""

    declared: Declared
    row: int
    group: int
    caught: tuple[int, int] | None


def applications(h: History, discipline: Discipline) -> list[Application]:
    """Applications of a discipline whose groups commit by hand (or all, where the user chose auto-commit)."""
    finished = {(caught.group, caught.topic): (row, time) for row, time, caught in h.caught}
    declared = [(row, each, h.groups.find(each.group)) for row, each in h.declared if each.discipline == discipline]
    return [
        Application(each, row, group, finished.get((each.group, each.topic)))
        for row, each, group in declared
        if group >= 0 and (group not in auto_committing(h) or lifted(h, BY_HAND))
    ]


def applied(h: History, application: Application) -> Applied[Ints]:
    """What the application let take effect in its sink."""
    sink = h.sinks.find(application.declared.sink)
    return h.applied[(h.applied.group == application.group) & (h.applied.sink == sink)]


def inputs(h: History, application: Application) -> Acked:
    """Acknowledged records that the application must have been given by the time when it had caught up.

    They were acknowledged before its last polls, in partitions that its members held in the end; its consumers all
    start at the log's beginning. Where they read committed records only, those below the last one that they read.
    """
    sends, topic = acked(h), application.declared.topic
    members = _members(h, application)
    begins_early = all(consumer.reset == "earliest" for consumer in members.values())
    if application.caught is None or not begins_early:
        return sends[:0]
    sends = sends[within(h, {topic})[sends.tp]]
    sends = sends[kept_until(h, sends.tp, sends.offset) > application.caught[1]]
    held = among(sends.tp, _held(h, application)) & (sends.offset >= deleted_below(h)[sends.tp])
    sends = sends[held & (sends.completed < _last_poll(h, members, application.caught[1]))]
    isolated = any(ISOLATION[consumer.isolation] == COMMITTED for consumer in members.values())
    plain = owed_to(h, sends, COMMITTED)
    return sends[plain & _below_last_read(h, application, sends)] if isolated else sends[plain]


def _members(h: History, application: Application) -> dict[int, ops.OpenConsumer]:
    group = application.declared.group
    return {op: consumer for op, consumer in consumers(h).items() if consumer.group == group}


def _held(h: History, application: Application) -> Ints:
    """The topic's partitions that members held when the application had caught up."""
    assert application.caught is not None
    table = of_group(h, application.declared.group)
    held = table.tp[holders(table, application.caught[1])]
    return held[among(held, partitions_of(h, application.declared.topic))]


def _last_poll(h: History, members: dict[int, ops.OpenConsumer], time: int) -> int:
    """When the members' last poll before a time was begun; -1: they never polled."""
    operations, polls = h.operations, of_kind(h, ops.Poll)
    theirs = among(operations.opened[polls], list(members)) & (operations.status[polls] == OK)
    invoked = operations.invoked[polls[theirs]]
    return int(invoked[invoked < time].max(initial=-1))


def _below_last_read(h: History, application: Application, sends: Sends) -> Bools:
    """Whether the group read as far as each send."""
    reads = h.reads[h.reads.group == application.group]
    furthest = np.full(len(h.partitions) + 1, -1)
    np.maximum.at(furthest, reads.tp, reads.offset)
    return np.asarray(sends.offset <= furthest[sends.tp], dtype=np.bool_)


class Course(NamedTuple):
    """All that a group did in one partition: its reads, commits that may have happened, seeks and assignments."""

    reads: Reads
    commits: PossibleCommits
    seeks: Seeks[Ints]
    assignments: Assignments


def course(h: History, application: Application, tp: int) -> Course:
    """What the application's group did in a partition."""
    members = list(_members(h, application))
    reads, commits, sought, held = h.reads, possible_commits(h), seeks(h), of_group(h, application.declared.group)
    return Course(
        reads[(reads.group == application.group) & (reads.tp == tp)],
        commits[(commits.group == application.group) & (commits.tp == tp)],
        sought[among(sought.opened, members) & (sought.tp == tp)],
        held[held.tp == tp],
    )


def skipped_by_itself(deeds: Course, offsets: Ints, produced: tuple[Ints, Ints], caught: int) -> Bools:
    """Whether the records at these offsets, without effect, may be the application's own doing, and not the broker's.

    It moved ahead by hand (a reset, a seek or a commit beyond what the member had read), it committed past the record
    after reading it (not in one of the transactions that produced its output), or read it and kept it to the end.
    `produced` pairs rows of `offsets` with such transactions.
    """
    reads, commits, seeks = deeds.reads, deeds.commits, deeds.seeks
    read = (reads.opened, reads.offset)
    ahead = seeks.offset[~present(read, (seeks.opened, seeks.offset))].max(initial=-1)
    beyond = commits.offset[~present(read, (commits.opened, commits.offset - 1))].max(initial=-1)
    item, at = pairs(offsets, reads.offset)
    reader, unproduced = reads.opened[at], ~among(item, produced[0])
    kept = among(reader, deeds.assignments.opened[deeds.assignments.end > caught]) & unproduced
    own = offsets < max(ahead, beyond)
    own[item[kept]] = True
    own |= _commits_past(commits, offsets, item, reader) > _producing(commits, offsets, item, reader, produced)
    return np.asarray(own, dtype=np.bool_)


def _commits_past(commits: PossibleCommits, offsets: Ints, item: Ints, reader: Ints) -> Ints:
    """By offset: of each that read it, in how many transactions (or outside of any) it committed beyond. Summed up."""
    each = firsts(commits.opened, commits.transaction)
    opened = commits.opened[each]
    furthest = _furthest(commits, opened, commits.transaction[each])
    order = in_order(opened, furthest)
    reached, asked = pack_both((opened[order], furthest[order]), (reader, offsets[item]))
    last = np.searchsorted(opened[order], reader, side="right")
    return _summed(item, last - np.searchsorted(reached, asked, side="right"), len(offsets))


def _producing(commits: PossibleCommits, offsets: Ints, item: Ints, reader: Ints, produced: tuple[Ints, Ints]) -> Ints:
    """The same, of the transactions alone that produced the record's output."""
    one, other = pairs(item, produced[0])
    furthest = _furthest(commits, reader[one], produced[1][other])
    return _summed(item[one], furthest > offsets[item[one]], len(offsets))


def _furthest(commits: PossibleCommits, opened: Ints, transaction: Ints) -> Ints:
    """The highest offset that each client committed in a transaction (-1: outside of any), or below any."""
    return -least((commits.opened, commits.transaction), -commits.offset, (opened, transaction))


def _summed(item: Ints, amount: Ints | Bools, length: int) -> Ints:
    return np.bincount(item, amount, length).astype(np.int64)


def repeated_by_itself(deeds: Course, offset: int, first: int, by_hand: bool) -> bool:
    """Whether a record's second effect may be the application's own doing: `first` is the time of its first effect.

    It commits by hand and had not committed past the record by then; it moved back (a seek, a reset or a lower
    commit); or it was given the record only once.
    """
    past = deeds.commits[deeds.commits.offset > offset]
    committed = past.begun[past.done <= first]
    lower = deeds.commits[deeds.commits.offset <= offset]
    moved_back = (deeds.seeks.offset <= offset).any() or (lower.begun > committed.min(initial=first)).any()
    read_once = (deeds.reads.offset == offset).sum() < 2
    return bool((by_hand and not len(committed)) or moved_back or read_once)
