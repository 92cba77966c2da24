"""The program as a process: how it is interrupted, and with which code it ends."""

import atexit
import os
from collections.abc import Callable
from typing import NoReturn

from brokerlaw.cli.interrupts import INTERRUPTED, INTERRUPTS


def end_with(command: Callable[[], int]) -> NoReturn:
    """Run the command, and end the process with its exit code."""
    try:
        _fill_closed_streams()
        INTERRUPTS.install()
        code = command()
    except BaseException:
        if not INTERRUPTS.arrived:
            raise
        INTERRUPTS.noticed()  # it may come as something else: from a class that it hit while that was made
        code = INTERRUPTED
    INTERRUPTS.end(code)
    atexit._run_exitfuncs()
    os._exit(code)  # a thread that hangs, an adapter's or a search's, would keep the process alive


def _fill_closed_streams() -> None:
    """Else the next file or pipe that is opened would be standard output, to us and to what we start."""
    while (number := os.open(os.devnull, os.O_RDWR)) < 3:
        pass
    os.close(number)
