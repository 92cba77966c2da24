"""Looking at processes from outside."""

import time
from pathlib import Path


def state(pid: int) -> str | None:
    """The letter that `ps` shows (T: stopped, Z: a zombie); None when there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return None


def gone(pid: int) -> bool:
    """Whether a process ends, within a minute; a zombie has ended."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if state(pid) in {None, "Z"}:
            return True
        time.sleep(0.01)  # leaves the processor to what is to end
    return False
