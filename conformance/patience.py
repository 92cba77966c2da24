"""One wait of the suite: how long it may last, and how often it looks at the least."""

from typing import Final

from brokerlaw.conformance.session import Session

LOOKS: Final = 5
"""A wait looks at least as often, so that it does not end in vain because the machine stood still meanwhile."""
MANY: Final = 100
"""Looks after which time is made to pass between two: on a clock that stands still while a broker is asked and asked
again, patience would never end."""
BREATH: Final = 50
"""Milliseconds of it."""
LONGEST: Final = 10
"""How many times as long a wait lasts at the most, for what comes nearer all the while."""


class Patience:
    """Ask `left` before each look."""

    def __init__(self, session: Session, milliseconds: int) -> None:
        self.milliseconds = milliseconds
        self._session = session
        self._begun = self._since = session.adapter.now()
        self._looks = 0

    @property
    def left(self) -> bool:
        """Whether to look once more."""
        self._looks += 1
        if self._looks > MANY:
            self._session.adapter.wait(BREATH)
        return self._looks <= LOOKS or self._session.elapsed(self._since) < self.milliseconds

    def renew(self) -> None:
        """What is waited for has come nearer: slow is not in vain."""
        if self._session.elapsed(self._begun) < LONGEST * self.milliseconds:
            self._since = self._session.adapter.now()
