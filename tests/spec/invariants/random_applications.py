"""Random small histories of one application that reads, commits and applies, mostly as its discipline wants it."""

from random import Random
from typing import Any

from histories import REFUSED, UNKNOWN, HistoryBuilder

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.outcomes import Ok
from brokerlaw.spec.history.values import PartitionOffset, Placed, Record, RecordHeader, TopicPartition

PLACE = ("t", 0)
ORIGIN = tuple(f"__connect.errors.{name}" for name in ("topic", "partition", "offset"))


class Applications:
    """One history: what was committed last, what each instance holds, and what it was given and has not worked off."""

    def __init__(self, random: Random, discipline: str) -> None:
        self.random, self.discipline, self.told = random, discipline, HistoryBuilder()
        self.log: list[bytes | None] = []
        self.sink: list[tuple[bytes, tuple[RecordHeader, ...]]] = []
        self.committed = 0
        self.instances = 0
        self.position = 0
        self.open: list[tuple[int, bytes]] = []
        self.name = ""
        self.partitions = random.choice(((0,), (0, 1)))
        self.told.do(ops.CreateTopic("t", 2), None if self.rarely(0.97) else UNKNOWN)
        self.told.topic("sink")
        self.told.producer("p", acks="all" if self.rarely(0.95) else "1")
        self.told.producer("q", transactional_id="tx" if discipline == "exactly-once" else None)
        bound = random.choice((2, 3, None)) if discipline == "backpressure" else None
        self.told.declare(discipline, sink="sink", bound=bound)
        if self.rarely(0.05):
            self.told.declare(discipline, sink="sink", group="other")
            self.told.member("d", "other")
            self.told.poll("d")
        for _ in range(random.randrange(1, 6)):
            self.send()
        self.join()
        for _ in range(random.randrange(3, 8)):
            random.choices(self.acts, self.weights)[0](self)
        self.finish()

    def rarely(self, share: float = 0.1) -> bool:
        return self.random.random() < share

    def outcome(self) -> Any:
        return self.random.choices((None, UNKNOWN, REFUSED), (12, 1, 1))[0]

    def send(self) -> None:
        if self.rarely(0.05):
            self.log.append(None)  # a gap
        again = [value for value in self.log if value is not None] if self.rarely(0.08) else []
        value = self.random.choice(again or [b"v%d" % len(self.log)])
        asked, outcome = self.told.sending(value, key=self.random.choice((None, b"k")), partition=0), self.outcome()
        self.told.end(asked, outcome) if outcome else self.told.placed(asked, len(self.log))
        if outcome is not REFUSED:
            self.log.append(value)

    # --- an instance ---

    def join(self) -> None:
        """A new instance, after the one before has gone in some way, or beside it."""
        if self.name:
            self.told.do(self.random.choice((ops.Crash, ops.Crash, ops.Close))(self.name), self.outcome())
        self.instances += 1
        self.name = f"c{self.instances}"
        level: Any = "read_committed" if self.rarely(0.2) else "read_uncommitted"
        reset: Any = "latest" if self.rarely(0.03) else "earliest"
        self.told.member(self.name, isolation=level, reset=reset, auto_commit=self.rarely(0.02))
        self.told.assigned(self.name, *self.partitions, generation=self.instances)
        self.open, self.position = [], self.committed
        if self.rarely(0.45):
            self.position = max(0, self.position + self.random.choice((-2, -1, 1)))

    def work(self) -> None:
        """Poll, and then do what the discipline says, in its order."""
        self.poll()
        if self.rarely(0.1):
            return
        acts = [self.process, self.commit]
        if (self.discipline == "at-most-once") != self.rarely(0.08):
            acts.reverse()
        for act in acts:
            act()
        self.open = []

    def poll(self) -> None:
        there = range(self.position, len(self.log))[: self.random.choice((1, 2, 3, 4))]
        given = [(offset, value) for offset in there if (value := self.log[offset]) is not None]
        if given and self.rarely(0.15):
            del given[self.random.randrange(max(1, len(given) - 1))]
        outcome = self.told.records(*given) if self.rarely(0.95) else UNKNOWN
        self.told.do(ops.Poll(self.name), outcome)
        if isinstance(outcome, Ok):
            self.open += given
            self.position = max(self.position, there.stop)

    def process(self) -> None:
        if self.discipline == "exactly-once":
            return self.transform()
        for offset, value in self.open:
            if self.discipline == "dead-letter" and self.rarely(0.4):
                self.set_aside(offset, value)
            elif not self.rarely(0.06):
                times = 2 if self.rarely(0.05) else 1
                for _ in range(times):
                    self.told.apply(self.name, offset, value, duplicate=self.rarely(0.1))
        return None

    def commit(self) -> None:
        if self.discipline == "exactly-once":
            return
        outcome = self.outcome()
        offset = self.position + (self.random.choice((-1, 1)) if self.rarely(0.05) else 0)
        self.told.commit(self.name, max(0, offset), outcome)
        if outcome is not REFUSED and not self.rarely(0.1):
            self.committed = self.position

    def set_aside(self, offset: int, value: bytes) -> None:
        told = ("t", "0" if self.rarely(0.95) else "zero", str(offset if self.rarely(0.9) else offset + 1))
        headers = tuple(RecordHeader(name, text.encode()) for name, text in zip(ORIGIN, told, strict=True))
        asked = self.told.begin("p", ops.Send("p", "sink", value, partition=0, headers=headers))
        outcome = self.outcome()
        self.told.end(asked, outcome or Ok(Placed("sink", 0, len(self.sink))))
        if outcome is not REFUSED:
            self.sink.append((value if self.rarely(0.9) else b"other", headers))

    def transform(self) -> None:
        """The outputs and the offsets in one transaction."""
        if not self.rarely(0.03):
            self.told.do(ops.BeginTransaction("q"), None if self.rarely(0.95) else UNKNOWN)
        end = self.random.choices((ops.CommitTransaction, ops.AbortTransaction), (8, 1))[0]
        outcome = self.outcome()
        for _, value in self.open:
            if not self.rarely(0.05):
                output = b"out:" + value
                asked = self.told.sending(output, "q", "sink", partition=0)
                sent = self.outcome()
                self.told.end(asked, sent) if sent else self.told.placed(asked, len(self.sink), topic="sink")
                if sent is not REFUSED and end is ops.CommitTransaction and outcome is not REFUSED:
                    self.sink += [(output, ())] * (2 if self.rarely(0.1) else 1)
        self.told.do(ops.SendOffsets("q", self.name, (PartitionOffset(*PLACE, self.position),)), self.outcome())
        self.told.do(end("q"), outcome)
        if end is ops.CommitTransaction and outcome is not REFUSED and not self.rarely(0.08):
            self.committed = self.position

    # --- what an application may bring upon itself ---

    def move(self) -> None:
        offset = self.random.randint(0, len(self.log))
        match self.random.randrange(4):
            case 0:
                self.told.do(ops.Seek(self.name, *PLACE, offset), self.outcome())
                self.position = offset
            case 1:
                self.told.do(ops.ResetOffsets("g", (PartitionOffset(*PLACE, offset),)), self.outcome())
                self.committed = offset
            case 2:
                self.told.do(ops.DeleteRecords("t", 0, min(1, len(self.log))), self.outcome())
            case _ if self.rarely(0.3):
                self.told.do(ops.DeleteOffsets("g", (TopicPartition(*PLACE),)), self.outcome())

    def rebalance(self) -> None:
        if self.rarely(0.5):
            self.told.revoked(self.name, *self.partitions)
        self.told.assigned(self.name, *self.partitions, generation=self.instances + 1)
        self.position = self.committed

    def finish(self) -> None:
        """It catches up, mostly; who reads its sink sees what is there, mostly."""
        for _ in range(self.random.randrange(2, 4)):
            self.work()
        self.told.do(ops.Poll(self.name), Ok(()))
        if self.rarely(0.9):
            self.told.caught()
        if self.discipline in ("exactly-once", "dead-letter"):
            self.read_sink()

    def read_sink(self) -> None:
        records = [Record("sink", 0, offset, *self.letter(*each)) for offset, each in enumerate(self.sink)]
        records = [each for each in records if not self.rarely(0.05)]
        level: Any = "committed" if self.rarely(0.9) else "uncommitted"
        if self.discipline == "exactly-once":
            shown = [(each.offset, each.value) for each in records]
            end = max(0, len(self.sink) - self.rarely(0.1))
            self.told.drain(shown[:end], end, reader="reader", isolation=level, topic="sink")
        elif records:
            self.told.consumer("reader")
            self.told.assign("reader", topic="sink")
            self.told.do(ops.Poll("reader"), Ok(tuple(records)))

    def letter(self, value: bytes, headers: tuple[RecordHeader, ...]) -> tuple[Any, ...]:
        """The fields of a record from the value on."""
        return value, self.key_of(value) if self.rarely(0.9) else b"other", -1, None, headers

    def key_of(self, value: bytes) -> bytes | None:
        sends = [row.value for row in self.told.rows if isinstance(getattr(row, "value", None), ops.Send)]  # type: ignore[union-attr]
        return next((send.key for send in sends if send.topic == "t" and send.value == value), None)

    acts = (send, work, join, move, rebalance)
    weights = (2, 4, 2, 0.4, 0.7)


DISCIPLINES = ("at-least-once", "at-most-once", "exactly-once", "idempotent-sink", "dead-letter", "backpressure")
WEIGHTS = (5, 5, 2, 2, 2, 3)
"""More of those that need more to be broken."""


def drawn(random: Random) -> HistoryBuilder:
    return Applications(random, random.choices(DISCIPLINES, WEIGHTS)[0]).told
