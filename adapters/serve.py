"""Any adapter as a program that speaks the contract on its standard input and output.

    if __name__ == "__main__":
        serve(MyBroker)

Requests are performed one after another; what the adapter answers with a `Future` is completed when it is done. The
conversation has descriptors of its own: what libraries print goes to standard error, and standard input is empty.

`python -m brokerlaw.adapters.serve NAME TARGET` serves a class by where it is (see `loading`), under its name.
"""

import os
import sys
import traceback
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from io import TextIOWrapper
from threading import Lock
from typing import BinaryIO

import msgspec

from brokerlaw.adapters import wire
from brokerlaw.adapters.checked import Checked
from brokerlaw.adapters.contract import SIMULATED_TIME, Adapter, AdapterError, Misuse, Timed, result_of
from brokerlaw.adapters.errors import pictured, told
from brokerlaw.spec.history.observations import Assigned, Lost, Observation, Revoked
from brokerlaw.spec.history.outcomes import Ok, Outcome


def serve(make: Callable[[Mapping[str, str]], Adapter], name: str = "the adapter") -> None:
    """Speak until told to stop, or until the input ends. `make` gets the user's settings."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)  # so that last words are not lost
    Server(make, answers, name).run(requests)


class Server:
    """One conversation, seen from the program."""

    def __init__(self, make: Callable[[Mapping[str, str]], Adapter], answers: BinaryIO, name: str) -> None:
        self._make, self._name = make, name
        self._answers = answers
        self._writing = Lock()
        self._adapter: Checked | None = None

    def run(self, requests: BinaryIO) -> None:
        """Perform requests until there are no more."""
        try:
            for line in requests:
                request = wire.read_request(line)
                try:
                    self._perform(request)
                except KeyboardInterrupt as error:  # no user's: those do not reach this process
                    raise Misuse.RAISED.error(self._name, error=told(error), method=wire.word(request)) from error
                if isinstance(request, wire.Stop):
                    return
        except AdapterError as error:
            self._give_up(error)
        finally:
            self._end()

    def _perform(self, request: wire.AnyRequest) -> None:
        match request:
            case wire.Hello():
                self._complete(request, self._start(request))
            case wire.Invoke(value=op):
                answer = self._started.perform(op)
                if isinstance(answer, Future):
                    answer.add_done_callback(lambda future: self._complete_later(request, future))
                else:
                    self._complete(request, answer)
            case wire.Reset():
                self._started.reset()
                self._complete(request, Ok())
            case wire.Wait(milliseconds=milliseconds):
                self._started.wait(milliseconds)
                self._complete(request, Ok())
            case wire.Stop():
                at = self._now()
                self._end()
                self._write(wire.Complete(request.id, Ok(), at))

    def _start(self, hello: wire.Hello) -> Outcome:
        if hello.contract != wire.CONTRACT:
            raise AdapterError(f"contract {hello.contract} was asked for, and {wire.CONTRACT} is spoken here")
        adapter = self._adapter = Checked(self._name, self._make, hello.settings)
        adapter.listen(self._observe)
        adapter.start()
        description = adapter.describe()
        if adapter.simulated and SIMULATED_TIME not in description.claims:
            description = msgspec.structs.replace(description, claims=(*description.claims, SIMULATED_TIME))
        return Ok(description)

    def _end(self) -> None:
        adapter, self._adapter = self._adapter, None
        if adapter is not None:
            adapter.stop()

    @property
    def _started(self) -> Checked:
        if self._adapter is None:
            raise AdapterError("the first message must be hello")
        return self._adapter

    def _now(self) -> int | None:
        return None if self._adapter is None else self._adapter.now()

    def _observe(self, at: int, process: str, observation: Observation) -> None:
        assert isinstance(observation, Assigned | Revoked | Lost)  # as it was checked
        self._write(wire.Observe(process, observation, at))

    def _complete_later(self, request: wire.Invoke, future: "Future[Outcome] | Future[Timed]") -> None:
        """In whatever thread the outcome came: nobody there would hear of an error."""
        try:
            self._complete(request, result_of(future))
        except AdapterError as error:
            self._give_up(error)

    def _complete(self, request: wire.AnyRequest, answer: Outcome | Timed) -> None:
        outcome, at = answer if isinstance(answer, Timed) else (answer, self._now())
        self._write(wire.Complete(request.id, outcome, at))

    def _give_up(self, error: AdapterError) -> None:
        """Say so at once; what is to be cleared up comes after it, and may take a while."""
        if error.code in (Misuse.RAISED.code, Misuse.CANNOT_IMPORT.code) and error.__cause__ is not None:
            traceback.print_exception(_where_it_is_theirs(error.__cause__))
        self._write(wire.GaveUp(error.what, error.mend))

    def _write(self, message: wire.Message) -> None:
        try:
            line = wire.line(message)
        except Exception as error:  # whatever an author put into it
            line = wire.line(
                wire.GaveUp(f"{self._name} answered with what cannot be written ({error}): {pictured(message)}")
            )
        with self._writing:
            self._answers.write(line)
            self._answers.flush()


def _where_it_is_theirs(error: BaseException) -> BaseException:
    """The exception without the frames of ours that its traceback begins with."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None and _is_ours(trace.tb_frame.f_globals["__name__"]):
        trace = trace.tb_next
    return error.with_traceback(trace)


def _is_ours(module: str) -> bool:
    return module.partition(".")[0] in ("__main__", "brokerlaw", "importlib")


if __name__ == "__main__":
    from brokerlaw.adapters.loading import load

    serve(lambda settings: load(sys.argv[1], sys.argv[2])(settings), sys.argv[1])
