"""Where an adapter is tried out: operations asked with every answer looked at, and the checks that do so.

A check can end in two ways that are not well. A *misuse* of the contract is the adapter's, whatever its broker does:
`AdapterError`. A `Doubt` may be either's: what was seen is not what a broker should show, and the adapter may show
it wrongly. What a lawful broker may do now and then (a retry's duplicate, a refusal, a rebalance more, an answer that
comes late) is neither: checks wait for it to pass, and are tried again.
"""

import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Final, NamedTuple, TypeAlias

from brokerlaw.adapters.contract import (
    Adapter,
    AdapterError,
    Capability,
    Description,
    Misuse,
    Timed,
    answered,
    result_of,
    unsupported,
)
from brokerlaw.conformance.names import Names
from brokerlaw.conformance.timeouts import Timeouts
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.observations import Assigned, Lost, Observation, Revoked
from brokerlaw.spec.history.operation import Opening, Operation
from brokerlaw.spec.history.operations import name_of
from brokerlaw.spec.history.outcomes import UNSUPPORTED, Fail, Ok, Outcome, Unknown
from brokerlaw.spec.history.values import PartitionOffset, Placed, Record, TopicPartition
from brokerlaw.spec.text import shown

PATIENCE: Final = 30_000
"""Milliseconds of the adapter's clock for what takes a broker a while: a rebalance, a broker's return."""
REAL_PATIENCE: Final = 60.0
"""The same in seconds of ours, for a clock that hardly moves."""
TURNS: Final = 1_000
"""The same in turns, for a clock that stands still."""
AWAITED: Final = 30.0
"""Seconds to wait for an awaited operation that was answered with a Future."""
ASKED: Final = 3
"""How often an operation is asked for that the broker may have refused for a reason that passes."""
SHOWN: Final = 100
"""Characters of a value that a doubt shows."""


class Doubt(Exception):
    """A check failed, and it may be the broker: what was seen, and where to look if it is the adapter."""

    def __init__(self, reason: str, mend: str) -> None:
        super().__init__(reason)
        self.reason, self.mend = reason, mend


class Check(NamedTuple):
    """One thing that a sane adapter can do. `at_start`: it takes a moment, and `check` begins with it."""

    needs: tuple[Capability, ...]
    name: str
    run: Callable[["Bench"], None]
    at_start: bool


CHECKS: Final[list[Check]] = []
"""All checks, in the order in which they are made."""
CheckFunction: TypeAlias = Callable[["Bench"], None]


def check(*needs: Capability, at_start: bool = False) -> Callable[[CheckFunction], CheckFunction]:
    """Register a check; the first line of its docstring is its name."""

    def register(run: CheckFunction) -> CheckFunction:
        name = (run.__doc__ or run.__name__).partition("\n")[0].rstrip(".")
        CHECKS.append(Check(needs, name, run, at_start))
        return run

    return register


