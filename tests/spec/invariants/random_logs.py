"""Random small histories of producers, readers and complete reads of one log, which is mostly told as it is."""

from random import Random

from histories import REFUSED, UNKNOWN, Call, HistoryBuilder

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.observations import Drained
from brokerlaw.spec.history.outcomes import Ok, Outcome, Unknown
from brokerlaw.spec.history.values import PartitionOffset, Placed, Record

SETTINGS: tuple[dict[str, str], ...] = (
    *({},) * 12,
    {"retention.ms": "5"},
    {"retention.ms": "30"},
    {"cleanup.policy": "compact"},
    {"unclean.leader.election.enable": "true"},
)
CHOSEN: tuple[dict[str, str], ...] = (
    *({},) * 16,
    {"acks": "1"},
    {"idempotent": "false"},
    {"unclean.leader.election.enable": "true"},
)
KEYS = (None, b"", b"k", b"l")
MARKER = None


class Logs:
    """One history: `p` and `r` send, `q` in transactions; `c` reads by assignment, `m` is a member of a group."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.told = HistoryBuilder(**random.choice(CHOSEN))
        self.logs: tuple[list[Record | None], list[Record | None]] = [], []
        self.starts = [0, 0]
        self.stands: dict[tuple[str, int], int] = {}
        self.going: list[tuple[Call, Outcome]] = []
        self.sent = self.drains = 0
        self.lies = random.choice([0, 0.1, 0.25])
        settings = random.choice(SETTINGS)
        self.plain = "cleanup.policy" in settings
        self.open(settings)
        for _ in range(random.randrange(6, 20)):
            random.choices(self.acts, self.weights)[0](self)
            self.end_some(0.7)
        self.end_some(random.choice([0, 1, 1]))
        for _ in range(random.randrange(3)):
            self.drain()

    def open(self, settings: dict[str, str]) -> None:
        random, told = self.random, self.told
        made = random.choices(["made", "perhaps", "before", "twice"], [20, 1, 1, 0.5])[0]
        for _ in range({"before": 0, "twice": 2}.get(made, 1)):
            told.do(ops.CreateTopic("t", 2, 1, settings), UNKNOWN if made == "perhaps" else None)
        told.producer("p", acks="all", idempotent=self.plain or random.random() < 0.8)
        told.producer("q", transactional_id="tx")
        in_flight: dict[str, str] = random.choice([{}, {"max.in.flight": "1"}])
        told.producer("r", acks=random.choice(["all", "all", "1", "0"]), idempotent=False, settings=in_flight)
        self.open_reader()
        told.member("m", isolation=random.choice(["read_uncommitted", "read_committed"]))

    def open_reader(self) -> None:
        self.told.consumer("c", isolation=self.random.choice(["read_uncommitted", "read_committed"]))
        self.assign()

    def assign(self) -> None:
        partitions = self.random.choice([(0,), (0, 1)])
        offsets = tuple(PartitionOffset("t", each, self.random.randint(0, len(self.logs[each]))) for each in partitions)
        self.told.do(ops.Assign("c", offsets))
        self.stands = {key: value for key, value in self.stands.items() if key[0] != "c"}
        self.stands |= {("c", each.partition): each.offset for each in offsets}

    def lie(self) -> bool:
        return self.random.random() < self.lies / 2

    # --- producers ---

    def send(self, client: str = "") -> None:
        random, partition = self.random, self.random.choice([0, 0, 1])
        client = client or ("p" if self.plain else random.choice("ppr"))
        value = random.choice([None, b"", b"same"]) if random.random() < 0.1 else b"v%d" % self.sent
        self.sent += 1
        key = random.choice(KEYS)
        call = self.told.sending(value, client, key=key, partition=random.choice([None, partition]))
        fate = random.choices([None, UNKNOWN, REFUSED], [10, 1, 1])[0]
        log = self.logs[partition]
        offset = len(log)
        if fate is not REFUSED and not (fate is UNKNOWN and random.random() < 0.5) and not self.lie():
            times = 2 if self.lie() or (client == "r" and random.random() < 0.1) else 1
            log += [Record("t", partition, offset + each, value, key) for each in range(times)]
        offset = max(0, offset + random.choice([-1, 1])) if self.lie() else offset
        placed = Placed("t", partition, -1 if random.random() < 0.05 else offset)
        told = Unknown("TIMED_OUT", told=placed) if random.random() < 0.3 else UNKNOWN
        self.going.append((call, Ok(placed) if fate is None else told if fate is UNKNOWN else fate))

    def end_some(self, chance: float) -> None:
        while self.going and self.random.random() < chance:
            self.told.end(*self.going.pop(self.random.choice([0, 0, -1])))

    def transact(self) -> None:
        if not self.plain:
            self.told.do(ops.BeginTransaction("q"))
            for _ in range(self.random.randint(1, 2)):
                self.send("q")
            self.end_some(1)
            end = self.random.choice([ops.CommitTransaction, ops.CommitTransaction, ops.AbortTransaction])
            self.told.do(end("q"), self.random.choices([None, UNKNOWN, REFUSED], [8, 1, 1])[0])
            for log in self.logs:
                log.append(MARKER)

    # --- readers ---

    def poll(self, name: str = "") -> None:
        name = name or self.random.choice("cm")
        poll = self.told.begin(name, ops.Poll(name))
        if name == "m" and self.random.random() < 0.3:
            self.rebalance()
        records = tuple(self.nearly(each) for each in self.read(name) if not self.lie())
        outcome: Outcome = Ok(records)
        if self.random.random() < 0.1:
            outcome = self.random.choice([UNKNOWN, REFUSED, Unknown("TIMED_OUT", told=records)])
        self.told.end(poll, outcome)

    def poll_twice(self) -> None:
        one, other = (self.told.begin("c", ops.Poll("c")) for _ in range(2))
        first = tuple(self.read("c"))
        self.told.end(other, Ok(tuple(self.read("c"))))
        self.told.end(one, Ok(first))

    def read(self, name: str) -> list[Record]:
        found: list[Record] = []
        for partition in [partition for owner, partition in self.stands if owner == name]:
            log, stands = self.logs[partition], self.stands[name, partition]
            begin = max(self.starts[partition], 0, stands - self.random.choice([1, 2]) * self.lie())
            end = min(len(log), begin + self.random.randint(0, 4))
            found += [record for record in log[begin:end] if record is not MARKER]
            self.stands[name, partition] = max(begin, end)
        return found

    def nearly(self, record: Record) -> Record:
        if self.random.random() >= self.lies / 8:
            return record
        other = self.random.choice([each for each in [*self.logs[0], *self.logs[1]] if each is not MARKER])
        value = self.random.choice([other.value, b"ghost"])
        return Record("t", record.partition, record.offset, value, self.random.choice([record.key, other.key]))

    def seek(self) -> None:
        partition = self.random.randrange(2)
        offset = self.random.randint(0, len(self.logs[partition]))
        name = self.random.choice([owner for owner, _ in self.stands] or ["c"])
        self.told.do(ops.Seek(name, "t", partition, offset), self.random.choice([None, None, UNKNOWN]))
        if (name, partition) in self.stands:
            self.stands[name, partition] = offset

    def rebalance(self) -> None:
        partition = self.random.randrange(2)
        if ("m", partition) in self.stands and self.random.random() < 0.7:
            self.told.revoked("m", partition, lost=self.random.random() < 0.3)
            del self.stands["m", partition]
        if ("m", partition) not in self.stands and self.random.random() < 0.7:
            self.told.assigned("m", partition)
            self.stands["m", partition] = self.random.randint(0, len(self.logs[partition]))

    def come_back(self) -> None:
        """A member is opened anew, and nobody tells what it is given."""
        self.told.member("m")
        self.stands = {key: value for key, value in self.stands.items() if key[0] != "m"}
        self.stands["m", 0] = self.random.randint(0, len(self.logs[0]))

    # --- what is there ---

    def begin_told(self) -> None:
        partition = self.random.randrange(2)
        begin = self.starts[partition] + (self.random.randint(1, 3) if self.lie() else 0)
        self.going.append((self.told.begin("admin", ops.ListOffsets("t", partition, "earliest")), Ok(begin)))

    def delete(self) -> None:
        partition = self.random.randrange(2)
        before = self.random.choice([-1, self.random.randint(0, len(self.logs[partition]))])
        outcome = self.random.choice([None, None, UNKNOWN, REFUSED])
        self.told.do(ops.DeleteRecords("t", partition, before), outcome)
        if outcome is None:
            asked = len(self.logs[partition]) if before < 0 else before
            self.starts[partition] = max(self.starts[partition], asked)

    def drain(self) -> None:
        random, told, partition = self.random, self.told, self.random.choice([0, 0, 1])
        name = f"d{self.drains}"
        self.drains += random.random() < 0.9
        isolation = random.choice(["read_uncommitted", "read_uncommitted", "read_committed"])
        log = self.logs[partition]
        end = max(0, len(log) - random.randint(1, 2) * self.lie())
        if random.random() < 0.8:
            told.do(ops.ListOffsets("t", partition, "latest", isolation), Ok(end))
        told.consumer(name, isolation=isolation)
        start = random.choice([0, 0, 0, self.starts[partition]])
        told.assign(name, start, partition)
        found = [record for record in log[max(start, self.starts[partition]) : end] if record is not MARKER]
        records = tuple(self.nearly(record) for record in found if random.random() >= self.lies / 4)
        for part in (records[:2], records[2:]):
            told.do(ops.Poll(name), Unknown("TIMED_OUT", told=part) if random.random() < 0.03 else Ok(part))
        self.end_some(0.2)
        told.see(name, Drained("t", partition, start, end, isolation))
        if random.random() < 0.1:
            told.see(name, Drained("t", partition, start, end, isolation))

    acts = (send, transact, poll, poll_twice, seek, rebalance, assign, come_back)
    acts += (open_reader, begin_told, delete, drain)
    weights = (9, 1, 6, 0.4, 0.7, 1.5, 0.4, 0.2, 0.3, 1.5, 0.4, 1.5)


def drawn(random: Random) -> HistoryBuilder:
    return Logs(random).told
