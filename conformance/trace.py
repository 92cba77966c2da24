"""A trace: what a violation leaves behind. The plan, the history, the invariant broken, and how often it came back."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from brokerlaw.conformance.plan import Plan
from brokerlaw.spec.history.operations import Operation
from brokerlaw.spec.history.rows import Complete, Header, Invoke, Recording, Row, check, typed
from brokerlaw.spec.history.validate import HistoryError, check_operation
from brokerlaw.spec.history.values import Struct
from brokerlaw.spec.invariants import INVARIANTS
from brokerlaw.spec.invariants.invariant import Invariant

VERSION: Final = 1
FORMAT: Final = "brokerlaw.trace"


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
    format: str = FORMAT
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
        return parse(str(path), path.read_bytes())
    except OSError as error:
        raise TraceError(f"{path}: {error.strerror}") from error


def parse(name: str, data: bytes) -> SavedTrace:
    """Read a trace strictly. Raises `TraceError`."""
    try:
        kind = msgspec.json.decode(data)
        if not isinstance(kind, dict) or kind.get("format") != FORMAT:
            raise TraceError(f"{name}: this is no {FORMAT} file")
        if kind.get("version") != VERSION:
            raise TraceError(f"{name}: trace version {kind.get('version')!r}; version {VERSION} can be read")
        trace = msgspec.json.decode(data, type=SavedTrace)
        return _checked(msgspec.structs.replace(trace, history=tuple(_typed(trace.history))))
    except RecursionError as error:
        raise TraceError(f"{name}: nested too deep") from error
    except (ValueError, msgspec.MsgspecError, HistoryError) as error:  # older msgspec: no ValueError
        raise TraceError(f"{name}: {error}") from error


def place(name: str, row: int) -> str:
    """Where a row of a trace is."""
    return f"{name}: history[{row}]"


def _checked(trace: SavedTrace) -> SavedTrace:
    """The trace, if its parts go together. Raises `HistoryError`."""
    time = 0
    for number, row in enumerate(trace.history):
        try:
            check(row, time)
        except HistoryError as error:
            raise HistoryError(f"history[{number}]: {error}") from error
        time = row.time
    for step in trace.plan.steps:
        if isinstance(step, Operation):
            check_operation(step)
    for witness in trace.witnesses:
        if not 0 <= witness < len(trace.history):
            rows = f"the history has {len(trace.history)} rows: it was cut"
            raise HistoryError(f"row {witness} is to show the violation, and {rows}")
    return trace


def _typed(rows: tuple[Row, ...]) -> Iterator[Row]:
    """The rows with their outcomes' values typed by the operations that they complete."""
    invoked = {row.op: row.value for row in rows if isinstance(row, Invoke)}
    for number, row in enumerate(rows):
        try:
            if isinstance(row, Complete) and row.op in invoked:
                row = Complete(row.op, row.time, typed(invoked[row.op], row.outcome))
            yield row
        except msgspec.ValidationError as error:
            raise HistoryError(f"history[{number}]: {error}") from error


def invariant_of(trace: SavedTrace) -> Invariant:
    """The invariant that the trace breaks. Raises `TraceError` when there is no such one."""
    if trace.invariant not in INVARIANTS:
        raise TraceError(f"the trace breaks {trace.invariant!r}, an invariant that this version does not have")
    return INVARIANTS[trace.invariant]
