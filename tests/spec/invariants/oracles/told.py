"""What a small history says of one topic, in plain lists: for oracles that ask about its records and its settings."""

from functools import cached_property
from typing import Any, NamedTuple

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.observations import Assigned, Drained
from brokerlaw.spec.history.operation import BrokerFault, Repair
from brokerlaw.spec.history.outcomes import Fail, Ok
from brokerlaw.spec.history.rows import Complete, Invoke, Observe, Recording
from brokerlaw.spec.history.values import Record

NEVER = 2**63 - 1
SPREAD = 10_000_000_000


class Done(NamedTuple):
    """An operation: `over` is NEVER and `outcome` None where it never was."""

    number: int
    op: Any
    begun: int
    over: int
    outcome: Any
    row: int
    ended_row: int

    @property
    def told(self) -> tuple[Record, ...]:
        """Of a poll: the records that its reader was given, whatever became of it."""
        records = None if self.outcome is None else self.outcome.value if self.ok else self.outcome.told
        return records or ()

    @property
    def ok(self) -> bool:
        return isinstance(self.outcome, Ok)

    @property
    def failed(self) -> bool:
        return isinstance(self.outcome, Fail)

    @property
    def place(self) -> tuple[int, int]:
        """Of an acknowledged send."""
        return self.outcome.value.partition, self.outcome.value.offset


class Read(NamedTuple):
    """A record that a reader was given, who was opened then."""

    poll: Done
    opened: int
    record: Record

    @property
    def place(self) -> tuple[int, int]:
        return self.record.partition, self.record.offset


class Drain(NamedTuple):
    """A complete read by a reader that was opened then, the offsets that were read, and the key at each."""

    time: int
    partition: int
    start: int
    end: int
    offsets: frozenset[int]
    opened: int
    keys: frozenset[tuple[int, bytes | None]]


