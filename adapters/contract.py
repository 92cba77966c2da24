"""The contract between the suite and a broker.

An adapter is a class with `describe` and one method for each operation it has, named as the operation is and taking
it whole:

    class MyBroker(Adapter):
        def describe(self) -> Description: ...
        def create_topic(self, op: CreateTopic) -> Outcome: ...
        def send(self, op: Send) -> Outcome | Future[Outcome]: ...

A method answers with `Ok`, `Fail` (certainly had no effect) or `Unknown`; what is still in flight it answers with a
`Future`. An exception is `Unknown`, since nobody can tell what had happened by then. A method that is missing answers
`Fail("UNSUPPORTED")`, which is a fault of the adapter where `describe` claimed the capability. Rebalances
are told through `observe`, from any thread.

An outcome counts as known when the suite receives it. An adapter that knew it earlier (another process did, and its
answer took a while) may say when: `Timed(outcome, at)`, at once or in a `Future`. The earlier an operation is
known to be over, the more it can be held against the broker; a time before the operation began, or after its
answer came, is a fault of the adapter.
"""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from types import TracebackType
from typing import Literal, NamedTuple, Self, TypeAlias, get_args

from brokerlaw.spec.history.observations import Observation
from brokerlaw.spec.history.operations import Operation, name_of
from brokerlaw.spec.history.outcomes import UNSUPPORTED, Fail, Ok, Outcome, Unknown
from brokerlaw.spec.history.values import Struct

__all__ = ["Adapter", "AdapterError", "Capability", "Description", "Fail", "Ok", "Outcome", "Timed", "Unknown"]

Capability: TypeAlias = Literal[
    "topics",  # create, delete, produce, assign, poll, seek, list offsets; bound: partitions of a topic
    "replication",  # topics with replicas on several brokers; bound: the largest replication factor
    "delete-records",
    "timestamps",  # list offsets by timestamp
    "idempotence",  # idempotent producers
    "groups",  # subscribe, rebalance, commit, committed; bound: members of a group
    "groups.cooperative",
    "groups.next",  # KIP-848
    "groups.static",  # static membership, KIP-345
    "groups.admin",  # describe group, reset offsets, fetch committed
    "auto-commit",
    "transactions",
    "min-isr",  # topics with min.insync.replicas
    "clients.crash",
    "clients.freeze",
    "faults.kill",  # kill and restart brokers
    "faults.pause",
    "faults.isolate",
    "faults.elect",
    "faults.clock",
    "inspect.partition",
    "inspect.replica",
    "queues",  # publish, receive, ack, nack, extend
]
CAPABILITIES: tuple[Capability, ...] = get_args(Capability)


class Description(Struct, frozen=True):
    """What the broker is and what it can do. `capabilities` maps each one it has to its bound, or to None.

    `brokers` are the ids that faults may name. `claims` are documented behaviours beyond the capabilities: `murmur2`
    says that the default partitioner is murmur2 over the key, `fresh` that `reset` leaves an empty broker.
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


class AdapterError(Exception):
    """The adapter, not the broker, is at fault; the message names what is wrong and the mend."""


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
            return Unknown(type(error).__name__, str(error))
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
