"""`progress.poller-is-served`, read off its statement: every reader, poll by poll."""

from typing import Any

from oracles.progress import NEVER, SECOND, Done, Told

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.observations import Assigned, Lost, Revoked
from brokerlaw.spec.history.rows import Complete, Invoke, Observe, Recording


def poller_is_served(recording: Recording) -> tuple[int, int]:
    """One partition, each reader by itself: what it is given, and how long it is given nothing."""
    told, starved = Told(recording), 0
    done = {each.number: each for each in told.done}
    served = sum(bool(each.ok and each.outcome.value) for each in told.of(ops.Poll))
    for reader in told.of(ops.OpenConsumer):
        starved += any(_starves(told, reader, *run) for run in _runs(recording, done, reader.process))
    return served + starved, starved


def _runs(recording: Recording, done: dict[int, Done], name: str) -> list[tuple[list[Done], int]]:
    """Polls in a row that were given nothing, and the position at the last of them; -1: not known."""
    runs: list[tuple[list[Done], int]] = []
    run: list[Done] = []
    position = at_last = -1
    paused = False

    def end() -> None:
        if run:
            runs.append((run[:], at_last))
        run.clear()

    for row in recording.rows:
        match row:
            case Observe(process=who, value=Assigned() | Revoked() | Lost()) if who == name:
                end()
                position = -1
            case Invoke(process=who, value=ops.Poll()) if who == name:
                if done[row.op].ok and not done[row.op].outcome.value:
                    run.append(done[row.op])
                    at_last = -1 if paused else position
                else:
                    end()
            case Invoke(process=who, value=ops.Assign() | ops.Seek() | ops.Close()) if who == name:
                end()
            case Invoke(process=who, value=ops.Pause() | ops.Resume()) if who == name:
                end()
                holds = isinstance(row.value, ops.Pause)
                paused = paused if done[row.op].refused or not (holds or done[row.op].ok) else holds
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
