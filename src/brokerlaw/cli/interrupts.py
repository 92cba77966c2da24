"""Ctrl-C, SIGTERM and SIGHUP: each ends every command in the same way, at every moment, with 130.

The first one raises KeyboardInterrupt in the main thread, so that the command ends what it has started and says what
stands. The second does so again, in case the ending takes too long; the third ends the process at once. Where an
interruption would do harm, they are held back: see `held`. What is raised may get lost on its way, in a `__del__`, a
callback or a library that drops whatever is raised; so it is raised again until somebody has `noticed` it. This module
is imported first, and imports little.
"""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

from brokerlaw.cli.waking import Waker

INTERRUPTED: Final = 130
"""The exit code, whichever signal it was."""
NUMBERS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
AT_ONCE: Final = 3
"""The signal that ends the process whatever it is at."""
_AGAIN: Final = 0.02
"""Seconds until an interruption that got lost is raised again."""


class Interrupts:
    """What has arrived, and what is done about it."""

    def __init__(self) -> None:
        self.arrived = 0
        self._held = 0
        self._ending: int | None = None

    def install(self) -> None:
        """Take over the signals, but for those that whoever started us has us ignore (nohup, a job in background)."""
        Waker().install()
        for number in NUMBERS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._arrive)
        signal.signal(signal.SIGALRM, self._repeat)
        sys.unraisablehook = _unraisable

    @contextmanager
    def held(self, most: int = AT_ONCE - 1) -> Iterator[None]:
        """Within it, up to `most` signals are only counted: `arrived` tells."""
        before, self._held = self._held, self.arrived + most
        try:
            yield
        finally:
            self._held = before

    def noticed(self) -> None:
        """Said in the `except` of whoever ends the command for it: it has come through, and is not raised again.

        From here on what stands is said: another one is only counted, and the third ends the process.
        """
        self._held = AT_ONCE - 1
        signal.setitimer(signal.ITIMER_REAL, 0)

    def end(self, code: int) -> None:
        """From here on all has been said: a signal only hastens the end, and changes nothing about it."""
        self._ending = code

    def _arrive(self, _number: int, _frame: FrameType | None) -> None:
        if self._ending is not None:
            os._exit(self._ending)
        self.arrived += 1
        if self.arrived >= AT_ONCE:
            os._exit(INTERRUPTED)  # what we started has a guard, which ends it
        if self.arrived > self._held:
            signal.setitimer(signal.ITIMER_REAL, _AGAIN, _AGAIN)
            raise KeyboardInterrupt

    def _repeat(self, _number: int, _frame: FrameType | None) -> None:
        if self._ending is None and self.arrived > self._held and not _under_way():
            raise KeyboardInterrupt


def _under_way() -> bool:
    """Whether somebody is ending what they began, for an interruption: a `finally`, an `except`, an `__exit__`."""
    error = sys.exc_info()[1]
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__context__
    return error is not None


def _unraisable(dropped: "sys.UnraisableHookArgs") -> None:
    if not isinstance(dropped.exc_value, KeyboardInterrupt):
        sys.__unraisablehook__(dropped)


INTERRUPTS: Final = Interrupts()
"""A process has one set of signal handlers."""
