"""The outermost boundary of every command: whatever happens inside, its exit code is true.

1 says that a broker broke a promise (or a protocol an invariant), and nothing else says it. What nobody foresaw is 2,
with one line; an interruption is 130.
"""

import errno
import os
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Final

from brokerlaw.cli import streams
from brokerlaw.cli.interrupts import INTERRUPTED, INTERRUPTS

FAULT: Final = 2
"""Usage, the adapter, the suite or the terminal is at fault: nothing is said about the broker."""
_NO_VERDICT: Final = (0, 3)
"""Exit codes that an interruption takes the place of, if it was swallowed on its way."""
_UNWRITABLE: Final = (errno.EPIPE, errno.ENOSPC, errno.EFBIG, errno.EIO, errno.EBADF)
"""What writing to standard output may end in; whoever writes a file names it."""
_DEBUG: Final = "BROKERLAW_DEBUG"


def answer(command: Callable[[], int]) -> int:
    """Run a command, and give its exit code."""
    try:
        code = command()
        streams.flush()
    except KeyboardInterrupt:
        return _interrupted()
    except streams.OutputError as error:
        return _fault(str(error))
    except BaseException as error:
        return _interrupted() if INTERRUPTS.arrived else _unforeseen(error)
    return _interrupted() if INTERRUPTS.arrived and code in _NO_VERDICT else code


def unforeseen(error: BaseException) -> str:
    """An exception that nobody foresaw: its kind, where it was raised, what it says. Its traceback, if it is wanted."""
    if os.environ.get(_DEBUG):
        streams.complain("".join(traceback.format_exception(error)))
    frames = traceback.extract_tb(error.__traceback__)
    where = f" in {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    said = " ".join(str(error).split())
    return f"{type(error).__name__}{where}{': ' if said else ''}{said}"


def _interrupted() -> int:
    INTERRUPTS.noticed()
    streams.complain("interrupted")
    return INTERRUPTED


def _unforeseen(error: BaseException) -> int:
    if isinstance(error, OSError) and error.filename is None and error.errno in _UNWRITABLE:
        return _fault(str(streams.unwritable(error)))
    return _fault(f"{unforeseen(error)}; this says nothing about the broker ({_DEBUG}=1 shows the traceback)")


def _fault(message: str) -> int:
    streams.complain(f"Error: {message}")
    return FAULT
