"""Lies about what was done: outcomes that are not true, and observations that are kept back or told twice."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any, Final

from brokerlaw.adapters.contract import Adapter, Answer
from brokerlaw.conformance.liars.lie import Liar, Lie
from brokerlaw.conformance.liars.plausible import made_up
from brokerlaw.spec.history.observations import Observation
from brokerlaw.spec.history.operation import Operation
from brokerlaw.spec.history.outcomes import Fail, Ok, Outcome, Unknown

LATE: Final = 3
"""How many operations later something is done that is done late."""
REFUSED: Final = "UNKNOWN_SERVER_ERROR"


class OkForRefused(Liar):
    """A refusal is told as a success."""

    def told(self, op: Operation, outcome: Outcome) -> Outcome:
        return Ok(made_up(op, self.memory)) if isinstance(outcome, Fail) and self.lies_now() else outcome


class OkForUnknown(Liar):
    """What nobody knows is told as a success."""

    def told(self, op: Operation, outcome: Outcome) -> Outcome:
        return Ok(made_up(op, self.memory)) if isinstance(outcome, Unknown) and self.lies_now() else outcome


class FailForUnknown(Liar):
    """What nobody knows is told as a refusal."""

    def told(self, op: Operation, outcome: Outcome) -> Outcome:
        return Fail(REFUSED) if isinstance(outcome, Unknown) and self.lies_now() else outcome


class FailForDone(Liar):
    """What was done is told as a refusal."""

    def told(self, op: Operation, outcome: Outcome) -> Outcome:
        return Fail(REFUSED) if isinstance(outcome, Ok) and self.lies_now() else outcome


class Unanswered(Liar):
    """What is in flight never has an outcome."""

    def asks(self, op: Operation) -> Answer:
        answer = super().asks(op)
        return Future() if isinstance(answer, Future) and self.lies_now() else answer


class NotDone(Liar):
    """Nothing is done, and success is told."""

    def asks(self, op: Operation) -> Answer:
        return Ok(made_up(op, self.memory)) if self.lies_now() else super().asks(op)


class DoneTwice(Liar):
    """It is done, and done again."""

    def asks(self, op: Operation) -> Answer:
        first = super().asks(op)
        if not self.lies_now():
            return first
        second = super().asks(op)
        return first if isinstance(second, Fail) else second


class DoneLate(Liar):
    """Success is told at once, and it is done some operations later."""

    def reset(self) -> None:
        """What was not yet done never is."""
        super().reset()
        self._waiting: list[list[Any]] = []

    def perform(self, op: Operation) -> Answer:
        """What is due comes first."""
        for entry in self._waiting:
            entry[0] -= 1
        due = [late for left, late in self._waiting if left <= 0]
        self._waiting = [entry for entry in self._waiting if entry[0] > 0]
        for late in due:
            self._adapter.perform(late)
        return super().perform(op)

    def asks(self, op: Operation) -> Answer:
        if not self.lies_now():
            return super().asks(op)
        self._waiting.append([LATE, op])
        return Ok(made_up(op, self.memory))


class Dropped(Liar):
    """What was seen is not told."""

    def seen(self, process: str, observation: Observation) -> list[tuple[str, Observation]]:
        return [] if self.is_about(observation) and self.lies_now() else [(process, observation)]


class Repeated(Liar):
    """What was seen is told twice."""

    def seen(self, process: str, observation: Observation) -> list[tuple[str, Observation]]:
        twice = self.is_about(observation) and self.lies_now()
        return [(process, observation)] * (2 if twice else 1)


class OfAnother(Liar):
    """What one client saw is told of another."""

    def __init__(self, adapter: Adapter, lie: Lie, seed: object) -> None:
        super().__init__(adapter, lie, seed)
        self._heard: dict[str, None] = {}

    def seen(self, process: str, observation: Observation) -> list[tuple[str, Observation]]:
        self._heard[process] = None
        if not self.is_about(observation):
            return [(process, observation)]
        other = next((each for each in reversed(self._heard) if each != process), process)
        return [(self.instead(process, other), observation)]
