"""What a reader of a verdict must know beside it: known violations, what no promise tested, what never succeeded."""

from collections.abc import Iterator

from brokerlaw.conformance.known import KnownViolation
from brokerlaw.conformance.result import RunResult, told_never_done
from brokerlaw.conformance.timeouts import SESSION_TIMEOUT, Timeout
from brokerlaw.spec.history.bounds import MIN_SESSION


def remarks(result: RunResult) -> Iterator[str]:
    """A line for each."""
    yield from map(known_line, result.known)
    if result.narrowed_by:
        yield f"not run: {result.narrowed_by} schedules that test none of the promises selected"
    if result.untested:
        yield f"claimed, but tested by no promise: {', '.join(result.untested)}"
    by_want: dict[tuple[str, ...], list[str]] = {}
    for each in result.left_out:
        by_want.setdefault(each.missing, []).append(each.schedule)
    for missing, schedules in by_want.items():
        yield f"left out, for want of {', '.join(missing)}: {', '.join(schedules)}"
    longer = (each for each in result.timeouts if each.setting == MIN_SESSION and each.milliseconds > SESSION_TIMEOUT)
    yield from map(_raised, longer)
    yield from map(told_never_done, result.never_done)


def told_timeout(timeout: Timeout) -> str:
    """`replica.lag.time.max.ms=30000`, and whether the broker told it."""
    return f"{timeout.setting}={timeout.milliseconds}" + ("" if timeout.told else " (Kafka's default)")


def _raised(least: Timeout) -> str:
    return f"sessions of classic members were raised to {least.milliseconds} ms: the broker's {least.setting}"


def known_line(known: KnownViolation) -> str:
    """What the baseline says of a violation, and what became of it."""
    note = f"; {known.note}" if known.note else ""
    outcome = f"{known.status} ({known.why})" if known.why else known.status
    return f"known since {known.since}: {known.promise}: {known.reason}{note}; {known.trace} {outcome}"
