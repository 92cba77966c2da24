"""An adapter in Python, held to the contract: whatever it raises or answers wrongly is told as its own fault.

It wraps an adapter in the process where it runs, which is the suite's own or one for the adapter alone (`serve`). What
an operation raises as an `Exception` is `Unknown`, as the contract has it.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError, Future
from typing import Any, Final, TypeVar

import msgspec

from brokerlaw.adapters.contract import (
    Adapter,
    AdapterError,
    Answer,
    Description,
    Misuse,
    Observer,
    Timed,
    answered,
    described,
    exceptional,
    result_of,
    to_the_depth,
)
from brokerlaw.adapters.errors import pictured, told
from brokerlaw.spec.history.observations import Assigned, Lost, Observation, Revoked
from brokerlaw.spec.history.operation import Operation
from brokerlaw.spec.history.operations import name_of

T = TypeVar("T")
AWAITED: Final = 30.0
"""Seconds for the `Future` of an operation that is awaited."""


class Checked(Adapter):
    """The adapter that `make` makes, by its name. Raises `AdapterError` only.

    `deep`: the insides of what it answers are looked at too, which takes longer and is not needed for our own.
    """

    def __init__(
        self,
        name: str,
        make: Callable[[Mapping[str, str]], Adapter],
        settings: Mapping[str, str],
        patience: float = AWAITED,
        *,
        deep: bool = True,
    ) -> None:
        super().__init__(settings)
        self.name, self._patience, self._deep = name, patience, deep
        self._fault: AdapterError | None = None
        self._adapter = self._call("__init__()", lambda: make(settings))
        self.simulated = type(self._adapter).now is not Adapter.now

    def start(self) -> None:
        """Connect, or start the broker."""
        self._call("start()", self._adapter.start)

    def stop(self) -> None:
        """End everything that was started."""
        self._call("stop()", self._adapter.stop)

    def describe(self) -> Description:
        """As it describes itself, if that is a description."""
        description = self._call("describe()", self._adapter.describe)
        if not isinstance(description, Description):
            raise self._returned(description, "describe()", "return a Description")
        return described(self.name, description)

    def reset(self) -> None:
        """Between two cases."""
        self._call("reset()", self._adapter.reset)

    def now(self) -> int:
        """Its clock."""
        at = self._call("now()", self._adapter.now)
        if type(at) is not int:
            raise self._returned(at, "now()", "return ns, as an int")
        return at

    def wait(self, milliseconds: int) -> None:
        """Let its time pass."""
        self._call("wait()", lambda: self._adapter.wait(milliseconds))

    def listen(self, observer: Observer) -> None:
        """Send observations on; what is none is told when the adapter is next asked for something."""

        def observe(at: int, process: str, observation: Observation) -> None:
            if not (
                isinstance(observation, Assigned | Revoked | Lost) and isinstance(process, str) and type(at) is int
            ):
                self._fault = Misuse.NOT_ITS_TO_SEE.error(
                    self.name, observation=pictured(observation), process=pictured(process)
                )
                raise self._fault
            if self._deep:
                observation = self._to_the_depth(observation)
            observer(at, process, observation)

        self._call("listen()", lambda: self._adapter.listen(observe))

    def perform(self, op: Operation) -> Answer:
        """Its outcome; that of an operation that is awaited is waited for."""
        try:
            answer: Any = self._adapter.perform(op)
        except (AdapterError, KeyboardInterrupt):
            raise
        except Exception as error:  # of a perform of its own
            answer = exceptional(error)
        except BaseException as error:
            raise self._raised(error, name_of(op)) from error
        if self._fault is not None:
            raise self._fault
        if isinstance(answer, Future):
            if not getattr(op, "awaited", True):
                return answer
            answer = self._awaited(op, answer)
        if isinstance(answer, Timed):
            if type(answer.at) is not int:
                raise self._returned(answer, name_of(op), "the time is in ns, as an int")
            return Timed(answered(self.name, op, answer.outcome, self._deep), answer.at)
        return answered(self.name, op, answer, self._deep)

    def _to_the_depth(self, observation: Observation) -> Any:
        try:
            return to_the_depth(observation, type(observation))
        except (msgspec.ValidationError, TypeError) as error:
            self._fault = Misuse.WRONG_OBSERVATION.error(self.name, quote=pictured(observation), reason=error)
            raise self._fault from error

    def _awaited(self, op: Operation, future: "Future[Any]") -> Any:
        try:
            future.exception(self._patience)
        except CancelledError:
            pass
        except TimeoutError:
            raise Misuse.HUNG.error(
                self.name, request=f"the Future of {name_of(op)}, which is awaited,", seconds=self._patience
            ) from None
        return result_of(future)

    def _call(self, method: str, call: Callable[[], T]) -> T:
        if self._fault is not None:
            raise self._fault
        try:
            return call()
        except (AdapterError, KeyboardInterrupt):
            raise
        except BaseException as error:
            raise self._raised(error, method) from error

    def _raised(self, error: BaseException, method: str) -> AdapterError:
        return Misuse.RAISED.error(self.name, error=told(error), method=method)

    def _returned(self, value: object, method: str, wanted: str) -> AdapterError:
        return Misuse.RETURNED.error(self.name, value=pictured(value), method=method, wanted=wanted)
