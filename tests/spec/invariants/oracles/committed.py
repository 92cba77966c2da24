"""`commits.told-is-last`, read off its statement: every answer beside every commit of its group and partition."""

from oracles.progress import NEVER, Done, Told

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.outcomes import Fail
from brokerlaw.spec.history.values import PartitionOffset

WEEK = 7 * 24 * 3600 * 10**9


class Commit:
    """One offset, or None that takes its place: when it was written and when it counted, at the earliest and latest."""

    def __init__(self, op: Done, at: PartitionOffset | None, begun: int, done: int, waited: int) -> None:
        self.op, self.at = op, at
        self.offset = None if at is None else at.offset
        self.sent = isinstance(op.op, ops.SendOffsets)
        self.written = op.begun
        self.placed = op.ended if op.ok else NEVER
        self.begun = begun
        self.done = {"read_uncommitted": done, "read_committed": waited}


def commits(told: Told) -> list[Commit]:
    found = []
    for op in told.of(ops.Commit, ops.ResetOffsets, ops.SendOffsets):
        if isinstance(op.outcome, Fail):
            continue
        sure = op.ended if op.ok else NEVER
        begun, done, waited = op.begun, sure, sure
        if isinstance(op.op, ops.SendOffsets):
            begun, ended = _commit_of(told, op)
            done, waited = NEVER, ended if op.ok else NEVER
        if begun < NEVER:
            found += [Commit(op, each, begun, done, waited) for each in op.op.offsets]
    return found + [
        Commit(op, None, op.begun, sure, sure)
        for op in told.of(ops.DeleteGroup, ops.DeleteOffsets)
        for sure in (op.ended if op.ok else NEVER,)
        if not isinstance(op.outcome, Fail)
    ]


def _commit_of(told: Told, sent: Done) -> tuple[int, int]:
    """When the commit of the open transaction was asked for, and confirmed. Where none is open, nobody knows."""
    theirs = [each for each in told.done if each.process == sent.op.client]
    before, after = theirs[: theirs.index(sent)], theirs[theirs.index(sent) :]
    ends: list[Done] | None = None
    for each in before:
        if isinstance(each.op, ops.BeginTransaction) and not each.refused:
            ends = []
        elif isinstance(each.op, ops.CommitTransaction | ops.AbortTransaction):
            ends = None if each.ok or ends is None else [*ends, each]
    if ends is None:
        return sent.begun, NEVER
    for each in after:
        if isinstance(each.op, ops.BeginTransaction) and not each.refused:
            break
        if isinstance(each.op, ops.CommitTransaction | ops.AbortTransaction):
            ends.append(each)
            if each.ok:
                break
    asked = [each for each in ends if isinstance(each.op, ops.CommitTransaction) and not each.refused]
    return min((e.begun for e in asked), default=NEVER), min((e.ended for e in asked if e.ok), default=NEVER)


def told_is_last(told: Told) -> tuple[int, int]:
    tested = wrong = 0
    levels = {each.process: each.op.isolation for each in told.of(ops.OpenConsumer)}
    for answer in told.of(ops.Committed, ops.FetchCommitted):
        if not answer.ok:
            continue
        level = levels[answer.process] if isinstance(answer.op, ops.Committed) else "read_uncommitted"
        before = [each for each in commits(told) if each.done[level] < answer.begun]
        last = max((each.written for each in before), default=-1)
        if not before or answer.ended - last >= WEEK:
            continue
        tested += 1
        deleted = any(each.written == last and each.offset is None for each in before)
        may = {
            each.offset
            for each in commits(told)
            if each.begun < answer.ended and (each.placed >= last or (deleted and each.sent))
        }
        wrong += answer.outcome.value not in may
    return tested, wrong
