"""Any adapter as a program that speaks the contract on its standard input and output.

    if __name__ == "__main__":
        serve(MyBroker)

Requests are performed one after another; what the adapter answers with a `Future` is completed when it is done. What
libraries print goes to standard error, so that it cannot spoil the conversation.
"""

import os
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from threading import Lock
from typing import BinaryIO

import msgspec

from brokerlaw.adapters import wire
from brokerlaw.adapters.contract import Adapter, AdapterError, Timed
from brokerlaw.spec.history.observations import Assigned, Lost, Observation, Revoked
from brokerlaw.spec.history.outcomes import Ok, Outcome, Unknown


def serve(make: Callable[[Mapping[str, str]], Adapter]) -> None:
    """Speak until told to stop, or until the input ends. `make` gets the user's settings."""
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    Server(make, answers).run(requests)


class Server:
    """One conversation, seen from the program."""

    def __init__(self, make: Callable[[Mapping[str, str]], Adapter], answers: BinaryIO) -> None:
        self._make = make
        self._answers = answers
        self._writing = Lock()
        self._adapter: Adapter | None = None

    def run(self, requests: BinaryIO) -> None:
        """Perform requests until there are no more."""
        try:
            for line in requests:
                request = wire.read_request(line)
                self._perform(request)
                if isinstance(request, wire.Stop):
                    return
        except AdapterError as error:
            self._end()  # first, for whoever hears of a fault ends us
            self._write(wire.Fault(str(error)))
        finally:
            self._end()

    def _perform(self, request: wire.AnyRequest) -> None:
        match request:
            case wire.Hello():
                self._complete(request.id, self._start(request))
            case wire.Invoke(value=op):
                answer = self._started.perform(op)
                if isinstance(answer, Future):
                    answer.add_done_callback(lambda future: self._complete(request.id, _result(future)))
                else:
                    self._complete(request.id, answer)
            case wire.Reset():
                self._started.reset()
                self._complete(request.id, Ok())
            case wire.Wait(milliseconds=milliseconds):
                self._started.wait(milliseconds)
                self._complete(request.id, Ok())
            case wire.Stop():
                self._end()
                self._complete(request.id, Ok())

    def _start(self, hello: wire.Hello) -> Outcome:
        if hello.contract != wire.CONTRACT:
            raise AdapterError(f"contract {hello.contract} was asked for, and {wire.CONTRACT} is spoken here")
        self._adapter = self._make(hello.settings)
        self._adapter.listen(self._observe)
        self._adapter.start()
        return Ok(self._adapter.describe())

    def _end(self) -> None:
        adapter, self._adapter = self._adapter, None
        if adapter is not None:
            adapter.stop()

    @property
    def _started(self) -> Adapter:
        if self._adapter is None:
            raise AdapterError("the first message must be hello")
        return self._adapter

    def _observe(self, at: int, process: str, observation: Observation) -> None:
        assert isinstance(observation, Assigned | Revoked | Lost), f"{observation!r} is not for an adapter to see"
        self._write(wire.Observe(process, observation, self._shown(at)))

    def _complete(self, number: int, answer: Outcome | Timed) -> None:
        adapter = self._adapter
        if not isinstance(answer, Timed) and adapter is not None:
            answer = Timed(answer, adapter.now())
        outcome, at = answer if isinstance(answer, Timed) else (answer, None)
        self._write(wire.Complete(number, outcome, None if at is None else self._shown(at)))

    def _shown(self, at: int) -> int | None:
        """A time that means something to the other side: a simulated clock does not."""
        return at if self._adapter is not None and type(self._adapter).now is Adapter.now else None

    def _write(self, message: wire.Message) -> None:
        try:
            line = wire.line(message)
        except (msgspec.ValidationError, TypeError) as error:
            line = wire.line(wire.Fault(f"{message!r} is no message of the contract: {error}"))
        with self._writing:
            self._answers.write(line)
            self._answers.flush()


def _result(future: Future[Outcome] | Future[Timed]) -> Outcome | Timed:
    """What became of an operation in flight; an exception is nobody's knowledge."""
    error = future.exception()
    return Unknown(type(error).__name__, str(error)) if error else future.result()
