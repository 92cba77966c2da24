"""Replication: acknowledged records must outlive the brokers that held them."""

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from brokerlaw.conformance.machines.base import PlanMachine, bodies, indices, keys, pick
from brokerlaw.conformance.plan import AwaitIsr, AwaitLeader, Heal, InjectFault, ResumePaused, Role
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.values import PartitionOffset

TOPIC = "orders"


class ReplicationMachine(PlanMachine):
    """One replicated partition, a few producers and a reader, and brokers that die, shut down and pause."""

    name = "replication"
    needs = ("topics", "replication", "faults.kill", "inspect.partition")
    steps_per_example = 16

    @initialize(min_isr=st.sampled_from([1, 2, 2]), idempotent=st.booleans())
    def create(self, min_isr: int, idempotent: bool) -> None:
        """A topic on three brokers."""
        replication = min(3, self.description.capabilities.get("replication") or 1)
        settings = {"min.insync.replicas": str(min_isr)} if self.has("min-isr") else {}
        producer, reader = self.new_name("p"), self.new_name("c")
        self.do(
            ops.CreateTopic(TOPIC, 1, replication, settings),
            ops.OpenProducer(producer, idempotent=idempotent and self.has("idempotence")),
            ops.OpenConsumer(reader),
            ops.Assign(reader, (PartitionOffset(TOPIC, 0, 0),)),
        )
        self.send(producer, TOPIC, b"", None, 0, awaited=True)

    @rule(who=indices, key=keys, body=bodies, awaited=st.booleans())
    def send_one(self, who: int, key: bytes | None, body: bytes, awaited: bool) -> None:
        """A record."""
        self.send(pick(self.producers(), who), TOPIC, body, key, 0, awaited)

    @rule(who=indices)
    def flush(self, who: int) -> None:
        """Wait for what is in flight."""
        self.do(ops.Flush(pick(self.producers(), who)))

    @rule()
    def poll(self) -> None:
        """Read on."""
        self.do(ops.Poll(self.model.live(ops.OpenConsumer)[0]))

    @rule(
        fault=st.sampled_from(["kill", "kill", "stop", "pause"]),
        role=st.sampled_from(["leader", "follower", "followers"]),
    )
    @precondition(lambda self: len(self.model.faults) < 2)
    def inject(self, fault: ops.FaultKind, role: Role) -> None:
        """A broker dies, shuts down or stands still."""
        if self.has(f"faults.{fault}"):
            self.do(InjectFault(fault, role, TOPIC))

    @rule(at_most=st.integers(1, 2))
    @precondition(lambda self: self.model.faults)
    def await_smaller_isr(self, at_most: int) -> None:
        """The cluster notices; then what min.insync.replicas refuses can be told."""
        describe = ops.DescribePartition(TOPIC, 0)
        self.do(AwaitIsr(TOPIC, 0, at_most), describe)
        self.send(self.producers()[0], TOPIC, b"", None, 0, awaited=True)
        self.do(describe)

    @rule(how=st.sampled_from(["resurrect", "heal"]))
    @precondition(lambda self: self.model.faults)
    def mend(self, how: str) -> None:
        """The brokers come back, all of them or those that only stood still."""
        self.do(Heal() if how == "heal" else ResumePaused(), AwaitLeader(TOPIC))
