"""What clients saw, as tables to be judged: a recording is folded once, then asked as often as needed."""

from collections.abc import Callable
from typing import Any

import numpy as np

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.clients import in_effect
from brokerlaw.spec.history.columns import Ints, grown, widened
from brokerlaw.spec.history.facts import Facts
from brokerlaw.spec.history.fold import Folded, folded
from brokerlaw.spec.history.pools import Pools
from brokerlaw.spec.history.rows import Recording, Stream
from brokerlaw.spec.history.tables import (
    ACKS,
    ISOLATION,
    Answered,
    Answers,
    Applied,
    Commits,
    Committing,
    Copied,
    Described,
    Drained,
    Ends,
    Errors,
    Leadership,
    Operations,
    Ownership,
    Reads,
    Returned,
    Sends,
    Sent,
)


class History(Pools):
    """The tables of a recording, the pools that they refer to, and what is kept as it was said.

    `overrides` are the settings that the user chose for the whole run, `broker_settings` those that the broker told;
    `cluster` are the ids of all brokers, none where nobody told; `memory` is for `derived`.

    Where clients had clocks of their own, `clock_tolerance` (ns) says how far two may have been apart: each operation
    may then have begun so much earlier, and ended so much later, than was recorded.
    """

    def __init__(self, recording: Recording | Stream | Folded, clock_tolerance: int = 0) -> None:
        """Raises `HistoryError` when a row cannot follow those before it."""
        _, pools, facts = recording if isinstance(recording, Folded) else folded(recording)
        vars(self).update(vars(pools))
        self.memory: dict[Any, Any] = {}
        self.overrides = dict(recording.header.overrides)
        self.broker = recording.header.broker
        self.broker_version = recording.header.broker_version
        self.broker_settings = dict(recording.header.broker_settings)
        self.cluster = frozenset(recording.header.brokers)
        self.invocations = facts.invocations
        self.clients = [(number, in_effect(client)) for number, client in facts.clients]
        self.created = facts.created
        self.declared = facts.declared
        self.stable = facts.stable
        self.caught = facts.caught
        self.timed_out = facts.timed_out
        self.described_groups = facts.described_groups
        self.listed_groups = facts.listed_groups
        self.operations = _widened(grown(Operations[Ints], facts.operations), clock_tolerance)
        self.errors = grown(Errors[Ints], facts.errors)
        self.ends = grown(Ends[Ints], facts.ends)
        self.ownership = grown(Ownership[Ints], facts.ownership)
        self.applied = grown(Applied[Ints], facts.applied)
        self.copied = grown(Copied[Ints], facts.copied)
        self.drained = grown(Drained[Ints], facts.drained)
        self.sends = self._sends(facts)
        self.reads = self._reads(facts)
        self.commits = self._commits(facts)
        self.answers = self._answers(facts)
        self.leadership = self._leadership(facts)

    def _sends(self, facts: Facts) -> Sends:
        sent = grown(Sent[Ints], facts.sent)
        by = self.operations[sent.op]
        acks = self._by_client({op: ACKS[it.acks] for op, it in self.clients if isinstance(it, ops.OpenProducer)})
        return widened(
            Sends,
            sent,
            process=lambda: by.client,
            opened=lambda: by.opened,
            acks=lambda: acks[by.opened],
            **_times(by),
        )

    def _reads(self, facts: Facts) -> Reads:
        returned = grown(Returned[Ints], facts.returned)
        by = self.operations[returned.op]
        consumers = {op: it for op, it in self.clients if isinstance(it, ops.OpenConsumer)}
        group = self._by_client({op: self.groups.find(it.group) for op, it in consumers.items() if it.group})
        isolation = self._by_client({op: ISOLATION[it.isolation] for op, it in consumers.items()})
        return widened(
            Reads,
            returned,
            process=lambda: by.client,
            opened=lambda: by.opened,
            group=lambda: group[by.opened],
            isolation=lambda: isolation[by.opened],
            **_times(by),
        )

    def _commits(self, facts: Facts) -> Commits:
        table = grown(Committing[Ints], facts.committing)
        return widened(Commits, table, **_times(self.operations[table.op]))

    def _answers(self, facts: Facts) -> Answers:
        table = grown(Answered[Ints], facts.answered)
        by = self.operations[table.op]
        return widened(Answers, table, **_times(by), process=lambda: by.process)

    def _leadership(self, facts: Facts) -> Leadership:
        table = grown(Described[Ints], facts.described)
        return widened(Leadership, table, **_times(self.operations[table.op]))

    def _by_client(self, known: dict[int, int]) -> Ints:
        """What is known of a client, by the operation that opened it; -1 elsewhere."""
        column = np.full(len(self.operations) + 1, -1, dtype=np.int64)
        column[list(known)] = list(known.values())
        return column


def _times(by: Operations[Ints]) -> dict[str, Callable[[], Ints]]:
    """What is known of these operations, to widen a table by."""
    return {"invoked": lambda: by.invoked, "completed": lambda: by.completed, "status": lambda: by.status}


def _widened(operations: Operations[Ints], tolerance: int) -> Operations[Ints]:
    if tolerance:
        operations.invoked = operations.invoked - tolerance
        operations.completed = np.where(operations.ended >= 0, operations.completed + tolerance, -1)
    return operations
