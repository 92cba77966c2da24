"""The applications behind groups: poll, process and commit, in the order that their discipline says.

- at-least-once: poll, process, commit.
- at-most-once: poll, commit, process what was certainly committed.
- exactly-once: poll; in one transaction send an output for each record, and the offsets; commit the transaction.
- idempotent-sink: as at-least-once, into a sink that remembers what it has applied (the payment made once).
- dead-letter: as at-least-once; what cannot be processed is tried a few times, and then sent to another topic.
- backpressure: as at-least-once, a few records at a time; while it holds all that it can, it pauses.

Source: Kafka's documentation, "Message Delivery Semantics"; KIP-98, KIP-298, KIP-447.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from brokerlaw.conformance import own_clients
from brokerlaw.conformance.backpressure import BOUND, Buffer
from brokerlaw.conformance.dead_letters import ATTEMPTS, is_poison, provenance
from brokerlaw.conformance.model import Application
from brokerlaw.conformance.plan import Until
from brokerlaw.conformance.session import Session
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.observations import Applied
from brokerlaw.spec.history.outcomes import Ok, Outcome
from brokerlaw.spec.history.values import PartitionOffset, Record, TopicPartition

OUTPUT = b"out:"
"""What a transformed record's value begins with; the rest is the input's value."""


@dataclass
class Turn:
    """Records that were polled and not yet worked off."""

    records: tuple[Record, ...] = ()
    halfway: bool = False


@dataclass
class Worker:
    """One application instance: a consumer, and where it has an output topic a producer.

    `attempts` counts how often each record was tried in vain.
    """

    client: str
    group: str
    application: Application
    turn: Turn = field(default_factory=Turn)
    buffer: Buffer = field(default_factory=Buffer)
    attempts: Counter[Record] = field(default_factory=Counter)
    producer: str | None = None
    transactional_id: str | None = None


class Applications:
    """All application instances of a case, and their sinks, which outlive them."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._workers: dict[str, Worker] = {}
        self._sinks: dict[str, set[bytes]] = {}
        self._orphans: dict[str, list[str]] = {}
        self._producers = 0

    def work(self, client: str, group: str, application: Application, until: Until = "done") -> int:
        """Take a turn, or finish the one begun; returns how many records it had."""
        worker = self._workers.setdefault(client, Worker(client, group, application))
        if not worker.turn.records:
            poll = self._poll_with_room if application.discipline == "backpressure" else self._poll
            worker.turn = Turn(poll(worker))
        records = len(worker.turn.records)
        if records and until != "polled":
            _DISCIPLINES[application.discipline](self, worker, until == "done")
        return records

    def companions(self, client: str) -> list[str]:
        """Clients that live and die with this one."""
        worker = self._workers.get(client)
        return [worker.producer] if worker and worker.producer else []

    def forget(self, client: str) -> None:
        """The instance is gone; the transactional id that it leaves is its successor's."""
        worker = self._workers.pop(client, None)
        if worker and worker.transactional_id:
            self._orphans.setdefault(worker.group, []).append(worker.transactional_id)

    def at_least_once(self, worker: Worker, to_the_end: bool) -> None:
        """Process, then commit."""
        if not worker.turn.halfway:
            self._process(worker)
            worker.turn.halfway = True
        if to_the_end:
            self._commit(worker)
            worker.turn = Turn()

    def dead_letter(self, worker: Worker, to_the_end: bool) -> None:
        """Process what can be, set aside what cannot, then commit; behind a record to be tried again the turn ends."""
        if not worker.turn.halfway:
            worker.turn = Turn(tuple(self._process_or_set_aside(worker)), halfway=True)
        if to_the_end:
            if worker.turn.records:
                self._commit(worker)
            worker.turn = Turn()

    def backpressure(self, worker: Worker, to_the_end: bool) -> None:
        """Process, then commit, what was in the buffer longest."""
        records = worker.turn.records
        self.at_least_once(worker, to_the_end)
        if to_the_end:
            worker.buffer.records = [record for record in worker.buffer.records if record not in records]

    def at_most_once(self, worker: Worker, to_the_end: bool) -> None:
        """Commit, then process; nothing is processed that may not have been committed."""
        if not worker.turn.halfway and not isinstance(self._commit(worker), Ok):
            worker.turn = Turn()
            return
        worker.turn.halfway = True
        if to_the_end:
            self._process(worker)
            worker.turn = Turn()

    def exactly_once(self, worker: Worker, to_the_end: bool) -> None:
        """Consume, transform, produce, all in one transaction; whatever goes wrong, abort and read again."""
        if not worker.turn.halfway:
            worker.turn.halfway = self._transform(worker)
        if not worker.turn.halfway:
            self._rewind(worker)
        elif to_the_end:
            assert worker.producer is not None
            if isinstance(self._session.ask(ops.CommitTransaction(worker.producer)), Ok):
                worker.turn = Turn()
            else:
                self._rewind(worker)

    def _poll(self, worker: Worker) -> tuple[Record, ...]:
        records: tuple[Record, ...] = self._session.value(ops.Poll(worker.client)) or ()
        return tuple(record for record in records if record.topic == worker.application.topic)

    def _poll_with_room(self, worker: Worker) -> tuple[Record, ...]:
        """Read as much as there is room for, or nothing, with the partitions paused; then take what came first.

        Who is paused polls for as much as ever, and must be given nothing.
        """
        session, buffer = self._session, worker.buffer
        held = tuple(sorted(session.holdings.get(worker.client, ())))
        buffer.keep(held)
        if buffer.to_resume and held:
            buffer.paused = not isinstance(session.ask(ops.Resume(worker.client, held)), Ok)
        most = BOUND if buffer.paused else max(1, buffer.room)
        given: tuple[Record, ...] = session.value(ops.Poll(worker.client, most)) or ()
        buffer.records += [record for record in given if record.topic == worker.application.topic]
        if buffer.to_pause and (held := tuple(sorted(session.holdings.get(worker.client, ())))):
            buffer.paused = isinstance(session.ask(ops.Pause(worker.client, held)), Ok)
        return buffer.next()

    def _process(self, worker: Worker) -> None:
        """Let each record take effect."""
        for record in worker.turn.records:
            self._apply(worker, record)

    def _apply(self, worker: Worker, record: Record) -> None:
        """Let a record take effect; an idempotent sink lets each value take effect once."""
        application, value = worker.application, record.value or b""
        applied = self._sinks.setdefault(application.sink, set())
        duplicate = application.discipline == "idempotent-sink" and value in applied
        applied.add(value)
        place = (record.topic, record.partition, record.offset)
        self._session.observe(worker.client, Applied(worker.group, application.sink, *place, value, duplicate))

    def _process_or_set_aside(self, worker: Worker) -> Iterator[Record]:
        """The records of the turn that are worked off, in order; behind one that is not, its partition waits."""
        waiting: set[TopicPartition] = set()
        for record in worker.turn.records:
            tp = TopicPartition(record.topic, record.partition)
            if tp in waiting:
                continue
            if not is_poison(record):
                self._apply(worker, record)
            elif not self._set_aside(worker, record):
                waiting.add(tp)
                self._session.ask(ops.Seek(worker.client, *tp, record.offset))
                continue
            yield record

    def _set_aside(self, worker: Worker, record: Record) -> bool:
        """Whether a record that was tried often enough is now a dead letter."""
        worker.attempts[record] += 1
        if worker.attempts[record] < ATTEMPTS:
            return False
        worker.producer = producer = worker.producer or self._open_plain_producer(worker)
        if producer is None:
            return False
        letter = ops.Send(producer, worker.application.sink, record.value, record.key, headers=provenance(record))
        return isinstance(self._session.ask(letter), Ok)

    def _open_plain_producer(self, worker: Worker) -> str | None:
        self._producers += 1
        name = own_clients.outlet(worker.client, self._producers)
        idempotent = self._session.description.has("idempotence")
        return name if isinstance(self._session.ask(ops.OpenProducer(name, idempotent=idempotent)), Ok) else None

    def _commit(self, worker: Worker) -> Outcome:
        """Commit past the turn's records; a consumer that commits by itself is left to it."""
        opened = self._session.opened.get(worker.client)
        if isinstance(opened, ops.OpenConsumer) and opened.auto_commit:
            return Ok()
        return self._session.ask(ops.Commit(worker.client, after(worker.turn.records)))

    def _transform(self, worker: Worker) -> bool:
        """Begin a transaction with an output for each record, and the offsets past them."""
        producer = worker.producer = worker.producer or self._open_producer(worker)
        if producer is None or not isinstance(self._session.ask(ops.BeginTransaction(producer)), Ok):
            return False
        for record in worker.turn.records:
            value = OUTPUT + (record.value or b"")
            self._session.ask(ops.Send(producer, worker.application.sink, value, record.key, awaited=False))
        offsets = ops.SendOffsets(producer, worker.client, after(worker.turn.records))
        return isinstance(self._session.ask(offsets), Ok)

    def _open_producer(self, worker: Worker) -> str | None:
        """A transactional producer; the id of an instance that died is taken over, which ends what it left open."""
        self._producers += 1
        name = own_clients.outlet(worker.client, self._producers)
        orphans = self._orphans.get(worker.group)
        if worker.transactional_id is None:
            worker.transactional_id = orphans.pop(0) if orphans else f"{worker.group}-{name}"
        opened = self._session.ask(ops.OpenProducer(name, transactional_id=worker.transactional_id))
        return name if isinstance(opened, Ok) else None

    def _rewind(self, worker: Worker) -> None:
        """Abort, and read the turn's records again: an abort does not move the consumer back (KAFKA-17582).

        What cannot be aborted is left to the next producer of the same id; a consumer that cannot be moved back starts
        anew from its group's commits.
        """
        session, records = self._session, worker.turn.records
        worker.turn = Turn()
        if worker.producer and not isinstance(session.ask(ops.AbortTransaction(worker.producer)), Ok):
            self._end(worker.producer)
            worker.producer = None
        for tp, offset in first(records).items():
            held = tp in session.holdings.get(worker.client, ())
            if held and not isinstance(session.ask(ops.Seek(worker.client, *tp, offset)), Ok):
                self._abandon(worker)
                return

    def _abandon(self, worker: Worker) -> None:
        for client in (worker.client, *self.companions(worker.client)):
            self._end(client)
        self.forget(worker.client)

    def _end(self, client: str) -> None:
        """Without a word, where that can be done: what could not be aborted shall not be flushed."""
        able = self._session.description.has("clients.crash")
        self._session.ask(ops.Crash(client) if able else ops.Close(client))


_DISCIPLINES = {
    "at-least-once": Applications.at_least_once,
    "at-most-once": Applications.at_most_once,
    "exactly-once": Applications.exactly_once,
    "idempotent-sink": Applications.at_least_once,
    "dead-letter": Applications.dead_letter,
    "backpressure": Applications.backpressure,
}


def first(records: tuple[Record, ...]) -> dict[TopicPartition, int]:
    """The first offset of each partition among the records."""
    offsets: dict[TopicPartition, int] = {}
    for record in records:
        offsets.setdefault(TopicPartition(record.topic, record.partition), record.offset)
    return offsets


def after(records: tuple[Record, ...]) -> tuple[PartitionOffset, ...]:
    """The offset past the last record of each partition."""
    offsets = {TopicPartition(record.topic, record.partition): record.offset + 1 for record in records}
    return tuple(PartitionOffset(*tp, offset) for tp, offset in sorted(offsets.items()))
