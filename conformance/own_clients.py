"""The clients that the suite opens itself, beside those of a plan: their names, and what to say of them."""

import re
from typing import Final

from brokerlaw.spec.history.operations import Isolation

ADMIN: Final = "admin"
"""The process of operations that no client of the plan performs."""


def reader(isolation: Isolation) -> str:
    return f"reader-{isolation.removeprefix('read_')}"


def reaper(number: int) -> str:
    return f"reaper{number}"


def closer(group: str) -> str:
    return f"{group}-closer"


def outlet(client: str, number: int) -> str:
    return f"{client}-out{number}"


_TOLD: Final = {
    reader("read_uncommitted"): "reads every log from its beginning to its end, when all is done",
    reader("read_committed"): "reads what was committed of every log, when all is done",
    reaper(0)[:-1] + r"\d+": "ends a transaction that a client left open when it vanished",
    closer(".+"): "is the last member of a group that has lost all of its own",
    outlet(".+", 0)[:-1] + r"\d+": "is the producer of an application's instance",
}


def told(name: str) -> str | None:
    """What a client of the suite does; None: it is one of the plan."""
    return next((what for pattern, what in _TOLD.items() if re.fullmatch(pattern, name)), None)
