"""A value that an operation could have been answered with, for answers to what was never done."""

from __future__ import annotations

import types
from typing import Annotated, Any, Union, get_args, get_origin

import msgspec

from brokerlaw.conformance.liars.memory import Memory
from brokerlaw.spec.history.operation import Operation
from brokerlaw.spec.history.roles import hints
from brokerlaw.spec.history.values import Placed


def made_up(op: Operation, memory: Memory) -> Any:
    """The answer that was last given to such a question; a record stands behind the one before."""
    told = memory.stale(op, memory.elsewhere(op, None))
    if op.returns is Placed:
        before = told or Placed("", 0, -1)
        partition = getattr(op, "partition", None)
        return Placed(getattr(op, "topic", ""), before.partition if partition is None else partition, before.offset + 1)
    return empty(op.returns) if told is None else told


def empty(hint: Any) -> Any:
    """The least value of a type."""
    if hint is None:
        return None
    plain = hint.__origin__ if get_origin(hint) is Annotated else hint
    if get_origin(plain) in (Union, types.UnionType):
        return None if type(None) in get_args(plain) else empty(get_args(plain)[0])
    if get_origin(plain) is tuple:
        return ()
    if isinstance(plain, type) and issubclass(plain, msgspec.Struct):
        return plain(**{field: empty(hints(plain)[field]) for field in plain.__struct_fields__})
    return plain()