class Bench:
    """One check's view of the adapter: topics, groups and clients of its own.

    `strangers` are the clients of earlier checks, of which the adapter may still hear something.
    """

    def __init__(self, adapter: Adapter, description: Description, prefix: str, strangers: set[str]) -> None:
        self.adapter, self.description = adapter, description
        self.holdings: dict[str, frozenset[TopicPartition]] = {}
        self._names = Names(prefix)
        self._timeouts = Timeouts(description)
        self._prefix = prefix
        self._misuse: AdapterError | None = None
        self._opened: set[str] = set()
        self._known = strangers
        adapter.listen(self._seen)

    # --- asking ---

    def ask(self, op: Operation) -> Outcome:
        """The outcome of an operation, of the right type, at a time that can be."""
        answer, began = self._perform(op)
        if isinstance(answer, Future):
            try:
                answer.exception(AWAITED)
            except TimeoutError:
                request = f"the Future of {name_of(op)}, which is awaited,"
                raise Misuse.HUNG.error(self.description.name, request=request, seconds=AWAITED) from None
            answer = result_of(answer)
        return self._checked(op, answer, began)

    def ok(self, op: Operation) -> Any:
        """The value of an operation that any working broker performs, if not at once."""
        for _ in range(ASKED):
            outcome = self.ask(op)
            if isinstance(outcome, Ok):
                return outcome.value
            self.adapter.wait(50)
        mend = "is the broker reachable, and is this how it is asked?"
        raise Doubt(f"{name_of(op)} was answered with {said(outcome)}", mend)

    def later(self, op: Operation) -> Callable[[], Outcome | None]:
        """Ask without waiting; the result tells the outcome, None as long as there is none."""
        answer, began = self._perform(op)
        if isinstance(answer, Future):
            return lambda: self._checked(op, result_of(answer), began) if answer.done() else None
        outcome = self._checked(op, answer, began)
        return lambda: outcome

    def must(self, holds: bool, reason: str, mend: str) -> None:
        """A `Doubt` unless it holds."""
        if not holds:
            raise Doubt(reason, mend)

    def owes(self, holds: bool, kind: Misuse, **facts: Any) -> None:
        """A misuse of the contract unless it holds."""
        if not holds:
            raise kind.error(self.description.name, **facts)

    def eventually(self, holds: Callable[[], bool], reason: Callable[[], str], mend: str) -> None:
        """Try until it holds; a `Doubt` when it does not within the patience of both clocks."""
        since, began = self.adapter.now(), time.monotonic()
        for _ in range(TURNS):
            if holds():
                return
            if self.adapter.now() - since > PATIENCE * 1_000_000 or time.monotonic() - began > REAL_PATIENCE:
                break
        raise Doubt(f"{reason()} within {PATIENCE // 1000} s", mend)

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

    def send(self, topic: str, *values: bytes, client: str = "producer", key: bytes | None = None) -> list[int]:
        """The offsets of awaited sends to partition 0; opens the producer if need be.

        The producer is not idempotent: a retry may have put a record there twice.
        """
        if client not in self._opened:
            self.producer(client)
        placed: list[Placed] = [self.ok(ops.Send(client, topic, value, key, 0)) for value in values]
        return [each.offset for each in placed]

    def read(self, client: str, count: int) -> list[Record]:
        """Poll until `count` different records have come; a retry's duplicate is left out."""
        records: dict[tuple[bytes | None, bytes | None], Record] = {}

        def enough() -> bool:
            for record in self.ok(ops.Poll(client)):
                records.setdefault((record.key, record.value), record)
            return len(records) >= count

        mend = "poll must return records of every assigned partition from its position on"
        self.eventually(enough, lambda: f"{len(records)} of {count} records came back", mend)
        return list(records.values())

    def has(self, *capabilities: str) -> bool:
        """Whether these are claimed."""
        return self.description.has(*capabilities)

    # --- looking at answers ---

    def _perform(self, op: Operation) -> tuple[Any, int]:
        if self._misuse is not None:
            raise self._misuse
        if isinstance(op, Opening):
            self._opened.add(op.client)
            self._known.add(op.client)
        began = self.adapter.now()
        return self.adapter.perform(self._names.outward(self._timeouts.in_force(op))), began

    def _checked(self, op: Operation, answer: Any, began: int) -> Outcome:
        ended, word, name = self.adapter.now(), name_of(op), self.description.name
        self.owes(ended >= began, Misuse.CLOCK, reason=f"it went back by {began - ended} ns during {word}")
        outcome, at = answer if isinstance(answer, Timed) else (answer, ended)
        outcome = answered(name, op, outcome)
        between = f"not between {began} and {ended}, when {word} was asked for and answered"
        self.owes(began <= at <= ended, Misuse.WRONG_TIME, time=at, where=between)
        if isinstance(outcome, Fail) and outcome.error == UNSUPPORTED:
            raise unsupported(self.description, op, outcome.message)
        return Ok(self._names.inward(outcome.value)) if isinstance(outcome, Ok) else outcome

    def _seen(self, _at: int, process: str, observation: Observation) -> None:
        if process not in self._known or not isinstance(observation, Assigned | Revoked | Lost):
            self._misuse = Misuse.NOT_ITS_TO_SEE.error(
                self.description.name, observation=f"{observation!r:.{SHOWN}}", process=process
            )
            return
        if not all(each.topic.startswith(self._prefix) for each in observation.partitions):
            return  # of an earlier check, which is over
        told = self._names.inward(observation)
        held = self.holdings.get(process, frozenset())
        change = set(told.partitions)
        self.holdings[process] = held | change if isinstance(told, Assigned) else held - change


def said(outcome: Outcome | None) -> str:
    """An outcome in a doubt."""
    if isinstance(outcome, Fail | Unknown):
        return shown(f"{type(outcome).__name__.lower()} {outcome.error} {outcome.message}".rstrip(), SHOWN)
    return shown(repr(outcome), SHOWN)
