"""Standard input, output and error: what can be wrong with them, and how anything is written to them.

What a broker, an adapter or a file said may hold escape sequences, so what is shown is made printable here. A command
whose output does not arrive in whole ends with 2, and no verdict is taken from it.
"""

import codecs
import contextlib
import os
import sys
from typing import Final

from brokerlaw.spec.text import printable

_PLAIN: Final = {
    "✓": "+", "✗": "x", "▶": ">", "→": "->", "…": "...", "·": ".", "≤": "<=", "≥": ">=", "«": '"', "»": '"', "—": "-",
}  # fmt: skip
"""Our own signs, for a terminal whose encoding lacks them."""
_HANDLER: Final = "brokerlaw.plain"


class OutputError(Exception):
    """Standard output does not take what is to be shown."""


def prepare() -> None:
    """Make the three streams usable, whatever state they were left to us in. Raises `OutputError`."""
    codecs.register_error(_HANDLER, _replaced)
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=_HANDLER)
    if sys.stdout is None:
        raise OutputError("standard output is closed: nothing could be shown; > /dev/null discards what is")


def say(text: str) -> None:
    """Write a text to standard output. Raises `OutputError`."""
    try:
        print(printable(text, keep="\n\t"), flush=True)
    except OSError as error:
        raise unwritable(error) from error


def complain(text: str) -> None:
    """Write a text to standard error, if that is possible."""
    with contextlib.suppress(OSError, ValueError):
        print(printable(text, keep="\n\t"), file=sys.stderr, flush=True)


def renew(text: str) -> None:
    """Write a text over the last line of a terminal's standard error."""
    with contextlib.suppress(OSError, ValueError):
        print(f"\r\033[K{printable(text)}", end="", file=sys.stderr, flush=True)


def flush() -> None:
    """Write out what is still buffered. Raises `OutputError`."""
    if sys.stdout is not None:
        try:
            sys.stdout.flush()
        except OSError as error:
            raise unwritable(error) from error


def unwritable(error: OSError) -> OutputError:
    """What is wrong with standard output, from now on left alone: a second try at the end would say it again."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if isinstance(error, BrokenPipeError):
        return OutputError("the reader of standard output left before all was shown")
    return OutputError(f"standard output cannot be written: {error.strerror}; not all was shown")


def _replaced(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    part = error.object[error.start : error.end]
    plain = (_PLAIN.get(char) or char.encode("ascii", "backslashreplace").decode() for char in part)
    return "".join(plain), error.end
