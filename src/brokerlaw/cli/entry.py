"""The program's first step: signals and streams are in order before anything that takes time is imported."""

import atexit
import os
from collections.abc import Sequence
from typing import NoReturn

from brokerlaw.cli.interrupts import INTERRUPTS


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line, and end the process with the exit code of its command."""
    try:
        INTERRUPTS.install()
        code = _code(arguments)
    except KeyboardInterrupt:
        code = 130
    INTERRUPTS.end(code)
    atexit._run_exitfuncs()
    os._exit(code)  # a thread that hangs, an adapter's or a search's, would keep the process alive


def _code(arguments: Sequence[str] | None) -> int:
    from brokerlaw.cli import boundary, streams

    def command() -> int:
        streams.prepare()
        from brokerlaw.cli.main import run

        return run(arguments)

    return boundary.answer(command)
