"""Looking at processes from outside, and waiting for what must come."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

LIMIT: Final = 60.0
"""Seconds for whatever is waited for."""


def state(pid: int) -> str | None:
    """The letter that `ps` shows (T: stopped, Z: a zombie); None when there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return None


def ended(pid: int) -> bool:
    """Whether a process has ended; a zombie has."""
    return state(pid) in {None, "Z"}


def comes(holds: Callable[[], bool]) -> bool:
    """Whether a condition comes to hold within `LIMIT`."""
    deadline = time.monotonic() + LIMIT
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)  # leaves the processor to what is waited for
    return True


def gone(pid: int) -> bool:
    """Whether a process comes to its end."""
    return comes(lambda: ended(pid))
