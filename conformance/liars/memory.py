"""What a liar has heard so far: names, numbers of partitions, and earlier answers, so that its lies are plausible."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from brokerlaw.adapters.contract import Description
from brokerlaw.spec.history.observations import Observation
from brokerlaw.spec.history.operation import Operation
from brokerlaw.spec.history.operations import name_of
from brokerlaw.spec.history.values import Struct

ADDRESS: Final = ("client", "topic", "partition", "group")
"""The fields that say of what an operation asks."""


class Memory:
    """Of one case."""

    def __init__(self, description: Description) -> None:
        self.partitions = 1
        self._brokers = description.brokers
        self._words: dict[str, dict[str, None]] = {}
        self._requests: dict[str, Operation] = {}
        self._answers: dict[str, dict[tuple[Any, ...], Any]] = {}

    def note(self, op: Operation) -> None:
        """What an operation tells: its words, and how many partitions a topic has."""
        self._note_words(op)
        self.partitions = max(self.partitions, getattr(op, "partitions", 1) if hasattr(op, "replication") else 1)
        self._requests[name_of(op)] = op

    def note_seen(self, observation: Observation) -> None:
        """The words of what was seen."""
        self._note_words(observation)

    def note_answer(self, op: Operation, value: Any) -> None:
        """The true answer of an operation."""
        self._note_words(value)
        answers = self._answers.setdefault(name_of(op), {})
        answers.pop(_address(op), None)
        answers[_address(op)] = value

    def _note_words(self, value: Any) -> None:
        for word, text in _words(value):
            self._words.setdefault(word, {})[text] = None

    def another(self, word: str, text: str) -> str:
        """The word that was last heard for such a field, but for this one."""
        return next((each for each in reversed(self._words.get(word, {})) if each != text), text)

    def another_broker(self, broker: int) -> int:
        """The next one."""
        if broker not in self._brokers:
            return broker
        return self._brokers[(self._brokers.index(broker) + 1) % len(self._brokers)]

    def previous(self, op: Operation) -> Operation | None:
        """The last operation of this kind."""
        return self._requests.get(name_of(op))

    def stale(self, op: Operation, value: Any) -> Any:
        """What the same question was answered with before."""
        return self._answers.get(name_of(op), {}).get(_address(op), value)

    def elsewhere(self, op: Operation, value: Any) -> Any:
        """What such a question was last answered with for another partition, group or client."""
        answers = self._answers.get(name_of(op), {})
        return next((told for address, told in reversed(answers.items()) if address != _address(op)), value)


def _address(op: Operation) -> tuple[Any, ...]:
    return tuple(getattr(op, field, None) for field in ADDRESS)


def _words(value: Any, word: str = "") -> Iterator[tuple[str, str]]:
    """Every text in it, by the name of the field that it stands in."""
    if isinstance(value, str):
        yield word, value
    elif isinstance(value, Struct) or hasattr(value, "_fields"):
        for field in value.__struct_fields__ if isinstance(value, Struct) else value._fields:
            yield from _words(getattr(value, field), field)
    elif isinstance(value, tuple):
        for item in value:
            yield from _words(item, word.removesuffix("s"))
