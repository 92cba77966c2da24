"""How invariants name things in their reasons, and gather witnesses."""

from collections.abc import Iterable

from brokerlaw.spec.history.columns import Ints
from brokerlaw.spec.history.history import History
from brokerlaw.spec.invariants.invariant import Violation


def partition(h: History, tp: int) -> str:
    """`orders/0`."""
    return str(h.partitions[tp])


def place(h: History, tp: int, offset: int) -> str:
    """`orders/0@5`."""
    return f"{h.partitions[tp]}@{offset}"


def value(h: History, index: int) -> str:
    """`'p1-3:'`, or `null`; long ones cut."""
    return text(h.values[index]) if index >= 0 else "null"


def key(h: History, index: int) -> str:
    """As `value`."""
    return text(h.keys[index]) if index >= 0 else "null"


def headers(h: History, index: int) -> str:
    """`headers trace='1' trace=null`, or `no headers`."""
    if index < 0:
        return "no headers"
    told = (f"{name}={'null' if data is None else text(data)}" for name, data in h.headers[index])
    return f"headers {' '.join(told)}"


def text(data: bytes) -> str:
    """Bytes for people."""
    shown = repr(data.decode("utf-8", "backslashreplace"))
    return shown if len(shown) <= 48 else f"{shown[:36]}…'({len(data)} bytes)"


def violation(h: History, reason: str, ops: Iterable[int], rows: Iterable[int] = ()) -> Violation:
    """A breach shown by these operations (-1: none) and, where they are observations, these rows."""
    row: Ints = h.operations.row
    shown = {int(row[op]) for op in ops if op >= 0} | {int(each) for each in rows if each >= 0}
    return Violation(reason, tuple(sorted(shown)))
