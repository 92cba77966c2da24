"""Everything at once: each plan draws which features it mixes, so that none drowns another (swarm testing).

Source: Groce, Zhang, Eide, Chen, Regehr, Swarm Testing (ISSTA 2012).
"""

from typing import Final

from hypothesis.stateful import initialize, rule

from brokerlaw.adapters.contract import Capability
from brokerlaw.conformance.machines.choices import Choices, numbers
from brokerlaw.conformance.machines.moves import MOVES, Move
from brokerlaw.conformance.machines.moves.administering import creation
from brokerlaw.conformance.machines.moves.belonging import joining
from brokerlaw.conformance.machines.moves.move import Steps
from brokerlaw.conformance.machines.moves.producing import opening, record
from brokerlaw.conformance.machines.moves.reading import isolation, resets
from brokerlaw.conformance.machines.scene import OTHERS, TOPIC, Assignor, Scene, Team
from brokerlaw.conformance.plan import DeclareApplication
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.observations import Discipline

FEATURES: Final[dict[str, tuple[Capability, ...]]] = {
    "sends": ("topics",),
    "producers": ("topics",),
    "tombstones": ("tombstones",),
    "headers": ("headers",),
    "timestamps": ("timestamps",),
    "transactions": ("transactions",),
    "readers": ("topics",),
    "positions": ("topics",),
    "members": ("groups",),
    "commits": ("groups",),
    "lives": ("clients.crash",),
    "topics": ("topics",),
    "policies": ("topics",),
    "deletions": ("delete-records",),
    "offices": ("groups.admin",),
    "looks": ("topics",),
    "faults": ("replication", "inspect.partition"),
    "network": ("faults.isolate", "inspect.partition"),
    "time": ("topics",),
}
"""What a plan may have or not, and what a broker must claim for it."""
EMPHASES: Final = (1, 1, 3)
"""How much of a feature a plan has."""
DISCIPLINES: Final[tuple[Discipline, ...]] = ("at-least-once", "at-most-once", "idempotent-sink", "exactly-once")
SESSIONS: Final = (2_000, 3_000, 6_000)
TRIES: Final = 6
"""Moves that are tried until one makes sense."""
WAITING: Final = 9_000
"""Milliseconds that a plan waits at most."""


class MixedMachine(Scene):
    """A few features of all that there are, each with its own weight."""

    name = "mixed"
    needs = ("topics",)
    steps_per_example = 18
    share = 3

    @initialize(number=numbers)
    def begin(self, number: int) -> None:
        """Draw the mix, and open what it needs."""
        c = Choices(number)
        able = [name for name, needs in FEATURES.items() if self.has(*needs)]
        self.features = frozenset({"sends", *(name for name in able if c.chance())})
        self.patience = WAITING
        emphasis = {name: c.one(*EMPHASES) for name in FEATURES}
        self._moves: list[Move] = [each for each in MOVES if self.mixes(each.feature)]
        self._weights = [each.weight * emphasis[each.feature] for each in self._moves]
        if self.mixes("members") or self.mixes("commits"):
            self.features |= {"members"}
            self.teams = tuple(self._team(c, name) for name in c.one(("shop",), ("shop", "audit")))
        self._take(self._opening(c))

    def _opening(self, c: Choices) -> Steps:
        """A topic with records, and somebody to write and to read them."""
        bound = self.description.capabilities.get("topics") or 4
        yield creation(self, c, TOPIC, bound if c.chance(20) else min(4, bound))
        if self.mixes("topics") and c.chance():
            yield creation(self, c, OTHERS[0], 3)
        yield opening(self, c, transactional=False)
        for team in self.teams:
            if team.discipline is not None:
                sink = f"{team.name}-sink"
                if team.discipline == "exactly-once":
                    yield ops.CreateTopic(sink, 1, self.replication(c))  # with settings it might refuse outputs
                yield DeclareApplication(team.name, TOPIC, team.discipline, sink)
        for _ in range(c.number(1, 3)):
            yield record(self, c, self.producers()[0], awaited=True, topic=TOPIC)
        for team in self.teams:
            yield from joining(self, c, team)

    def _team(self, c: Choices, name: str) -> Team:
        """A group that speaks one protocol, as any group does."""
        able = [each for each in DISCIPLINES if each != "exactly-once" or self.has("transactions")]
        discipline = c.one(None, c.of(able))
        following = self.has("groups.next") and c.chance(3)
        cooperative: tuple[Assignor, ...] = ("cooperative-sticky",) if self.has("groups.cooperative") else ()
        classic: tuple[Assignor, ...] = ("range", "range", "roundrobin", *cooperative)
        session = c.of(SESSIONS)
        return Team(
            name,
            discipline,
            protocol="consumer" if following else "classic",
            assignor=c.one("uniform", "range") if following else c.of(classic),
            static=self.has("groups.static") and c.chance(),
            auto_commit=self.has("auto-commit") and discipline in (None, "at-least-once") and c.chance(4),
            reset="earliest" if discipline else c.mostly(*resets(self)),
            isolation="read_committed" if discipline == "exactly-once" else isolation(self, c),
            session_timeout=session,
            max_poll_interval=c.mostly(60_000, session, 2 * session),
        )

    @rule(number=numbers)
    def move(self, number: int) -> None:
        """Do something that makes sense."""
        c, before = Choices(number), len(self._steps)
        for _ in range(TRIES):
            self._take(c.weighted(self._moves, self._weights).make(self, c))
            if len(self._steps) > before:
                return

    def _take(self, steps: Steps) -> None:
        for step in steps:
            self.do(step)
