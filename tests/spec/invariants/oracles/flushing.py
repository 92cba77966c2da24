"""`producers.flush-gives-nothing-up`, read off its statement: every send, and the flush or close after it."""

from oracles.openings import error, opening
from oracles.progress import Done, Told

from brokerlaw.spec.history import operations as ops

REASONS = ("TIMED_OUT", "UNKNOWN_TOPIC_OR_PARTITION", "NOT_ENOUGH_REPLICAS", "MESSAGE_TOO_LARGE")


def gives_nothing_up(told: Told) -> tuple[int, int]:
    tested = wrong = 0
    for send in told.of(ops.Send):
        later = [each for each in told.of(ops.Flush, ops.Close) if each.number > send.number and each.ok]
        mine = [each for each in later if each.process == send.process and opening(told, each) == opening(told, send)]
        if mine and mine[0].begun < send.ended and (send.ok or send.refused) and _owed(told, send, mine[0]):
            tested += 1
            wrong += send.refused
    return tested, wrong


def _owed(told: Told, send: Done, flush: Done) -> bool:
    opened = opening(told, send)
    theirs = [each for each in told.done if each.process == send.process and each.number >= opened.number]
    failed = [each for each in theirs if error(each) and each.ended < send.ended and opening(told, each) == opened]
    odd = [each for each in theirs if isinstance(each.op, ops.Freeze | ops.Crash) and not each.refused]
    plain = opened.ok and opened.op.idempotent and opened.op.acks == "all" and opened.op.transactional_id is None
    plain = plain and not opened.op.settings
    settings = [each.op.settings for each in told.of(ops.CreateTopic, ops.AlterTopic) if not each.refused]
    special = any({"min.insync.replicas", "max.message.bytes"} & {*each} for each in settings)
    elected = [each for each in told.of(ops.ElectLeader) if not each.refused and each.begun <= send.ended]
    large = len(send.op.value) + len(send.op.key or b"") >= 10_000
    if any(reason in error(send) for reason in REASONS) or send.op.timestamp is not None or large:
        return False
    calm = all(start > max(send.ended, flush.ended) for start, _ in told.outages)
    return plain and told.known("t") and calm and not (failed or odd or special or elected)


ORACLES = {"producers.flush-gives-nothing-up": gives_nothing_up}
