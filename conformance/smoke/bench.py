"""Where an adapter is tried out: operations asked with every answer looked at, and the checks that do so."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Final, NamedTuple, TypeAlias

import msgspec

from brokerlaw.adapters.contract import Adapter, Capability, Description, Timed
from brokerlaw.conformance.names import Names
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.observations import Assigned, Lost, Observation, Revoked
from brokerlaw.spec.history.operations import AnyOperation, name_of
from brokerlaw.spec.history.outcomes import UNSUPPORTED, Fail, Ok, Outcome, Unknown
from brokerlaw.spec.history.rows import typed
from brokerlaw.spec.history.values import PartitionOffset, Record, TopicPartition

LIMIT: Final = 20_000
"""Milliseconds of the adapter's clock for what takes a broker a while: a rebalance, a broker's return."""
TURNS: Final = 1_000
"""The same in turns, for a clock that stands still."""
AWAITED: Final = 30.0
"""Seconds to wait for an awaited operation that was answered with a Future."""


class Flaw(Exception):
    """A check failed: what was seen, and what the adapter's author should look at."""

    def __init__(self, reason: str, mend: str) -> None:
        super().__init__(reason)
        self.reason, self.mend = reason, mend


class Check(NamedTuple):
    """One thing that a sane adapter can do, with the capabilities that it needs."""

    needs: tuple[Capability, ...]
    name: str
    run: Callable[["Bench"], None]


CHECKS: Final[list[Check]] = []
"""All checks, in the order in which they are made."""
CheckFunction: TypeAlias = Callable[["Bench"], None]


def check(*needs: Capability) -> Callable[[CheckFunction], CheckFunction]:
    """Register a check; the first line of its docstring is its name."""

    def register(run: CheckFunction) -> CheckFunction:
        CHECKS.append(Check(needs, (run.__doc__ or run.__name__).partition("\n")[0].rstrip("."), run))
        return run

    return register


