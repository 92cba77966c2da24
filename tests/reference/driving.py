"""A reference to be driven by hand: ask it for an operation, and take the value."""

from concurrent.futures import Future
from typing import Any

from brokerlaw.reference.adapter import ReferenceAdapter
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.observations import Assigned, Lost, Observation, Revoked
from brokerlaw.spec.history.outcomes import Fail, Ok, Outcome
from brokerlaw.spec.history.values import PartitionOffset, PartitionState, Record, TopicPartition

TP = TopicPartition("t", 0)


class Driven:
    """One cluster with topic t of one partition, unless told otherwise; no answer gets lost."""

    def __init__(self, partitions: int = 1, loss: str = "0", **settings: str) -> None:
        self.adapter = ReferenceAdapter({"loss": loss})
        self.held: dict[str, set[TopicPartition]] = {}
        self.generations: dict[str, int] = {}
        self.adapter.listen(self._seen)
        topic = {name.replace("_", "."): value for name, value in settings.items()}
        self.do(ops.CreateTopic("t", partitions, 3, topic))

    def ask(self, op: ops.AnyOperation) -> Outcome:
        """What became of it; what is in flight is awaited."""
        answer = self.adapter.perform(op)
        while isinstance(answer, Future):
            self.wait(100)
            if answer.done():
                answer = answer.result()
        assert isinstance(answer, Outcome)
        return answer

    def do(self, op: ops.AnyOperation) -> Any:
        """The value of what succeeds."""
        outcome = self.ask(op)
        assert isinstance(outcome, Ok), outcome
        return outcome.value

    def refused(self, op: ops.AnyOperation) -> str:
        """The code of what is refused."""
        outcome = self.ask(op)
        assert isinstance(outcome, Fail), outcome
        return outcome.error

    def wait(self, milliseconds: int) -> None:
        self.adapter.wait(milliseconds)

    # --- what is asked for often ---

    def state(self) -> PartitionState:
        state: PartitionState = self.do(ops.DescribePartition(*TP))
        return state

    def followers(self) -> list[int]:
        state = self.state()
        return [broker for broker in state.replicas if broker != state.leader]

    def send(self, value: bytes, client: str = "p", partition: int = 0) -> int:
        offset: int = self.do(ops.Send(client, "t", value, partition=partition)).offset
        return offset

    def read(self, isolation: ops.Isolation = "read_uncommitted", start: int = 0) -> list[bytes | None]:
        """Everything from an offset on, by a reader of its own."""
        self.do(ops.OpenConsumer("reader", isolation=isolation))
        self.do(ops.Assign("reader", (PartitionOffset(*TP, start),)))
        records: tuple[Record, ...] = self.do(ops.Poll("reader", 1000))
        self.do(ops.Close("reader"))
        return [record.value for record in records]

    def member(self, name: str, **settings: Any) -> None:
        self.do(ops.OpenConsumer(name, "g", session_timeout=2_000, **settings))
        self.do(ops.Subscribe(name, ("t",)))

    def settle(self, *members: str) -> None:
        for _ in range(12):
            for member in members:
                self.do(ops.Poll(member))

    def _seen(self, _at: int, process: str, told: Observation) -> None:
        held = self.held.setdefault(process, set())
        match told:
            case Assigned():
                held |= set(told.partitions)
                self.generations[process] = told.generation
            case Revoked() | Lost():
                held -= set(told.partitions)
