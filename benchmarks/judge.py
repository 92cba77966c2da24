"""How fast histories are folded and judged: a synthetic run of a sound broker, a million operations by default.

python benchmarks/judge.py [OPERATIONS]
"""

import sys
import time
from itertools import count

import numpy as np
from tabulate import tabulate

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.evidence.murmur2 import partitions
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.observations import (
    Applied,
    Assigned,
    CaughtUp,
    Declared,
    Drained,
    Observation,
    Revoked,
    Stable,
)
from brokerlaw.spec.history.outcomes import Ok
from brokerlaw.spec.history.rows import Complete, Header, Invoke, Observe, Recording, Row
from brokerlaw.spec.history.values import PartitionOffset, PartitionState, Placed, Record, TopicPartition
from brokerlaw.spec.invariants import INVARIANTS

PARTITIONS, BATCH = 8, 10
TOPIC, GROUPS = "orders", ("shop", "audit")
TICK = 10_000
CANDIDATES = [b"key-%d" % number for number in range(200)]
HOMES = partitions(CANDIDATES, np.full(len(CANDIDATES), PARTITIONS)).tolist()
KEYS = [CANDIDATES[HOMES.index(partition)] for partition in range(PARTITIONS)]
"""A key for each partition."""


class Run:
    """Rows of a sound run: four producers, one of them transactional, two groups of two members that rebalance."""

    def __init__(self, operations: int) -> None:
        self.rows: list[Row] = []
        self.operations = 0
        self.log: list[list[Record]] = [[] for _ in range(PARTITIONS)]
        self.read = {group: [0] * PARTITIONS for group in GROUPS}
        self.generation = 0
        self.open()
        for turn in count():
            if self.operations >= operations:
                break
            self.turn(turn)
        self.close()

    def do(self, op: ops.AnyOperation, value: object = None, process: str = "admin") -> None:
        time, process = len(self.rows) * TICK, ops.client_of(op) or process
        self.rows.append(Invoke(self.operations, time, process, op))
        self.rows.append(Complete(self.operations, time + TICK, Ok(value)))
        self.operations += 1

    def see(self, process: str, observation: Observation) -> None:
        self.rows.append(Observe(len(self.rows) * TICK, process, observation))  # type: ignore[arg-type]  # any of them

    def open(self) -> None:
        self.do(ops.CreateTopic(TOPIC, PARTITIONS, 3))
        for producer in range(4):
            self.do(ops.OpenProducer(f"p{producer}", transactional_id="tx" if producer == 3 else None))
        for group in GROUPS:
            self.see(group, Declared(group, TOPIC, "at-least-once", f"{group}-sink"))
            for member in self.members(group):
                self.do(ops.OpenConsumer(member, group, session_timeout=60_000))
                self.do(ops.Subscribe(member, (TOPIC,)))
        self.rebalance()

    def members(self, group: str) -> tuple[str, str]:
        return f"{group}-0", f"{group}-1"

    def held(self, member: str) -> list[int]:
        """Half of the partitions, the other half after each rebalance."""
        return [tp for tp in range(PARTITIONS) if (tp + self.generation + int(member[-1])) % 2]

    def rebalance(self) -> None:
        for told in (Revoked, Assigned):
            for group in GROUPS:
                for member in self.members(group):
                    tps = tuple(TopicPartition(TOPIC, tp) for tp in self.held(member))
                    self.see(member, told(group, member, self.generation, tps))
            self.generation += told is Revoked

    def turn(self, turn: int) -> None:
        producer = turn % 4
        if producer == 3:
            self.do(ops.BeginTransaction("p3"))
        for number in range(BATCH):
            self.send(f"p{producer}", b"%d-%d" % (turn, number), (turn * BATCH + number) % PARTITIONS)
        if producer == 3:
            self.do(ops.CommitTransaction("p3"))
        for group in GROUPS:
            self.work(self.members(group)[turn % 2], group)
        if turn % 100 == 0:
            self.do(ops.DescribePartition(TOPIC, 0), PartitionState(1, turn // 1000, (0, 1, 2), (0, 1, 2)))
        if turn % 1000 == 999:
            self.rebalance()
            for group in GROUPS:
                self.see(group, Stable(group, (TOPIC,), self.members(group)))

    def send(self, producer: str, value: bytes, partition: int) -> None:
        offset, key = len(self.log[partition]), KEYS[partition]
        self.log[partition].append(Record(TOPIC, partition, offset, value, key))
        self.do(ops.Send(producer, TOPIC, value, key), Placed(TOPIC, partition, offset))

    def work(self, member: str, group: str) -> None:
        """Poll, apply, commit."""
        batch: list[Record] = []
        for tp in self.held(member):
            batch += self.log[tp][self.read[group][tp] :]
            self.read[group][tp] = len(self.log[tp])
        self.do(ops.Poll(member), tuple(batch))
        if group == "shop":
            for record in batch:
                place = (TOPIC, record.partition, record.offset, record.value or b"")
                self.see(member, Applied(group, f"{group}-sink", *place))
        offsets = tuple(PartitionOffset(TOPIC, tp, self.read[group][tp]) for tp in self.held(member))
        self.do(ops.Commit(member, offsets))

    def close(self) -> None:
        for group in GROUPS:
            for member in self.members(group):
                self.work(member, group)
            self.see("admin", CaughtUp(group, TOPIC))
        for isolation in ("read_uncommitted", "read_committed"):
            self.drain(f"reader-{isolation}", isolation)

    def drain(self, reader: str, isolation: ops.Isolation) -> None:
        for tp, log in enumerate(self.log):
            self.do(ops.ListOffsets(TOPIC, tp, "latest", isolation), len(log))
            self.do(ops.ListOffsets(TOPIC, tp, "earliest"), 0)
        self.do(ops.OpenConsumer(reader, isolation=isolation))
        self.do(ops.Assign(reader, tuple(PartitionOffset(TOPIC, tp, 0) for tp in range(PARTITIONS))))
        for tp, log in enumerate(self.log):
            for begin in range(0, len(log), 500):
                self.do(ops.Poll(reader), tuple(log[begin : begin + 500]))
            self.see(reader, Drained(TOPIC, tp, 0, len(log), isolation))


def main(operations: int) -> None:
    rows = tuple(Run(operations).rows)
    begun = time.perf_counter()
    history = History(Recording(Header(), rows))
    folded = time.perf_counter() - begun
    print(f"{len(rows):,} rows, {len(history.operations):,} operations, {len(history.reads):,} records read")
    print(f"fold: {folded:.2f} s, {len(history.operations) / folded:,.0f} operations/s")
    results = []
    for invariant in INVARIANTS.values():
        begun = time.perf_counter()
        finding = invariant.judge(history)
        spent = time.perf_counter() - begun
        assert not finding.violations, finding.violations[:3]
        results.append((invariant.id, finding.exercised, round(spent, 3), round(len(history.operations) / spent)))
    total = sum(spent for _, _, spent, _ in results)
    results.append(("all", "", round(total, 3), round(len(history.operations) / total)))
    print(tabulate(results, headers=("invariant", "exercised", "s", "operations/s"), intfmt=","))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
