"""A conversation with a program that speaks the contract: requests out, answers and observations in, all of it checked.

    with Channel("mine", ["node", "mine.mjs"], listen) as channel:
        description = channel.hello({"bootstrap": "localhost:9092"})
        outcome, at = channel.perform(Send("p", "orders", b"hello"))
        later = channel.invoke(Send("p", "orders", b"again", awaited=False))  # a Future[Timed]

The first misconduct ends the program and the conversation: what is in flight raises it, and so does whatever is asked
thereafter. A program that we ended ourselves leaves what was in flight `Unknown`.
"""

import contextlib
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from threading import Lock
from typing import NamedTuple, Self

import msgspec

from brokerlaw.adapters import misconduct as mis
from brokerlaw.adapters import wire
from brokerlaw.adapters.child import Child
from brokerlaw.adapters.contract import AdapterError, Description, Observer, Timed
from brokerlaw.spec.history.operations import AnyOperation
from brokerlaw.spec.history.outcomes import Ok, Outcome, Unknown

PATIENCE = 30.0
"""Seconds that a request may take beyond what it allows itself; also for reading one, and for ending."""
LONGEST_LINE = 1 << 26
"""Bytes: a poll of a hundred records of 400 kB."""
OBSERVATIONS = 10_000
"""The most observations in a second."""


class Pending(NamedTuple):
    """A request in flight."""

    request: wire.AnyRequest
    asked: int
    future: Future[Timed]


