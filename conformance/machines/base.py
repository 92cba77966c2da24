"""What the state machines share: steps are drawn from the model of the plan so far, and gathered, not executed."""

from collections.abc import Callable, Sequence
from typing import ClassVar, Final, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine

from brokerlaw.adapters.contract import Description
from brokerlaw.conformance.model import PlanModel
from brokerlaw.conformance.needs import fitted, missing
from brokerlaw.conformance.plan import Plan, Settle, Step
from brokerlaw.spec.history import operations as ops

T = TypeVar("T")

indices: Final = st.integers(min_value=0, max_value=5)
"""Which of the candidates, counted round and round: a draw that does not depend on how many there are."""
keys: Final = st.sampled_from([None, b"a", b"b", b"c", b"", b"\xff\x00"])
bodies: Final = st.sampled_from([b"", b"x", b"\x00\xff\xfe", "ключ".encode(), b"y" * 2_000])
"""What follows the unique part of a value: nothing, text, bytes that are no text, enough to matter to batching."""


class PlanMachine(RuleBasedStateMachine):
    """A Hypothesis machine whose run is a plan. Nothing that a broker says can reach it."""

    name: ClassVar[str]
    needs: ClassVar[tuple[str, ...]]
    steps_per_example: ClassVar[int] = 25
    share: ClassVar[int] = 1
    """How many batches it draws while others draw one."""

    def __init__(self, description: Description, finish: Callable[[Plan], None]) -> None:
        super().__init__()
        self.description = description
        self.model = PlanModel()
        self._steps: list[Step] = []
        self._finish = finish
        self._opened = 0

    def do(self, *steps: Step) -> None:
        """Add the steps that make sense now and that the broker can be asked for; settling twice is settling once."""
        for step in (fitted(step, self.description) for step in steps):
            again = isinstance(step, Settle) and self._steps[-1:] == [step]
            if self.model.allows(step) and not again and not missing((step,), self.description):
                self.model.apply(step)
                self._steps.append(step)

    def has(self, *capabilities: str) -> bool:
        """Whether the broker claims these."""
        return self.description.has(*capabilities)

    def new_name(self, kind: str) -> str:
        """`p0`, `c1`, …: a client's name is used once."""
        self._opened += 1
        return f"{kind}{self._opened - 1}"

    def send(
        self, client: str, topic: str, body: bytes, key: bytes | None, partition: int | None, awaited: bool
    ) -> None:
        """Send a value that no other send of the case has."""
        value = f"{client}-{self.model.sends}:".encode() + body
        self.do(ops.Send(client, topic, value, key, partition, awaited=awaited))

    def producers(self) -> list[str]:
        """Producers that can send now."""
        clients = self.model.clients
        names = self.model.live(ops.OpenProducer)
        return [name for name in names if clients[name].in_transaction or not clients[name].transactional]

    def teardown(self) -> None:
        """The plan is complete."""
        self._finish(Plan(self.name, tuple(self._steps)))


def pick(items: Sequence[T], index: int) -> T:
    """The item at an index, counted round and round."""
    return items[index % len(items)]
