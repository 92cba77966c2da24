"""What a reader of a verdict must know beside it: what no promise tested, what was left out, what never succeeded."""

from collections.abc import Iterator

from brokerlaw.conformance.result import RunResult, told_never_done


def remarks(result: RunResult) -> Iterator[str]:
    """A line for each."""
    if result.untested:
        yield f"claimed, but tested by no promise: {', '.join(result.untested)}"
    if result.unjudged:
        yield f"asked, but judged by no promise: {', '.join(result.unjudged)}"
    by_want: dict[tuple[str, ...], list[str]] = {}
    for each in result.left_out:
        by_want.setdefault(each.missing, []).append(each.schedule)
    for missing, schedules in by_want.items():
        yield f"left out, for want of {' and '.join(missing)}: {', '.join(schedules)}"
    yield from map(told_never_done, result.never_done)
