"""From a name to an adapter: an installed one, a Python class, or a program.

reference                   an entry point of the group `brokerlaw.adapters`, of any distribution
py:package.module:Class     a class that can be imported from here
py:path/to/file.py:Class    a class in a file
cmd:./program --flag        a program that speaks JSON lines (see `wire`); split as a shell would, run without one

A class in Python runs in a process of its own, as a program does: it may hang, exit or print what it likes. Only
brokerlaw's own adapters run inside this one. `--settings adapter.process=inside` keeps any class inside, for a
debugger; `adapter.process=own` puts any into a process.
"""

import shlex
import subprocess
import sys
from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Final, NamedTuple

from brokerlaw.adapters.checked import Checked
from brokerlaw.adapters.command import CommandAdapter, patience
from brokerlaw.adapters.contract import Adapter, AdapterError
from brokerlaw.adapters.loading import about, load, place
from brokerlaw.spec.text import did_you_mean

GROUP: Final = "brokerlaw.adapters"
OURS: Final = "brokerlaw"
"""The distribution whose adapters are trusted with this process."""
PROCESS: Final = "adapter.process"
SERVE: Final = "brokerlaw.adapters.serve"
LOADING: Final = "brokerlaw.adapters.loading"
LOOK: Final = 30.0
"""Seconds to import an adapter that only is to be listed."""


class Installed(NamedTuple):
    """An installed adapter; `fault` says why it cannot be used, None that it can."""

    name: str
    target: str
    about: str
    fault: str | None


def resolve(name: str, settings: Mapping[str, str]) -> Adapter:
    """The adapter, not started yet. Raises `AdapterError` with one line that names what is wrong, and the mend."""
    own = {key: value for key, value in settings.items() if key != PROCESS}
    where = _process(settings)
    kind, colon, rest = name.partition(":")
    if colon and kind == "cmd":
        if where == "inside":
            raise AdapterError(f"{PROCESS}=inside: a program has a process of its own", "it is for classes in Python")
        return CommandAdapter(name, _split(name, rest), own)
    if colon and kind == "py":
        place(name, rest)
        return _class(name, rest, own, inside=where == "inside", ours=False)
    entry = _entry(name)
    ours = _ours(entry)
    return _class(name, entry.value, own, inside=(where or ("inside" if ours else "own")) == "inside", ours=ours)


def installed() -> list[Installed]:
    """All installed adapters by name, each with its availability."""
    return [_look(entry) for _, entry in sorted(_entries().items())]


def _process(settings: Mapping[str, str]) -> str | None:
    where = settings.get(PROCESS)
    if where not in (None, "inside", "own"):
        raise AdapterError(f"{PROCESS}={where}: write inside or own")
    return where


def _class(name: str, target: str, settings: Mapping[str, str], *, inside: bool, ours: bool) -> Adapter:
    if inside:
        seconds, rest = patience(settings)
        return Checked(name, load(name, target), rest, seconds, deep=not ours)
    return CommandAdapter(name, _python(SERVE, name, target), settings)


def _python(*arguments: str) -> list[str]:
    """A process of our own module; -P, since the folder where we are must not shadow what is installed."""
    return [sys.executable, "-P", "-m", *arguments]


def _split(name: str, command: str) -> list[str]:
    try:
        argv = shlex.split(command)
    except ValueError as error:
        raise AdapterError(f"{name}: {error}; quote the command as for a shell") from error
    if not argv:
        raise AdapterError(f"{name} names no program: write cmd:./program args")
    return argv


def _entry(name: str) -> EntryPoint:
    entries = _entries()
    if name not in entries:
        hint = did_you_mean(name, sorted(entries))
        known = ", ".join(sorted(entries)) or "none"
        perhaps = f" ({hint})" if hint else ""
        raise AdapterError(f"no adapter {name!r}{perhaps}; installed: {known}; or py:MODULE:CLASS, or cmd:PROGRAM ARGS")
    return entries[name]


def _entries() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=GROUP)}


def _ours(entry: EntryPoint) -> bool:
    return entry.dist is not None and entry.dist.name == OURS


def _look(entry: EntryPoint) -> Installed:
    try:
        text = about(load(entry.name, entry.value)) if _ours(entry) else _about_elsewhere(entry)
    except AdapterError as error:
        return Installed(entry.name, entry.value, "", str(error))
    return Installed(entry.name, entry.value, text, None)


def _about_elsewhere(entry: EntryPoint) -> str:
    """What an adapter of others is about, asked in a process of its own: what is imported may do anything."""
    try:
        done = subprocess.run(
            _python(LOADING, entry.name, entry.value), capture_output=True, text=True, timeout=LOOK, check=False
        )
    except subprocess.TimeoutExpired:
        raise AdapterError(f"{entry.name} was not imported within {LOOK:g} s") from None
    said = done.stdout.splitlines()[-1:]
    if done.returncode == 0 and said:
        return said[0]
    raise AdapterError((done.stderr.splitlines() or [f"{entry.name} exited with code {done.returncode}"])[-1])
