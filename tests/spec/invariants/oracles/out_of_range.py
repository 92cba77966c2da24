"""`reading.out-of-range-is-reset`, read off its statement: each step of each reader after it turned somewhere."""

from collections import Counter

from oracles.readers import Readers
from oracles.reading import Step, Verdict, Walk

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.outcomes import Ok
from brokerlaw.spec.history.rows import Recording


def judge(recording: Recording) -> dict[str, Verdict]:
    """Readers of two partitions; no broker fails."""
    readers = Readers(recording)
    steps = Walk(readers).steps if readers.keeps and readers.clean else []
    found = [(step, _reset(readers, step)) for step in steps]
    broken = Counter((step.asked.number, step.tp) for step, kept in found if kept is False)
    return {"reading.out-of-range-is-reset": Verdict(sum(kept is not None for _, kept in found), broken)}


def _reset(readers: Readers, step: Step) -> bool | None:
    """Whether the reader went on where its policy says; None: nothing is to be said."""
    client, before = step.asked.op.client, step.before  # type: ignore[union-attr]  # a consumer's
    if before is None or step.offset < 0 or not isinstance(before.by.op, ops.Seek | ops.Assign):
        return None
    beyond, gone = step.offset < before.offset, before.offset < _gone(readers, step, before.by.begun)
    if not beyond and (not gone or (step.told and step.offset == before.offset)):
        return None
    opened = readers.by_client[client]
    match opened.reset:
        case "earliest" if beyond:
            return not readers.between(client, step.tp, readers.cut(step.tp, step.asked.over), step.offset)
        case "latest" if client != "m" and not (opened.isolation == "read_committed" and _transactions(readers)):
            return step.offset >= readers.end_by(step.tp, before.by.begun)
        case "none" if not step.told:
            return False
        case _:
            return None


def _gone(readers: Readers, step: Step, time: int) -> int:
    """Below which everything was certainly deleted by a time."""
    found = [0]
    for asked in readers.asked:
        op = asked.op
        done = isinstance(asked.outcome, Ok) and asked.over < time
        if isinstance(op, ops.DeleteRecords) and op.partition == step.tp.partition and done:
            found.append(readers.end_by(step.tp, asked.begun) if op.before < 0 else op.before)
    return max(found)


def _transactions(readers: Readers) -> bool:
    return any(isinstance(asked.op, ops.Send) and asked.op.client == "q" for asked in readers.asked)
