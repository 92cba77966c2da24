"""The matrix of liars: operation by field by lie, and which promise catches it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from statistics import median
from typing import Any, Final

from brokerlaw.conformance.liars.hunt import Status, Told
from brokerlaw.render import gfm

STATUSES: Final[dict[Status, str]] = {
    "caught": "a promise that is meant for it broke",
    "argued": "no client could tell, for the reason given",
    "caught aside": "a promise broke, but none that is meant for it",
    "at fault": "what it tells is no answer, or no history: the adapter is told so, and nothing is judged",
    "missed": "it lied, and no promise broke",
    "unexercised": "no plan gave it a chance to lie",
}


def line(told: Told) -> str:
    """For the terminal."""
    name = ".".join(filter(None, (told.operation, told.place, told.field)))
    broke = (
        f" by {', '.join(told.promises)}, case {told.case} ({told.plan}), {told.seconds:g} s" if told.promises else ""
    )
    return f"{told.status:<13}{name}: {told.how}{broke}{f' ({told.why})' if told.why else ''}"


def summary(found: Sequence[Told]) -> str:
    """How many came to what, and how soon they were caught."""
    counts = Counter(each.status for each in found)
    parts = [f"{counts[status]} {status}" for status in STATUSES if counts[status]]
    seconds = [each.seconds for each in found if each.status == "caught"]
    soon = f"; caught after {median(seconds):.1f} s in the median, {max(seconds):.1f} s at most" if seconds else ""
    return f"{len(found)} liars: {', '.join(parts)}{soon}"


def page(found: Sequence[Told], command: str, of: int) -> str:
    """In Markdown: a table for each operation; `of` all liars that there are."""
    part = "" if len(found) == of else f" There are {of} liars: the others were not hunted in this run."
    lines = [
        "# Liars",
        "A liar is the sound reference behind a wrapper that lies in one way: about one field of one operation's "
        "request or answer, an outcome, an observation. It lies one time in three, so that most of what it says is "
        "true. All liars are made from the table of operations.",
        f"{gfm.text(summary(found))}. A case is one plan of a check, in its order: directed ones, then random ones; "
        f"seconds are the check's to the end of the case, of one processor.{part}",
        f"`{command}`",
        gfm.table([(status, why) for status, why in STATUSES.items()], ("", "")),
        *_tables(found),
    ]
    return "\n\n".join(lines) + "\n"


def _tables(found: Sequence[Told]) -> Iterator[str]:
    for operation, group in groupby(found, key=lambda told: told.operation):
        yield f"## {gfm.text(operation)}"
        headers = ("of", "field", "lie", "", "by", "case", "seconds")
        yield gfm.table([_row(told) for told in group], headers, 2)


def _row(told: Told) -> tuple[object, ...]:
    by = ", ".join(map(gfm.code, told.promises)) if told.promises else gfm.text(told.why)
    figures = (told.case, f"{told.seconds:.1f}") if told.promises else ("", "")
    return told.place, gfm.text(told.field), gfm.text(told.how), told.status, by, *figures


def data(found: Sequence[Told], command: str) -> dict[str, Any]:
    """For programs."""
    counts = Counter(each.status for each in found)
    return {"command": command, "counts": {status: counts[status] for status in STATUSES}, "liars": list(found)}
