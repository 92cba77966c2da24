"""How long the suite waits: for as long as the broker's own timeouts allow, and a little longer.

An adapter tells the settings of its broker in `describe`; for what it does not tell, Kafka's documented default is
taken. What has not come about when a wait of this length ends is held against the broker; a shorter wait says nothing.
Source: Kafka documentation, "Broker Configs" and "Group Configs"; KIP-848; KIP-631 (broker.session.timeout.ms).
"""

from collections.abc import Iterable
from typing import Final

import msgspec

from brokerlaw.adapters.contract import Description
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.operation import Operation
from brokerlaw.spec.history.values import Struct

SESSION_TIMEOUT: Final = 2_000
"""Milliseconds of the session that plans ask for, where the broker's bounds allow it."""
SLACK: Final = 10_000
"""Milliseconds for what no setting bounds: a busy machine, a log to be recovered, a coordinator that loads."""
READING: Final = 30_000
"""Milliseconds in which a reader of a log with a leader gets some record: no setting of the broker holds it up."""
PROPAGATION: Final = 2_000
"""Milliseconds that followers in sync may need to fetch what the leader has."""

MIN_SESSION: Final = "group.min.session.timeout.ms"
MAX_SESSION: Final = "group.max.session.timeout.ms"
NEXT_SESSION: Final = "group.consumer.session.timeout.ms"
NEXT_HEARTBEAT: Final = "group.consumer.heartbeat.interval.ms"
REBALANCE_DELAY: Final = "group.initial.rebalance.delay.ms"
BROKER_SESSION: Final = "broker.session.timeout.ms"
REPLICA_LAG: Final = "replica.lag.time.max.ms"
ABORT_INTERVAL: Final = "transaction.abort.timed.out.transaction.cleanup.interval.ms"

DEFAULTS: Final = {
    NEXT_SESSION: 45_000,
    NEXT_HEARTBEAT: 5_000,
    REBALANCE_DELAY: 3_000,
    BROKER_SESSION: 9_000,
    REPLICA_LAG: 30_000,
    ABORT_INTERVAL: 10_000,
}
"""Kafka's, in milliseconds. The bounds of sessions have none here: a broker of another kind need not have them."""
TOLD: Final = (MIN_SESSION, MAX_SESSION, *DEFAULTS)
"""The settings that an adapter may tell and that are heeded."""


class Timeout(Struct, frozen=True, omit_defaults=False):
    """A setting in force, and whether the broker told it; else it is Kafka's default."""

    setting: str
    milliseconds: int
    told: bool


class Timeouts:
    """The timeouts of one broker."""

    def __init__(self, description: Description) -> None:
        self._told = {key: int(text) for key, text in description.settings.items() if key in TOLD and text.isdecimal()}
        self._milliseconds = DEFAULTS | self._told
        self._has_faults = any(each.startswith("faults.") for each in description.capabilities)

    @property
    def listed(self) -> tuple[Timeout, ...]:
        """All of them, for the report."""
        found = ((key, self._milliseconds[key]) for key in TOLD if key in self._milliseconds)
        return tuple(Timeout(key, milliseconds, key in self._told) for key, milliseconds in found)

    def in_force(self, op: Operation) -> Operation:
        """A member's session as the broker will have it: within its bounds, or by KIP-848 its own alone."""
        if not isinstance(op, ops.OpenConsumer) or op.group is None:
            return op
        if op.protocol == "consumer":
            session = self._told.get(NEXT_SESSION, op.session_timeout)
        else:
            longest = self._told.get(MAX_SESSION, op.session_timeout)
            session = max(min(op.session_timeout, longest), self._told.get(MIN_SESSION, 0))
        return op if session == op.session_timeout else msgspec.structs.replace(op, session_timeout=session)

    def rest(self, members: Iterable[ops.OpenConsumer]) -> int:
        """Until a group is at rest that these have been members of, some of whom may have vanished.

        One that vanished as it joined is missed twice: it is counted in, and then it does not answer. Whoever polls
        rejoins at once, so that `max.poll.interval.ms`, for which a rebalance waits for the others, does not count.
        """
        missed = max((self._missed(member) for member in members), default=0)
        coordinator = self._milliseconds[BROKER_SESSION] if self._has_faults else 0
        return 2 * missed + self._milliseconds[REBALANCE_DELAY] + coordinator + 2 * SLACK

    def transactions(self, timeout: int) -> int:
        """Until a transaction that its producer left open is aborted, and its records are out of the way."""
        return timeout + self._milliseconds[ABORT_INTERVAL]

    @property
    def smaller_isr(self) -> int:
        """Until a replica that stands still is out of the in-sync set: looked at every half of what it may lag."""
        return self._lagged + self._milliseconds[BROKER_SESSION] + SLACK

    @property
    def election(self) -> int:
        """Until another broker leads, while some are down: there may be none that can before they are back."""
        return self._milliseconds[BROKER_SESSION] + SLACK

    @property
    def recovery(self) -> int:
        """Until a partition has a leader when all brokers are up again, which have logs to recover."""
        return self._milliseconds[BROKER_SESSION] + 2 * SLACK

    @property
    def visible(self) -> int:
        """Until what a leader alone has acknowledged is visible, or its followers are out of the in-sync set."""
        return self._lagged + PROPAGATION

    @property
    def _lagged(self) -> int:
        return 3 * self._milliseconds[REPLICA_LAG] // 2

    def _missed(self, member: ops.OpenConsumer) -> int:
        """Until a member that vanished is missed, and the others have heard of it."""
        if member.protocol == "consumer":
            session = max(member.session_timeout, self._milliseconds[NEXT_SESSION])
            return session + self._milliseconds[NEXT_HEARTBEAT]
        return member.session_timeout