class Channel:
    """Starts `argv` (no shell) as `name`; raises `CannotStart`. `listen` is called by the reading thread."""

    def __init__(
        self,
        name: str,
        argv: Sequence[str],
        listen: Observer,
        *,
        patience: float = PATIENCE,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
    ) -> None:
        self.name, self.patience, self._listen = name, patience, listen
        self._lock = Lock()
        self._last_id = 0
        self._pending: dict[int, Pending] = {}
        self._fault: Exception | None = None
        self._ended_by_us: str | None = None
        self._second, self._seen = 0, 0
        try:
            self._child = Child(argv, self._take, self._end, limit=LONGEST_LINE, environment=environment, folder=folder)
        except OSError as error:
            raise mis.CannotStart(name, error) from error
        self._child.listen()

    # --- asking ---

    def hello(self, settings: Mapping[str, str]) -> Description:
        """Introduce ourselves; the program connects or starts its broker, and says what it is."""
        outcome, _ = self.ask(lambda number: wire.Hello(number, wire.CONTRACT, dict(settings)))
        if not isinstance(outcome, Ok):
            raise mis.Faulted(self.name, f"{outcome.error} {outcome.message}".strip())
        description: Description = outcome.value
        return description

    def perform(self, op: AnyOperation) -> Timed:
        """Perform an operation, and wait for its outcome."""
        return self.ask(lambda number: wire.Invoke(number, op))

    def invoke(self, op: AnyOperation) -> Future[Timed]:
        """Ask for an operation; its outcome comes when it comes."""
        return self._post(lambda number: wire.Invoke(number, op)).future

    def ask(self, make: Callable[[int], wire.AnyRequest]) -> Timed:
        """Make a request with the id that it is given, and wait for its answer. Raises `Misconduct`."""
        request, _, future = self._post(make)
        limit = self.patience + wire.allowance(request)
        try:
            return future.result(limit)
        except TimeoutError:
            raise self._fail(self._hung(request, limit)) from None

    def _hung(self, request: wire.AnyRequest, limit: float) -> mis.Misconduct:
        if self._child.exited():  # and a child of its own keeps its output open
            self._child.signal(signal.SIGKILL)
            self._child.join(self.patience)
        partial = bytes(self._child.partial[: mis.QUOTED])
        return mis.Hung(self.name, wire.word(request), limit, partial, self._child.last_words())

    # --- life and death ---

    @property
    def pid(self) -> int:
        """The program's process."""
        return self._child.pid

    @property
    def alive(self) -> bool:
        """Whether more can be asked."""
        return self._fault is None and self._ended_by_us is None

    def freeze(self) -> None:
        """Stop the program's clock; returns when it stands still."""
        self._child.signal(signal.SIGSTOP)
        self._child.stopped()

    def thaw(self) -> None:
        """Let it go on."""
        self._child.signal(signal.SIGCONT)

    def kill(self) -> None:
        """End the program at once (kill -9); what it had already answered still counts."""
        self._ended_by_us = self._ended_by_us or "killed"
        self._child.signal(signal.SIGKILL)
        self._child.join(self.patience)

    def close(self) -> bool:
        """End the program in good order within the patience; by force, and False, if it does not. Does not raise."""
        orderly = False
        with contextlib.suppress(Exception):  # what ended it before has been told
            stop = self._post(wire.Stop, ends="closed")
            orderly = isinstance(stop.future.result(self.patience).outcome, Ok)
            self._child.close_input()
            orderly = self._child.join(self.patience) and orderly
        self.kill()
        return orderly

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- requests ---

    def _post(self, make: Callable[[int], wire.AnyRequest], ends: str | None = None) -> Pending:
        """Make a request; with `ends` it is the last one, so that the program's end thereafter is no surprise."""
        with self._lock:
            request = make(self._last_id + 1)
            if self._fault is not None:
                raise self._fault
            if self._ended_by_us is not None:
                raise mis.Gone(self.name, wire.word(request))
            line = self._line(request)
            self._last_id += 1
            pending = self._pending[request.id] = Pending(request, time.monotonic_ns(), Future())
            self._ended_by_us = ends
        try:
            read = self._child.write(line, self.patience)
        except BrokenPipeError:
            self._child.join(self.patience)  # it may have died: then that is what to say
            self._fail(mis.Deaf(self.name, wire.word(request), None, self._child.last_words()))
        else:
            if not read:
                self._fail(mis.Deaf(self.name, wire.word(request), self.patience, self._child.last_words()))
        return pending

    def _line(self, request: wire.AnyRequest) -> bytes:
        try:
            return wire.line(request)
        except (msgspec.ValidationError, TypeError) as error:
            raise AdapterError(f"{self.name} cannot be asked for {wire.word(request)}: {error}") from error

    # --- answers, in the reading thread ---

    def _take(self, line: bytes) -> None:
        if self._fault is not None:
            return
        try:
            self._handle(line)
        except Exception as error:  # also the listener's: a thread has nobody else to tell
            self._fail(error)

    def _handle(self, line: bytes) -> None:
        if len(line) > LONGEST_LINE:
            raise mis.TooLong(self.name, line, LONGEST_LINE)
        match self._message(line):
            case wire.Complete() as answer:
                self._complete(answer, line)
            case wire.Observe(process, value, at):
                now = self._not_too_many(line)
                self._listen(self._in_time(at, 0, now, line), process, value)
            case wire.Fault(message):
                raise mis.Faulted(self.name, message)

    def _message(self, line: bytes) -> wire.AnyMessage:
        try:
            return wire.read_message(line)
        except msgspec.ValidationError as error:
            raise mis.Mismatch(self.name, line, str(error)) from error
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise mis.Garbage(self.name, line, str(error), self._child.last_words()) from error

    def _complete(self, answer: wire.Complete, line: bytes) -> None:
        now = time.monotonic_ns()
        with self._lock:
            pending = self._pending.pop(answer.id, None)
            asked = 0 < answer.id <= self._last_id
        if pending is None:
            raise (
                mis.AnsweredTwice(self.name, answer.id, line)
                if asked
                else mis.UnknownRequest(self.name, answer.id, line)
            )
        try:
            at = self._in_time(answer.time, pending.asked, now, line)
            outcome = self._typed(pending.request, answer, line)
        except mis.Misconduct as wrong:
            pending.future.set_exception(wrong)
            raise
        pending.future.set_result(Timed(outcome, at))

    def _typed(self, request: wire.AnyRequest, answer: wire.Complete, line: bytes) -> Outcome:
        try:
            return wire.typed(request, answer.outcome)
        except msgspec.ValidationError as error:
            raise mis.Mismatch(self.name, line, str(error), wire.word(request)) from error

    def _in_time(self, at: int | None, earliest: int, latest: int, line: bytes) -> int:
        if at is not None and not earliest <= at <= latest:
            raise mis.WrongTime(self.name, at, earliest, latest, line)
        return latest if at is None else at

    def _not_too_many(self, line: bytes) -> int:
        now = time.monotonic_ns()
        second = now // 1_000_000_000
        self._seen = self._seen + 1 if second == self._second else 1
        self._second = second
        if self._seen > OBSERVATIONS:
            raise mis.Flood(self.name, OBSERVATIONS, line)
        return now

    # --- the end ---

    def _end(self, status: int | None) -> None:
        """The program is gone: in the reading thread, when all that it wrote has been read."""
        if self._ended_by_us is None:
            self._fail(mis.Died(self.name, status, self._child.last_words()))
        for pending in self._take_pending():
            pending.future.set_result(
                Timed(Unknown("CLIENT_ENDED", f"{self.name} was {self._ended_by_us}"), time.monotonic_ns())
            )

    def _fail(self, error: Exception) -> Exception:
        """End it all for this reason, unless there was one before; returns the one that counts."""
        with self._lock:
            first = self._fault is None
            self._fault = self._fault or error
        if first:
            self._child.signal(signal.SIGKILL)
        for pending in self._take_pending():
            pending.future.set_exception(self._fault)
        return self._fault

    def _take_pending(self) -> list[Pending]:
        with self._lock:
            taken = list(self._pending.values())
            self._pending.clear()
        return taken
