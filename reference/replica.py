"""One replica of a partition: what it is told by the controller, and what it is for the time being."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brokerlaw.reference.errors import BrokerError
from brokerlaw.reference.log import Log
from brokerlaw.reference.registration import Registration
from brokerlaw.spec.history.values import TopicPartition

if TYPE_CHECKING:
    from brokerlaw.reference.broker import Broker
    from brokerlaw.reference.follower import Follower
    from brokerlaw.reference.leader import Leader


class Replica:
    """The log outlives roles, and the process: a killed broker finds it again (its pages were in the cache)."""

    def __init__(self, broker: Broker, tp: TopicPartition, told: Registration) -> None:
        self.broker = broker
        self.tp = tp
        self.log: Log = broker.cluster.parts.log()
        self.high_watermark = 0
        self.registration = told._replace(epoch=-1, version=-1)
        self.leading: Leader | None = None
        self.following: Follower | None = None
        self.cleaner = broker.cluster.parts.cleaner(self)

    def apply(self, told: Registration) -> None:
        """Become what the controller says. News that came late is no news."""
        known = self.registration
        if told.version < known.version:
            return
        self.registration = told
        if self.leading is not None and told.epoch == known.epoch:
            self.leading.advance()
        elif told.epoch > known.epoch or (self.leading is None and self.following is None):
            self._take_role(told)
        elif self.following is not None:
            self.following.restart()
        self.cleaner.wake()

    def _take_role(self, told: Registration) -> None:
        self.rest()
        parts = self.broker.cluster.parts
        if told.leader == self.broker.id:
            self.cleaner.clean()  # what was said to be gone does not come back
            self.leading = parts.leader(self)
            self.leading.begin()
        elif told.leader is not None:
            self.following = parts.follower(self, told.leader)
            self.following.restart()

    def rest(self) -> None:
        """Be neither leader nor follower."""
        if self.leading is not None:
            self.leading.resign()
        if self.following is not None:
            self.following.stop()
        self.leading = self.following = None
        self.cleaner.rest()

    def led(self) -> Leader:
        """The leader's role. Raises `NOT_LEADER_OR_FOLLOWER` when this replica does not have it."""
        if self.leading is None:
            raise BrokerError("NOT_LEADER_OR_FOLLOWER", f"broker {self.broker.id} does not lead {self.tp}")
        return self.leading
