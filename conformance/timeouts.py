"""How long the suite waits: for as long as the broker's own timeouts allow, and a little longer.

An adapter tells the settings of its broker in `describe`; for what it does not tell, Kafka's documented default is
taken (`spec/history/bounds.py`). What has not come about when a wait of this length ends is held against the broker; a
shorter wait says nothing. The user may give every wait more patience.
"""

from collections.abc import Iterable
from typing import Final

import msgspec

from brokerlaw.adapters.contract import Description
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.bounds import MAX_SESSION, MIN_SESSION, NEXT_SESSION, READING, TOLD, Bounds
from brokerlaw.spec.history.capabilities import CAPABILITIES
from brokerlaw.spec.history.operation import Operation
from brokerlaw.spec.history.values import Struct

SESSION_TIMEOUT: Final = 2_000
"""Milliseconds of the session that plans ask for, where the broker's bounds allow it."""
SLACK: Final = 10_000
"""Milliseconds for what no setting bounds: a busy machine, a log to be recovered, a coordinator that loads."""


class Timeout(Struct, frozen=True, omit_defaults=False):
    """A setting in force, and whether the broker told it; else it is Kafka's default."""

    setting: str
    milliseconds: int
    told: bool


class Timeouts:
    """The timeouts of one broker; `patience` is what the user adds to each (ms)."""

    def __init__(self, description: Description, patience: int = 0) -> None:
        self._bounds = Bounds(description.settings)
        self._patience = patience
        self._has_faults = any(description.has(each) for each in CAPABILITIES if each.startswith("faults."))

    @property
    def listed(self) -> tuple[Timeout, ...]:
        """All of them, for the report."""
        told, milliseconds = self._bounds.told, self._bounds.milliseconds
        found = ((key, milliseconds[key]) for key in TOLD if key in milliseconds)
        return tuple(Timeout(key, each, key in told) for key, each in found)

    def in_force(self, op: Operation) -> Operation:
        """A member's session as the broker will have it: within its bounds, or by KIP-848 its own alone."""
        if not isinstance(op, ops.OpenConsumer) or op.group is None:
            return op
        told = self._bounds.told
        if op.protocol == "consumer":
            session = told.get(NEXT_SESSION, op.session_timeout)
        else:
            longest = told.get(MAX_SESSION, op.session_timeout)
            session = max(min(op.session_timeout, longest), told.get(MIN_SESSION, 0))
        return op if session == op.session_timeout else msgspec.structs.replace(op, session_timeout=session)

    def rest(self, members: Iterable[ops.OpenConsumer]) -> int:
        """Until a group is at rest that these have been members of: its coordinator may be another broker by now."""
        coordinator = self._bounds.broker_session if self._has_faults else 0
        return self._bounds.rest(members) + coordinator + 2 * SLACK + self._patience

    def transactions(self, timeout: int) -> int:
        """Until a transaction that its producer left open is aborted, and its records are out of the way."""
        return self._bounds.transactions(timeout) + self._patience

    @property
    def smaller_isr(self) -> int:
        """Until a replica that stands still is out of the in-sync set."""
        return self._bounds.smaller_isr + SLACK + self._patience

    @property
    def election(self) -> int:
        """Until another broker leads, while some are down: there may be none that can before they are back."""
        return self._bounds.broker_session + SLACK + self._patience

    @property
    def recovery(self) -> int:
        """Until a partition has a leader when all brokers are up again, which have logs to recover."""
        return self._bounds.broker_session + 2 * SLACK + self._patience

    @property
    def in_sync(self) -> int:
        """Until all replicas of a partition with a leader are in sync again: they fetch what they have missed."""
        return self._bounds.lagged + self.recovery

    @property
    def visible(self) -> int:
        """Until what a leader alone has acknowledged is visible, or its followers are out of the in-sync set."""
        return self._bounds.visible + self._patience

    @property
    def compaction(self) -> int:
        """Until what was replaced is gone; where the broker does not tell, only as long as one reads."""
        bound = self._bounds.compaction
        return (READING if bound is None else bound) + SLACK + self._patience

    @property
    def expiry(self) -> int:
        """Until a log begins behind what has expired; where the broker does not tell, only as long as one reads."""
        bound = self._bounds.expiry
        return (READING if bound is None else bound) + SLACK + self._patience

    @property
    def reading(self) -> int:
        """Until a reader has read a log with a leader to the end that it was told."""
        return READING + self._patience
