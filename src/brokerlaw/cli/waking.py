"""A signal wakes the main thread, whatever it waits for.

Python runs the handlers of signals in the main thread, between two of its steps. A signal that comes just before a
wait begins, or that the system gives to another thread, is noticed when the wait is over: too late. But it is written
to a pipe at once, and a thread that reads the pipe interrupts the main thread's waits until the handlers have run.
"""

import os
import signal
import threading
import time
from types import FrameType
from typing import Final

WAKE: Final = signal.SIGURG
"""Sent to the main thread; where nobody handles it, it is ignored."""
_AGAIN: Final = 0.02
"""Seconds until it is sent again: a wait may have begun just after it."""


class Waker:
    """Installed once, by the main thread."""

    def __init__(self) -> None:
        self._awake = True

    def install(self) -> None:
        """From here on every signal that has a handler is noticed at once."""
        signal.signal(WAKE, self._woken)
        reading, writing = os.pipe()
        os.set_blocking(writing, False)
        signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        threading.Thread(target=self._watch, args=(reading, threading.get_ident()), daemon=True).start()

    def _woken(self, _number: int, _frame: FrameType | None) -> None:
        self._awake = True

    def _watch(self, reading: int, main: int) -> None:
        while numbers := os.read(reading, 512):
            if set(numbers) == {WAKE}:
                continue
            self._awake = False
            while not self._awake:
                signal.pthread_kill(main, WAKE)
                time.sleep(_AGAIN)
