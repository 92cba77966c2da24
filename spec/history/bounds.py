"""How long a broker may take, by its own settings: those that it told, else Kafka's documented defaults.

Source: Kafka documentation, "Broker Configs" and "Group Configs"; KIP-848; KIP-631 (broker.session.timeout.ms).
"""

from collections.abc import Iterable, Mapping
from typing import Final

from brokerlaw.spec.history.operations import OpenConsumer

MIN_SESSION: Final = "group.min.session.timeout.ms"
MAX_SESSION: Final = "group.max.session.timeout.ms"
NEXT_SESSION: Final = "group.consumer.session.timeout.ms"
NEXT_HEARTBEAT: Final = "group.consumer.heartbeat.interval.ms"
REBALANCE_DELAY: Final = "group.initial.rebalance.delay.ms"
BROKER_SESSION: Final = "broker.session.timeout.ms"
REPLICA_LAG: Final = "replica.lag.time.max.ms"
ABORT_INTERVAL: Final = "transaction.abort.timed.out.transaction.cleanup.interval.ms"
CHECK_INTERVAL: Final = "log.retention.check.interval.ms"
CLEANER_BACKOFF: Final = "log.cleaner.backoff.ms"

DEFAULTS: Final = {
    NEXT_SESSION: 45_000,
    NEXT_HEARTBEAT: 5_000,
    REBALANCE_DELAY: 3_000,
    BROKER_SESSION: 9_000,
    REPLICA_LAG: 30_000,
    ABORT_INTERVAL: 10_000,
}
"""Kafka's, in milliseconds. The bounds of sessions have none here, nor have the intervals of retention and compaction:
a broker of another kind need not have them."""
TOLD: Final = (MIN_SESSION, MAX_SESSION, *DEFAULTS, CHECK_INTERVAL, CLEANER_BACKOFF)
"""The settings that are heeded."""
READING: Final = 30_000
"""Milliseconds in which a reader of a log with a leader gets some record: no setting of the broker holds it up."""
CHECKS: Final = 3
"""Checks of retention, or of compaction, in one of which what is to go goes."""
ALLOWANCE: Final = 120_000
"""Milliseconds more: the first check comes half a minute late, files go a minute late, and clocks differ."""
PROPAGATION: Final = 2_000
"""Milliseconds that followers in sync may need to fetch what the leader has."""


class Bounds:
    """The bounds of one broker, in milliseconds."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        self.told = {key: int(text) for key, text in settings.items() if key in TOLD and text.isdecimal()}
        self.milliseconds = DEFAULTS | self.told

    def rest(self, members: Iterable[OpenConsumer]) -> int:
        """Until a group is at rest that these have been members of, some of whom may have vanished.

        One that vanished as it joined is missed twice: it is counted in, and then it does not answer. Whoever polls
        rejoins at once, so that `max.poll.interval.ms`, for which a rebalance waits for the others, does not count.
        """
        missed = max((self.missed(member) for member in members), default=0)
        return 2 * missed + self.rebalance_delay

    @property
    def rebalance_delay(self) -> int:
        """For how long the first rebalance of a group is held up."""
        return self.milliseconds[REBALANCE_DELAY]

    def transactions(self, timeout: int) -> int:
        """Until a transaction that its producer left open is aborted, and its records are out of the way."""
        return timeout + self.milliseconds[ABORT_INTERVAL]

    @property
    def broker_session(self) -> int:
        """Until a broker that has vanished is missed."""
        return self.milliseconds[BROKER_SESSION]

    @property
    def lagged(self) -> int:
        """Until a replica that stands still is out of the in-sync set: looked at every half of what it may lag."""
        return 3 * self.milliseconds[REPLICA_LAG] // 2

    @property
    def smaller_isr(self) -> int:
        """Until a replica whose broker has vanished is out of the in-sync set: by the controller, or by its leader."""
        return self.broker_session + self.lagged

    @property
    def visible(self) -> int:
        """Until what a leader alone has acknowledged is visible, or its followers are out of the in-sync set."""
        return self.lagged + PROPAGATION

    @property
    def expiry(self) -> int | None:
        """Until what has expired is gone; None: the broker does not tell how often it looks."""
        interval = self.told.get(CHECK_INTERVAL)
        return None if interval is None else CHECKS * interval + ALLOWANCE

    @property
    def compaction(self) -> int | None:
        """Until what was replaced is gone; None: the broker does not tell how often it looks."""
        backoff = self.told.get(CLEANER_BACKOFF)
        return None if backoff is None else CHECKS * backoff + ALLOWANCE

    def missed(self, member: OpenConsumer) -> int:
        """Until a member that vanished is missed, and the others have heard of it."""
        if member.protocol == "consumer":
            session = max(member.session_timeout, self.milliseconds[NEXT_SESSION])
            return session + self.milliseconds[NEXT_HEARTBEAT]
        return member.session_timeout
