"""What consumers are told, refused and answered, read off the statements: each against each."""

from collections.abc import Iterator

from oracles.progress import Done, Told

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.observations import Assigned, Lost, Revoked
from brokerlaw.spec.history.rows import Complete, Invoke, Observe
from brokerlaw.spec.history.values import TopicPartition

NEWS = (Assigned, Revoked, Lost)


def _news(told: Told) -> Iterator[tuple[int, str, Assigned | Revoked | Lost]]:
    """What members of one group were told: the row, who and what."""
    for number, row in enumerate(told.rows):
        if isinstance(row, Observe) and isinstance(row.value, NEWS) and row.value.partitions:
            yield number, row.process, row.value


def _named(op: ops.AnyOperation) -> tuple[TopicPartition, ...]:
    return op.partitions if isinstance(op, ops.Pause | ops.Resume) else (TopicPartition(op.topic, op.partition),)  # type: ignore[union-attr]


def unassigned(told: Told) -> tuple[int, int]:
    tested = broken = 0
    for asked in told.of(ops.Seek, ops.Position, ops.Pause, ops.Resume):
        client = asked.process
        theirs = [(row, news) for row, who, news in _news(told) if who == client]
        if not theirs and any(each.process == client and not each.refused for each in told.of(ops.Subscribe)):
            continue
        had = {
            offset.tp
            for each in told.of(ops.Assign)
            if each.process == client and not each.refused and each.begun <= asked.ended
            for offset in each.op.offsets
        }
        had |= {
            tp
            for row, news in theirs
            if isinstance(news, Assigned) and told.rows[row].time <= asked.ended
            for tp in news.partitions
        }
        if (asked.ok or asked.refused) and any(tp not in had for tp in _named(asked.op)):
            tested += 1
            broken += asked.ok
    return tested, broken


def told_its_own(told: Told) -> tuple[int, int]:
    groups = {each.process: each.op.group for each in told.of(ops.OpenConsumer)}
    news = [each for each in _news(told) if each[2].group]
    owners, broken = dict[str, str](), set[tuple[str, ...]]()
    for row, who, each in news:
        if each.group != groups[who]:
            broken.add((str(row),))
        elif each.member and owners.setdefault(each.member, who) != who:
            broken.add((who, each.member))
    return len(news), len(broken)


def given_then_taken(told: Told) -> tuple[int, int]:
    news = list(_news(told))
    given = [(row, who, tp) for row, who, each in news if isinstance(each, Assigned) for tp in each.partitions]
    tested = broken = 0
    for row, who, each in news:
        if isinstance(each, Assigned) or not any(at < row and name == who for at, name, _ in given):
            continue
        if any(_is_lost(told, before, who) for before in told.rows[:row]):
            continue
        for tp in each.partitions:
            tested += 1
            came = any(at < row and (name, place) == (who, tp) for at, name, place in given)
            broken += not came or _refused_leave(told, row, who)
    return tested, broken


def _is_lost(told: Told, row: object, who: str) -> bool:
    poll = isinstance(row, Invoke) and row.process == who and isinstance(row.value, ops.Poll)
    return poll and not (told.done[row.op].ok or told.done[row.op].refused)  # type: ignore[union-attr]  # an invocation


def _refused_leave(told: Told, row: int, who: str) -> bool:
    before = [each for each in told.rows[:row] if isinstance(each, Invoke) and each.process == who]
    over = {each.op for each in told.rows[:row] if isinstance(each, Complete)}
    if not before or before[-1].op in over or not isinstance(before[-1].value, ops.Unsubscribe | ops.Close):
        return False
    return told.done[before[-1].op].refused


def commit_ends(told: Told) -> tuple[int, int]:
    closed = broken = 0
    for commit in told.of(ops.Commit):
        if any(_closes(each, commit) for each in told.of(ops.Close)):
            closed += 1
            broken += commit.outcome is None
    return closed, broken


def _closes(close: Done, commit: Done) -> bool:
    return close.ok and close.process == commit.process and close.number > commit.number


def settings_as_asked(told: Told) -> tuple[int, int]:
    opened = [each for each in told.of(ops.OpenConsumer) if [*each.op.settings] == ["max.poll.interval.ms"]]
    wrong = [each for each in opened if each.refused and each.outcome.error == "INVALID_CONFIG"]
    judged, broken = [each for each in opened if each.ok or each in wrong], 0
    for each in judged:
        value = int(each.op.settings["max.poll.interval.ms"])
        if each.ok:
            broken += not 1 <= value < 2**31
        elif any(other.ok for other in judged):
            broken += each.op.session_timeout <= value <= 86_400_000
    return len(judged), broken


ORACLES = {
    "refusals.unassigned": unassigned,
    "groups.told-its-own": told_its_own,
    "ownership.given-then-taken": given_then_taken,
    "progress.commit-ends": commit_ends,
    "consumers.settings-as-asked": settings_as_asked,
}
