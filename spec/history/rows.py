"""What clients saw, as rows: the form that is written, read and shown.

A history file is JSON lines: a header, the rows in the order they were recorded, and a footer with their number, so
that a file cut short is never taken for a whole one.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple, TypeAlias

import msgspec

from brokerlaw.spec.history.observations import AnyObservation
from brokerlaw.spec.history.operations import AnyOperation, Operation
from brokerlaw.spec.history.outcomes import Fail, Ok, Outcome, Unknown
from brokerlaw.spec.history.values import Struct

VERSION = 1


class HistoryError(Exception):
    """The rows are no history; the message names the line or operation, and what is wrong with it."""


class Invoke(Struct, frozen=True, tag_field="type", tag="invoke"):
    """Process `process` invokes operation number `op` at `time` (ns). Operations are numbered from 0 without a gap."""

    op: int
    time: int
    process: str
    value: AnyOperation


class Complete(Struct, frozen=True, tag_field="type", tag="complete"):
    """Operation number `op` comes to its outcome at `time` (ns)."""

    op: int
    time: int
    outcome: Ok | Fail | Unknown


class Observe(Struct, frozen=True, tag_field="type", tag="observe"):
    """Process `process` sees something at `time` (ns)."""

    time: int
    process: str
    value: AnyObservation


class Header(Struct, frozen=True, omit_defaults=False, tag_field="type", tag="header"):
    """The first line: what was run. `overrides` are the user's settings, under which the promises are judged."""

    version: int = VERSION
    format: str = "brokerlaw.history"
    broker: str = ""
    overrides: dict[str, str] = {}


class Footer(Struct, frozen=True, tag_field="type", tag="footer"):
    """The last line: how many rows came before it."""

    rows: int


Row: TypeAlias = Invoke | Complete | Observe
Line: TypeAlias = Header | Invoke | Complete | Observe | Footer


class Recording(NamedTuple):
    """A history in row form."""

    header: Header
    rows: tuple[Row, ...]


def typed(op: Operation, outcome: Outcome) -> Outcome:
    """The outcome with its value as the operation's `returns` type. Raises `msgspec.ValidationError`."""
    if not isinstance(outcome, Ok):
        return outcome
    return Ok(msgspec.convert(outcome.value, type=op.returns))


def write(path: Path, recording: Recording) -> None:
    """Write a history file."""
    lines = [recording.header, *recording.rows, Footer(len(recording.rows))]
    path.write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))


def read(path: Path) -> Recording:
    """Read a history file strictly. Raises `HistoryError` naming the first line that is wrong, and why."""
    with path.open("rb") as file:
        lines = list(_lines(path, file))
    if not lines or not isinstance(lines[0], Header):
        raise HistoryError(f"{path}: the first line is no brokerlaw.history header")
    if lines[0].version != VERSION or lines[0].format != Header().format:
        raise HistoryError(
            f"{path}: this is {lines[0].format} {lines[0].version}; brokerlaw.history {VERSION} can be read"
        )
    rows = tuple(line for line in lines[1:-1] if isinstance(line, Invoke | Complete | Observe))
    if not isinstance(lines[-1], Footer):
        raise HistoryError(f"{path}: no footer: the file was cut short after {len(lines)} lines")
    if len(rows) != len(lines) - 2 or lines[-1].rows != len(rows):
        raise HistoryError(f"{path}: the footer counts {lines[-1].rows} rows, the file has {len(rows)}")
    return Recording(lines[0], rows)


def _lines(path: Path, file: Iterable[bytes]) -> Iterator[Line]:
    """Each line decoded; the values of outcomes typed by the operation that they complete."""
    decoder = msgspec.json.Decoder(Line)
    invoked: dict[int, AnyOperation] = {}
    for number, text in enumerate(file, 1):
        try:
            line = decoder.decode(text)
            if isinstance(line, Invoke):
                invoked[line.op] = line.value
            elif isinstance(line, Complete) and line.op in invoked:
                line = Complete(line.op, line.time, typed(invoked.pop(line.op), line.outcome))
        except msgspec.DecodeError as error:
            raise HistoryError(f"{path}:{number}: {error}: {text[:120].decode(errors='replace').rstrip()}") from error
        yield line
