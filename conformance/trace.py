"""A trace: what a violation leaves behind. The plan, the history, the invariant broken, and how often it came back."""

import json
from pathlib import Path
from typing import Final

import msgspec

from brokerlaw.conformance.plan import Plan
from brokerlaw.spec.history.rows import Complete, Header, Invoke, Recording, Row, typed
from brokerlaw.spec.history.values import Struct
from brokerlaw.spec.invariants import INVARIANTS
from brokerlaw.spec.invariants.invariant import Invariant

VERSION: Final = 1


class TraceError(Exception):
    """The file is no trace that can be read; the message names the mend."""


class SavedTrace(Struct, frozen=True, omit_defaults=False):
    """Everything to understand, replay and re-judge one violation. `settings` never hold a secret."""

    invariant: str
    reason: str
    witnesses: tuple[int, ...]
    reproduced: int
    runs: int
    adapter: str
    broker: str
    settings: dict[str, str]
    seed: int
    plan: Plan
    header: Header
    history: tuple[Row, ...]
    format: str = "brokerlaw.trace"
    version: int = VERSION

    @property
    def recording(self) -> Recording:
        """The history in row form."""
        return Recording(self.header, self.history)


def write(path: Path, trace: SavedTrace) -> None:
    """Write a trace file: JSON, indented for people."""
    text = msgspec.json.format(msgspec.json.encode(trace), indent=1)
    path.write_bytes(text + b"\n")


def read(path: Path) -> SavedTrace:
    """Read a trace file. Raises `TraceError`."""
    try:
        data = path.read_bytes()
        kind = json.loads(data)
        if not isinstance(kind, dict) or kind.get("format") != "brokerlaw.trace":
            raise TraceError(f"{path}: this is no brokerlaw.trace file")
        if kind.get("version") != VERSION:
            raise TraceError(f"{path}: trace version {kind.get('version')}; version {VERSION} can be read")
        trace = msgspec.json.decode(data, type=SavedTrace)
        return msgspec.structs.replace(trace, history=tuple(_typed(trace.history)))
    except OSError as error:
        raise TraceError(f"{path}: {error.strerror}") from error
    except (ValueError, msgspec.ValidationError) as error:
        raise TraceError(f"{path}: {error}") from error


def _typed(rows: tuple[Row, ...]) -> list[Row]:
    """The rows with their outcomes' values typed by the operations that they complete."""
    invoked = {row.op: row.value for row in rows if isinstance(row, Invoke)}
    return [
        Complete(row.op, row.time, typed(invoked[row.op], row.outcome))
        if isinstance(row, Complete) and row.op in invoked
        else row
        for row in rows
    ]


def invariant_of(trace: SavedTrace) -> Invariant:
    """The invariant that the trace breaks. Raises `TraceError` when the book has no such one."""
    if trace.invariant not in INVARIANTS:
        raise TraceError(f"the trace breaks {trace.invariant!r}, which is not in this version's book")
    return INVARIANTS[trace.invariant]
