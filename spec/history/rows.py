"""What clients saw, as rows: the form that is written, read and shown.

A history file is JSON lines: a header, the rows in the order they were recorded, and a footer with their number, so
that a file cut short is never taken for a whole one.
"""

from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

import msgspec

from brokerlaw.spec.history.numbers import BrokerId, Number, Time
from brokerlaw.spec.history.observations import AnyObservation
from brokerlaw.spec.history.operation import Operation
from brokerlaw.spec.history.operations import AnyOperation
from brokerlaw.spec.history.outcomes import Fail, Ok, Outcome, Unknown, mapped
from brokerlaw.spec.history.validate import HistoryError, check_observation, check_operation
from brokerlaw.spec.history.values import Struct
from brokerlaw.spec.text import quoted

VERSION = 1
NULL: Final = b"null"
QUOTED = 120
"""The most characters of a line that is wrong that are shown."""


class Invoke(Struct, frozen=True, tag_field="type", tag="invoke"):
    """Process `process` invokes operation number `op` at `time` (ns). Operations are numbered from 0 without a gap.

    `part_of` is the first of several operations that the client did as one (a transaction of polls and sends whose
    single times are not known): they have its times, and happened in the order of their numbers.
    """

    op: Number
    time: Time
    process: str
    value: AnyOperation
    part_of: Number | None = None


class Complete(Struct, frozen=True, tag_field="type", tag="complete"):
    """Operation number `op` comes to its outcome at `time` (ns)."""

    op: Number
    time: Time
    outcome: Ok | Fail | Unknown


class Observe(Struct, frozen=True, tag_field="type", tag="observe"):
    """Process `process` sees something at `time` (ns)."""

    time: Time
    process: str
    value: AnyObservation


class Header(Struct, frozen=True, omit_defaults=False, tag_field="type", tag="header"):
    """The first line: what was run. `overrides` are the user's settings, under which the promises are judged.

    `broker_settings` are those in force on the broker, as it told them. `brokers` are the ids of all that there are.
    """

    version: int = VERSION
    format: str = "brokerlaw.history"
    broker: str = ""
    broker_version: str = ""
    overrides: dict[str, str] = {}
    broker_settings: dict[str, str] = {}
    brokers: tuple[BrokerId, ...] = ()


class Footer(Struct, frozen=True, tag_field="type", tag="footer"):
    """The last line: how many rows came before it."""

    rows: Number


Row: TypeAlias = Invoke | Complete | Observe
Line: TypeAlias = Header | Invoke | Complete | Observe | Footer


class Recording(NamedTuple):
    """A history in row form."""

    header: Header
    rows: tuple[Row, ...]


class Stream(NamedTuple):
    """A history in row form of which one row is there at a time."""

    header: Header
    rows: Iterator[Row]


def check(row: Row, after: int) -> None:
    """Raises `HistoryError` if the row cannot be, or cannot follow one at the time `after`."""
    if row.time < after:
        raise HistoryError(f"time {row.time} is before that of the row before it, {after}")
    if isinstance(row, Invoke):
        check_operation(row.value)
    elif isinstance(row, Observe):
        check_observation(row.value)


def typed(op: Operation, outcome: Outcome) -> Outcome:
    """The outcome with what it tells as the operation's `returns` type. Raises `msgspec.ValidationError`."""
    return mapped(outcome, lambda value: msgspec.convert(value, type=op.returns))


def write(path: Path, recording: Recording) -> None:
    """Write a history file."""
    lines = [recording.header, *recording.rows, Footer(len(recording.rows))]
    path.write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))


def read(path: Path) -> Recording:
    """Read a history file. Raises `HistoryError`, `OSError`."""
    with path.open("rb") as file:
        header, rows = stream(str(path), file)
        return Recording(header, tuple(rows))


def stream(name: str, lines: Iterable[bytes]) -> Stream:
    """Read a history strictly, as far as its rows are asked for.

    Raises `HistoryError`, now or with a row, with the place of the first line that is wrong, and why.
    """
    decoded = _decoded(name, lines)
    header = next(decoded, None)
    if not isinstance(header, Header):
        raise HistoryError(f"{name}: the first line is no brokerlaw.history header")
    return Stream(header, _rows(name, decoded))


