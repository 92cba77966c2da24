"""From a name to an adapter: an installed one, a Python class, or a program.

reference                   an entry point of the group `brokerlaw.adapters`, of any distribution
py:package.module:Class     a class that can be imported from here
py:path/to/file.py:Class    a class in a file
cmd:./program --flag        a program that speaks JSON lines (see `wire`); split as a shell would, run without one
"""

import importlib
import importlib.util
import inspect
import shlex
import sys
from collections.abc import Iterable, Mapping
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import Any, Final, NamedTuple

from brokerlaw.adapters.command import CommandAdapter
from brokerlaw.adapters.contract import Adapter, AdapterError
from brokerlaw.spec.text import did_you_mean

GROUP: Final = "brokerlaw.adapters"
EXTRAS: Final = {"confluent_kafka": "kafka", "z3": "prove"}
"""The extra that brings a module."""


class Installed(NamedTuple):
    """An installed adapter; `fault` says why it cannot be used, None that it can."""

    name: str
    target: str
    about: str
    fault: str | None


def resolve(name: str, settings: Mapping[str, str]) -> Adapter:
    """The adapter, not started yet. Raises `AdapterError` with one line that names what is wrong, and the mend."""
    kind, colon, rest = name.partition(":")
    if colon and kind == "cmd":
        return CommandAdapter(name, _split(name, rest), settings)
    return (_python(name, rest) if colon and kind == "py" else _installed(name))(settings)


def installed() -> list[Installed]:
    """All installed adapters by name, each with its availability."""
    return [_look(entry) for _, entry in sorted(_entries().items())]


def _split(name: str, command: str) -> list[str]:
    try:
        argv = shlex.split(command)
    except ValueError as error:
        raise AdapterError(f"{name}: {error}; quote the command as for a shell") from error
    if not argv:
        raise AdapterError(f"{name} names no program: write cmd:./program args")
    return argv


def _installed(name: str) -> type[Adapter]:
    entries = _entries()
    if name not in entries:
        hint = _perhaps(name, entries)
        known = ", ".join(sorted(entries)) or "none"
        raise AdapterError(f"no adapter {name!r}{hint}; installed: {known}; or py:MODULE:CLASS, or cmd:PROGRAM ARGS")
    return _load(entries[name])


def _entries() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=GROUP)}


def _load(entry: EntryPoint) -> type[Adapter]:
    try:
        found = entry.load()
    except (ImportError, AttributeError) as error:
        raise _unusable(entry.name, error) from error
    return _adapter(entry.name, found)


def _look(entry: EntryPoint) -> Installed:
    try:
        kind = _load(entry)
    except AdapterError as error:
        return Installed(entry.name, entry.value, "", str(error))
    about = (inspect.getdoc(kind) or "").partition("\n")[0]
    return Installed(entry.name, entry.value, about, None)


def _python(name: str, target: str) -> type[Adapter]:
    place, _, attribute = target.rpartition(":")
    if not place or not attribute:
        raise AdapterError(f"{name} names no class: write py:package.module:Class or py:path/to/file.py:Class")
    module = _file(name, Path(place)) if place.endswith(".py") else _module(name, place)
    if not hasattr(module, attribute):
        classes = [key for key, value in vars(module).items() if _is_adapter(value)]
        here = f"; adapters there: {', '.join(classes)}" if classes else ""
        raise AdapterError(f"{name}: {place} has no {attribute}{_perhaps(attribute, classes)}{here}")
    return _adapter(name, getattr(module, attribute))


def _module(name: str, module: str) -> ModuleType:
    if "" not in sys.path and str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))  # as `python -m` does
    try:
        return importlib.import_module(module)
    except Exception as error:  # an author's module may raise anything
        raise _unusable(name, error) from error


def _file(name: str, path: Path) -> ModuleType:
    if not path.is_file():
        raise AdapterError(f"{name}: there is no file {path}")
    spec = importlib.util.spec_from_file_location(f"brokerlaw_adapter_{path.stem}", path)
    assert spec is not None and spec.loader is not None  # it ends in .py
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    sys.path.append(str(path.parent.resolve()))  # for the modules beside it
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # an author's file may raise anything
        raise _unusable(name, error) from error
    return module


def _adapter(name: str, found: Any) -> type[Adapter]:
    if not _is_adapter(found):
        raise AdapterError(f"{name} is no adapter: it must be a class derived from brokerlaw.adapters.contract.Adapter")
    kind: type[Adapter] = found
    return kind


def _is_adapter(found: Any) -> bool:
    return isinstance(found, type) and issubclass(found, Adapter) and found is not Adapter


def _unusable(name: str, error: Exception) -> AdapterError:
    """Why a name that is known cannot be loaded, and the mend."""
    missing = (error.name or "").partition(".")[0] if isinstance(error, ModuleNotFoundError) else ""
    if missing in EXTRAS:
        mend = f"pip install '.[{EXTRAS[missing]}]' in a checkout of brokerlaw"
        return AdapterError(f"{name} needs {missing}, which is not installed: {mend}")
    return AdapterError(f"{name} cannot be imported: {type(error).__name__}: {error}")


def _perhaps(name: str, known: Iterable[str]) -> str:
    hint = did_you_mean(name, known)
    return f" ({hint})" if hint else ""
