"""`records.create-time-is-the-sends`, read off its statement: each two records of a producer."""

from itertools import permutations

from oracles.progress import Done, Told

from brokerlaw.spec.history import operations as ops

MS, SECOND = 1_000_000, 1_000_000_000


def create_time_is_the_sends(told: Told) -> tuple[int, int]:
    """Values are of one send each, and topics of timestamps of their creation."""
    if told.of(ops.AdvanceClock) and any(not each.refused for each in told.of(ops.AdvanceClock)):
        return 0, 0
    tested = broken = 0
    for opened in told.of(ops.OpenProducer):
        facts = [(each, time) for each in told.of(ops.Send) if _of(told, each, opened) for time in _times(told, each)]
        tested += len(facts) if len(facts) > 1 else 0
        broken += any(_apart(*pair) for pair in permutations(facts, 2))
    return tested, broken


def _of(told: Told, send: Done, opened: Done) -> bool:
    before = [each for each in told.of(ops.OpenProducer) if each.process == send.process and each.begun < send.begun]
    return bool(before) and before[-1] == opened and send.ok and send.op.timestamp is None and told.known("t")


def _times(told: Told, send: Done) -> list[int]:
    """Each time with which its record was read."""
    reads = [record for poll in told.of(ops.Poll) if poll.ok for record in poll.outcome.value]
    return list(dict.fromkeys(each.timestamp for each in reads if each.value == send.op.value and each.timestamp >= 0))


def _apart(one: tuple[Done, int], other: tuple[Done, int]) -> bool:
    """Whether the clock would have had to lose more than it may: the first is too early for the second."""
    (early, time), (late, after) = one, other
    span = abs(late.begun - early.begun)
    return after * MS - late.ended > time * MS + MS - early.begun + SECOND + span // 1_000


ORACLES = {"records.create-time-is-the-sends": create_time_is_the_sends}
