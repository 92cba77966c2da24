"""The scene of a mixed plan: its topics, groups and clients, as its moves ask for them."""

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from brokerlaw.conformance.machines.base import PlanMachine
from brokerlaw.conformance.machines.choices import Choices
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.observations import Discipline
from brokerlaw.spec.history.operation import BrokerFault
from brokerlaw.spec.history.values import TopicPartition

TOPIC: Final = "orders"
"""What applications read."""
OTHERS: Final = ("stock", "returns")
"""What else there may be, be deleted and come again."""
MEMBERS: Final = 4
"""Live members of all groups, at most."""
BY_VALUE: Final = ("idempotent-sink", "exactly-once")
"""Disciplines that know a record by its value: a record without one is not sent to them."""


Assignor: TypeAlias = Literal["range", "roundrobin", "cooperative-sticky", "uniform"]


@dataclass(frozen=True)
class Team:
    """A group of a plan: how its members are opened, and the discipline of its application, if it has one.

    Without an application its members are polled, and commit, as the plan says.
    """

    name: str
    discipline: Discipline | None
    protocol: Literal["classic", "consumer"]
    assignor: Assignor
    static: bool
    auto_commit: bool
    reset: ops.Reset
    isolation: ops.Isolation
    session_timeout: int
    max_poll_interval: int


class Scene(PlanMachine):
    """What moves may ask of the plan so far."""

    features: frozenset[str] = frozenset()
    teams: tuple[Team, ...] = ()
    patience: int = 0
    """Milliseconds that the plan may still wait."""

    def mixes(self, feature: str) -> bool:
        """Whether this plan has the feature."""
        return feature in self.features

    def topics(self) -> list[str]:
        """Topics that there are."""
        return list(self.model.topics)

    def others(self) -> list[str]:
        """Topics that no application reads or writes."""
        return [topic for topic in self.topics() if topic in OTHERS]

    def open_to_change(self) -> list[str]:
        """Topics whose settings may be any: not where an application writes, which could be refused for ever."""
        sinks = {app.sink for app in self.model.applications.values()}
        return [topic for topic in self.topics() if topic not in sinks]

    def partition(self, c: Choices, topic: str | None = None) -> TopicPartition:
        """Any partition, of any topic or of this one."""
        name = topic or c.of(self.topics())
        return TopicPartition(name, c.number(0, self.model.topics[name].partitions - 1))

    def partitions(self, c: Choices) -> tuple[TopicPartition, ...]:
        """A few different partitions."""
        return c.some([TopicPartition(topic, each) for topic in self.topics() for each in self._numbers(topic)])

    def _numbers(self, topic: str) -> range:
        return range(self.model.topics[topic].partitions)

    def team_of(self, client: str) -> Team | None:
        """The team of a consumer; None: it reads by assignment alone."""
        group = self.model.clients[client].group
        return next((team for team in self.teams if team.name == group), None)

    def readers(self) -> list[str]:
        """Live consumers that read by assignment alone, and have something to read."""
        return [name for name in self.model.live(ops.OpenConsumer) if self.model.clients[name].assigned]

    def members(self, application: bool | None = None) -> list[str]:
        """Live subscribed members; of groups with an application, or of those without."""
        clients = self.model.clients
        names = [name for name in self.model.live(ops.OpenConsumer) if clients[name].subscribed]
        if application is None:
            return names
        return [name for name in names if (clients[name].group in self.model.applications) is application]

    def free(self) -> list[str]:
        """Live consumers that the plan polls as it likes: readers, and members of groups without an application."""
        return self.readers() + self.members(application=False)

    def freely_run(self) -> list[Team]:
        """Groups without an application: what an administrator does to them is nobody's loss."""
        return [team for team in self.teams if team.discipline is None]

    def subscribed_to(self) -> set[str]:
        """Topics that a client is subscribed to, or an application reads or writes."""
        clients = (client.subscribed for client in self.model.clients.values())
        applications = (each for app in self.model.applications.values() for each in (app.topic, app.sink))
        return {topic for subscribed in clients for topic in subscribed} | set(applications)

    def takes_tombstones(self, topic: str) -> bool:
        """Whether nobody who knows records by their values reads the topic."""
        return not any(app.topic == topic and app.discipline in BY_VALUE for app in self.model.applications.values())

    def able(self, *faults: ops.FaultKind) -> list[ops.FaultKind]:
        """Those of these faults that can be injected."""
        return [fault for fault in faults if self.has(*ops.FAULTS[fault].needs)]

    def named_faults(self) -> list[BrokerFault]:
        """Faults of brokers that the plan named."""
        return [fault for fault in self.model.faults if isinstance(fault, BrokerFault)]

    def replication(self, c: Choices) -> int:
        """Mostly as many replicas as make sense."""
        most = min(3, self.description.capabilities.get("replication") or 1)
        fewer: int = c.number(1, most)
        return c.mostly(most, fewer)

    def wait(self, wanted: int) -> int:
        """Milliseconds that may be waited: a plan is not to take minutes on a broker of flesh and blood."""
        waited = min(wanted, self.patience)
        self.patience -= waited
        return waited
