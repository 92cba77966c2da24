"""From C to a loaded library: the machine's compiler, and a cache of what it made, by content."""

from __future__ import annotations

import ctypes
import functools
import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Final

from brokerlaw.spec.language.compiler.emitter import Uncompilable

_FLAGS: Final = ("-std=gnu11", "-O1", "-shared", "-fPIC", "-pthread", "-w")
"""Searches wait for memory: with -O2 they are no faster, and compiled a third slower."""
_SOURCES: Final = ("engine.c", "symmetry.c")
_SEAL: Final = 32  # bytes of SHA-256 at the end of a cached library: a torn or foreign file must never be loaded


@dataclass(frozen=True)
class Library:
    """A protocol's search as compiled code: where it is or will be cached, under a name that is its content."""

    header: str
    compiler: str
    sources: dict[str, str]

    @classmethod
    def of(cls, header: str) -> Library:
        """Give the library for a protocol's C. Uncompilable if there is no compiler."""
        return cls(header, _compiler(), {name: (files(__package__) / name).read_text() for name in _SOURCES})

    @property
    def identity(self) -> bytes:
        """Everything that decides what the compiler makes."""
        parts = [*self.sources.values(), self.header, *_FLAGS, self.compiler, platform.machine(), platform.system()]
        return "\0".join(parts).encode()

    @property
    def path(self) -> Path:
        """Where it is cached."""
        return cache() / f"{hashlib.sha256(self.identity).hexdigest()[:40]}.so"

    @property
    def cached(self) -> bool:
        """Tell whether it was compiled before, and is whole, and our own."""
        try:
            return self._is_whole(self.path)
        except OSError:
            return False

    def load(self) -> tuple[ctypes.CDLL, str]:
        """Load it, compiled at most once on this machine; and say where it is kept if that cannot be.

        Uncompilable if it cannot be had at all.
        """
        try:
            return self._had(cache()), ""
        except OSError as error:
            where = error.filename or cache_home()
        try:
            return self._had(scratch()), f"{where} cannot be used: the search is compiled anew in a temporary folder"
        except OSError as error:
            raise Uncompilable(f"the compiled search cannot be kept or loaded: {error}") from error

    def _had(self, folder: Path) -> ctypes.CDLL:
        path = folder / self.path.name
        if not (path.exists() and self._is_whole(path)):
            self._build(path)
        return ctypes.CDLL(str(path))

    def _is_whole(self, path: Path) -> bool:
        content = path.read_bytes()
        return path.stat().st_uid == os.getuid() and self._seal(content[:-_SEAL]) == content[-_SEAL:]

    def _seal(self, content: bytes) -> bytes:
        return hashlib.sha256(self.identity + content).digest()

    def _build(self, path: Path) -> None:
        """Compile in a folder of its own, and put the result into its place at once."""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            made = Path(folder, "search.so")
            for name, text in (self.sources | {"protocol.h": self.header}).items():
                Path(folder, name).write_text(text)
            command = [self.compiler, *_FLAGS, "-o", str(made), str(Path(folder, "engine.c"))]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                reason = next((line for line in done.stderr.splitlines() if "error" in line), f"exit {done.returncode}")
                raise Uncompilable(f"{self.compiler} does not compile it: {reason}")
            content = made.read_bytes()
            made.write_bytes(content + self._seal(content))
            made.replace(path)


def _compiler() -> str:
    name = os.environ.get("CC", "cc")
    found = shutil.which(name)
    if found is None:
        raise Uncompilable(f"there is no C compiler `{name}`")
    return found


def cache() -> Path:
    """Give the folder of compiled searches: `$XDG_CACHE_HOME/brokerlaw`, or `~/.cache/brokerlaw`."""
    return Path(os.path.expanduser(cache_home())) / "brokerlaw"  # noqa: PTH111  # without a home it stays as it is


def cache_home() -> str:
    """Give the folder of the user's caches, as it is written."""
    return os.environ.get("XDG_CACHE_HOME") or "~/.cache"


def scratch() -> Path:
    """Give a folder that lasts as long as this process."""
    return Path(_scratch().name)


@functools.cache
def _scratch() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="brokerlaw-")
