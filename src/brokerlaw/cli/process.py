"""The program as a process: how it is interrupted, and with which code it ends."""

import atexit
import os
from collections.abc import Callable
from typing import NoReturn

from brokerlaw.cli.interrupts import INTERRUPTS


def end_with(command: Callable[[], int]) -> NoReturn:
    """Run the command, and end the process with its exit code."""
    try:
        INTERRUPTS.install()
        code = command()
    except KeyboardInterrupt:
        code = 130
    INTERRUPTS.end(code)
    atexit._run_exitfuncs()
    os._exit(code)  # a thread that hangs, an adapter's or a search's, would keep the process alive
