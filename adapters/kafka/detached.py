"""A cluster that outlives the command that started it: at most one for a user, kept by a host process.

The host (host.py) holds a lock for as long as it lives, so the process id in the state file is trusted only
while the lock is held: a number that the system has given to somebody else is never signalled.
"""

import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec

from brokerlaw.adapters.kafka.distribution import cache_home
from brokerlaw.adapters.kafka.errors import ClusterError, wait_until

STOP_LIMIT = 60.0  # seconds: a busy machine takes its time to remove what three brokers wrote


class Order(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the host is to start."""

    brokers: int = 3
    controllers: int = 1
    settings: dict[str, str] = {}
    as_shipped: bool = False


class State(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A running cluster: its host's process id, and each node's port and process id as it was started."""

    host: int
    version: str
    bootstrap: str
    folder: str
    ports: dict[int, int]
    processes: dict[int, int]


def state_file() -> Path:
    """Where the host says what it runs."""
    return cache_home() / "cluster.json"


def lock_file() -> Path:
    """What the host holds for as long as it lives."""
    return cache_home() / "cluster.lock"


def up(
    brokers: int = 3, controllers: int = 1, settings: Mapping[str, str] | None = None, as_shipped: bool = False
) -> State:
    """Start a host and wait until its cluster serves; ClusterError if it cannot, or if one runs already."""
    if _held():
        raise ClusterError("a cluster is up already: `brokerlaw cluster kafka down` ends it")
    order = msgspec.json.encode(Order(brokers, controllers, dict(settings or {}), as_shipped))
    command = [sys.executable, "-m", "brokerlaw.adapters.kafka.host", order.decode()]
    pipe, null = subprocess.PIPE, subprocess.DEVNULL
    host = subprocess.Popen(command, stdin=null, stdout=pipe, stderr=subprocess.STDOUT, start_new_session=True)
    assert host.stdout is not None
    try:
        with host.stdout:
            complaint = host.stdout.read()  # the host lets go of its end when the cluster serves
    except BaseException:
        host.terminate()
        raise
    state = None if complaint else current()
    if state is None:
        host.wait()
        raise ClusterError(complaint.decode(errors="replace").strip() or "the host ended without a word")
    return state


def current() -> State | None:
    """The cluster that is up, or None; a file left by a host that was killed counts for nothing."""
    if not _held():
        return None
    try:
        return msgspec.json.decode(state_file().read_bytes(), type=State, strict=False)
    except FileNotFoundError:
        raise ClusterError("a cluster is being started or stopped just now: try again when it is done") from None
    except msgspec.MsgspecError as error:
        raise ClusterError(f"{state_file()} is damaged ({error}): end its host by hand, then remove it") from None


def down() -> bool:
    """Stop the cluster that is up and wait until it is gone; False if there is none."""
    state = current()
    if state is None:
        state_file().unlink(missing_ok=True)
        return False
    os.kill(state.host, signal.SIGTERM)
    if not wait_until(lambda: not _held() and not Path(state.folder).exists(), STOP_LIMIT):
        raise ClusterError(f"the cluster's host (process {state.host}) did not end: end it by hand")
    return True


def _held() -> bool:
    """Whether a host lives."""
    if not lock_file().exists():
        return False
    with lock_file().open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False
