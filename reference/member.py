"""A consumer's side of membership: it goes forward a step at a time, whenever the application polls.

Between polls a live client's heartbeats keep its session; they need no simulation until it falls silent.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Final

from brokerlaw.reference.assignors import Owned
from brokerlaw.reference.errors import RETRIABLE, BrokerError
from brokerlaw.reference.groups import Membership
from brokerlaw.reference.registration import OFFSETS
from brokerlaw.spec.history.numbers import MILLISECOND
from brokerlaw.spec.history.operations import OpenConsumer

if TYPE_CHECKING:
    from brokerlaw.reference.consumer import Consumer

HEARTBEAT: Final = 100 * MILLISECOND
"""`heartbeat.interval.ms`: how long a member may take to learn that its group has changed."""
GONE: Final = ("UNKNOWN_MEMBER_ID", "ILLEGAL_GENERATION", "FENCED_MEMBER_EPOCH", "FENCED_INSTANCE_ID")
"""Refusals that tell a member that it is none any more, or not in this generation."""


class GroupMember(ABC):
    """What both protocols share."""

    def __init__(self, consumer: Consumer, op: OpenConsumer, topics: tuple[str, ...]) -> None:
        assert op.group is not None
        self.consumer = consumer
        self.groups = consumer.cluster.groups
        self.op = op
        self.topics = topics
        self.group = op.group
        self.id = ""
        self.generation = -1
        self.owned: Owned = ()
        self.next_heartbeat = 0
        """When it will hear from its coordinator again (ns)."""
        self._fenced: BrokerError | None = None
        self._late = False
        self._silences = 0
        self._polled = consumer.scheduler.now
        self._watch(op.max_poll_interval * MILLISECOND)

    @property
    def membership(self) -> Membership:
        """On whose behalf requests are made."""
        return Membership(self.group, self.id, self.generation, self.op.instance_id)

    def step(self) -> bool:
        """One step, if there is one to take (True). Raises `FENCED_INSTANCE_ID`: a namesake has taken over for good."""
        if self._fenced is not None:
            raise self._fenced
        self._polled = self.consumer.scheduler.now
        if self._late:
            self._late = False
            self.lose(forget=True)
        try:
            self.consumer.coordinator(OFFSETS)
            return self.advance()
        except BrokerError as error:
            if error.code in RETRIABLE or error.code == "UNRELEASED_INSTANCE_ID":
                return False
            if error.code not in GONE:
                raise
            self.lose(forget=error.code != "ILLEGAL_GENERATION")
            if error.code == "FENCED_INSTANCE_ID":
                self._fenced = error
                raise
            return True

    @abstractmethod
    def advance(self) -> bool:
        """The next thing to be done in this protocol, if any (True). Raises what the coordinator does."""

    @abstractmethod
    def join_anew(self) -> None:
        """Begin at the beginning."""

    def leave(self) -> None:
        """Tell the coordinator, if it can be told. A static member says nothing, or that it will be back (KIP-345)."""
        try:
            self.consumer.coordinator(OFFSETS)
        except BrokerError:
            self.fall_silent()
        else:
            if self.op.instance_id is None:
                self.groups.evict(self.membership)
            else:
                self.step_away()
                self.fall_silent()

    def step_away(self) -> None:  # noqa: B027 - most protocols have no word for it
        """Say that it will be back, where the protocol has a word for it."""

    def lose(self, forget: bool) -> None:
        """It is no member, or has missed a generation: whatever it held is another's by now."""
        if self.owned:
            self.consumer.lost(self.owned)
        self.owned, self.generation = (), -1
        self.id = "" if forget else self.id
        self.join_anew()

    def is_time(self) -> bool:
        """Whether a heartbeat is due; its answer then comes at once."""
        now = self.consumer.scheduler.now
        if now < self.next_heartbeat:
            return False
        self.next_heartbeat = now + HEARTBEAT
        return True

    # --- silence ---

    def fall_silent(self) -> None:
        """The client has died, stands still or cannot tell that it leaves: its session begins to run out.

        Under an id that it has forgotten it never speaks again.
        """
        self._silences += 1
        silence, known, random = self._silences, self.id, self.consumer.scheduler.random
        left = self.op.session_timeout * MILLISECOND - int(random.random() * HEARTBEAT)
        self.groups.expect(self.membership, max(left, 0), lambda: self._silences == silence or self.id != known)

    def speak_again(self) -> None:
        """The client goes on; it may act on what it believes before its next heartbeat tells it more."""
        if self._late:  # it has left already
            return
        self._silences += 1
        random = self.consumer.scheduler.random
        self.next_heartbeat = self.consumer.scheduler.now + int(random.random() * HEARTBEAT)

    def _watch(self, delay: int) -> None:
        """A client that lives, but whose application does not poll, leaves; it learns so when it polls (KIP-62)."""
        self.consumer.scheduler.after(delay, lambda: self.consumer.deliver(self._check_polls))

    def _check_polls(self) -> None:
        if self.consumer.member is not self:
            return
        limit = self.op.max_poll_interval * MILLISECOND
        idle = self.consumer.scheduler.now - self._polled
        if idle >= limit and not self._late:
            self._late = True
            self.leave()
        self._watch(limit if idle >= limit else limit - idle)
