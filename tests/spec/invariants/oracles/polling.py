"""`progress.poller-is-served`, read off its statement: every reader, poll by poll."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from oracles.progress import NEVER, SECOND, Done, Told

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.observations import Assigned, Lost, Revoked
from brokerlaw.spec.history.rows import Complete, Invoke, Observe, Recording, Row

MOVING = (ops.Assign, ops.Seek, ops.Close, ops.Pause, ops.Resume)


class Run(NamedTuple):
    """Polls in a row that were given nothing; the position at the last of them; whether and how it was paused."""

    polls: list[Done]
    position: int
    pause: str


def poller_is_served(recording: Recording) -> tuple[int, int]:
    """One partition, each reader by itself: what it is given, and how long it is given nothing."""
    served = sum(bool(each.ok and each.outcome.value) for each in Told(recording).of(ops.Poll))
    return _served(recording, "", served)


def regained_is_served(recording: Recording) -> tuple[int, int]:
    """The same, of what was paused, taken away, and given anew."""
    told = Told(recording)
    done = {each.number: each for each in told.done}
    served = 0
    for reader in told.of(ops.OpenConsumer):
        for row, state in _pauses(recording, done, reader.process):
            if isinstance(row, Invoke) and isinstance(row.value, ops.Poll) and row.process == reader.process:
                poll = done[row.op]
                served += bool(poll.ok and poll.outcome.value and state == "anew")
    return _served(recording, "anew", served)


def _served(recording: Recording, pause: str, served: int) -> tuple[int, int]:
    told = Told(recording)
    done = {each.number: each for each in told.done}
    starved = 0
    for reader in told.of(ops.OpenConsumer):
        runs = [run for run in _runs(recording, done, reader.process) if run.pause == pause]
        starved += any(_starves(told, reader, run.polls, run.position) for run in runs)
    return served + starved, starved


def _pauses(recording: Recording, done: dict[int, Done], name: str) -> Iterator[tuple[Row, str]]:
    """Each row, and how the partition then was paused: not, perhaps, or so that it was taken and given anew since."""
    paused, sure, taken, anew = False, True, False, False
    for row in recording.rows:
        match row:
            case Observe(process=who, value=Revoked() | Lost()) if who == name:
                taken = True
            case Observe(process=who, value=Assigned()) if who == name:
                anew = taken
            case Invoke(process=who, value=ops.Pause() | ops.Resume()) if who == name:
                each, holds = done[row.op], isinstance(row.value, ops.Pause)
                paused = paused if each.refused or not (holds or each.ok) else holds
                if holds and not each.refused:
                    sure, taken, anew = sure and each.ok, False, False
        yield row, ("anew" if sure and anew else "perhaps") if paused else ""


def _runs(recording: Recording, done: dict[int, Done], name: str) -> list[Run]:
    """By one reader; position -1: not known."""
    runs: list[Run] = []
    run: list[Done] = []
    position, last = -1, (-1, "")

    def end() -> None:
        if run:
            runs.append(Run(run[:], *last))
        run.clear()

    for row, pause in _pauses(recording, done, name):
        match row:
            case Observe(process=who, value=Assigned() | Revoked() | Lost()) if who == name:
                end()
                position = -1
            case Invoke(process=who, value=ops.Poll()) if who == name:
                if done[row.op].ok and not done[row.op].outcome.value:
                    run.append(done[row.op])
                    last = position, pause
                else:
                    end()
            case Invoke(process=who, value=kind) if who == name and isinstance(kind, MOVING):
                end()
            case Complete() if done[row.op].process == name:
                position = _moved(done[row.op], position)
    end()
    return runs


def _moved(each: Done, position: int) -> int:
    value: Any = each.outcome.value if each.ok else None
    match each.op:
        case ops.Assign() | ops.Seek():
            offset = each.op.offsets[0].offset if isinstance(each.op, ops.Assign) else each.op.offset
            return offset if each.ok else position if each.refused else -1
        case ops.Poll() if each.ok:
            return value[-1].offset + 1 if value else position
        case ops.Poll() if not each.refused:
            return -1
        case ops.Position() if each.ok:
            return -1 if value is None else value
        case _:
            return position


def _starves(told: Told, reader: Done, run: list[Done], position: int) -> bool:
    begun, ended = run[0].begun, run[-1].ended
    if len(run) < 10 or ended - begun < 30 * SECOND or position < 0 or not told.calm(begun - 30 * SECOND, ended):
        return False
    if reader.op.isolation == "read_committed" and _over(told) >= begun:
        return False
    facts: dict[int, int] = {}
    for send in told.of(ops.Send):
        if send.ok:
            facts[send.outcome.value.offset] = min(send.ended, facts.get(send.outcome.value.offset, NEVER))
    for poll in told.of(ops.Poll):
        for record in poll.outcome.value if poll.ok else ():
            facts[record.offset] = min(poll.ended, facts.get(record.offset, NEVER))
    ends = [
        each.outcome.value
        for each in told.of(ops.ListOffsets)
        if each.ok and (each.op.at, each.op.isolation) == ("latest", "read_uncommitted") and each.begun > ended
    ]
    if reader.op.reset == "earliest" and position > min(ends, default=NEVER):
        position = 0
    ahead = [offset for offset in facts if offset >= position]
    return bool(ahead) and facts[min(ahead)] < begun and told.known("t") and told.clean("t")


def _over(told: Told) -> int:
    """When the transaction that nobody ends was aborted, and its marker written; 0: there is none."""
    for begin in told.of(ops.BeginTransaction):
        theirs = [each for each in told.done if each.process == begin.process]
        return max(each.ended for each in theirs) + theirs[0].op.transaction_timeout * 1_000_000 + 20 * SECOND
    return 0


ORACLES = {"progress.poller-is-served": poller_is_served, "progress.regained-is-served": regained_is_served}
