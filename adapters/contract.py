"""The contract between the suite and a broker.

An adapter is a class with `describe` and one method for each operation it has, named as the operation is and taking
it whole:

    class MyBroker(Adapter):
        def describe(self) -> Description: ...
        def create_topic(self, op: CreateTopic) -> Outcome: ...
        def send(self, op: Send) -> Outcome | Future[Outcome]: ...

A method answers with `Ok`, `Fail` (certainly had no effect) or `Unknown`; what is still in flight it answers with a
`Future`. An `Exception` is `Unknown`, since nobody can tell what had happened by then. A method that is missing answers
`Fail("UNSUPPORTED")`, which is a fault of the adapter where `describe` claimed the capability. Rebalances
are told through `observe`, from any thread. Anything else is a misuse of the contract: an `AdapterError`, which ends
the run and says nothing about the broker.

An outcome counts as known when the suite receives it. An adapter that knew it earlier (another process did, and its
answer took a while) may say when: `Timed(outcome, at)`, at once or in a `Future`. The earlier an operation is
known to be over, the more it can be held against the broker; a time before the operation began, or after its
answer came, is a fault of the adapter.
"""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError, Future
from types import TracebackType
from typing import Any, NamedTuple, Self, TypeAlias

import msgspec

from brokerlaw.adapters.errors import AdapterError, Misuse, pictured, text_of
from brokerlaw.spec.history.capabilities import CAPABILITIES, Capability
from brokerlaw.spec.history.observations import Observation
from brokerlaw.spec.history.operation import Operation, Repair
from brokerlaw.spec.history.operations import faults_undone_by, name_of
from brokerlaw.spec.history.outcomes import UNSUPPORTED, Fail, Ok, Outcome, Unknown
from brokerlaw.spec.history.rows import typed
from brokerlaw.spec.history.values import Struct
from brokerlaw.spec.text import did_you_mean, shown

__all__ = [
    "CAPABILITIES",
    "Adapter",
    "AdapterError",
    "Capability",
    "Description",
    "Fail",
    "Misuse",
    "Ok",
    "Outcome",
    "Timed",
    "Unknown",
]

SIMULATED_TIME = "simulated-time"
"""The claim of a program whose times are not the machine's."""


class Description(Struct, frozen=True):
    """What the broker is and what it can do. `capabilities` maps each one it has to its bound, or to None.

    `brokers` are the ids of all that there are, as faults name them. `claims` are documented behaviours beyond the
    capabilities: `murmur2` says that the default partitioner is murmur2 over the key, `fresh` that `reset` leaves an
    empty broker, `simulated-time` that `now` is no clock of the machine's.
    """

    name: str
    version: str
    capabilities: dict[Capability, int | None]
    brokers: tuple[int, ...] = (0,)
    claims: tuple[str, ...] = ()
    settings: dict[str, str] = {}

    def has(self, *capabilities: str) -> bool:
        """Whether all of these are claimed."""
        return all(capability in self.capabilities for capability in capabilities)

    def lacks(self, *capabilities: Capability) -> tuple[Capability, ...]:
        """Those of them that are not claimed."""
        return tuple(capability for capability in capabilities if not self.has(capability))

    def lacks_fault(self, repair: Repair) -> tuple[str, ...]:
        """What would have to be claimed, where none of the faults is that the repair undoes."""
        faults = [kind.needs for kind in faults_undone_by(type(repair))]
        return () if any(self.has(*needs) for needs in faults) else (" or ".join(map(" and ".join, faults)),)


class Timed(NamedTuple):
    """An outcome, and when it was known: ns in the clock of `now`."""

    outcome: Outcome
    at: int


Answer: TypeAlias = Outcome | Timed | Future[Outcome] | Future[Timed]
Observer: TypeAlias = Callable[[int, str, Observation], None]
"""Takes the time (ns, in the clock of `now`), the client that saw it, and what it saw."""


class Adapter:
    """What the suite talks to. `settings` are the user's `--settings KEY=VALUE`, all text."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        self.settings = dict(settings)
        self._observer: Observer = lambda _at, _process, _observation: None

    def start(self) -> None:
        """Connect, or start the broker. Raises `AdapterError` when that cannot be done."""

    def stop(self) -> None:
        """End everything that was started, and leave nothing behind. Called once, also after a failed start."""

    def describe(self) -> Description:
        """Name, version and capabilities; called after `start`."""
        raise AdapterError(f"{type(self).__name__} does not define describe()")

    def reset(self) -> None:
        """Between two cases: end clients left open, heal every fault. Topics and groups may stay."""

    def now(self) -> int:
        """The adapter's clock, in ns: strictly increasing where the broker's time is simulated."""
        return time.monotonic_ns()

    def wait(self, milliseconds: int) -> None:
        """Let time pass between two operations, in the adapter's clock."""
        time.sleep(milliseconds / 1000)

    def listen(self, observer: Observer) -> None:
        """Send observations to `observer` from now on."""
        self._observer = observer

    def observe(self, process: str, observation: Observation, at: int | None = None) -> None:
        """Tell the history what a client saw; for adapters to call. `at` is in the clock of `now`."""
        self._observer(self.now() if at is None else at, process, observation)

    def perform(self, op: Operation) -> Answer:
        """Dispatch to the method that has the operation's name."""
        method = getattr(self, name_of(op), None)
        if method is None:
            return Fail(UNSUPPORTED, f"{type(self).__name__} has no {name_of(op)}")
        try:
            answer: Answer = method(op)
        except AdapterError:
            raise
        except Exception as error:
            return exceptional(error)
        return answer

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def exceptional(error: BaseException) -> Unknown:
    """What is known of an operation that raised."""
    return Unknown(type(error).__name__, shown(text_of(error)))


