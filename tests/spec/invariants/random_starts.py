"""Random small histories of two groups over one log: members begin where they should, or nearly."""

from random import Random
from typing import Any

from histories import REFUSED, UNKNOWN, HistoryBuilder

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.outcomes import Ok
from brokerlaw.spec.history.values import PartitionOffset, TopicPartition

SETTINGS: tuple[dict[str, str], ...] = (
    *({"retention.ms": "-1"},) * 16,
    {"retention.ms": "1"},
    {"cleanup.policy": "compact"},
    {"unclean.leader.election.enable": "true"},
)
RESETS = ("earliest", "earliest", "latest", "latest", "none", "by_duration:PT2S")
GROUPS = {"a": "g", "b": "g", "x": "h"}


class Starts:
    """One history: the log of each partition, and the offset that each group committed last."""

    def __init__(self, random: Random) -> None:
        self.random, self.told = random, HistoryBuilder()
        self.grows = self.rarely(0.25)
        self.partitions = 1 if self.grows else random.choice((1, 1, 2))
        self.logs: list[list[bytes | None]] = [[], []]
        self.committed: dict[tuple[str, int], int] = {}
        self.sent = 0
        self.told.topic(partitions=self.partitions, **random.choice(SETTINGS))
        self.told.producer("p", acks=random.choice(("all", "all", "all", "1")))
        self.told.producer("q", transactional_id="tx")
        for name, group in GROUPS.items():
            level: Any = random.choice(("read_uncommitted", "read_committed"))
            auto = self.rarely(0.03)
            self.told.consumer(name, group, isolation=level, reset=self.reset(), auto_commit=auto)
            self.told.do(ops.Subscribe(name, ("t",)), None if self.rarely(0.95) else UNKNOWN)
        if self.grows:
            self.expand()
        for _ in range(random.randrange(1, 4)):
            self.send()
        for _ in range(random.randrange(4, 14)):
            random.choices(self.acts, self.weights)[0](self)

    def rarely(self, share: float) -> bool:
        return self.random.random() < share

    def reset(self) -> Any:
        return "latest" if self.grows else self.random.choice(RESETS)

    def outcome(self) -> Any:
        return self.random.choices((None, UNKNOWN, REFUSED), (10, 1, 1))[0]

    def place(self) -> int:
        newest = self.grows and self.rarely(0.5)
        return self.partitions - 1 if newest else self.random.randrange(self.partitions)

    def expand(self) -> None:
        if self.partitions < 2:
            outcome = self.outcome()
            self.told.do(ops.CreatePartitions("t", 2), outcome)
            self.partitions += outcome is not REFUSED

    # --- the log ---

    def send(self, client: str = "p") -> None:
        partition, value = self.place(), b"v%d" % self.sent
        self.sent += 1
        asked = self.told.sending(value, client, partition=partition, timestamp=5 if self.rarely(0.1) else None)
        outcome = self.outcome()
        self.told.end(asked, outcome) if outcome else self.told.placed(asked, len(self.logs[partition]), partition)
        if outcome is not REFUSED:
            self.logs[partition].append(value)

    def transact(self) -> None:
        self.told.do(ops.BeginTransaction("q"), None if self.rarely(0.9) else UNKNOWN)
        if self.rarely(0.6):
            self.send("q")
        name, partition = self.random.choice("abx"), self.place()
        if self.rarely(0.6):
            offset = self.random.randint(0, len(self.logs[partition]))
            self.told.do(ops.SendOffsets("q", name, (PartitionOffset("t", partition, offset),)), self.outcome())
            self.committed[GROUPS[name], partition] = offset
        end = self.random.choice((ops.CommitTransaction, ops.CommitTransaction, ops.AbortTransaction))
        self.told.do(end("q"), self.outcome())
        for log in self.logs[: self.partitions]:
            log.append(None)

    def delete(self) -> None:
        partition = self.place()
        before = self.random.choice((-1, self.random.randint(0, len(self.logs[partition]))))
        self.told.do(ops.DeleteRecords("t", partition, before), self.outcome())

    # --- groups ---

    def commit(self) -> None:
        name, partition = self.random.choice("abx"), self.place()
        offset, outcome = self.random.randint(0, len(self.logs[partition])), self.outcome()
        if self.rarely(0.1):
            self.told.begin(name, ops.Commit(name, (PartitionOffset("t", partition, offset),), awaited=False))
        elif self.rarely(0.1):
            self.told.do(ops.ResetOffsets(GROUPS[name], (PartitionOffset("t", partition, offset),)), outcome)
        else:
            self.told.commit(name, offset, outcome, partition)
        if outcome is not REFUSED:
            self.committed[GROUPS[name], partition] = offset

    def forget(self) -> None:
        self.told.do(ops.DeleteOffsets(self.random.choice("gh"), (TopicPartition("t", 0),)), self.outcome())

    def fetch(self) -> None:
        name, partition = self.random.choice("abx"), self.place()
        group = GROUPS[name] if self.rarely(0.8) else self.random.choice("gh")
        told = self.committed.get((group, partition))
        asked = (ops.Committed(name, "t", partition), ops.FetchCommitted(GROUPS[name], "t", partition))
        self.told.do(self.random.choice(asked), Ok(None if self.rarely(0.1) else told))

    def begin(self) -> None:
        """A member is given a partition, in a poll or between two, and reads."""
        name, partition = self.random.choice("aabx"), self.place()
        log = self.logs[partition]
        first = self.committed.get((GROUPS[name], partition), self.random.choice((0, len(log))))
        if self.rarely(0.3):
            first += self.random.choice((-1, 1))
        within = self.rarely(0.4)
        poll = self.told.begin(name, ops.Poll(name)) if within else None
        self.told.assigned(name, partition, group=GROUPS[name])
        if poll is None:
            self.between(name, partition)
            poll = self.told.begin(name, ops.Poll(name))
        if first >= len(log):
            for _ in range(self.random.randrange(3)):
                self.send()
        there = [(offset, log[offset]) for offset in range(max(0, first), len(log)) if log[offset] is not None]
        self.told.end(poll, self.told.records(*there[: self.random.randint(1, 3)], partition=partition))
        if self.rarely(0.4):
            self.told.revoked(name, partition, group=GROUPS[name])

    def between(self, name: str, partition: int) -> None:
        """What may come between the assignment and the first record that is told."""
        if self.rarely(0.2):
            self.told.do(ops.Poll(name), self.random.choice((Ok(()), UNKNOWN, REFUSED)))
        if self.rarely(0.05):
            self.told.do(ops.Seek(name, "t", partition, 0), self.outcome())

    def wait(self) -> None:
        self.told.wait(self.random.choice((2_000, 4_000, 8 * 24 * 3_600_000)))

    acts = (send, transact, delete, commit, forget, fetch, begin, wait, expand)
    weights = (2, 1, 0.2, 2.5, 0.1, 2, 7, 0.6, 0.3)


def drawn(random: Random) -> HistoryBuilder:
    return Starts(random).told
