"""The promises of refusals, read off their statements: every operation against every other."""

from collections.abc import Iterator
from typing import NamedTuple

from oracles.progress import Done, Told

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.outcomes import Fail, Ok, Outcome
from brokerlaw.spec.history.rows import Complete, Invoke, Recording

NEVER = 2**70


class Asked(NamedTuple):
    """One operation; `outcome` None: it never came."""

    op: ops.AnyOperation
    begin: int
    end: int
    outcome: Outcome | None

    @property
    def ok(self) -> bool:
        return isinstance(self.outcome, Ok)

    @property
    def failed(self) -> bool:
        return isinstance(self.outcome, Fail)


def asked(recording: Recording) -> list[Asked]:
    ends = {row.op: row for row in recording.rows if isinstance(row, Complete)}
    return [
        Asked(row.value, row.time, ends[row.op].time if row.op in ends else NEVER, _outcome(ends.get(row.op)))
        for row in recording.rows
        if isinstance(row, Invoke)
    ]


def _outcome(row: Complete | None) -> Outcome | None:
    return None if row is None else row.outcome


def topics(recording: Recording) -> tuple[int, int]:
    """How often it was put to the test, and how often it was broken."""
    each = asked(recording)
    found = [*_again(each), *_no_more(each)]
    return len(found), sum(found)


def _again(each: list[Asked]) -> Iterator[bool]:
    for later in each:
        if isinstance(later.op, ops.CreateTopic) and (later.ok or later.failed):
            standing = [one for one in each if _stood(one, later, each)]
            if standing:
                yield later.ok


def _stood(one: Asked, later: Asked, each: list[Asked]) -> bool:
    """Whether a topic made by one was certainly there throughout another."""
    same = isinstance(one.op, ops.CreateTopic) and one.op.topic == getattr(later.op, "topic", None)
    return same and one.ok and one.end < later.begin and not any(_takes_away(gone, one, later) for gone in each)


def _takes_away(gone: Asked, one: Asked, later: Asked) -> bool:
    same = isinstance(gone.op, ops.DeleteTopic) and gone.op.topic == getattr(one.op, "topic", None)
    return same and not gone.failed and gone.begin < later.end and gone.end > one.begin


def _no_more(each: list[Asked]) -> Iterator[bool]:
    for later in each:
        if not isinstance(later.op, ops.CreatePartitions) or not (later.ok or later.failed):
            continue
        topic = later.op.topic
        made = [one for one in each if isinstance(one.op, ops.CreateTopic) and one.op.topic == topic and not one.failed]
        gone = [one for one in each if isinstance(one.op, ops.DeleteTopic) and one.op.topic == topic and not one.failed]
        before = [one.op for one in each if one.ok and one.end < later.begin and getattr(one.op, "topic", "") == topic]
        counts = [op.partitions for op in before if isinstance(op, ops.CreateTopic)]
        counts += [op.total for op in before if isinstance(op, ops.CreatePartitions)]
        if len(made) <= 1 and not gone and counts and later.op.total <= max(counts):
            yield later.ok


def transactions(recording: Recording) -> tuple[int, int]:
    """As of topics; every client here is one transactional producer."""
    each = asked(recording)
    found = [
        one.ok
        for one in each
        if (one.ok or one.failed)
        and (_open(one, each) if isinstance(one.op, ops.BeginTransaction) else _inside(one) and _none(one, each))
    ]
    return len(found), sum(found)


def _inside(one: Asked) -> bool:
    return isinstance(one.op, ops.Send | ops.CommitTransaction | ops.AbortTransaction)


def _mine(one: Asked, each: list[Asked], *kinds: type) -> list[Asked]:
    """What was asked by the same client, and not refused."""
    client = ops.client_of(one.op)
    return [
        other
        for other in each
        if isinstance(other.op, kinds) and ops.client_of(other.op) == client and not other.failed
    ]


def _open(one: Asked, each: list[Asked]) -> bool:
    ends = _mine(one, each, ops.CommitTransaction, ops.AbortTransaction)
    return any(
        begun.ok and begun.end < one.begin and not any(begun.begin < end.begin < one.end for end in ends)
        for begun in _mine(one, each, ops.BeginTransaction)
    )


def _none(one: Asked, each: list[Asked]) -> bool:
    over = [
        end for end in _mine(one, each, ops.CommitTransaction, ops.AbortTransaction) if end.ok and end.end < one.begin
    ]
    return all(
        begun.begin >= one.end or any(begun.begin < end.begin for end in over)
        for begun in _mine(one, each, ops.BeginTransaction)
    )


def nobody_up(told: Told) -> tuple[int, int]:
    """As of topics: lists of groups, while brokers are paused, killed, resumed and restarted."""
    found = [
        one.ok
        for one in told.of(ops.ListGroups)
        if told.brokers and one.outcome is not None
        if all(any(_keeps_down(fault, broker, one, told) for fault in told.done) for broker in told.brokers)
    ]
    return len(found), sum(found)


def _keeps_down(fault: Done, broker: int, one: Done, told: Told) -> bool:
    """Whether a fault certainly held from before an operation until it was over."""
    if not isinstance(fault.op, ops.PauseBroker | ops.KillBroker) or fault.op.broker != broker or not fault.ok:
        return False
    repairs = (ops.RestartBroker, ops.ResumeBroker) if isinstance(fault.op, ops.PauseBroker) else ops.RestartBroker
    ends = [
        end.begun
        for end in told.of(ops.ResumeBroker, ops.RestartBroker)
        if not end.refused and end.begun > fault.begun
        if not end.ok or (isinstance(end.op, repairs) and end.op.broker == broker)
    ]
    return fault.ended <= one.begun and all(one.ended < end for end in ends)


def groupless(told: Told) -> tuple[int, int]:
    """As of topics: subscriptions, commits and what was committed, of consumers with a group and without."""
    found = []
    for one in told.of(ops.Subscribe, ops.Commit, ops.Committed):
        opened = [each for each in told.of(ops.OpenConsumer) if each.op.client == one.op.client]
        latest = [each.op for each in opened if each.number < one.number][-1]
        if one.outcome is not None and latest.group is None:
            found.append(one.ok)
    return len(found), sum(found)
