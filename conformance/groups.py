"""Bringing a group to rest: its live members poll in turn until the partitions are held and nothing moves."""

from typing import Final

from brokerlaw.conformance.application import Applications
from brokerlaw.conformance.model import PlanModel
from brokerlaw.conformance.patience import BREATH, Patience
from brokerlaw.conformance.session import Session
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.observations import Stable, WaitTimedOut
from brokerlaw.spec.history.values import TopicPartition

CALM: Final = 3
"""Rounds of polling in which nothing may change."""


class Groups:
    """Polls members as their applications would."""

    def __init__(self, session: Session, model: PlanModel, applications: Applications) -> None:
        self._session = session
        self._model = model
        self._applications = applications

    def settle(self, group: str) -> None:
        """Poll until complete and calm, then say `Stable`: what is held now is what the coordinator wants.

        Who is told of a rebalance that changes nothing for it is not calm: it may change something for others.
        A group that has not come to rest when all its timeouts have passed never will: it is said, and the group is
        taken as it is.
        """
        patience, calm, before = Patience(self._session, self.patience(group)), 0, self._moves(group)
        while calm < CALM and patience.left and self.members(group):
            self.round(group)
            now = self._moves(group)
            calm = calm + 1 if now == before and self._complete(group) else 0
            before = now
        if members := self.members(group):
            if calm < CALM:
                self._session.observe(members[0], WaitTimedOut("stable", patience.milliseconds, group=group))
            self._session.observe(members[0], Stable(group, self.topics(group), tuple(members)))
            self._ask_coordinator(group)

    def _ask_coordinator(self, group: str) -> None:
        """How the coordinator sees the group at rest."""
        if self._session.description.has("groups.admin"):
            self._session.ask(ops.DescribeGroup(group))
        if self._session.description.has("groups.list"):
            self._session.ask(ops.ListGroups())

    def round(self, group: str) -> int:
        """A turn by each member; returns the number of records. Where no poll waits for any, the suite does."""
        since = self._session.adapter.now()
        worked = sum(self.turn(member, group) for member in self.members(group))
        if not worked and self._session.elapsed(since) < BREATH:
            self._session.adapter.wait(BREATH)
        return worked

    def turn(self, member: str, group: str) -> int:
        """One poll by a member, or one turn of its application; returns the number of records."""
        application = self._model.applications.get(group)
        if application is not None:
            return self._applications.work(member, group, application)
        return len(self._session.value(ops.Poll(member)) or ())

    def patience(self, group: str) -> int:
        """Milliseconds in which the group must come to rest, whichever of its members vanished."""
        return self._session.timeouts.rest(self._session.consumers.get(group, ()))

    def members(self, group: str) -> list[str]:
        """Live members that the adapter really opened."""
        return [member for member in self._model.members(group) if member in self._session.opened]

    def topics(self, group: str) -> tuple[str, ...]:
        """What the live members subscribe to."""
        return tuple(
            sorted({topic for member in self.members(group) for topic in self._model.clients[member].subscribed})
        )

    def _moves(self, group: str) -> dict[str, tuple[int, frozenset[TopicPartition]]]:
        """Of each member, how many rebalances it was told of, and what it holds."""
        told, holdings = self._session.rebalances, self._session.holdings
        return {each: (told[each], holdings.get(each, frozenset())) for each in self.members(group)}

    def _complete(self, group: str) -> bool:
        """Every partition is held, none twice."""
        holdings = [self._session.holdings.get(member, frozenset()) for member in self.members(group)]
        wanted = sum(
            self._session.partitions.get(topic, 0) for topic in self.topics(group) if topic in self._model.topics
        )
        return sum(map(len, holdings)) == wanted == len(frozenset().union(*holdings))
