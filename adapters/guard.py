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
        self._groups: set[int] = set()
        self._process: subprocess.Popen[bytes] | None = None
        self._host_ends = False

    def watch(self, group: int) -> None:
        """Kill the group if the host dies."""
        with self._lock:
            self._groups.add(group)
            self._tell(b"+%d\n" % group)

    def forget(self, group: int) -> None:
        """The group has ended."""
        with self._lock:
            self._groups.discard(group)
            self._tell(b"-%d\n" % group)

    def _tell(self, line: bytes) -> None:
        """A guard that has been killed is replaced, and told of all groups."""
        try:
            self._write(line)
        except BrokenPipeError:
            self._process = None
            self._write(b"".join(b"+%d\n" % group for group in sorted(self._groups)))

    def _write(self, text: bytes) -> None:
        if self._host_ends:
            return  # the guard is killing what is left
        if self._process is None:
            self._process = self._start()
        assert self._process.stdin is not None
        self._process.stdin.write(text)

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-I", "-S", __file__]
        null = subprocess.DEVNULL
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=null, stderr=null, bufsize=0, start_new_session=True
        )
        atexit.register(self._end, process)
        return process

    def _end(self, process: "subprocess.Popen[bytes]") -> None:
        """Close its input, and wait for it."""
        with self._lock:
            self._host_ends = True
            process.communicate()


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