def _rows(name: str, lines: Iterator[Line]) -> Iterator[Row]:
    count = 0
    for line in lines:
        if isinstance(line, Footer):
            _check_end(name, count, line, lines)
            return
        if isinstance(line, Header):
            raise HistoryError(f"{place(name, count)}: a header among the rows")
        count += 1
        yield line
    raise HistoryError(f"{name}: no footer: the file was cut short after {count + 1} lines")


def _check_end(name: str, count: int, footer: Footer, lines: Iterator[Line]) -> None:
    if footer.rows != count:
        raise HistoryError(f"{name}: the footer counts {footer.rows} rows, the file has {count}")
    if next(lines, None) is not None:
        raise HistoryError(f"{place(name, count + 1)}: a line after the footer")


def place(name: str, row: int) -> str:
    """Where a row of a history file is: after the header, lines count from 1."""
    return f"{name}:{row + 2}"


class _Ok(Struct, frozen=True, tag_field="type", tag="ok"):
    value: msgspec.Raw = msgspec.Raw(NULL)


class _Fail(Struct, frozen=True, tag_field="type", tag="fail"):
    error: str
    message: str = ""
    told: msgspec.Raw = msgspec.Raw(NULL)


class _Unknown(Struct, frozen=True, tag_field="type", tag="info"):
    error: str
    message: str = ""
    told: msgspec.Raw = msgspec.Raw(NULL)


class _Complete(Struct, frozen=True, tag_field="type", tag="complete"):
    """As `Complete`, before it is known which operation it completes: what it tells is not decoded yet."""

    op: Number
    time: Time
    outcome: _Ok | _Fail | _Unknown


def _decoded(name: str, lines: Iterable[bytes]) -> Iterator[Line]:
    """Each line decoded and checked; what an outcome tells is typed by the operation that it completes."""
    decode, time = msgspec.json.Decoder(Header | Invoke | _Complete | Observe | Footer).decode, 0
    invoked: dict[int, AnyOperation] = {}
    for number, text in enumerate(lines, 1):
        try:
            read = decode(text)
            line = _completed(read, invoked.pop(read.op, None)) if isinstance(read, _Complete) else read
            if isinstance(line, Row):
                check(line, time)
                time = line.time
                if isinstance(line, Invoke):
                    invoked[line.op] = line.value
            elif isinstance(line, Header):
                _check_version(line)
        except (msgspec.DecodeError, RecursionError, HistoryError) as error:
            raise HistoryError(f"{name}:{number}: {_complaint(text, error)}") from error
        yield line


def _completed(line: _Complete, op: AnyOperation | None) -> Complete:
    outcome, returns = line.outcome, Any if op is None else op.returns
    match outcome:
        case _Ok():
            return Complete(line.op, line.time, Ok(_decoder(returns).decode(outcome.value)))
        case _Fail():
            return Complete(line.op, line.time, Fail(outcome.error, outcome.message, _told(outcome.told, returns)))
        case _Unknown():
            return Complete(line.op, line.time, Unknown(outcome.error, outcome.message, _told(outcome.told, returns)))


def _told(text: msgspec.Raw, returns: Any) -> Any:
    return None if bytes(text) == NULL else _decoder(returns).decode(text)


@cache
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)


def _check_version(header: Header) -> None:
    if header.version != VERSION or header.format != Header().format:
        raise HistoryError(f"this is {header.format} {header.version}; brokerlaw.history {VERSION} can be read")


def _complaint(text: bytes, error: Exception) -> str:
    match error:
        case _ if not text.strip():
            return "the line is blank: a history has one object on each line"
        case RecursionError():
            return f"nested too deep: {quoted(text, QUOTED)}"
        case HistoryError():
            return f"{error}"
        case _:
            return f"{error}: {quoted(text.rstrip(), QUOTED)}"
