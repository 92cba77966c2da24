"""Small random histories of one topic, drawn from a seed: what is read, told and kept is true, or nearly."""

from random import Random
from typing import Any

from histories import REFUSED, UNKNOWN, HistoryBuilder

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.observations import Drained
from brokerlaw.spec.history.outcomes import Ok
from brokerlaw.spec.history.values import Placed, Record, RecordHeader

VALUES = (None, b"", b"a", b"b", b"long")
KEYS = (None, b"", b"k", b"l")
HEADERS = ((), (), (RecordHeader("h", b"1"),), (RecordHeader("h", None), RecordHeader("h", b"")))
TYPES = (None, "CreateTime", "LogAppendTime")
SETTINGS = {
    "retention.ms": ("30", "-1", "100000"),
    "cleanup.policy": ("compact", "compact,delete", "delete"),
    "message.timestamp.type": ("CreateTime", "LogAppendTime"),
    "max.message.bytes": ("3", "5"),
    "delete.retention.ms": ("20", "0"),
    "min.compaction.lag.ms": ("30", "0", "100000"),
}


class Telling:
    """One history that is being drawn, with the log that there should be."""

    def __init__(self, random: Random) -> None:
        self.random, self.told = random, HistoryBuilder()
        self.log: list[Record] = []
        chosen = random.sample(sorted(SETTINGS), random.randrange(5)) + ["cleanup.policy"] * (random.random() < 0.4)
        self.told.do(ops.CreateTopic("t", 2, 1, {name: random.choice(SETTINGS[name]) for name in chosen}))
        self.told.producer()
        self.readers = 0
        self.open_reader()
        for _ in range(random.randrange(4, 22)):
            random.choices(self.acts, self.weights)[0](self)

    def open_reader(self) -> None:
        self.readers += 1
        self.told.consumer(f"c{self.readers}")

    def send(self) -> None:
        random, told = self.random, self.told
        fields: dict[str, Any] = {"headers": random.choice(HEADERS), "timestamp": random.choice((None, None, 5, 9))}
        partition = random.randrange(2)
        value, key = random.choice(VALUES), random.choice(KEYS)
        named = random.choice((None, partition))
        asked = told.sending(value, key=key, partition=named, **fields)
        offset = sum(record.partition == partition for record in self.log) + random.choice((0, 0, 0, 1))
        if random.random() < 0.03:
            partition = 2
        stamp = told.now // 1_000_000 if fields["timestamp"] is None else fields["timestamp"]
        record = Record("t", partition, offset, value, key, stamp, random.choice(TYPES), fields["headers"])
        outcome = random.choice((None, None, None, UNKNOWN, REFUSED, "never"))
        if outcome is not REFUSED:
            self.log.append(record)
        if outcome != "never":
            told.end(asked, Ok(Placed("t", partition, offset)) if outcome is None else outcome)

    def poll(self) -> None:
        if self.log:
            record = self.random.choice(self.log)
            name = f"c{self.random.randrange(self.readers) + 1}"
            self.told.do(ops.Poll(name), Ok((self.nearly(record),)))

    def nearly(self, record: Record) -> Record:
        fields = {name: getattr(record, name) for name in record.__struct_fields__}
        lies: dict[str, Any] = {
            "value": self.random.choice(VALUES),
            "key": self.random.choice(KEYS),
            "headers": self.random.choice(HEADERS),
            "timestamp": self.random.choice((-1, 5, 9, 40)),
            "timestamp_type": self.random.choice(TYPES),
        }
        if self.random.random() < 0.4:
            lie = self.random.choice(sorted(lies))
            fields[lie] = lies[lie]
        return Record(**fields)

    def start(self) -> None:
        partition = self.random.randrange(2)
        self.told.list_offset(self.random.choice((0, 0, 1, 2)), "earliest", partition)

    def alter(self) -> None:
        name = self.random.choice(sorted(SETTINGS))
        outcome = self.random.choice((None, None, UNKNOWN, REFUSED))
        self.told.do(ops.AlterTopic("t", {name: self.random.choice(SETTINGS[name])}), outcome)

    def wait(self) -> None:
        self.told.wait(self.random.choice((5, 20, 40, 1_100, 11_000)))

    def drain(self) -> None:
        kept = [record for record in self.log if record.partition == 0 and self.random.random() < 0.8]
        end = max((record.offset + 1 for record in self.log if record.partition == 0), default=0)
        self.readers += 1
        name = f"c{self.readers}"
        self.told.drain([], end, reader=name) if not kept else self._drain(name, kept, end)

    def _drain(self, name: str, kept: list[Record], end: int) -> None:
        self.told.do(ops.ListOffsets("t", 0), Ok(end))
        self.told.consumer(name)
        self.told.assign(name)
        self.told.do(ops.Poll(name), Ok(tuple(kept)))
        self.told.see(name, Drained("t", 0, 0, end, "read_uncommitted"))

    def delete(self) -> None:
        self.told.do(ops.DeleteTopic("t"), self.random.choice((None, UNKNOWN, REFUSED)))
        if self.random.random() < 0.7:
            self.told.do(ops.CreateTopic("t", 2), self.random.choice((None, None, REFUSED)))
        self.told.wait(self.random.choice((0, 1_100)))
        self.open_reader()

    def expand(self) -> None:
        self.told.do(
            ops.CreatePartitions("t", self.random.choice((3, 4))), self.random.choice((None, UNKNOWN, REFUSED))
        )

    def give(self) -> None:
        self.told.assigned("c1", self.random.choice((0, 1, 1, 2)))

    def disturb(self) -> None:
        outcome = self.random.choice((None, UNKNOWN, REFUSED))
        if self.random.random() < 0.5:
            self.told.do(ops.ElectLeader("t", 0), outcome)
        else:
            self.told.do(ops.PauseBroker(1), outcome)
            self.told.do(ops.ResumeBroker(1), self.random.choice((None, UNKNOWN)))

    acts = (send, poll, start, alter, wait, drain, delete, open_reader, expand, give, disturb)
    weights = (8, 7, 2, 1, 2, 1.5, 0.5, 0.5, 0.3, 0.3, 0.15)


def drawn(random: Random) -> HistoryBuilder:
    return Telling(random).told
