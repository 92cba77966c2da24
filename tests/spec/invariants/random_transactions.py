"""Random small histories of transactions over one topic, with readers that are given what they should be, or nearly."""

from random import Random
from typing import Any

from histories import REFUSED, UNKNOWN, Call, HistoryBuilder

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.observations import Drained
from brokerlaw.spec.history.outcomes import Ok, Outcome, Unknown
from brokerlaw.spec.history.rows import Invoke
from brokerlaw.spec.history.values import Placed, Record, TopicPartition

SETTINGS: tuple[dict[str, str], ...] = (*({},) * 12, {"unclean.leader.election.enable": "true"})


class Transactions:
    """One history: the log of each partition, whose transactions are open, and which were committed."""

    def __init__(self, random: Random) -> None:
        self.random, self.told = random, HistoryBuilder()
        self.logs: list[list[tuple[bytes, int]]] = [[], []]
        self.current = dict.fromkeys("qr", 0)
        self.ended: dict[int, bool] = {0: True}
        self.numbers = 0
        self.sent = 0
        self.told.do(ops.CreateTopic("t", 2, 1, random.choice(SETTINGS)), None if self.rarely(0.97) else UNKNOWN)
        self.told.producer("p")
        for name in "qr":
            self.told.producer(name, transactional_id=f"tx-{name}")
        self.told.consumer("u")
        self.told.consumer("c", isolation="read_committed")
        for _ in range(random.randrange(6, 20)):
            random.choices(self.acts, self.weights)[0](self)
        for number in range(random.randrange(1, 4)):
            self.drain(f"reader-{number}")

    def rarely(self, share: float) -> bool:
        return self.random.random() < share

    def outcome(self) -> Any:
        return self.random.choices((None, UNKNOWN, REFUSED), (12, 1, 1))[0]

    def append(self, partition: int, value: bytes, transaction: int) -> Placed:
        self.logs[partition].append((value, transaction))
        return Placed("t", partition, len(self.logs[partition]) - 1)

    def value(self) -> bytes:
        self.sent += 1
        return b"v%d" % self.sent

    # --- producers ---

    def send(self) -> None:
        name, partition, value = self.random.choice("pqrqr"), self.random.randrange(2), self.value()
        if self.current.get(name) == 0 and self.rarely(0.9):
            self.begin(name)
        asked, outcome = self.told.sending(value, name, partition=partition), self.outcome()
        if outcome is REFUSED:
            self.told.end(asked, outcome)
            return
        placed = self.append(partition, value, self.current.get(name, 0))
        self.told.end(asked, outcome or Ok(placed))

    def begin(self, name: str) -> None:
        outcome = self.outcome()
        self.told.do(ops.BeginTransaction(name), outcome)
        if outcome is not REFUSED:
            self.numbers += 1
            self.current[name] = self.numbers

    def end(self) -> None:
        name = self.random.choice("qr")
        kind = self.random.choice((ops.CommitTransaction, ops.CommitTransaction, ops.AbortTransaction))
        outcome = self.outcome()
        self.told.do(kind(name), outcome)
        if outcome is not REFUSED:
            self.ended[self.current[name]] = kind is ops.CommitTransaction
        if outcome is None:
            self.current[name] = 0

    def together(self) -> None:
        """A transaction that reads, as one operation of several parts."""
        told, value = self.told, self.value()
        whole = told.begin("w", ops.BeginTransaction("q"))
        self.numbers += 1
        transaction = self.current["q"] = self.numbers
        send = self.part(whole, ops.Send("q", "t", value, partition=0))
        poll = self.part(whole, ops.Poll("c"))
        end = self.part(whole, ops.CommitTransaction("q"))
        placed = self.append(0, value, transaction)
        told.end(whole, Ok())
        told.end(send, Ok(placed))
        shown = [placed.offset] if self.rarely(0.3) else []
        told.end(poll, told.records(*((offset, value) for offset in shown)))
        outcome: Outcome = self.outcome() or Ok()
        told.end(end, outcome)
        self.ended[transaction] = outcome is not REFUSED
        if isinstance(outcome, Ok):
            self.current["q"] = 0

    def part(self, whole: Call, op: ops.AnyOperation) -> Call:
        """Begun with the whole."""
        first = self.told.rows[whole.row]
        call = self.told.begin("w", op)
        self.told.rows[call.row] = Invoke(call.op, first.time, "w", op, whole.op)  # type: ignore[arg-type]  # as it was
        return call

    # --- readers ---

    def shown(self, partition: int, isolated: bool) -> list[Record]:
        log = list(enumerate(self.logs[partition]))
        if isolated:
            log = [each for each in log if self.ended.get(each[1][1], self.rarely(0.03)) != self.rarely(0.03)]
        return [Record("t", partition, offset, value, None) for offset, (value, _) in log]

    def poll(self) -> None:
        name, partition = self.random.choice("uccc"), self.random.randrange(2)
        records = self.shown(partition, name == "c")
        first = self.random.randint(0, len(records))
        given = tuple(records[first : first + 2])
        self.told.do(ops.Poll(name), Ok(given) if self.rarely(0.9) else Unknown("TIMED_OUT", told=given))

    def drain(self, name: str) -> None:
        partition = self.random.randrange(2)
        level: Any = self.random.choice(("read_committed", "read_committed", "read_committed", "read_uncommitted"))
        end = len(self.logs[partition])
        self.told.do(ops.ListOffsets("t", partition, "latest", level), Ok(end))
        self.told.consumer(name, isolation=level)
        self.told.assign(name, partition=partition)
        if self.rarely(0.05):
            self.told.do(ops.Poll(name), UNKNOWN)
        self.told.do(ops.Poll(name), Ok(tuple(self.shown(partition, level == "read_committed"))))
        self.told.see(name, Drained("t", partition, 0, max(0, end - self.rarely(0.1)), level))

    def delete(self) -> None:
        tp = TopicPartition("t", self.random.randrange(2))
        self.told.do(ops.DeleteRecords(*tp, self.random.randint(0, 2)), self.outcome())

    acts = (send, end, together, poll, delete)
    weights = (8, 4, 0.7, 3, 0.2)


def drawn(random: Random) -> HistoryBuilder:
    return Transactions(random).told
