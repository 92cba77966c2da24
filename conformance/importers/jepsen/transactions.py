"""One operation of sends and polls, as its client did it: each part an operation of its own."""

from collections.abc import Callable
from typing import Any, Final, TypeAlias

from brokerlaw.conformance.importers.jepsen.clients import GROUP, Client, first_offsets
from brokerlaw.conformance.importers.jepsen.events import Event, Key, Polled, Sent, keys
from brokerlaw.conformance.importers.timeline import DONE, Part, Timeline
from brokerlaw.spec.history import observations as seen, operations as ops
from brokerlaw.spec.history.numbers import INT32
from brokerlaw.spec.history.operations import AnyOperation
from brokerlaw.spec.history.outcomes import Fail, Ok, Outcome, Unknown
from brokerlaw.spec.history.values import PartitionOffset, Placed, Record, TopicPartition

Seen: TypeAlias = tuple[str, seen.AnyObservation]
Rebalance: TypeAlias = seen.Assigned | seen.Revoked | seen.Lost
OF_NO_GROUP: Final = ""
REBALANCES: Final[dict[Any, type[Rebalance]]] = {
    ":assigned": seen.Assigned,
    ":revoked": seen.Revoked,
    ":lost": seen.Lost,
}


class Transaction:
    """Tells one operation; `done` is None where it never came back."""

    def __init__(
        self,
        timeline: Timeline,
        client: Client,
        begun: Event,
        done: Event | None,
        at: Callable[[Key], TopicPartition],
        transactional: bool,
    ) -> None:
        self.timeline = timeline
        self.client = client
        self.begun = begun
        self.done = done
        self.at = at
        self.transactional = transactional
        self.event = done if done is not None and done.parts else begun
        self.rebalanced: set[Key] = set()
        self.assigned: set[Key] = set()
        self.did: list[Part] = []

    def tell(self) -> None:
        """Raises `ForeignError`."""
        client, producer, polls = self.client, self.client.producer, self.event.polls
        if self.event.sends or self.transactional:
            client.open_producer(self.timeline, self.begun.time, self.transactional)
        if polls:
            client.open_consumer(self.timeline, self.begun.time)
            self._rebalances()
        if self.transactional:
            self._do(ops.BeginTransaction(producer), DONE)
        for part in self.event.parts:
            if isinstance(part, Sent):
                self._do(self._send(part), self._sent(part))
            else:
                self._do(ops.Poll(client.consumer, max_records=INT32), self._polled(part), self._anew(part))
        self._commit_offsets()
        if self.transactional:
            self._end()
        self.timeline.together(self.begun.time, self.done and self.done.time, client.process, self.did)
        self._go_on()

    def _do(self, op: AnyOperation, outcome: Outcome, before: tuple[Seen, ...] = ()) -> None:
        """One part of it."""
        self.did.append(Part(op, outcome, before))

    def _send(self, part: Sent) -> ops.Send:
        at = self.at(part.key)
        return ops.Send(self.client.producer, at.topic, part.value, partition=at.partition)

    def _sent(self, part: Sent) -> Outcome:
        """In a transaction an answer counts whatever became of it; a send without one may have been made in vain."""
        placed = Placed(*self.at(part.key), part.offset)
        if self._is(":ok") or (part.answered and self.transactional):
            return Ok(placed)
        kind = Fail if self._is(":fail") and not self.transactional else Unknown
        return kind(self._error(), told=placed if part.answered else None)

    def _polled(self, part: Polled) -> Outcome:
        """What a poll gave counts whatever became of the transaction."""
        if part.answered or self._is(":ok"):
            return Ok(tuple(self._records(part)))
        return Fail(self._error()) if self._is(":fail") else Unknown(self._error())

    def _records(self, part: Polled) -> list[Record]:
        return [
            Record(*self.at(key), offset, value) for key, records in part.records.items() for offset, value in records
        ]

    def _commit_offsets(self) -> None:
        """The next offsets behind what was polled, in the transaction or else for the group."""
        consumer, polled = self.client.consumer, self._polled_to()
        offsets = tuple(PartitionOffset(*self.at(key), offset) for key, offset in polled.items())
        if not offsets:
            return
        unsure: Outcome = Unknown(self._error())
        if self.transactional:
            op = ops.SendOffsets(self.client.producer, consumer, offsets)
            self._do(op, DONE if self._is(":ok") else unsure)
        elif self.client.subscribed:
            sure = self._is(":ok") and ":error" not in self.event.more
            self._do(ops.Commit(consumer, offsets), DONE if sure else unsure)

    def _polled_to(self) -> dict[Key, int]:
        found: dict[Key, int] = {}
        for poll in self.event.polls:
            for key, records in poll.records.items():
                found[key] = max([found.get(key, 0), *(offset + 1 for offset, _ in records)])
        return found

    def _end(self) -> None:
        """What failed was aborted; whether what is unknown was committed, nobody knows."""
        producer = self.client.producer
        if self._is(":fail"):
            error = self.event.more.get(":error")
            sure = isinstance(error, dict) and error.get(":abort-ok?") is True
            self._do(ops.AbortTransaction(producer), DONE if sure else Unknown(self._error()))
        else:
            outcome = DONE if self._is(":ok") else Unknown(self._error())
            self._do(ops.CommitTransaction(producer), outcome)

    def _go_on(self) -> None:
        """The consumer stands behind what it was given, or where it was before the operation that failed."""
        if self.done is None:
            return
        self.client.read(self.event.polls, self.begun.time, self.done.time)
        if not self._is(":fail"):
            return
        for key, offset in first_offsets(self.event.polls).items():
            if key not in self.rebalanced:
                seek = ops.Seek(self.client.consumer, *self.at(key), offset)
                self.timeline.do(self.done.time, self.done.time, self.client.consumer, seek)
                self.client.position[key] = offset

    def _rebalances(self) -> None:
        """When in the operation they came is not told: a partition is held as short as it may have been.

        It is given back as the operation begins, unless it was assigned in it before, and assigned as it ends. What was
        both assigned and given back in it was held at a time that nobody knows: that is told of no group.
        """
        log = self._rebalance_log()
        for kind, touched in log:
            self.assigned = self.assigned | touched if kind is seen.Assigned else self.assigned - touched
        within: set[Key] = set()
        for kind, touched in log:
            self.rebalanced |= touched
            soon = touched - within if kind is not seen.Assigned else set()
            within |= touched - soon
            self._observe(min(self.begun.time + 1, self.event.time), kind, GROUP, soon)
            self._observe(self.event.time, kind, GROUP, (touched - soon) & self.assigned)
            self._observe(self.event.time, kind, OF_NO_GROUP, touched - soon - self.assigned)

    def _rebalance_log(self) -> list[tuple[type[Rebalance], set[Key]]]:
        found = []
        log = self.event.more.get(":rebalance-log") or []
        for entry in log if isinstance(log, list) else ():
            kind = REBALANCES.get(entry.get(":type")) if isinstance(entry, dict) else None
            if kind is None:
                raise self.event.wrong(f"a rebalance is none of {', '.join(REBALANCES)}: its :type is missing")
            found.append((kind, set(keys(self.event, entry.get(":keys")))))
        return found

    def _observe(self, time: int, kind: type[Rebalance], group: str, those: set[Key]) -> None:
        tps = tuple(sorted(self.at(key) for key in those))
        if tps:
            self.timeline.observe(time, self.client.consumer, kind(group, self.client.consumer, -1, tps))

    def _anew(self, part: Polled) -> tuple[Seen, ...]:
        """Partitions that were assigned in this operation may have been just before any of its polls."""
        tps = tuple(sorted(self.at(key) for key in part.records.keys() & self.assigned))
        return ((self.client.consumer, seen.Assigned(GROUP, self.client.consumer, -1, tps)),) if tps else ()

    def _is(self, kind: str) -> bool:
        return self.done is not None and self.done.type == kind

    def _error(self) -> str:
        """`[:kafka-timeout …]` as `KAFKA_TIMEOUT`."""
        error = self.done.more.get(":error") if self.done is not None else None
        if isinstance(error, dict):
            error = error.get(":type")
        if isinstance(error, list):
            error = error[0] if error else None
        return str(error or "unknown").removeprefix(":").replace("-", "_").upper()[:80]
