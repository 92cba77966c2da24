"""Which time it is for the suite, where the adapter is another process."""

import time
from threading import Lock
from typing import Protocol


class Clock(Protocol):
    """`now` is for whoever asks; `known` judges the time that the program gives with a message."""

    def now(self) -> int:
        """In ns."""
        ...

    def known(self, at: int | None, earliest: int) -> int:
        """When what a message tells was known. Raises `WrongTime`."""
        ...

    def restart(self, at: int) -> None:
        """The program was reset: its time may begin anew, and now is `at`."""
        ...


class WrongTime(Exception):
    """A time that cannot be: None where there must be one, or `where` it lies."""

    def __init__(self, where: str | None) -> None:
        super().__init__(where)
        self.where = where


class MachineClock:
    """The monotonic clock that all processes of a machine share."""

    def now(self) -> int:
        """In ns."""
        return time.monotonic_ns()

    def known(self, at: int | None, earliest: int) -> int:
        """A program that says nothing knew it when it was read."""
        latest = time.monotonic_ns()
        if at is not None and at < earliest:
            raise WrongTime(f"before {earliest}, when it was asked")
        if at is not None and at > latest:
            raise WrongTime(f"after {latest}, when it was read")
        return latest if at is None else at

    def restart(self, at: int) -> None:
        """It goes on."""


class ProgramClock:
    """A program's simulated time, and a step of 1 ns for all that happens: two events are never at one time.

    The program knows nothing of the suite's steps. So what it tells was known when it was read, or later if it says so;
    and since steps are only ever added, no less time passes here than there.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._told = 0
        self._before = 0
        self._steps = 0

    def now(self) -> int:
        """No two answers are the same."""
        return self._step(0)

    def known(self, at: int | None, earliest: int) -> int:
        """After all that was known before."""
        if at is None:
            raise WrongTime(None)
        return self._step(at)

    def restart(self, at: int) -> None:
        """Time goes on from where it was."""
        with self._lock:
            self._before, self._told = self._before + max(self._told - at, 0), at

    def _step(self, told: int) -> int:
        with self._lock:
            self._told = max(self._told, told)
            self._steps += 1
            return self._before + self._told + self._steps
