"""The follower's role: truncate to where the leader's log parts from one's own, then fetch. KIP-101, KIP-279."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from brokerlaw.reference.errors import BrokerError
from brokerlaw.reference.leader import Fetched, Leader
from brokerlaw.reference.log import EpochEnd
from brokerlaw.spec.history.numbers import MILLISECOND

if TYPE_CHECKING:
    from brokerlaw.reference.replica import Replica

BACKOFF: Final = 20 * MILLISECOND
"""Until a leader that does not know yet that it leads is asked again (`replica.fetch.backoff.ms`)."""


class Follower:
    """Follows one leader in one leader epoch. A session is one unbroken conversation; others are not heard."""

    def __init__(self, replica: Replica, leader: int) -> None:
        self.replica = replica
        self.log = replica.log
        self.cluster = replica.broker.cluster
        self.epoch = replica.registration.epoch
        self.leader = self.cluster.brokers[leader]
        self._session = 0

    def restart(self) -> None:
        """Begin the conversation anew."""
        self._session += 1
        self._ask_end_of_epoch()

    def stop(self) -> None:
        """End it."""
        self._session += 1

    def _ask(self, question: Callable[[Leader], None]) -> None:
        """Put a question to the leader, who must lead in our epoch; else try again a little later."""
        session, broker, network = self._session, self.replica.broker, self.cluster.network

        def ask() -> None:
            if session != self._session:  # its answer would join a conversation that is not its own
                return
            try:
                led = self.leader.replica(self.replica.tp).led()
            except BrokerError:
                led = None
            if led is not None and led.epoch == self.epoch:
                question(led)
            else:
                network.send(self.leader, broker, lambda: self._retry(session))

        network.send(broker, self.leader, ask)

    def _retry(self, session: int) -> None:
        def again() -> None:
            if session == self._session:
                self.restart()

        self.cluster.scheduler.after(BACKOFF, lambda: self.replica.broker.deliver(again))

    def _respond(self, act: Callable[[], None]) -> None:
        """The leader's answer comes back, unless the conversation has ended by then."""
        session = self._session
        self.cluster.network.send(self.leader, self.replica.broker, lambda: act() if session == self._session else None)

    # --- truncation ---

    def _ask_end_of_epoch(self) -> None:
        asked = self.log.latest_epoch

        def question(led: Leader) -> None:
            found = led.end_of_epoch(asked)
            self._respond(lambda: self._truncate(asked, found))

        if asked < 0:
            self._ask_records()
        else:
            self._ask(question)

    def _truncate(self, asked: int, found: EpochEnd) -> None:
        """Drop what the leader does not have; ask on while the logs part in an epoch that the leader does not know."""
        end = self.truncation_point(found)
        if end < self.log.end or found.epoch < asked:
            self.log.truncate(end)
            self.replica.high_watermark = min(self.replica.high_watermark, self.log.end)
        if self.log.latest_epoch > found.epoch:
            self._ask_end_of_epoch()
        else:
            self._ask_records()

    def truncation_point(self, found: EpochEnd) -> int:
        """Where the log is certain to be the leader's, given where the leader's part of an epoch ends."""
        return min(found.end, self.log.end_of_epoch(found.epoch).end)

    # --- fetching ---

    def _ask_records(self) -> None:
        offset, follower = self.log.end, self.replica.broker.id
        session = self._session

        def serve(fetched: Fetched) -> None:
            if session == self._session:
                self._respond(lambda: self.take(fetched))

        self._ask(lambda led: led.fetched(follower, offset, serve))

    def take(self, fetched: Fetched) -> None:
        """Append what the leader sent, learn its high watermark, and fetch on."""
        for batch in fetched.batches:
            self.log.append(batch)
        self.log.delete_before(min(fetched.start, self.log.end))
        self.replica.high_watermark = max(self.replica.high_watermark, min(fetched.high_watermark, self.log.end))
        self._ask_records()
