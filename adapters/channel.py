"""A conversation with a program that speaks the contract: requests out, answers and observations in, all of it checked.

    with Channel("mine", ["node", "mine.mjs"], listen) as channel:
        description = channel.hello({"bootstrap": "localhost:9092"})
        outcome, at = channel.perform(Send("p", "orders", b"hello"))
        later = channel.invoke(Send("p", "orders", b"again", awaited=False))  # a Future[Timed]

The first misuse of the contract ends the program and the conversation: what is in flight raises it, and so does
whatever is asked thereafter. A program that we ended ourselves leaves what was in flight `Unknown`.
"""

import contextlib
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple, Self

import msgspec

from brokerlaw.adapters import wire
from brokerlaw.adapters.child import Child
from brokerlaw.adapters.clock import Clock, MachineClock, ProgramClock, WrongTime
from brokerlaw.adapters.contract import SIMULATED_TIME, Description, Observer, Timed, described
from brokerlaw.adapters.errors import AdapterError, Misuse
from brokerlaw.spec.history.operations import AnyOperation
from brokerlaw.spec.history.outcomes import Ok, Outcome, Unknown
from brokerlaw.spec.text import quoted

QUOTED = 1 << 10
"""The most bytes of an unfinished line that are looked at."""
PATIENCE = 30.0
"""Seconds that a request may take beyond what it allows itself; also for reading one, and for ending."""
GRACE = 2.0
"""Seconds for a program that gave up, or was interrupted at work, to clear up."""
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
    """Starts `argv` (no shell) as `name`, or raises `AdapterError`. `listen` is called by the reading thread."""

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
        self.clock: Clock = MachineClock()
        self._lock = Lock()
        self._last_id = 0
        self._pending: dict[int, Pending] = {}
        self._fault: Exception | None = None
        self._ended_by_us: str | None = None
        self._gave_up = False
        self._second, self._seen = 0, 0
        try:
            self._child = Child(argv, self._take, self._end, limit=LONGEST_LINE, environment=environment, folder=folder)
        except OSError as error:
            raise Misuse.CANNOT_START.error(name, reason=error.strerror) from error
        self._child.listen()

    # --- asking ---

    def hello(self, settings: Mapping[str, str]) -> Description:
        """Introduce ourselves; the program connects or starts its broker, and says what it is."""
        outcome, _ = self.ask(lambda number: wire.Hello(number, wire.CONTRACT, dict(settings)))
        if not isinstance(outcome, Ok):
            message = f"{outcome.error} {outcome.message}".strip()
            raise self._fail(Misuse.GAVE_UP.error(self.name, message=message, stderr=self._child.last_words()))
        try:
            description = described(self.name, outcome.value)
        except AdapterError as error:
            raise self._fail(error) from None
        if SIMULATED_TIME in description.claims:
            self.clock = ProgramClock()
        return description

    def perform(self, op: AnyOperation) -> Timed:
        """Perform an operation, and wait for its outcome."""
        return self.ask(lambda number: wire.Invoke(number, op))

    def invoke(self, op: AnyOperation) -> Future[Timed]:
        """Ask for an operation; its outcome comes when it comes."""
        return self._post(lambda number: wire.Invoke(number, op)).future

    def ask(self, make: Callable[[int], wire.AnyRequest]) -> Timed:
        """Make a request with the id that it is given, and wait for its answer. Raises `AdapterError`."""
        request, _, future = self._post(make)
        limit = self.patience + wire.allowance(request)
        try:
            return future.result(limit)
        except TimeoutError:
            raise self._fail(self._hung(request, limit)) from None

    def _hung(self, request: wire.AnyRequest, limit: float) -> AdapterError:
        if self._child.exited():  # and a child of its own keeps its output open
            self._child.signal(signal.SIGKILL)
            self._child.join(self.patience)
        partial = bytes(self._child.partial[:QUOTED])
        kind, quote = (Misuse.HALF_A_LINE, quoted(partial)) if partial else (Misuse.HUNG, "")
        words = self._child.last_words()
        return kind.error(self.name, quote=quote, stderr=words, request=wire.word(request), seconds=limit)

    # --- life and death ---

    @property
    def pid(self) -> int:
        """The program's process."""
        return self._child.pid

    @property
    def alive(self) -> bool:
        """Whether more can be asked."""
        return self._fault is None and self._ended_by_us is None

    @property
    def fault(self) -> Exception | None:
        """What ended the conversation, if it was not us."""
        return self._fault

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
        if self._gave_up:
            self._child.close_input()
            self._child.join(GRACE)
        self._child.signal(signal.SIGKILL)
        self._child.join(self.patience)

    def close(self) -> bool:
        """End the program in good order within the patience; by force, and False, if it does not. Does not raise.

        One that is at work, as the user interrupts it, has no more than `GRACE`.
        """
        orderly, limit = False, min(self.patience, GRACE) if self._waiting() else self.patience
        with contextlib.suppress(Exception):  # what ended it before has been told
            stop = self._post(wire.Stop, ends="closed")
            orderly = isinstance(stop.future.result(limit).outcome, Ok)
            self._child.close_input()
            orderly = self._child.join(limit) and orderly
        if not orderly:
            self._ended_by_us = "killed"
        self.kill()
        return orderly

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- requests ---

    def _waiting(self) -> wire.AnyRequest | None:
        """What is in flight and was waited for."""
        with self._lock:
            return next((each.request for each in self._pending.values() if wire.awaited(each.request)), None)

    def _post(self, make: Callable[[int], wire.AnyRequest], ends: str | None = None) -> Pending:
        """Make a request; with `ends` it is the last one, so that the program's end thereafter is no surprise."""
        with self._lock:
            request = make(self._last_id + 1)
            if self._fault is not None:
                raise self._fault
            if self._ended_by_us is not None:
                raise Misuse.ENDED.error(self.name, request=wire.word(request))
            line = self._line(request)
            self._last_id += 1
            pending = self._pending[request.id] = Pending(request, self.clock.now(), Future())
            self._ended_by_us = ends
        try:
            read = self._child.write(line, self.patience)
        except BrokenPipeError:
            self._child.join(self.patience)  # it may have died: then that is what to say
            self._fail(self._unread(Misuse.INPUT_CLOSED, request))
        else:
            if not read:
                self._fail(self._unread(Misuse.DEAF, request))
        return pending

    def _unread(self, kind: Misuse, request: wire.AnyRequest) -> AdapterError:
        words = self._child.last_words()
        return kind.error(self.name, stderr=words, request=wire.word(request), seconds=self.patience)

    def _line(self, request: wire.AnyRequest) -> bytes:
        try:
            return wire.line(request)
        except (msgspec.ValidationError, TypeError) as error:
            raise Misuse.CANNOT_BE_ASKED.error(self.name, request=wire.word(request), reason=error) from error

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
            raise self._wrong(Misuse.LINE_TOO_LONG, line, limit=LONGEST_LINE)
        match self._message(line):
            case wire.Complete() as answer:
                self._complete(answer, line)
            case wire.Observe(process, value, at):
                self._not_too_many(line)
                self._listen(self._known(at, 0, line), process, value)
            case wire.GaveUp(message, mend):
                self._gave_up = True
                words = self._child.last_words()
                if message.startswith(self.name):  # a class in Python, in a process of its own
                    raise AdapterError(message, mend, stderr=words)
                raise AdapterError(f"{self.name} gave up: {message}", mend, stderr=words)

    def _wrong(self, kind: Misuse, line: bytes, stderr: str = "", **facts: Any) -> AdapterError:
        return kind.error(self.name, quote=quoted(line), stderr=stderr, **facts)

    def _message(self, line: bytes) -> wire.AnyMessage:
        try:
            return wire.read_message(line)
        except msgspec.ValidationError as error:
            raise self._wrong(Misuse.NOT_ALLOWED, line, reason=error, context="") from error
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise self._wrong(Misuse.NOT_JSON, line, self._child.last_words(), reason=error) from error

    def _complete(self, answer: wire.Complete, line: bytes) -> None:
        with self._lock:
            pending = self._pending.pop(answer.id, None)
            asked = 0 < answer.id <= self._last_id
        if pending is None:
            raise self._wrong(Misuse.ANSWERED_TWICE if asked else Misuse.NEVER_ASKED, line, number=answer.id)
        try:
            at = self._answered_at(pending, answer, line)
            outcome = self._typed(pending.request, answer, line)
        except AdapterError as wrong:
            pending.future.set_exception(wrong)
            raise
        pending.future.set_result(Timed(outcome, at))

    def _answered_at(self, pending: Pending, answer: wire.Complete, line: bytes) -> int:
        """Whose time it is, the machine's or one of its own, a program says in its answer to hello."""
        if isinstance(pending.request, wire.Hello):
            return self.clock.now()
        if isinstance(pending.request, wire.Reset) and answer.time is not None:
            self.clock.restart(answer.time)
        return self._known(answer.time, pending.asked, line)

    def _typed(self, request: wire.AnyRequest, answer: wire.Complete, line: bytes) -> Outcome:
        if isinstance(request, wire.Hello):
            return answer.outcome  # what a description may be is more than a matter of types
        try:
            return wire.typed(request, answer.outcome)
        except msgspec.ValidationError as error:
            context = f" as the answer to {wire.word(request)}"
            raise self._wrong(Misuse.NOT_ALLOWED, line, reason=error, context=context) from error

    def _known(self, at: int | None, earliest: int, line: bytes) -> int:
        try:
            return self.clock.known(at, earliest)
        except WrongTime as error:
            kind = Misuse.NO_TIME if error.where is None else Misuse.WRONG_TIME
            raise self._wrong(kind, line, time=at, where=error.where) from error

    def _not_too_many(self, line: bytes) -> None:
        second = time.monotonic_ns() // 1_000_000_000
        self._seen = self._seen + 1 if second == self._second else 1
        self._second = second
        if self._seen > OBSERVATIONS:
            raise self._wrong(Misuse.TOO_MANY_OBSERVATIONS, line, limit=OBSERVATIONS)

    # --- the end ---

    def _end(self, status: int | None) -> None:
        """The program is gone: in the reading thread, when all that it wrote has been read."""
        if self._ended_by_us != "killed" and (waiting := self._waiting()) is not None:
            self._fail(self._died(status, waiting))
        elif self._ended_by_us is None:
            self._fail(self._died(status, None))
        unknown = Unknown("CLIENT_ENDED", f"{self.name} was {self._ended_by_us}")
        for pending in self._take_pending():
            pending.future.set_result(Timed(unknown, self.clock.now()))

    def _died(self, status: int | None, waiting: wire.AnyRequest | None) -> AdapterError:
        kind = Misuse.DIED_STOPPING if isinstance(waiting, wire.Stop) else Misuse.DIED
        during = f" during {wire.word(waiting)}," if waiting else ""
        return kind.error(self.name, ending=_ending(status), during=during, stderr=self._child.last_words())

    def _fail(self, error: Exception) -> Exception:
        """End it all for this reason, unless there was one before; returns the one that counts."""
        with self._lock:
            first = self._fault is None
            self._fault = self._fault or error
        if first and not self._gave_up:
            self._child.signal(signal.SIGKILL)
        for pending in self._take_pending():
            pending.future.set_exception(self._fault)
        return self._fault

    def _take_pending(self) -> list[Pending]:
        with self._lock:
            taken = list(self._pending.values())
            self._pending.clear()
        return taken


def _ending(status: int | None) -> str:
    if status is None:
        return "closed its standard output"
    if status < 0:
        known = {number.value: number.name for number in signal.Signals}
        return f"was killed by {known.get(-status, f'signal {-status}')}"
    return f"exited with code {status}"
