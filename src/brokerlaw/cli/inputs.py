"""Histories and traces that a user names: a file, compressed or not, a pipe, or standard input."""

import gzip
import os
import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from shlex import quote
from typing import Final, NamedTuple

import msgspec

from brokerlaw.adapters.contract import Description
from brokerlaw.cli.errors import CliError, one_line
from brokerlaw.conformance import importers, trace as traces
from brokerlaw.conformance.judge import claimed
from brokerlaw.conformance.trace import SavedTrace, TraceError
from brokerlaw.spec.history import column_files, rows
from brokerlaw.spec.history.column_files import is_columns
from brokerlaw.spec.history.fold import Folded, folded
from brokerlaw.spec.history.rows import Recording, Stream
from brokerlaw.spec.history.validate import HistoryError
from brokerlaw.spec.invariants.invariant import Invariant
from brokerlaw.spec.text import quoted

STANDARD: Final = Path("-")
LONGEST: Final = 1 << 28
"""Bytes of a line."""
_GZIP: Final = b"\x1f\x8b"
_BOM: Final = b"\xef\xbb\xbf"
_OTHERS: Final = {
    b"BZh": "compressed by bzip2: bunzip2 it first",
    b"\xfd7zXZ": "compressed by xz: unxz it first",
    b"\x28\xb5\x2f\xfd": "compressed by zstd: unzstd it first",
    b"PK\x03\x04": "a zip archive: unzip it first",
    b"\xff\xfe": "UTF-16, not UTF-8: iconv -f UTF-16 -t UTF-8 makes it so",
    b"\xfe\xff": "UTF-16, not UTF-8: iconv -f UTF-16 -t UTF-8 makes it so",
}
"""How other files begin, and the mend."""


class Input(NamedTuple):
    """A recording, and where each of its rows is."""

    recording: Recording | Stream | Folded
    place: Callable[[int], str]


@contextmanager
def opened_recording(path: Path) -> Iterator[Input]:
    """The history at `path`, row by row or in columns, or that of the trace there. Raises `CliError`."""
    if is_columns(path):
        yield Input(_columns(path), lambda row: f"{path}, row {row}")
        return
    with one_line(HistoryError, TraceError), _opened(path) as (name, file):
        first = _first(name, file)
        _refuse_foreign(name, first)
        if _is_line(first):
            yield Input(rows.stream(name, _lines(name, first, file)), lambda row: rows.place(name, row))
        else:
            yield Input(_trace(name, first + file.read()).recording, lambda row: traces.place(name, row))


def read_trace(path: Path) -> SavedTrace:
    """The trace at `path`. Raises `CliError`."""
    with one_line(TraceError), _opened(path) as (name, file):
        first = _first(name, file)
        if _is_line(first):
            raise CliError(f"{name}: this is a history, not a trace: it can be judged, and has no plan to run again")
        return _trace(name, first + file.read())


def folded_with_place(given: Input) -> Folded:
    """The tables of what was given. Raises `CliError` with the place of a row that cannot be."""
    if isinstance(given.recording, Folded):
        return given.recording
    try:
        return folded(given.recording)
    except HistoryError as error:
        where = "" if error.row is None else f"{given.place(error.row)}: "
        raise CliError(f"{where}{error}") from error


def _columns(folder: Path) -> Folded:
    try:
        with one_line(HistoryError):
            return column_files.read(folder)
    except ImportError as error:
        raise CliError(f"{folder} is a history in columns: pip install 'brokerlaw[columns]' to read it") from error
    except OSError as error:
        raise CliError(f"{folder}: {error.strerror or error}") from error


class _Report(msgspec.Struct):
    description: Description


