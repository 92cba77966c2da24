"""Committed offsets: which of a group's commits a member that starts at some time may be given."""

import numpy as np

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.columns import Ints, Table, stacked
from brokerlaw.spec.history.derived import derived
from brokerlaw.spec.history.evidence.operations import of_kind
from brokerlaw.spec.history.evidence.records import commit_asked, commit_ended
from brokerlaw.spec.history.evidence.relations import (
    NEVER,
    among,
    highest_before,
    lowest_from,
    pack,
    pack_both,
    spans,
    take,
)
from brokerlaw.spec.history.evidence.settings import auto_committing, older_kafka
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.tables import COMMITTED, FAIL, OK

DELETED = -1
"""The offset of what stands for a deletion among the commits."""
FORGETTING = (ops.DeleteGroup, ops.DeleteOffsets)


class PossibleCommits(Table[Ints], kw_only=True):
    """Commits that may have happened. `done` is when one was certain (`NEVER`: unknown).

    Offsets sent in a transaction count from when its commit was asked for; its end is seen at once only by a
    read_committed member, which waits for it (KIP-447), so for others `done` stays `NEVER` and `done_in_transaction`
    says when it was confirmed. But their place among all commits is where they were sent: between `written` and
    `placed`, each commit was written down, and the last one so counts (`olderThan` in Kafka's group coordinator).
    """

    op: Ints
    opened: Ints
    group: Ints
    tp: Ints
    offset: Ints
    transaction: Ints
    written: Ints
    placed: Ints
    begun: Ints
    done: Ints
    done_in_transaction: Ints


@derived
def possible_commits(h: History) -> PossibleCommits:
    table = h.commits
    alone = table.transaction < 0
    plain = alone & ~among(table.op, of_kind(h, ops.SendOffsets, failed=True))
    asked = np.where(alone, table.invoked, commit_asked(h)[table.transaction])
    confirmed = np.where(table.status == OK, table.completed, NEVER)
    within = np.where(~alone & (table.status == OK), commit_ended(h)[table.transaction], NEVER)
    kept = (table.status != FAIL) & (asked < NEVER)
    return PossibleCommits(
        op=table.op,
        opened=table.opened,
        group=table.group,
        tp=table.tp,
        offset=table.offset,
        transaction=table.transaction,
        written=table.invoked,
        placed=confirmed,
        begun=asked,
        done=np.where(plain, confirmed, NEVER),
        done_in_transaction=np.where(plain, confirmed, within),
    )[kept]


@derived
def written(h: History) -> PossibleCommits:
    """The possible commits, and the possible deletions of what was committed: those write a tombstone (`DELETED`)."""
    commits, deletions = possible_commits(h), _deletions(h)
    return stacked([commits, deletions]) if len(deletions) else commits


def _deletions(h: History) -> PossibleCommits:
    rows = [(number, *each) for number in of_kind(h, *FORGETTING).tolist() for each in _deleted(h, number)]
    op, group, tp = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    begun, none = h.operations.invoked[op], np.full(len(rows), -1)
    done = np.where(h.operations.status[op] == OK, h.operations.completed[op], NEVER)
    return PossibleCommits(
        op=op,
        opened=none,
        group=group,
        tp=tp,
        offset=np.full(len(rows), DELETED),
        transaction=none,
        written=begun,
        placed=done,
        begun=begun,
        done=done,
        done_in_transaction=done,
    )


def _deleted(h: History, number: int) -> list[tuple[int, int]]:
    """The group and each partition that a deletion is about, of those that the history speaks of."""
    op = h.invocations[number].value
    assert isinstance(op, FORGETTING)
    group = h.groups.find(op.group)
    if isinstance(op, ops.DeleteOffsets):
        return [(group, tp) for tp in map(h.partitions.find, op.partitions) if tp >= 0]
    told = (h.commits.tp[h.commits.group == group], h.answers.tp[h.answers.group == group])
    return [(group, tp) for tp in np.union1d(*told).tolist()]


