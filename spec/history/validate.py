"""What types cannot say of what a row holds: that its parts go together."""

from typing import Final

from brokerlaw.spec.history.numbers import INT32
from brokerlaw.spec.history.observations import Drained, Observation
from brokerlaw.spec.history.operation import Operation
from brokerlaw.spec.history.operations import MIN_ISR, RETENTION, AlterTopic, CreateTopic

NUMBERS: Final = (MIN_ISR, *RETENTION, "max.message.bytes", "segment.ms", "segment.bytes", "delete.retention.ms")
"""Settings of topics that judges take for a number."""


class HistoryError(Exception):
    """The rows are no history; the message says what is wrong. `row` counts from 0; None: it is no row's, or told."""

    def __init__(self, message: str, row: int | None = None) -> None:
        super().__init__(message)
        self.row = row


def check_operation(op: Operation) -> None:
    """Raises `HistoryError` on a topic's setting that is no number."""
    if isinstance(op, (CreateTopic, AlterTopic)) and op.settings:
        for name, text in op.settings.items():
            check_setting(name, text)


def check_setting(name: str, text: str) -> None:
    """Raises `HistoryError` on a topic's setting that is no number, and must be one."""
    if name not in NUMBERS:
        return
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= 19) or int(text) < -1:
        raise HistoryError(f"the setting {name} is {text!r}: a whole number from -1 on is needed")
    if name == MIN_ISR and int(text) > INT32:
        raise HistoryError(f"the setting {name} is {text}: no topic has so many replicas")


def check_observation(value: Observation) -> None:
    """Raises `HistoryError` on a drain that ends before it starts."""
    if type(value) is Drained and value.end < value.start:
        raise HistoryError(f"drained from {value.start} to {value.end}: the end is before the start")
