"""Ctrl-C, SIGTERM and SIGHUP: each ends every command in the same way, at every moment, with 130.

The first one raises KeyboardInterrupt in the main thread, so that the command ends what it has started and says what
stands. The second does so again, in case the ending takes too long; the third ends the process at once. Where an
interruption would do harm, they are held back: see `held`. This module is imported first, and imports little.
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
_AGAIN: Final = 0.001
"""Seconds until an interruption that Python swallowed is repeated."""


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
        sys.unraisablehook = self._swallowed

    @contextmanager
    def held(self, most: int = AT_ONCE - 1) -> Iterator[None]:
        """Within it, up to `most` signals are only counted: `arrived` tells."""
        before, self._held = self._held, self.arrived + most
        try:
            yield
        finally:
            self._held = before

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
            raise KeyboardInterrupt

    def _swallowed(self, unraisable: "sys.UnraisableHookArgs") -> None:
        """Python drops what is raised in a `__del__` or a callback: there an interruption must not get lost."""
        if isinstance(unraisable.exc_value, KeyboardInterrupt):
            signal.setitimer(signal.ITIMER_REAL, _AGAIN)
        else:
            sys.__unraisablehook__(unraisable)

    def _repeat(self, _number: int, _frame: FrameType | None) -> None:
        if self._ending is None and self.arrived > self._held:
            raise KeyboardInterrupt


INTERRUPTS: Final = Interrupts()
"""A process has one set of signal handlers."""