def described(name: str, told: object) -> Description:
    """The description that was told, as a `Description` or as what JSON makes of one. Raises `AdapterError`."""
    try:
        plain = msgspec.to_builtins(told, builtin_types=(bytes,))
        if reason := _no_capability(plain):
            raise Misuse.DESCRIPTION.error(name, reason=reason)
        description = msgspec.convert(plain, Description, builtin_types=(bytes,))
    except (msgspec.ValidationError, TypeError) as error:
        raise Misuse.DESCRIPTION.error(name, reason=error) from error
    if reason := _wrong(description):
        raise Misuse.DESCRIPTION.error(name, reason=reason)
    return description


def _no_capability(told: object) -> str:
    claimed = told.get("capabilities") if isinstance(told, dict) else None
    for name in claimed if isinstance(claimed, dict) else ():
        if name not in CAPABILITIES:
            mend = did_you_mean(str(name), CAPABILITIES, f"there are {', '.join(CAPABILITIES)}")
            return f"{name!r} is no capability; {mend}"
    return ""


def _wrong(it: Description) -> str:
    """What is wrong with it, if anything is. Its texts are shown on terminals and in reports."""
    for word, text in {"name": it.name, "version": it.version}.items():
        if not text.strip() or text != shown(text):
            return f"the {word} is {shown(text)!r}, and must be one line of printable text"
    settings = (*it.settings.keys(), *it.settings.values())
    if wrong := [text for text in (*it.claims, *settings) if text != shown(text)]:
        return f"{shown(wrong[0])} is not printable"
    for capability, bound in it.capabilities.items():
        if bound is not None and bound < 1:
            return f"{capability} has the bound {bound}; do not claim what the broker does not have"
    if not it.capabilities:
        return "no capability is claimed, and nothing else can be judged"
    if len(set(it.brokers)) < len(it.brokers):
        return f"a broker's id is there twice: {it.brokers}"
    faults = [each for each in it.capabilities if each.startswith("faults.") and each != "faults.clock"]
    if faults and not it.brokers:
        return f"{faults[0]} is claimed, and brokers names nobody whom it could befall"
    return ""


def answered(name: str, op: Operation, outcome: object, deep: bool = False) -> Outcome:
    """The outcome of an operation, if it is one that the operation can have. Raises `AdapterError`.

    With `deep`, what is inside of a struct is looked at too, which its class does not do.
    """
    if not isinstance(outcome, Ok | Fail | Unknown):
        wanted = "return Ok(value), Fail(error) or Unknown(error)"
        raise Misuse.RETURNED.error(name, value=pictured(outcome), method=name_of(op), wanted=wanted)
    if isinstance(outcome, Ok):
        try:
            return Ok(to_the_depth(outcome.value, op.returns)) if deep else typed(op, outcome)
        except (msgspec.ValidationError, TypeError) as error:
            wanted = getattr(op.returns, "__name__", str(op.returns))
            raise Misuse.WRONG_VALUE.error(
                name, quote=pictured(outcome.value), operation=name_of(op), reason=error, returns=wanted
            ) from error
    if not isinstance(outcome.error, str) or not isinstance(outcome.message, str):
        raise Misuse.WRONG_VALUE.error(name, operation=name_of(op), reason=pictured(outcome), returns="text for error")
    return outcome


def unsupported(description: Description, op: Operation, message: str) -> AdapterError:
    """Whose fault it is that an operation was refused as UNSUPPORTED: claimed, or asked for without a claim."""
    missing = ", ".join(description.lacks_fault(op) if isinstance(op, Repair) else description.lacks(*op.needs))
    if missing:
        return Misuse.NOT_CLAIMED.error(description.name, operation=name_of(op), missing=missing)
    return Misuse.UNSUPPORTED.error(description.name, operation=name_of(op), message=message)


def to_the_depth(value: object, kind: Any) -> Any:
    """The value as one of this type. Raises `msgspec.ValidationError`, or TypeError for what no message can hold."""
    return msgspec.convert(msgspec.to_builtins(value, builtin_types=(bytes,)), kind, builtin_types=(bytes,))


def result_of(future: "Future[Outcome] | Future[Timed]") -> Outcome | Timed:
    """What became of an operation in flight; an exception is nobody's knowledge."""
    try:
        error = future.exception()
    except CancelledError as cancelled:
        error = cancelled
    if isinstance(error, AdapterError):
        raise error
    return exceptional(error) if error is not None else future.result()
