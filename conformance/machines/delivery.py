"""Delivery: an application of one discipline, whose instances crash between any two of their steps."""

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from brokerlaw.conformance.machines.base import PlanMachine, indices, keys, pick
from brokerlaw.conformance.plan import DeclareApplication, Heal, InjectFault, RunApplication, Settle, Until
from brokerlaw.conformance.timeouts import SESSION_TIMEOUT
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.observations import Discipline

TOPIC, OUTPUT, GROUP = "orders", "shipped", "shop"
DISCIPLINES: tuple[Discipline, ...] = ("at-least-once", "at-most-once", "idempotent-sink", "exactly-once")


class DeliveryMachine(PlanMachine):
    """Input, an application, an output; instances come and go, and sometimes a broker with them."""

    name = "delivery"
    needs = ("topics", "groups")
    steps_per_example = 16

    @initialize(partitions=st.integers(1, 2), discipline=st.sampled_from(DISCIPLINES))
    def create(self, partitions: int, discipline: Discipline) -> None:
        """Topics, records, an instance."""
        self.exactly_once = discipline == "exactly-once"
        if self.exactly_once and not self.has("transactions"):
            self.exactly_once, discipline = False, "at-least-once"
        replication = min(3, self.description.capabilities.get("replication") or 1)
        self.do(ops.CreateTopic(TOPIC, partitions, replication), ops.CreateTopic(OUTPUT, 1, replication))
        self.do(DeclareApplication(GROUP, TOPIC, discipline, OUTPUT), ops.OpenProducer(self.new_name("p")))
        self.send_some(None, 3)
        self.start()

    @rule(key=keys, count=st.integers(1, 4))
    def send_some(self, key: bytes | None, count: int) -> None:
        """Records arrive."""
        for _ in range(count):
            self.send(self.producers()[0], TOPIC, b"", key, None, awaited=True)

    @rule()
    @precondition(lambda self: len(self.model.live(ops.OpenConsumer)) < 3)
    def start(self) -> None:
        """Another instance."""
        instance = self.new_name("c")
        isolation: ops.Isolation = "read_committed" if self.exactly_once else "read_uncommitted"
        consumer = ops.OpenConsumer(instance, GROUP, isolation=isolation, session_timeout=SESSION_TIMEOUT)
        self.do(consumer, ops.Subscribe(instance, (TOPIC,)))

    @rule(who=indices, until=st.sampled_from(["done", "done", "polled", "halfway"]))
    @precondition(lambda self: self.model.live(ops.OpenConsumer))
    def work(self, who: int, until: Until) -> None:
        """A turn, or part of one."""
        self.do(RunApplication(pick(self.model.live(ops.OpenConsumer), who), until))

    @rule()
    @precondition(lambda self: self.model.members(GROUP))
    def settle(self) -> None:
        """The group comes to rest."""
        self.do(Settle(GROUP))

    @rule(who=indices, freeze=st.booleans())
    @precondition(lambda self: self.model.live(ops.OpenConsumer))
    def crash(self, who: int, freeze: bool) -> None:
        """An instance dies, or seems to."""
        instance = pick(self.model.live(ops.OpenConsumer), who)
        if freeze and self.has("clients.freeze"):
            self.do(ops.Freeze(instance))
        elif self.has("clients.crash"):
            self.do(ops.Crash(instance))

    @rule(who=indices)
    @precondition(lambda self: self.model.frozen())
    def thaw(self, who: int) -> None:
        """It was not dead."""
        instance = pick(self.model.frozen(), who)
        self.do(ops.Thaw(instance), RunApplication(instance))

    @rule()
    @precondition(lambda self: self.has("faults.kill", "inspect.partition") and not self.model.faults)
    def kill_leader(self) -> None:
        """The input's leader dies."""
        self.do(InjectFault("kill", "leader", TOPIC))

    @rule()
    @precondition(lambda self: self.model.faults)
    def heal(self) -> None:
        """And comes back."""
        self.do(Heal())