class Told:
    """The operations by kind, the reads and the drains."""

    def __init__(self, recording: Recording) -> None:
        self.rows, self.chosen = recording.rows, recording.header.overrides
        self.settings = recording.header.broker_settings
        rows = list(enumerate(recording.rows))
        ends = {row.op: (row.time, row.outcome, place) for place, row in rows if isinstance(row, Complete)}
        asked = [(place, row) for place, row in rows if isinstance(row, Invoke)]
        self.all = [
            Done(row.op, row.value, row.time, over, outcome, place, ended)
            for place, row in asked
            for over, outcome, ended in (ends.get(row.op, (NEVER, None, NEVER)),)
        ]
        self.last = max([each.begun for each in self.all] + [each.over for each in self.all if each.over < NEVER])
        self.openings: dict[str, list[Done]] = {}
        for each in self.of(ops.OpenConsumer, ops.OpenProducer):
            self.openings.setdefault(each.op.client, []).append(each)
        self.sends = self.of(ops.Send)
        polls = sorted(self.of(ops.Poll), key=lambda poll: poll.over)
        self.reads = [Read(poll, self.opening(poll).begun, record) for poll in polls for record in poll.told]
        self.drains = [
            self._drain(row.process, row.time, row.value)
            for row in recording.rows
            if isinstance(row, Observe) and isinstance(row.value, Drained)
        ]
        self.last = max([self.last, *(drain.time for drain in self.drains)])
        self.given = [
            (row.time, tp.partition)
            for row in recording.rows
            if isinstance(row, Observe) and isinstance(row.value, Assigned)
            for tp in row.value.partitions
        ]

    def of(self, *kinds: type) -> list[Done]:
        return [each for each in self.all if isinstance(each.op, kinds)]

    def outages(self) -> list[tuple[int, int]]:
        """When a broker may have been down: from when on, and until when."""
        faults = [each for each in self.of(BrokerFault) if not each.failed]
        repairs = [each for each in self.of(Repair) if each.ok]
        ends = [
            [each.over for each in repairs if each.op.ends(fault.op) and each.begun > fault.begun] for fault in faults
        ]
        return [(fault.begun, min(end, default=NEVER)) for fault, end in zip(faults, ends, strict=True)]

    def calm(self, begun: int, over: int) -> bool:
        return all(over < begin or end < begun for begin, end in self.outages())

    def starts(self) -> list[Done]:
        """Answers to where the log begins."""
        return [each for each in self.of(ops.ListOffsets) if each.ok and each.op.at == "earliest"]

    @cached_property
    def created(self) -> ops.CreateTopic:
        """The topic as somebody last asked for it, and was not refused."""
        created = [each.op for each in self.of(ops.CreateTopic) if not each.failed]
        return created[-1] if created else ops.CreateTopic("t")

    @cached_property
    def known(self) -> bool:
        """The topic was created here once, and nobody asked to delete it."""
        created = [each for each in self.of(ops.CreateTopic) if not each.failed]
        return len(created) == 1 and created[0].ok and all(each.failed for each in self.of(ops.DeleteTopic))

    @cached_property
    def steady(self) -> bool:
        created = [each for each in self.of(ops.CreateTopic) if not each.failed]
        return len(created) <= 1 and all(each.failed for each in self.of(ops.DeleteTopic))

    @cached_property
    def clean(self) -> bool:
        """Nobody may elect a replica that is not in sync, or the user chose that anyone may."""
        name = "unclean.leader.election.enable"
        asked = [self.created.settings] + [each.op.settings for each in self.of(ops.AlterTopic) if not each.failed]
        return self.steady and (name in self.chosen or all(settings.get(name) != "true" for settings in asked))

    @cached_property
    def durable(self) -> list[Done]:
        """Sends that all replicas acknowledged, or as many as the user chose."""
        sends = [send for send in self.sends if send.ok and self.clean]
        return [send for send in sends if self.opening(send).op.acks == "all" or "acks" in self.chosen]

    def acked(self) -> list[Done]:
        """Those of them whose place was told."""
        return self._acked

    @cached_property
    def _acked(self) -> list[Done]:
        return [send for send in self.durable if send.place[1] >= 0]

    def opening(self, done: Done) -> Done:
        """Of the client that did it."""
        return [each for each in self.openings[done.op.client] if each.number < done.number][-1]

    def idempotent(self, send: Done) -> bool:
        producer = self.opening(send).op
        return producer.idempotent or producer.transactional_id is not None

    def visible(self, send: Done) -> bool:
        """To readers of what is committed: it is in no transaction, or in one that certainly was."""
        begun, committed = None, list[Done | None]()
        inside = None
        for each in [each for each in self.all if getattr(each.op, "client", "") == send.op.client]:
            if isinstance(each.op, ops.BeginTransaction):
                begun = each
            elif each is send:
                inside = begun
            elif isinstance(each.op, ops.CommitTransaction | ops.AbortTransaction) and each.ok:
                committed += [begun] if isinstance(each.op, ops.CommitTransaction) else []
                begun = None
        return inside is None or inside in committed

    def values(self, name: str, default: str) -> list[tuple[str, int, int]]:
        """The values that a setting may have had: each with when it began, and when it was over for certain."""
        altered = [each for each in self.of(ops.AlterTopic) if not each.failed and name in each.op.settings]
        changes = [(self.created.settings.get(name, default), 0, 0)]
        changes += [(each.op.settings[name], each.begun, each.over if each.ok else NEVER) for each in altered]
        found = []
        for value, begun, done in changes:
            later = [other[2] for other in changes if other[2] < NEVER and other[1] > done and not self.outages()]
            found.append((value, begun, min(later) + SPREAD if later else NEVER))
        return found

    def _drain(self, reader: str, time: int, value: Drained) -> Drain:
        mine = [each for each in self.reads if each.poll.op.client == reader and each.place[0] == value.partition]
        mine = [each for each in mine if each.poll.over < time]
        offsets = frozenset(each.record.offset for each in mine)
        opened = max(each.begun for each in self.openings[reader] if each.begun < time)
        keys = frozenset((each.record.offset, each.record.key) for each in mine if each.opened == opened)
        return Drain(time, value.partition, value.start, value.end, offsets, opened, keys)
