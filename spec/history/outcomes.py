"""What becomes of an operation: `ok`, `fail` (certainly had no effect) or `info` (nobody knows); Jepsen's words."""

from typing import Any, TypeAlias

from brokerlaw.spec.history.values import Struct


class Ok(Struct, frozen=True, tag_field="type", tag="ok"):
    """It happened; `value` is of the operation's `returns` type."""

    value: Any = None


class Fail(Struct, frozen=True, tag_field="type", tag="fail"):
    """It certainly had no effect. `error` is a short code, Kafka's name for it where there is one."""

    error: str
    message: str = ""


class Unknown(Struct, frozen=True, tag_field="type", tag="info"):
    """It may or may not have had an effect, now or later."""

    error: str
    message: str = ""


Outcome: TypeAlias = Ok | Fail | Unknown

UNSUPPORTED = "UNSUPPORTED"
"""The `Fail.error` of an operation that the adapter does not have."""
