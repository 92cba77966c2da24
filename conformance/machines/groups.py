"""Groups: members join, leave, crash and freeze, under every protocol, while records arrive."""

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from brokerlaw.conformance.machines.base import PlanMachine, indices, keys, pick
from brokerlaw.conformance.plan import DeclareApplication, RunApplication, Settle, Until
from brokerlaw.conformance.timeouts import SESSION_TIMEOUT
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.observations import Discipline

TOPIC = "orders"
GROUPS: tuple[tuple[str, Discipline], ...] = (("billing", "at-least-once"), ("audit", "at-most-once"))


class GroupMachine(PlanMachine):
    """Two groups over one topic; the groups' protocol is drawn once, as one group speaks one protocol."""

    name = "groups"
    needs = ("topics", "groups")
    steps_per_example = 16

    @initialize(
        partitions=st.integers(1, 4),
        kind=st.sampled_from(["eager", "eager", "cooperative", "next"]),
        static=st.booleans(),
    )
    def create(self, partitions: int, kind: str, static: bool) -> None:
        """A topic with records, two groups with an application each, a first member."""
        self.kind = kind if kind == "eager" or self.has(f"groups.{kind}") else "eager"
        self.static = static and self.has("groups.static")
        replication = min(3, self.description.capabilities.get("replication") or 1)
        self.do(ops.CreateTopic(TOPIC, partitions, replication), ops.OpenProducer(self.new_name("p")))
        for group, discipline in GROUPS:
            self.do(DeclareApplication(group, TOPIC, discipline, f"{group}-sink"))
        self.send_some(0, None, 3)
        self.join(0)

    @rule(who=indices, key=keys, count=st.integers(1, 4))
    def send_some(self, who: int, key: bytes | None, count: int) -> None:
        """Records arrive."""
        for _ in range(count):
            self.send(pick(self.producers(), who), TOPIC, b"", key, None, awaited=True)

    @rule(group=indices)
    @precondition(lambda self: len(self.model.live(ops.OpenConsumer)) < 5)
    def join(self, group: int) -> None:
        """A member joins."""
        name, member = pick(GROUPS, group)[0], self.new_name("c")
        self.do(
            ops.OpenConsumer(
                member,
                name,
                assignor="cooperative-sticky" if self.kind == "cooperative" else "range",
                protocol="consumer" if self.kind == "next" else "classic",
                instance_id=f"{name}-{member}" if self.static else None,
                session_timeout=SESSION_TIMEOUT,
            ),
            ops.Subscribe(member, (TOPIC,)),
        )

    @rule(who=indices, until=st.sampled_from(["done", "done", "polled", "halfway"]))
    @precondition(lambda self: self.model.live(ops.OpenConsumer))
    def work(self, who: int, until: Until) -> None:
        """A member's application takes a turn, or part of one."""
        self.do(RunApplication(pick(self.model.live(ops.OpenConsumer), who), until))

    @rule(group=indices)
    def settle(self, group: int) -> None:
        """A group comes to rest."""
        self.do(Settle(pick(GROUPS, group)[0]))

    @rule(who=indices, how=st.sampled_from(["close", "crash", "freeze"]))
    @precondition(lambda self: len(self.model.live(ops.OpenConsumer)) > 1)
    def lose_member(self, who: int, how: str) -> None:
        """A member leaves, vanishes, or stands still."""
        member = pick(self.model.live(ops.OpenConsumer), who)
        if how == "close":
            self.do(ops.Close(member))
        elif how == "crash" and self.has("clients.crash"):
            self.do(ops.Crash(member))
        elif how == "freeze" and self.has("clients.freeze"):
            self.do(ops.Freeze(member))

    @rule(who=indices)
    @precondition(lambda self: self.model.frozen())
    def thaw(self, who: int) -> None:
        """A zombie wakes and goes on with what it was about."""
        member = pick(self.model.frozen(), who)
        self.do(ops.Thaw(member), RunApplication(member))
