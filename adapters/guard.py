"""Kill the process groups that a host leaves behind when it dies, however it dies.

One guard serves all child processes of a host. It runs as `python guard.py` and reads `+GROUP` and `-GROUP` lines;
when its input ends, the host is gone, and every group still on the list is killed: also the stopped ones,
which would notice nothing themselves.
"""

import atexit
import contextlib
import os
import signal
import subprocess
import sys
from threading import Lock


class Guard:
    """The host's end. Started with the first group that it is given."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def watch(self, group: int) -> None:
        """Kill the group if the host dies."""
        self._tell(b"+%d\n" % group)

    def forget(self, group: int) -> None:
        """The group has ended."""
        self._tell(b"-%d\n" % group)

    def _tell(self, line: bytes) -> None:
        with self._lock:
            if self._process is None:
                self._process = self._start()
            assert self._process.stdin is not None
            self._process.stdin.write(line)

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-I", "-S", __file__]
        null = subprocess.DEVNULL
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=null, stderr=null, bufsize=0, start_new_session=True
        )
        atexit.register(process.communicate)  # closes its input, waits for it
        return process


GUARD = Guard()


def main() -> None:
    """The guard's own end."""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    groups: set[int] = set()
    for line in sys.stdin.buffer:
        (groups.add if line.startswith(b"+") else groups.discard)(int(line[1:]))
    for group in groups:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    main()
