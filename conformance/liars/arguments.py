"""Liars that no client can tell, each with the reason. At most one in twenty of all liars may stand here."""

from __future__ import annotations

from typing import Final

from brokerlaw.conformance.liars.lie import Lie
from brokerlaw.conformance.liars.meant import matches

ARGUMENTS: Final[dict[str, str]] = {
    "*.request.awaited": "whether the suite waits is no part of what it asks: the outcome is the same, a moment later",
    "open_producer.request.compression": "compression is undone before a reader sees anything; records are the same",
}
"""By a pattern of liars."""


def argument(lie: Lie) -> str:
    """Why no client can tell, if that is so."""
    return next((why for pattern, why in ARGUMENTS.items() if matches(pattern, str(lie))), "")