class Bench:
    """One check's view of the adapter: topics, groups and clients of its own."""

    def __init__(self, adapter: Adapter, description: Description, prefix: str) -> None:
        self.adapter, self.description = adapter, description
        self.holdings: dict[str, frozenset[TopicPartition]] = {}
        self._names = Names(prefix)
        self._stranger: Flaw | None = None
        self._opened: set[str] = set()
        adapter.listen(self._seen)

    # --- asking ---

    def ask(self, op: AnyOperation) -> Outcome:
        """The outcome of an operation, of the right type, at a time that can be."""
        answer, began = self._perform(op)
        if isinstance(answer, Future):
            try:
                answer = answer.result(AWAITED)
            except TimeoutError:
                mend = f"{name_of(op)} is awaited: complete its Future, with Unknown if the broker does not answer"
                raise Flaw(f"the Future of {name_of(op)} was not completed within {AWAITED:g} s", mend) from None
        return self._checked(op, answer, began)

    def ok(self, op: AnyOperation) -> Any:
        """The value of an operation that any working broker performs."""
        outcome = self.ask(op)
        if isinstance(outcome, Ok):
            return outcome.value
        said = f"{type(outcome).__name__.lower()} {outcome.error} {outcome.message}".rstrip()
        raise Flaw(f"{name_of(op)} was answered with {said}", "is the broker reachable, and is this how it is asked?")

    def later(self, op: AnyOperation) -> Callable[[], Outcome | None]:
        """Ask without waiting; the result tells the outcome, None as long as there is none."""
        answer, began = self._perform(op)
        if isinstance(answer, Future):
            return lambda: self._checked(op, answer.result(), began) if answer.done() else None
        outcome = self._checked(op, answer, began)
        return lambda: outcome

    def must(self, holds: bool, reason: str, mend: str) -> None:
        """Raise a `Flaw` unless it holds."""
        if not holds:
            raise Flaw(reason, mend)

    def eventually(self, holds: Callable[[], bool], reason: Callable[[], str], mend: str) -> None:
        """Try until it holds; a `Flaw` when it does not within `LIMIT`."""
        since = self.adapter.now()
        for _ in range(TURNS):
            if holds():
                return
            if self.adapter.now() - since > LIMIT * 1_000_000:
                break
        raise Flaw(f"{reason()} within {LIMIT // 1000} s", mend)

    # --- what many checks begin with ---

    def topic(self, partitions: int = 1, replication: int = 1, settings: dict[str, str] | None = None) -> str:
        """A new topic."""
        self.ok(ops.CreateTopic("topic", partitions, replication, settings or {}))
        return "topic"

    def producer(self, client: str = "producer", transactional_id: str | None = None, idempotent: bool = False) -> str:
        """An open producer."""
        self.ok(ops.OpenProducer(client, idempotent=idempotent, transactional_id=transactional_id))
        return client

    def reader(
        self, topic: str, offset: int = 0, client: str = "reader", isolation: ops.Isolation | None = None
    ) -> str:
        """An open consumer that reads partition 0 from an offset."""
        self.ok(ops.OpenConsumer(client, isolation=isolation or "read_uncommitted"))
        self.ok(ops.Assign(client, (PartitionOffset(topic, 0, offset),)))
        return client

    def send(self, topic: str, *values: bytes, client: str = "producer", key: bytes | None = None) -> None:
        """Awaited sends to partition 0; opens the producer if need be."""
        if client not in self._opened:
            self.producer(client)
        for value in values:
            self.ok(ops.Send(client, topic, value, key, 0))

    def read(self, client: str, count: int) -> list[Record]:
        """Poll until `count` records have come."""
        records: list[Record] = []

        def enough() -> bool:
            records.extend(self.ok(ops.Poll(client)))
            return len(records) >= count

        mend = "poll must return records of every assigned partition from its position on"
        self.eventually(enough, lambda: f"{len(records)} of {count} records came back", mend)
        return records

    def has(self, *capabilities: str) -> bool:
        """Whether these are claimed."""
        return self.description.has(*capabilities)

    # --- looking at answers ---

    def _perform(self, op: AnyOperation) -> tuple[Any, int]:
        if self._stranger is not None:
            raise self._stranger
        if isinstance(op, ops.OpenProducer | ops.OpenConsumer):
            self._opened.add(op.client)
        began = self.adapter.now()
        return self.adapter.perform(self._names.outward(op)), began

    def _checked(self, op: AnyOperation, answer: Any, began: int) -> Outcome:
        ended, word = self.adapter.now(), name_of(op)
        self.must(ended >= began, f"now() went back by {began - ended} ns during {word}", "use a monotonic clock")
        outcome, at = answer if isinstance(answer, Timed) else (answer, ended)
        if not isinstance(outcome, Ok | Fail | Unknown):
            raise Flaw(f"{word} returned {outcome!r:.100}", "return Ok(value), Fail(error) or Unknown(error)")
        mend = "times are in ns, in the clock of now()"
        self.must(began <= at <= ended, f"{word} was known at {at}, which is not between {began} and {ended}", mend)
        if isinstance(outcome, Fail) and outcome.error == UNSUPPORTED:
            raise Flaw(f"{word} is UNSUPPORTED: {outcome.message}", f"write {word}, or do not claim what needs it")
        try:
            outcome = typed(op, outcome)
        except msgspec.ValidationError as error:
            raise Flaw(f"{word} was answered with a wrong value: {error}", f"it returns {op.returns}") from error
        return Ok(self._names.inward(outcome.value)) if isinstance(outcome, Ok) else outcome

    def _seen(self, _at: int, process: str, observation: Observation) -> None:
        told = self._names.inward(observation)
        held = self.holdings.get(process, frozenset())
        if process not in self._opened:
            self._stranger = Flaw(f"{process!r} observed {told!r:.100}", "the process is the client's name, as opened")
        match told:
            case Assigned():
                self.holdings[process] = held | set(told.partitions)
            case Revoked() | Lost():
                self.holdings[process] = held - set(told.partitions)
            case _:
                mend = "an adapter observes Assigned, Revoked and Lost"
                self._stranger = Flaw(f"{told!r:.100} was observed, which only the suite can see", mend)
