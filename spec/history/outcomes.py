"""What becomes of an operation: `ok`, `fail` (certainly had no effect) or `info` (nobody knows); Jepsen's words."""

from collections.abc import Callable
from typing import Any, TypeAlias

import msgspec

from brokerlaw.spec.history.values import Struct


class Ok(Struct, frozen=True, tag_field="type", tag="ok"):
    """It happened; `value` is of the operation's `returns` type."""

    value: Any = None


class Fail(Struct, frozen=True, tag_field="type", tag="fail"):
    """It certainly had no effect. `error` is a short code, Kafka's name for it where there is one.

    `told` is what the client was told all the same, as the value of its success would be: a poll of several parts may
    have read records before it failed.
    """

    error: str
    message: str = ""
    told: Any = None


class Unknown(Struct, frozen=True, tag_field="type", tag="info"):
    """It may or may not have had an effect, now or later. `told`: as of `Fail`, such as where a record would stand."""

    error: str
    message: str = ""
    told: Any = None


Outcome: TypeAlias = Ok | Fail | Unknown


def mapped(outcome: Outcome, change: Callable[[Any], Any]) -> Outcome:
    """The outcome with its value, or what was told, changed."""
    match outcome:
        case Ok():
            return Ok(change(outcome.value))
        case Fail() | Unknown() if outcome.told is not None:
            return msgspec.structs.replace(outcome, told=change(outcome.told))
        case _:
            return outcome


UNSUPPORTED = "UNSUPPORTED"
"""The `Fail.error` of an operation that the adapter does not have."""
