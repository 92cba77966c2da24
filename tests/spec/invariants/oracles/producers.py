"""`producers.*`, read off their statements: every producer, every transaction, every send."""

from collections import Counter

from oracles.progress import NEVER, SECOND, Done, Told

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.observations import Drained


class Transaction:
    """A transaction that a client began, with what the client asked in it until the next one or its end."""

    def __init__(self, begin: Done) -> None:
        self.begin = begin
        self.sends: list[Done] = []
        self.offsets: list[Done] = []
        self.commits: list[Done] = []


def transactions(told: Told) -> list[Transaction]:
    found, open_now = [], {}
    for each in told.done:
        if isinstance(each.op, ops.OpenProducer):
            open_now.pop(each.process, None)
        elif isinstance(each.op, ops.BeginTransaction) and not each.refused:
            found.append(Transaction(each))
            open_now[each.process] = found[-1]
        elif each.process in open_now:
            mine = open_now[each.process]
            if isinstance(each.op, ops.Send):
                mine.sends.append(each)
            elif isinstance(each.op, ops.SendOffsets):
                mine.offsets.append(each)
            elif isinstance(each.op, ops.CommitTransaction):
                mine.commits.append(each)
            if isinstance(each.op, ops.CommitTransaction | ops.AbortTransaction) and each.ok:
                del open_now[each.process]
    return found


def fenced_is_refused(told: Told) -> tuple[int, int]:
    asked = [*told.of(ops.Send, ops.SendOffsets)]
    for transaction in transactions(told):
        if any(each.ok for each in (*transaction.sends, *transaction.offsets)):
            asked += transaction.commits
    late = [each for each in asked if each.outcome is not None and _fence(told, each) < each.begun]
    return len(late), sum(each.ok for each in late)


def _fence(told: Told, asked: Done) -> int:
    """When a producer that was opened after the one that asks had taken over its transactional id."""
    opened = [each for each in told.of(ops.OpenProducer) if each.ok and each.op.transactional_id]
    mine = [each for each in told.of(ops.OpenProducer) if each.process == asked.process and each.number < asked.number]
    if not mine or mine[-1] not in opened:
        return NEVER
    after = [each for each in opened if each.begun > mine[-1].ended]
    same = [each.ended for each in after if each.op.transactional_id == mine[-1].op.transactional_id]
    return min(same, default=NEVER)


def commit_flushes(told: Told) -> tuple[int, int]:
    values = Counter((each.op.topic, each.op.value) for each in told.of(ops.Send))
    tested = lost = 0
    for transaction in transactions(told):
        done = [each for each in transaction.commits if each.ok]
        for send in transaction.sends if done else ():
            known = send.ended <= done[0].begun
            if known or send.refused or values[send.op.topic, send.op.value] > 1:
                continue
            drained = {}
            for time, seen in told.seen:
                if isinstance(seen, Drained) and seen.isolation == "read_uncommitted" and seen.start == 0:
                    reader = _reader(told, seen, time)
                    if reader[0] > done[0].ended:
                        drained.setdefault(seen.partition, reader[1])
            if told.known(send.op.topic) and told.clean(send.op.topic) and len(drained) == 2:
                tested += 1
                lost += not any(send.op.value in found for found in drained.values())
    return tested, lost


def _reader(told: Told, seen: Drained, time: int) -> tuple[int, set[bytes | None]]:
    """When the end of a partition was asked for before it was read by a reader of its own, and what that one read."""
    polls = [each for each in told.of(ops.Poll) if each.ended < time]
    asked = [
        each
        for each in told.of(ops.ListOffsets)
        if each.ended < time and (each.op.partition, each.outcome.value) == (seen.partition, seen.end)
    ]
    return asked[-1].begun, {record.value for record in polls[-1].outcome.value}


def timeout_aborts(told: Told) -> tuple[int, int]:
    tested = late = 0
    for transaction in transactions(told):
        (opened, *_) = [each for each in told.of(ops.OpenProducer) if each.process == transaction.begin.process][::-1]
        allowed = opened.op.transaction_timeout * 1_000_000 + 20 * SECOND
        begun = min((each.ended for each in transaction.sends if each.ok), default=NEVER)
        for commit in transaction.commits:
            if commit.outcome and commit.begun - begun > allowed and told.calm(begun, commit.begun):
                tested += 1
                late += commit.ok
    return tested, late


ORACLES = {
    "producers.fenced-is-refused": fenced_is_refused,
    "producers.commit-flushes": commit_flushes,
    "producers.timeout-aborts": timeout_aborts,
}
