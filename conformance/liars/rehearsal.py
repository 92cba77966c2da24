"""A recorded case, as an adapter: it tells whether a liar would lie in it, without running it."""

from __future__ import annotations

from concurrent.futures import Future

from brokerlaw.adapters.contract import Adapter, Answer, Description
from brokerlaw.conformance.liars.lie import Lie
from brokerlaw.conformance.liars.table import TOLD_BY_ADAPTERS, Maker
from brokerlaw.spec.history.operation import Operation
from brokerlaw.spec.history.operations import name_of
from brokerlaw.spec.history.outcomes import Outcome
from brokerlaw.spec.history.rows import Complete, Invoke, Observe, Recording
from brokerlaw.spec.history.values import snake_case


class Rehearsal(Adapter):
    """Answers as the recording has it."""

    def __init__(self, recording: Recording, description: Description) -> None:
        super().__init__({})
        self._rows = recording.rows
        self._outcomes = {row.op: row.outcome for row in recording.rows if isinstance(row, Complete)}
        self._description = description
        self._outcome: Outcome | None = None

    def describe(self) -> Description:
        """As the adapter whose case this is."""
        return self._description

    def perform(self, op: Operation) -> Answer:
        """As it was answered."""
        if self._outcome is not None and getattr(op, "awaited", True):
            return self._outcome
        future: Future[Outcome] = Future()
        if self._outcome is not None:
            future.set_result(self._outcome)
        return future

    def lies(self, lie: Lie, maker: Maker, seed: object) -> bool:
        """Whether the liar lies, at least once; up to its first lie, a case is as it was recorded."""
        liar = maker(self, lie, seed)
        liar.listen(lambda *_: None)
        for row in self._rows:
            if isinstance(row, Invoke):
                self._outcome = self._outcomes.get(row.op)
                liar.perform(row.value)
            elif isinstance(row, Observe) and isinstance(row.value, TOLD_BY_ADAPTERS):
                self.observe(row.process, row.value, row.time)
            if liar.lies:
                return True
        return False


def subjects(recording: Recording) -> frozenset[str]:
    """The words of the operations and observations of a case."""
    asked = (name_of(row.value) for row in recording.rows if isinstance(row, Invoke))
    seen = (snake_case(type(row.value).__name__) for row in recording.rows if isinstance(row, Observe))
    return frozenset((*asked, *seen))