@derived
def unaccountable(h: History) -> frozenset[int]:
    """Groups whose members may begin anywhere: they commit by themselves, or what they had committed was deleted."""
    forgot = of_kind(h, *FORGETTING)
    asked = (h.invocations[number].value for number in forgot.tolist())
    names = {op.group for op in asked if isinstance(op, FORGETTING)}
    return auto_committing(h) | frozenset(map(h.groups.find, names))


class Admissible(Table[Ints], kw_only=True):
    """What a member may have been told of its group's commits.

    `latest` is the op of the last commit certain by then (-1: none, or it may have expired), `lowest` and `highest` are
    of all commits that were neither begun later nor certainly overwritten (`NEVER` and -1: none). A deletion is one, of
    `DELETED`.
    """

    latest: Ints
    lowest: Ints
    highest: Ints


def admissible(h: History, group: Ints, tp: Ints, begin: Ints, end: Ints, isolation: int) -> Admissible:
    """For each member that asked for its group's commit between `begin` and `end`."""
    table = written(h)
    latest, query, commit = standing(h, group, tp, begin, end, isolation)
    lowest, highest = np.full(len(tp), NEVER), np.full(len(tp), -1)
    np.minimum.at(lowest, query, table.offset[commit])
    np.maximum.at(highest, query, table.offset[commit])
    return Admissible(latest=take(table.op, latest), lowest=lowest, highest=highest)


def standing(h: History, group: Ints, tp: Ints, begin: Ints, end: Ints, isolation: int) -> tuple[Ints, Ints, Ints]:
    """For each that asked: the last commit certain by then (or -1); and all pairs of it and a commit that may stand.

    A commit stands no longer once one that was certainly written after it is certain; but offsets in a transaction may
    survive a deletion, which does not see them until the transaction has ended, some time after its commit.
    """
    table = written(h)
    done = table.done_in_transaction if isolation == COMMITTED else table.done
    ours, asked = pack_both((table.group, table.tp), (group, tp))
    sure = np.flatnonzero(done < NEVER)
    latest = take(sure, highest_before(ours[sure], done[sure], table.written[sure], asked, begin))
    overwritten = take(table.written, latest)  # what was placed before this is
    deleted = take(table.offset, latest, 0) == DELETED
    oldest = np.where(deleted, 0, _oldest(table, ours, asked, overwritten))
    query, commit = _begun_between(table, ours, asked, oldest, end)
    valid = (table.placed[commit] >= overwritten[query]) | (deleted[query] & (table.done[commit] == NEVER))
    expired = end - take(table.written, latest) >= retention(h)
    return np.where(expired, -1, latest), query[valid], commit[valid]


def retention(h: History) -> int:
    """For how long (ns) a group's commit stands at the least: 7 days, 1 before Kafka 2.0 (KIP-186)."""
    told = h.broker_settings.get("offsets.retention.minutes", "")
    minutes = int(told) if told.isdecimal() else 24 * 60 * (1 if older_kafka(h, (2, 0)) else 7)
    return minutes * 60 * 10**9


def _oldest(table: PossibleCommits, ours: Ints, asked: Ints, overwritten: Ints) -> Ints:
    """When the first of the commits that are not overwritten was begun."""
    return take(table.begun, lowest_from(ours, table.placed, table.begun, asked, overwritten), NEVER)


def _begun_between(table: PossibleCommits, ours: Ints, asked: Ints, begin: Ints, end: Ints) -> tuple[Ints, Ints]:
    """Every pair of a query and a commit of its group and partition begun in [begin, end)."""
    order = np.argsort(pack(ours, table.begun), kind="stable")
    key, since = pack_both((ours, table.begun), (asked, begin))
    first = np.searchsorted(key[order], since, side="left")
    key, until = pack_both((ours, table.begun), (asked, end))
    last = np.searchsorted(key[order], until, side="left")
    return spans(first, np.maximum(last - first, 0), order)
