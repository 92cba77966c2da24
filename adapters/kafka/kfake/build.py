"""Build our few lines of Go around kfake, once for each version of them, in the user's cache."""

import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

from brokerlaw.adapters.kafka.distribution import cache_home, locked
from brokerlaw.adapters.kafka.errors import ClusterError

SOURCES = tuple(Path(__file__).with_name(name) for name in ("go.mod", "go.sum", "main.go"))
MODULE = "github.com/twmb/franz-go/pkg/kfake"
MEND = "check its version, the network and GOPROXY"


def version() -> str:
    """Of kfake, as our go.mod asks for it."""
    match = re.search(rf"{re.escape(MODULE)} v(\S+)", SOURCES[0].read_text())
    if match is None:
        raise ClusterError(f"{SOURCES[0]} does not ask for {MODULE}: reinstall brokerlaw")
    return match[1]


def program() -> Path:
    """The program, built the first time. Raises ClusterError where Go is missing, too old, or cannot build it."""
    home = cache_home() / f"kfake-{_identity()}"
    with locked(home.with_name(home.name + ".lock")):
        if not home.is_dir():
            _build(home)
    return home / "kfake"


def _identity() -> str:
    return hashlib.sha256(b"\0".join(source.read_bytes() for source in SOURCES)).hexdigest()[:16]


def _build(home: Path) -> None:
    """In a folder beside `home`, renamed when it is done, so that half a build never counts."""
    go = shutil.which("go")
    if go is None:
        raise ClusterError("no go in PATH to build kfake with: install Go 1.26 or newer")
    partial = home.with_name(home.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)  # of a build that was killed; we hold the lock
    partial.mkdir()
    try:
        for source in SOURCES:
            shutil.copy(source, partial)
        # A Go that is too old would fetch another; it shall say that it is too old.
        ours = {**os.environ, "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly -buildvcs=false"}
        done = subprocess.run(
            [go, "build", "-o", "kfake", "."],
            cwd=partial,
            env=ours,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise ClusterError(f"Go could not build kfake ({_complaint(done.stderr)}): {MEND}")
        partial.rename(home)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _complaint(output: str) -> str:
    """The first line that is no progress."""
    lines = [line for line in output.splitlines() if line.strip() and "downloading" not in line]
    return lines[0].strip() if lines else "it said nothing"
