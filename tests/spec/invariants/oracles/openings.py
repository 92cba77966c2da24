"""Producers as they were opened, read off the statements: every opening, send and commit, one by one."""

from oracles.progress import NEVER, Done, Told

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.outcomes import Fail, Unknown

IN_FLIGHT = "max.in.flight.requests.per.connection"
FENCED = ("PRODUCER_FENCED", "INVALID_PRODUCER_EPOCH", "INVALID_PRODUCER_ID_MAPPING", "_FENCED")


def error(done: Done) -> str:
    return done.outcome.error if isinstance(done.outcome, Fail | Unknown) else ""


def opening(told: Told, done: Done) -> Done:
    return [each for each in told.of(ops.OpenProducer) if each.process == done.process and each.number < done.number][
        -1
    ]


def acks_as_asked(told: Told) -> tuple[int, int]:
    tested = wrong = 0
    for send in told.of(ops.Send):
        acks = opening(told, send).op.acks
        if acks != "all" and send.outcome is not None:
            tested += 1
            wrong += acks == "0" and send.ok and send.outcome.value.offset >= 0
            wrong += error(send).startswith("NOT_ENOUGH_REPLICAS")
    return tested, wrong


def settings_as_asked(told: Told) -> tuple[int, int]:
    tested = wrong = 0
    opened = told.of(ops.OpenProducer)
    for each in opened:
        most, transactional = int(each.op.settings.get(IN_FLIGHT, 0)), each.op.transactional_id is not None
        idempotent = transactional or (each.op.idempotent and each.op.acks == "all")
        contradicts = (transactional and each.op.acks != "all") or (idempotent and most > 5)
        refused = error(each) == "INVALID_CONFIG"
        if (contradicts or most) and (each.ok or refused):
            tested += 1
            knows = any(other.ok and IN_FLIGHT in other.op.settings for other in opened)
            heeds = any(error(other) == "INVALID_CONFIG" and IN_FLIGHT in other.op.settings for other in opened)
            agrees = each.op.acks == "all" or not each.op.idempotent
            wrong += each.ok and (heeds or not most) if contradicts else refused and knows and agrees
    return tested, wrong


def fenced_for_a_reason(told: Told) -> tuple[int, int]:
    tested = wrong = 0
    for done in told.of(ops.Send, ops.SendOffsets, ops.CommitTransaction, ops.AbortTransaction):
        if done.outcome is None or (isinstance(done.op, ops.Send) and not _in_transaction(told, done)):
            continue
        mine = opening(told, done)
        if mine.op.transactional_id is None or not _alone(told, mine, done) or not told.calm(mine.begun, done.ended):
            continue
        failed = [
            each
            for each in told.done
            if each.process == done.process and each.number >= mine.number and error(each) and each.ended < done.ended
        ]
        if not failed:
            tested += 1
            wrong += error(done) in FENCED
    return tested, wrong


def open_is_ended(told: Told) -> tuple[int, int]:
    tested = wrong = 0
    for end in told.of(ops.CommitTransaction, ops.AbortTransaction):
        if end.outcome is None or not _acknowledged_in_it(told, end):
            continue
        mine = opening(told, end)
        before = [each for each in told.done if each.process == end.process and each.number >= mine.number]
        failed = any(error(each) and each.ended < end.ended for each in before)
        if mine.op.transactional_id is not None and not failed and _alone(told, mine, end):
            tested += 1
            wrong += error(end) == "INVALID_TXN_STATE"
    return tested, wrong


def _acknowledged_in_it(told: Told, end: Done) -> bool:
    """Whether a send of the transaction that is ended was acknowledged."""
    mine = opening(told, end)
    sends = [
        each for each in told.of(ops.Send) if each.process == end.process and mine.number < each.number < end.number
    ]
    begun = _begin_number(told, end)
    return begun is not None and any(each.ok and each.number > begun and _in_transaction(told, each) for each in sends)


def _begin_number(told: Told, end: Done) -> int | None:
    """The operation that began the transaction which is open at this one."""
    begun: int | None = None
    for each in told.done[: end.number]:
        if each.process == end.process:
            if isinstance(each.op, ops.BeginTransaction) and not each.refused:
                begun = each.number
            elif isinstance(each.op, ops.OpenProducer) or (
                isinstance(each.op, ops.CommitTransaction | ops.AbortTransaction) and each.ok
            ):
                begun = None
    return begun


def _alone(told: Told, mine: Done, done: Done) -> bool:
    """Whether nobody else asked for its transactional id in time, and its timeout was not over."""
    others = [
        each
        for each in told.of(ops.OpenProducer)
        if each.op.transactional_id == mine.op.transactional_id and each.number != mine.number
    ]
    ends = [each.ended if each.ok or each.refused else NEVER for each in others]
    late = any(end > mine.begun and each.begun <= done.ended for each, end in zip(others, ends, strict=True))
    return not late and done.ended - _begun(told, mine, done) < mine.op.transaction_timeout * 1_000_000


def _begun(told: Told, mine: Done, done: Done) -> int:
    """When its transaction was begun; where none is open, when its producer was opened."""
    begun = mine
    for each in told.done[mine.number + 1 : done.number]:
        if each.process == done.process:
            if isinstance(each.op, ops.BeginTransaction) and not each.refused:
                begun = each
            elif isinstance(each.op, ops.CommitTransaction | ops.AbortTransaction) and each.ok:
                begun = mine
    return begun.begun


def _in_transaction(told: Told, send: Done) -> bool:
    open_now = False
    for each in told.done[: send.number]:
        if each.process == send.process:
            if isinstance(each.op, ops.BeginTransaction) and not each.refused:
                open_now = True
            elif isinstance(each.op, ops.OpenProducer) or (
                isinstance(each.op, ops.CommitTransaction | ops.AbortTransaction) and each.ok
            ):
                open_now = False
    return open_now


def goes_on(told: Told) -> tuple[int, int]:
    tested = wrong = 0
    for send in told.of(ops.Send):
        mine = opening(told, send)
        if send.outcome is None or not told.clean(send.op.topic):
            continue
        if mine.op.transactional_id is None and not mine.op.idempotent:
            continue
        before = [each for each in told.of(ops.Send) if each.process == send.process]
        before = [each for each in before if mine.number < each.number < send.number]
        if all(each.ok and each.ended < send.begun for each in before) and send.ended - mine.begun < 86_400 * 10**9:
            tested += 1
            wrong += error(send) in ("OUT_OF_ORDER_SEQUENCE_NUMBER", "UNKNOWN_PRODUCER_ID")
    return tested, wrong


ORACLES = {
    "producers.acks-as-asked": acks_as_asked,
    "producers.settings-as-asked": settings_as_asked,
    "producers.fenced-for-a-reason": fenced_for_a_reason,
    "producers.open-is-ended": open_is_ended,
    "idempotence.goes-on": goes_on,
}
