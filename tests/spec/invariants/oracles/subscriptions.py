"""`groups.last-subscription-counts`, read off its statement: each rest, each holding."""

from oracles.members import gone, holdings
from oracles.progress import Told

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.observations import Stable, WaitTimedOut


def last_subscription_counts(told: Told) -> tuple[int, int]:
    """Of one group."""
    tested = broken = before = 0
    for time, stable in told.seen:
        if not isinstance(stable, Stable):
            continue
        vain = any(isinstance(value, WaitTimedOut) and before < at < time for at, value in told.seen)
        before = time
        for member in told.of(ops.OpenConsumer) if not vain else ():
            asked = [each for each in told.of(ops.Subscribe) if each.process == member.process]
            asked = [each for each in asked if member.begun < each.begun < min(time, gone(told, member))]
            held = [each for each in holdings(told) if each.member == member and each.begin <= time < each.end]
            if len(asked) > 1 and asked[-1].ok and asked[-1].ended < time and member.process in stable.members:
                tested += len(held)
                broken += any(each.tp.topic not in asked[-1].op.topics for each in held)
    return tested, broken


ORACLES = {"groups.last-subscription-counts": last_subscription_counts}
