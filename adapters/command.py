"""A program as an adapter: `cmd:./program args`, or a class in Python that is served in a process of its own.

`--settings adapter.timeout=MILLISECONDS` says how long it may take to answer (beyond what an operation allows
itself); the other settings go to the program.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from brokerlaw.adapters import wire
from brokerlaw.adapters.channel import PATIENCE, Channel
from brokerlaw.adapters.clock import Clock, MachineClock
from brokerlaw.adapters.contract import Adapter, AdapterError, Answer, Description, Misuse
from brokerlaw.spec.history.operation import Operation
from brokerlaw.spec.history.operations import AnyOperation
from brokerlaw.spec.history.outcomes import Ok
from brokerlaw.spec.history.values import snake_case

TIMEOUT: Final = "adapter.timeout"


class CommandAdapter(Adapter):
    """Starts `argv` and speaks JSON lines with it; every message is checked in both directions."""

    def __init__(self, name: str, argv: Sequence[str], settings: Mapping[str, str]) -> None:
        self._patience, rest = patience(settings)
        super().__init__(rest)
        self._name, self._argv = name, argv
        self._channel: Channel | None = None
        self._clock: Clock = MachineClock()
        self._description: Description | None = None

    def start(self) -> None:
        """Start the program, and have it connect."""
        self._channel = Channel(self._name, self._argv, lambda *seen: self._observer(*seen), patience=self._patience)
        try:
            self._description = self._channel.hello(self.settings)
        except AdapterError as error:
            if error.code == Misuse.HUNG.code:
                error.mend = f"if its broker takes long to start: --settings {TIMEOUT}=60000"
            raise
        self._clock = self._channel.clock

    def stop(self) -> None:
        """Have the program end what it started. Raises `AdapterError` when it had to be killed for that."""
        channel, self._channel = self._channel, None
        if channel is not None and channel.alive and not channel.close():
            raise channel.fault or Misuse.NOT_STOPPED.error(self._name, seconds=self._patience)
        if channel is not None:
            channel.kill()

    def describe(self) -> Description:
        """As the program answered to hello."""
        if self._description is None:
            raise AdapterError(f"{self._name} was asked to describe itself before it was started")
        return self._description

    def reset(self) -> None:
        """Between two cases."""
        self._must(wire.Reset)

    def now(self) -> int:
        """The machine's clock, or the program's simulated one."""
        return self._clock.now()

    def wait(self, milliseconds: int) -> None:
        """Time passes in the program, whose clock may be simulated."""
        self._must(lambda number: wire.Wait(number, milliseconds))

    def perform(self, op: Operation) -> Answer:
        """Ask the program; what is not awaited is answered when it is."""
        assert isinstance(op, AnyOperation)
        if getattr(op, "awaited", True):
            return self._open.perform(op)
        return self._open.invoke(op)

    def _must(self, make: Callable[[int], wire.AnyRequest]) -> None:
        outcome, _ = self._open.ask(make)
        if not isinstance(outcome, Ok):
            what = snake_case(type(make(0)).__name__)
            raise Misuse.CANNOT.error(self._name, request=what, reason=f"{outcome.error} {outcome.message}".rstrip())

    @property
    def _open(self) -> Channel:
        if self._channel is None:
            raise AdapterError(f"{self._name} is not running")
        return self._channel


def patience(settings: Mapping[str, str]) -> tuple[float, dict[str, str]]:
    """Seconds, and the settings that are not ours. Raises `AdapterError` on what is no positive number."""
    rest = dict(settings)
    text = rest.pop(TIMEOUT, str(int(PATIENCE * 1000)))
    if not (text.isascii() and text.isdecimal()) or int(text) == 0:
        raise AdapterError(f"{TIMEOUT}={text}: this is no positive number of milliseconds")
    return int(text) / 1000, rest
