"""What a small history says of one topic, in plain lists: for oracles that ask about its records and its settings."""

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
    """A complete read, and the offsets that were read."""

    time: int
    partition: int
    start: int
    end: int
    offsets: frozenset[int]


class Told:
    """The operations by kind, the reads and the drains."""

    def __init__(self, recording: Recording) -> None:
        ends = {row.op: (row.time, row.outcome) for row in recording.rows if isinstance(row, Complete)}
        asked = [row for row in recording.rows if isinstance(row, Invoke)]
        self.all = [Done(row.op, row.value, row.time, *ends.get(row.op, (NEVER, None))) for row in asked]
        self.last = max([each.begun for each in self.all] + [each.over for each in self.all if each.over < NEVER])
        self.sends = self.of(ops.Send)
        polls = [poll for poll in self.of(ops.Poll) if poll.ok]
        self.reads = [Read(poll, self._opened(poll), record) for poll in polls for record in poll.outcome.value]
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

    @property
    def created(self) -> ops.CreateTopic:
        """The topic as somebody last asked for it, and was not refused."""
        created: ops.CreateTopic = [each.op for each in self.of(ops.CreateTopic) if not each.failed][-1]
        return created

    @property
    def known(self) -> bool:
        """The topic was created here once, and nobody asked to delete it."""
        created = [each for each in self.of(ops.CreateTopic) if not each.failed]
        return len(created) == 1 and created[0].ok and all(each.failed for each in self.of(ops.DeleteTopic))

    @property
    def steady(self) -> bool:
        created = [each for each in self.of(ops.CreateTopic) if not each.failed]
        return len(created) <= 1 and all(each.failed for each in self.of(ops.DeleteTopic))

    def acked(self) -> list[Done]:
        return [send for send in self.sends if send.ok and self.steady]

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

    def _opened(self, poll: Done) -> int:
        opened = [each for each in self.of(ops.OpenConsumer) if each.op.client == poll.op.client]
        return max(each.begun for each in opened if each.begun < poll.begun)

    def _drain(self, reader: str, time: int, value: Drained) -> Drain:
        mine = [each for each in self.reads if each.poll.op.client == reader and each.place[0] == value.partition]
        offsets = frozenset(each.record.offset for each in mine if each.poll.over < time)
        return Drain(time, value.partition, value.start, value.end, offsets)
