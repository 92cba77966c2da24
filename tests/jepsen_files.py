"""Histories in Jepsen's own form, in the folder `jepsen`: read, imported and judged."""

from pathlib import Path
from typing import Final

from brokerlaw.conformance.importers.jepsen.history import Options, read
from brokerlaw.conformance.overrides import sort
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.rows import Recording
from brokerlaw.spec.invariants import INVARIANTS
from brokerlaw.spec.invariants.invariant import Violation

FOLDER: Final = Path(__file__).parent / "jepsen"


def imported(text: str, transactions: bool | None = None, **settings: str) -> Recording:
    """The recording that a history's text becomes."""
    lines = text.encode().splitlines(keepends=True)
    return read("history.edn", lines, sort(settings), Options(transactions=transactions))


def accusations(recording: Recording) -> dict[str, list[Violation]]:
    """By promise, what broke it."""
    history = History(recording)
    found = {name: list(each.judge(history).violations) for name, each in INVARIANTS.items()}
    return {name: violations for name, violations in found.items() if violations}