def owed_in(run: Path, book: list[Invariant]) -> list[Invariant]:
    """The invariants that the broker of a run owes, by the report in its folder. Raises `CliError`."""
    path = run / "report.json"
    try:
        description = msgspec.json.decode(path.read_bytes(), type=_Report).description
    except OSError as error:
        raise CliError(f"{path}: {error.strerror}: what the broker claims is not known; name the histories") from error
    except msgspec.DecodeError as error:
        raise CliError(f"{path} is no report of a run: {error}") from error
    return [invariant for invariant in book if claimed(invariant, description)]


@contextmanager
def foreign_lines(path: Path, *commands: str) -> Iterator[tuple[str, Iterator[bytes]]]:
    """The name of a file of another tool, and its lines. Raises `CliError`, also where another command takes it."""
    with one_line(HistoryError), _opened(path) as (name, file):
        first = file.readline(LONGEST)
        _refuse_foreign(name, first, commands)
        yield name, _lines(name, first, file) if first else iter(())


def _refuse_foreign(name: str, first: bytes, but: Collection[str] = ()) -> None:
    foreign = importers.looks_like(first)
    if foreign is not None and foreign.command not in but:
        mend = f"brokerlaw import {foreign.command} {quote(name)} --out FILE"
        raise CliError(f"{name} looks like {foreign.about}: {mend}")


@contextmanager
def _opened(path: Path) -> Iterator[tuple[str, BufferedReader]]:
    """The name to call it by, and its bytes, uncompressed."""
    name = "standard input" if path == STANDARD else str(path)
    try:
        if path.is_dir():
            raise CliError(f"{name} is a folder: name a file")
        with _bytes(path) as file:
            yield name, _plain(name, file)
    except (OSError, EOFError) as error:  # a compressed file that ends too early is no OSError
        raise CliError(f"{name}: {getattr(error, 'strerror', None) or error}") from error


def _bytes(path: Path) -> BufferedReader:
    if path != STANDARD:
        return path.open("rb")
    if sys.stdin is None:
        raise CliError("standard input is closed: name a file")
    return open(os.dup(sys.stdin.fileno()), "rb")  # noqa: PTH123  # a copy, as it is not ours to close


def _plain(name: str, file: BufferedReader) -> BufferedReader:
    start = file.peek(8)[:8]
    if start.startswith(_GZIP):
        return BufferedReader(gzip.GzipFile(fileobj=file))
    for mark, what in _OTHERS.items():
        if start.startswith(mark):
            raise CliError(f"{name} is {what}")
    if start.startswith(_BOM):
        file.read(len(_BOM))
    return file


def _first(name: str, file: BufferedReader) -> bytes:
    first = file.readline(LONGEST)
    if not first:
        raise CliError(f"{name} is empty: the first line of a history is its header, and a trace is one JSON object")
    return first


def _lines(name: str, first: bytes, file: BufferedReader) -> Iterator[bytes]:
    yield first
    while line := file.readline(LONGEST):
        if len(line) == LONGEST:
            raise HistoryError(f"{name}: a line has more than {LONGEST >> 20} MiB")
        yield line


def _is_line(first: bytes) -> bool:
    """Whether the file begins with a line of a history, be it a wrong one."""
    try:
        line = msgspec.json.decode(first)
    except (msgspec.DecodeError, RecursionError):
        return not first.lstrip().startswith((b"{", b"[")) or first.lstrip().startswith(b'{"')
    return not isinstance(line, list) and not (isinstance(line, dict) and "format" in line and "plan" in line)


def _trace(name: str, data: bytes) -> SavedTrace:
    """A JSON document over one line or many. Raises `CliError` with the mend for what is none."""
    mend = "a history has one object on each line (`jq -c` writes it so), and a trace has its plan and its history"
    try:
        document = msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError) as error:
        raise CliError(f"{name} is no JSON document ({error}): {quoted(data[:60].strip())}; {mend}") from error
    if isinstance(document, dict) and "plan" in document:
        return traces.parse(name, data)
    raise CliError(f"{name} is a JSON {'array' if isinstance(document, list) else 'object'}: {mend}")
