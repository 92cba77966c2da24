"""Lies about one field: of what is asked, of what is answered, of what is seen."""

from __future__ import annotations

from typing import Any

import msgspec

from brokerlaw.adapters.contract import Adapter
from brokerlaw.conformance.liars.alterations import Alter
from brokerlaw.conformance.liars.lie import Liar, Lie
from brokerlaw.spec.history.observations import Observation
from brokerlaw.spec.history.operation import Operation
from brokerlaw.spec.history.outcomes import Ok, Outcome


class FieldLiar(Liar):
    """Has one way to change a value."""

    def __init__(self, adapter: Adapter, lie: Lie, seed: object, field: str, alter: Alter) -> None:
        super().__init__(adapter, lie, seed)
        self._field, self._alter = field, alter

    def altered(self, holder: Any) -> Any:
        """What holds the field, with the lie in it if its time has come."""
        truth = getattr(holder, self._field)
        lie = self.instead(truth, self.other(holder, truth))
        return holder if lie is truth else msgspec.structs.replace(holder, **{self._field: lie})

    def other(self, holder: Any, value: Any) -> Any:
        """Another value, or the same where there is none."""
        return self._alter(value, self.memory, self.random)


class RequestLiar(FieldLiar):
    """Asks for something else than it was asked."""

    def asked(self, op: Operation) -> Operation:
        asked: Operation = self.altered(op)
        return asked


class PreviousLiar(RequestLiar):
    """Asks with what the operation before had in this field."""

    def other(self, holder: Any, value: Any) -> Any:
        return getattr(self.memory.previous(holder) or holder, self._field)


class ObservationLiar(FieldLiar):
    """Tells something else than was seen."""

    def seen(self, process: str, observation: Observation) -> list[tuple[str, Observation]]:
        return [(process, self.altered(observation) if self.is_about(observation) else observation)]


class AnswerLiar(FieldLiar):
    """Answers with another value."""

    def told(self, op: Operation, outcome: Outcome) -> Outcome:
        if not isinstance(outcome, Ok):
            return outcome
        lie = self.instead(outcome.value, self.other(op, outcome.value))
        return outcome if lie is outcome.value else Ok(lie)


class StaleLiar(AnswerLiar):
    """Answers with what the same question was answered with before."""

    def other(self, holder: Any, value: Any) -> Any:
        return self.memory.stale(holder, value)


class ElsewhereLiar(AnswerLiar):
    """Answers with what holds for another partition, group or client."""

    def other(self, holder: Any, value: Any) -> Any:
        return self.memory.elsewhere(holder, value)
