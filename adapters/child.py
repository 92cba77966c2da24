"""A child process that is spoken to in lines: its pipes, its signals, its end. What the lines mean is the channel's.

The child leads a process group of its own, so that Ctrl-C does not reach it and its own children end with it. One
thread reads both of its outputs until they are closed, then clears up; nobody else waits for the process.
"""

import contextlib
import os
import select
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from threading import Lock, Thread, current_thread

from brokerlaw.adapters.guard import GUARD
from brokerlaw.spec.text import shown

CHUNK = 1 << 16
TAIL_BYTES, TAIL_LINES, TAIL_WIDTH = 1 << 14, 10, 200
"""How much of standard error is kept, and shown."""
DRAINED = 64
"""The most chunks of it that are waited for."""
GRACE = 1.0
"""Seconds between the end of its output and its exit."""


class Child:
    """Starts at once, and is listened to from `listen` on, so that nothing is told to an owner that is not made yet.

    `on_line` gets each line (without its end, or `limit` bytes of a longer one), `on_end` the exit status (None: it
    closed its output and did not exit); both are called by the reading thread.
    """

    def __init__(
        self,
        argv: Sequence[str],
        on_line: Callable[[bytes], None],
        on_end: Callable[[int | None], None],
        *,
        limit: int,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
    ) -> None:
        self._on_line, self._on_end, self._limit = on_line, on_end, limit
        self._process = subprocess.Popen(
            argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            process_group=0,
            env=environment,
            cwd=folder,
        )
        assert self._process.stdin and self._process.stdout and self._process.stderr
        self._stdin, self._stdout, self._stderr = self._process.stdin, self._process.stdout, self._process.stderr
        GUARD.watch(self.pid)
        os.set_blocking(self._stdin.fileno(), False)
        os.set_blocking(self._stderr.fileno(), False)
        self.partial = bytearray()
        self._tail = b""
        self._writing = Lock()
        self._reaping = Lock()
        self._reader = Thread(target=self._read, name=f"reader of {self.pid}", daemon=True)

    def listen(self) -> None:
        """Begin to read what the child writes; called once."""
        self._reader.start()

    @property
    def pid(self) -> int:
        """The process, and its group."""
        return self._process.pid

    def write(self, line: bytes, seconds: float) -> bool:
        """Write a line; False when the child does not read it in time. Raises `BrokenPipeError`."""
        deadline = time.monotonic() + seconds
        rest = memoryview(line)
        with self._writing:
            if self._stdin.closed:
                raise BrokenPipeError
            ready = select.poll()
            ready.register(self._stdin, select.POLLOUT)
            while rest:
                if not ready.poll(max(0.0, deadline - time.monotonic()) * 1000):
                    return False
                rest = rest[os.write(self._stdin.fileno(), rest) :]
        return True

    def close_input(self) -> None:
        """Tell the child that nothing more will come."""
        with self._writing:
            self._stdin.close()

    def signal(self, number: signal.Signals) -> None:
        """Send the whole group a signal, if it is still there."""
        with self._reaping, contextlib.suppress(ProcessLookupError):
            if self._process.returncode is None:
                os.killpg(self.pid, number)

    def stopped(self) -> None:
        """Wait until a SIGSTOP has taken effect (or the child is gone)."""
        with contextlib.suppress(ChildProcessError):
            os.waitid(os.P_PID, self.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def exited(self, seconds: float = 0.0) -> bool:
        """Whether the process has ended, waiting for it that long."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                if os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG):
                    return True
            except ChildProcessError:
                return True
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.002)

    def join(self, seconds: float) -> bool:
        """Wait until everything is read and cleared up."""
        self._reader.join(seconds)
        return not self._reader.is_alive()

    def last_words(self) -> str:
        """The last lines on standard error, in printable characters; also what came just before the last message."""
        if current_thread() is self._reader:
            self._drain()
        lines = self._tail.decode("utf-8", "backslashreplace").splitlines()[-TAIL_LINES:]
        return "\n".join(shown(line.expandtabs(4), TAIL_WIDTH) for line in lines)

    def _read(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._stdout, selectors.EVENT_READ, self._take)
            selector.register(self._stderr, selectors.EVENT_READ, self._keep)
            while selector.get_map():
                limit = None if self._stdout in selector.get_map() else GRACE / 4
                ready = selector.select(limit)
                if not ready:
                    break  # somebody else holds its standard error open
                for key, _ in ready:
                    with contextlib.suppress(BlockingIOError):  # what was there has been drained
                        data = os.read(key.fd, CHUNK)
                        key.data(data)
                        if not data:
                            selector.unregister(key.fileobj)
        self._on_end(self._reap())

    def _drain(self) -> None:
        with contextlib.suppress(BlockingIOError, ValueError):  # nothing more, or it is closed
            for _ in range(DRAINED):
                data = os.read(self._stderr.fileno(), CHUNK)
                if not data:
                    return
                self._keep(data)

    def _take(self, data: bytes) -> None:
        head, *rest = data.split(b"\n")
        self.partial += head
        for piece in rest:
            self._on_line(bytes(self.partial))
            self.partial = bytearray(piece)
        if len(self.partial) > self._limit:
            self._on_line(bytes(self.partial))
            self.partial = bytearray()

    def _keep(self, data: bytes) -> None:
        self._tail = (self._tail + data)[-TAIL_BYTES:]

    def _reap(self) -> int | None:
        """End what is left of the group while its number is still ours, and let go of everything."""
        exited = self.exited(GRACE)
        self.signal(signal.SIGKILL)
        with self._reaping:
            status = self._process.wait()
        GUARD.forget(self.pid)
        self.close_input()
        self._stdout.close()
        self._stderr.close()
        return status if exited else None
