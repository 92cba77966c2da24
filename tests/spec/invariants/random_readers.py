"""Random small histories of readers over a log that is mostly told as it is: some records are left out, or repeated."""

from random import Random

from histories import REFUSED, UNKNOWN, HistoryBuilder

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.outcomes import Ok, Outcome
from brokerlaw.spec.history.values import PartitionOffset, Record, TopicPartition

SETTINGS: tuple[dict[str, str], ...] = (
    *({"retention.ms": "-1"},) * 12,
    {"retention.ms": "1"},
    {"cleanup.policy": "compact"},
    {"unclean.leader.election.enable": "true"},
)
READERS = ("c", "d", "m")
PARTITIONS = (0, 1)


class Readers:
    """One history: `c` and `d` assign partitions to themselves, `m` is a member of a group."""

    def __init__(self, seed: int, lies: float = 0.25) -> None:
        self.random = Random(seed)
        self.lies = lies
        self.told = HistoryBuilder()
        self.logs: dict[int, list[bytes | None]] = {partition: [] for partition in PARTITIONS}
        self.starts = dict.fromkeys(PARTITIONS, 0)
        self.stands: dict[tuple[str, int], int] = {}
        self.times = {(0, 0): 100}
        self.sent = 0
        self._open()
        for _ in range(self.random.randint(8, 24)):
            self._act()

    def _open(self) -> None:
        random, told = self.random, self.told
        told.topic(partitions=2, **random.choice(SETTINGS))
        told.producer("p", acks=random.choice(["all", "all", "all", "1"]), idempotent=random.random() < 0.7)
        told.producer("q", transactional_id="tx")
        told.send(b"first", 0, timestamp=100)
        self.logs[0].append(b"first")
        for _ in range(random.randint(0, 4)):
            self._send()
        for name in READERS:
            isolation = random.choice(["read_uncommitted", "read_committed"])
            settings = {"isolation": isolation, "reset": random.choice(["earliest", "earliest", "latest", "none"])}
            if name == "m":
                told.member(name, **settings)
            else:
                told.consumer(name, **settings)
                self._assign(name)

    def _assign(self, name: str) -> None:
        mine = self.random.choice([(0,), (0, 1), (0, 1)])
        offsets = tuple(PartitionOffset("t", partition, self._place(partition)) for partition in mine)
        outcome = self._outcome()
        self.told.do(ops.Assign(name, offsets), outcome)
        if outcome is None:
            self.stands = {key: value for key, value in self.stands.items() if key[0] != name}
            self.stands |= {(name, offset.partition): offset.offset for offset in offsets}

    def _place(self, partition: int) -> int:
        return self.random.randint(0, len(self.logs[partition]) + self.random.choice([0, 0, 2]))

    def _outcome(self) -> Outcome | None:
        return self.random.choices([None, UNKNOWN, REFUSED], [10, 1, 1])[0]

    def _act(self) -> None:
        acts = {
            self._send: 6,
            self._transact: 2,
            self._poll: 9,
            self._poll_twice: 0.4,
            self._seek: 2,
            self._position: 4,
            self._pause: 2,
            self._delete: 1.2,
            self._rebalance: 3,
            self._leave: 0.5,
            self._end_told: 2,
            self._begin_told: 1.5,
            self._look_up: 2,
            self._reassign: 0.7,
        }
        self.random.choices(list(acts), list(acts.values()))[0]()

    # --- the log ---

    def _send(self, client: str = "p") -> None:
        partition = self.random.choice(PARTITIONS)
        log = self.logs[partition]
        value = b"v%d" % self.sent
        self.sent += 1
        time = self.random.choice([None, *range(100, 106)])
        asked = self.told.sending(value, client, partition=partition, timestamp=time)
        outcome = self._outcome()
        if outcome is None:
            self.told.placed(asked, len(log), partition)
        else:
            self.told.end(asked, outcome)
        if outcome is not REFUSED:
            log.append(value)
            self.times[partition, len(log) - 1] = -1 if time is None else time

    def _transact(self) -> None:
        self.told.do(ops.BeginTransaction("q"))
        for _ in range(self.random.randint(1, 2)):
            self._send("q")
        if self.random.random() < 0.4:
            self._end_told()
        end = self.random.choice([ops.CommitTransaction, ops.CommitTransaction, ops.AbortTransaction])
        self.told.do(end("q"), self._outcome())
        for log in self.logs.values():
            log.append(None)

    def _delete(self) -> None:
        partition = self.random.choice(PARTITIONS)
        before = self.random.choice([-1, self.random.randint(0, len(self.logs[partition]))])
        outcome = self._outcome()
        self.told.do(ops.DeleteRecords("t", partition, before), outcome)
        if outcome is None and self.random.random() >= self.lies:
            self.starts[partition] = max(self.starts[partition], len(self.logs[partition]) if before < 0 else before)

    def _end_told(self) -> None:
        partition = self.random.choice(PARTITIONS)
        isolation = self.random.choice(["uncommitted", "uncommitted", "committed"])
        end = max(0, len(self.logs[partition]) + self._lie())
        self.told.list_offset(end, "latest", partition, isolation)

    def _begin_told(self) -> None:
        partition = self.random.choice(PARTITIONS)
        self.told.list_offset(max(0, self.starts[partition] + self._lie()), "earliest", partition)

    def _look_up(self) -> None:
        partition, time = self.random.choice(PARTITIONS), self.random.randint(99, 107)
        log = range(self.starts[partition], len(self.logs[partition]))
        found = next((offset for offset in log if self.times.get((partition, offset), -1) >= time), None)
        lied = self._lie()
        answer = None if found is None or lied == 1 else max(0, found + lied)
        isolation = self.random.choice(["read_uncommitted", "read_committed"])
        self.told.do(ops.ListOffsets("t", partition, time, isolation), Ok(answer))  # type: ignore[arg-type]  # as words

    # --- readers ---

    def _lie(self) -> int:
        return self.random.choice([-2, -1, 1, 2]) if self.random.random() < self.lies else 0

    def _records(self, name: str) -> tuple[Record, ...]:
        found: list[Record] = []
        mine = [partition for partition in PARTITIONS if (name, partition) in self.stands]
        if self.random.random() < self.lies / 3:
            mine = list(PARTITIONS)
        for partition in mine:
            log, stands = self.logs[partition], self.stands.get((name, partition), 0)
            start = max(0, stands + self._lie())
            for offset in range(max(start, self.starts[partition]), min(len(log), start + self.random.randint(0, 3))):
                value = log[offset]
                if value is not None and self.random.random() >= self.lies / 4:
                    time = self.times.get((partition, offset), -1)
                    found.append(Record("t", partition, offset, value, None, time))
                stands = offset + 1
            if (name, partition) in self.stands:
                self.stands[name, partition] = stands
        return tuple(found)

    def _poll(self) -> None:
        name = self.random.choice(READERS)
        poll = self.told.begin(name, ops.Poll(name, self.random.choice([2, 4, 6])))
        if name == "m" and self.random.random() < 0.2:
            self._rebalance()
        outcome = self._outcome()
        if outcome is None:
            outcome = Ok(self._records(name))
        elif outcome is UNKNOWN and self.random.random() < 0.3:
            outcome = type(UNKNOWN)("TIMED_OUT", told=self._records(name))
        self.told.end(poll, outcome)

    def _poll_twice(self) -> None:
        name = self.random.choice(READERS)
        one, other = (self.told.begin(name, ops.Poll(name)) for _ in range(2))
        first = self._records(name)
        self.told.end(other, Ok(self._records(name)))
        self.told.end(one, Ok(first))

    def _seek(self) -> None:
        name, partition = self.random.choice(READERS), self.random.choice(PARTITIONS)
        offset, outcome = self._place(partition), self._outcome()
        self.told.do(ops.Seek(name, "t", partition, offset), outcome)
        if outcome is None and (name, partition) in self.stands:
            self.stands[name, partition] = offset

    def _position(self) -> None:
        name, partition = self.random.choice(READERS), self.random.choice(PARTITIONS)
        stands = self.stands.get((name, partition))
        answer = None if stands is None else max(0, stands + self._lie())
        self.told.do(ops.Position(name, "t", partition), self._outcome() or Ok(answer))

    def _pause(self) -> None:
        name, partition = self.random.choice(READERS), self.random.choice(PARTITIONS)
        kind = self.random.choice([ops.Pause, ops.Resume])
        self.told.do(kind(name, (TopicPartition("t", partition),)), self._outcome())

    def _reassign(self) -> None:
        self._assign(self.random.choice(["c", "d"]))

    def _rebalance(self) -> None:
        partition = self.random.choice(PARTITIONS)
        if ("m", partition) in self.stands and self.random.random() < 0.8:
            self.told.revoked("m", partition, lost=self.random.random() < 0.3)
            del self.stands["m", partition]
        else:
            self.told.assigned("m", partition, generation=self.sent + 1)
            self.stands["m", partition] = self._place(partition)

    def _leave(self) -> None:
        outcome = self._outcome()
        self.told.do(ops.Unsubscribe("m"), outcome)
        self.told.do(ops.Subscribe("m", ("t",)))
        if outcome is None:
            self.stands = {key: value for key, value in self.stands.items() if key[0] != "m"}
