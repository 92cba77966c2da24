"""A baseline: the violations that are known, each with the trace that shows it, as a TOML file that people write too.

    version = 1

    [[known]]
    promise = "durability.acked-survives"
    reason = "acks=1: what the leader alone has is lost with it"
    since = 2026-11-29
    trace = "baseline.traces/durability.acked-survives-1f3c22d0.json"
    note = "until the producers of the billing team are migrated"

The traces stand beside the file, in its folder or below. They are run on the adapter of the run, never on their own.
"""

import hashlib
import tomllib
from collections.abc import Iterable
from datetime import date
from pathlib import Path, PurePosixPath
from typing import Final, NamedTuple

import msgspec
import tomli_w

from brokerlaw.conformance import trace as traces
from brokerlaw.conformance.overrides import SettingsError, sort
from brokerlaw.conformance.ways import Way, way
from brokerlaw.spec.history.values import Struct
from brokerlaw.spec.invariants import INVARIANTS
from brokerlaw.spec.text import did_you_mean, shown

VERSION: Final = 1
_LINE: Final = 500
"""The most characters of a line that says what is wrong."""
_HEAD: Final = "# Known violations: see docs/ci.md. `brokerlaw check --update-baseline` writes this file anew.\n\n"


class BaselineError(Exception):
    """The file cannot be meant as it is written; the message names the entry, and the mend."""


class Entry(Struct, frozen=True):
    """What people say of a known violation, and where its trace is, from the file's folder on."""

    promise: str
    reason: str
    since: date
    trace: str
    note: str = ""


class _File(Struct, frozen=True, omit_defaults=False):
    version: int = VERSION
    known: tuple[Entry, ...] = ()


class Known(NamedTuple):
    """A known violation with its trace."""

    entry: Entry
    saved: traces.SavedTrace

    @property
    def way(self) -> Way:
        """The way in which it breaks the promise."""
        return way(self.saved.plan.steps, self.saved.header.overrides)


def read(path: Path, adapter: str) -> tuple[Known, ...]:
    """Read a baseline for a run of this adapter. Raises `BaselineError`."""
    try:
        entries = _parse(path).known
    except FileNotFoundError as error:
        raise BaselineError(f"{path}: there is no such file; --update-baseline writes it") from error
    except OSError as error:
        raise BaselineError(f"{path}: {error.strerror}") from error
    except (ValueError, msgspec.MsgspecError, RecursionError) as error:  # older msgspec: no ValueError
        raise BaselineError(f"{path}: {shown(str(error))}") from error
    known: list[Known] = []
    for number, entry in enumerate(entries, 1):
        try:
            saved = _trace(path, entry, adapter)
            sort(saved.header.overrides)
        except (BaselineError, SettingsError, traces.TraceError) as error:
            raise BaselineError(f"{path}: entry {number}: {shown(str(error), _LINE)}") from error
        if any(PurePosixPath(entry.trace) == PurePosixPath(other.entry.trace) for other in known):
            raise BaselineError(f"{path}: entry {number}: {shown(entry.trace)} is the trace of another entry already")
        known.append(Known(entry, saved))
    return tuple(known)


def _parse(path: Path) -> _File:
    data = tomllib.loads(path.read_bytes().decode("utf-8"))
    if data.get("version") != VERSION:
        raise ValueError(f"version = {VERSION} is needed, at the top of the file")
    return msgspec.convert(data, _File)


def _trace(path: Path, entry: Entry, adapter: str) -> traces.SavedTrace:
    """The trace of an entry, if it shows what the entry says, and nothing else would have to be run for it."""
    if entry.promise not in INVARIANTS:
        hint = did_you_mean(entry.promise, INVARIANTS, "brokerlaw explain lists the promises")
        raise BaselineError(f"there is no promise {shown(entry.promise)!r}; {hint}")
    inside = PurePosixPath(entry.trace)
    if inside.is_absolute() or ".." in inside.parts or not inside.parts:
        raise BaselineError(f"trace {shown(entry.trace)!r} must be a path below the folder of this file")
    saved = traces.read(path.parent / inside)
    if saved.invariant != entry.promise:
        raise BaselineError(f"{shown(entry.trace)} shows {shown(saved.invariant)}, not {entry.promise}")
    if saved.adapter != adapter and saved.adapter.startswith(("cmd:", "py:")):
        program = f"{shown(saved.adapter)}, another program than {shown(adapter)}"
        raise BaselineError(f"{shown(entry.trace)} was recorded on {program}: record it again, on this one")
    return saved


def write(path: Path, entries: Iterable[Entry]) -> None:
    """Write the file anew, whole or not at all. Raises `OSError`."""
    known = [{name: value for name, value in msgspec.structs.asdict(entry).items() if value != ""} for entry in entries]
    text = _HEAD + tomli_w.dumps({"version": VERSION, "known": known})
    beside = path.with_name(f".{path.name}.new")
    path.parent.mkdir(parents=True, exist_ok=True)
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)


def place(path: Path, promise: str, found: Way) -> str:
    """Where the trace of a violation stands beside a baseline: the same way has the same name."""
    digest = hashlib.sha256("\n".join(sorted(found)).encode()).hexdigest()[:8]
    return f"{path.stem}.traces/{promise}-{digest}.json"
