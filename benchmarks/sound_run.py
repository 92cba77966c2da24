"""A synthetic run of a sound broker, of any length: it is written to a file row by row, and never held in memory."""

from collections.abc import Iterator
from itertools import count
from typing import BinaryIO, Final

import msgspec
import numpy as np

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.evidence.murmur2 import partitions
from brokerlaw.spec.history.observations import (
    AnyObservation,
    Applied,
    Assigned,
    CaughtUp,
    Declared,
    Drained,
    Revoked,
    Stable,
)
from brokerlaw.spec.history.outcomes import Ok
from brokerlaw.spec.history.rows import Complete, Footer, Header, Invoke, Line, Observe
from brokerlaw.spec.history.values import (
    GroupListing,
    GroupState,
    Member,
    PartitionOffset,
    PartitionState,
    Placed,
    Record,
    RecordHeader,
    TopicPartition,
)

PARTITIONS, BATCH = 8, 10
TOPIC, GROUPS = "orders", ("shop", "audit")
TPS: Final = tuple(TopicPartition(TOPIC, partition) for partition in range(PARTITIONS))
TICK = 10_000
MILLISECOND = 1_000_000
CANDIDATES = [b"key-%d" % number for number in range(200)]
HOMES = partitions(CANDIDATES, np.full(len(CANDIDATES), PARTITIONS)).tolist()
KEYS = [CANDIDATES[HOMES.index(partition)] for partition in range(PARTITIONS)]
"""A key for each partition."""
REBALANCE: Final = 1000
"""Turns from one rebalance to the next."""
MOST: Final = 500
"""Records that a poll asks for."""


class SoundRun:
    """Four producers, one of them transactional; two groups of two members that rebalance, one with an application."""

    def __init__(self, operations: int, file: BinaryIO) -> None:
        self.file = file
        self.rows = 0
        self.operations = 0
        self.log: list[list[Record]] = [[] for _ in range(PARTITIONS)]
        self.read = {group: [0] * PARTITIONS for group in GROUPS}
        self.committed = {group: [0] * PARTITIONS for group in GROUPS}
        self.generation = 0
        self._write(Header())
        self._open()
        for turn in count():
            if self.operations >= operations:
                break
            self._turn(turn)
        self._close()
        self._write(Footer(self.rows))

    def _write(self, line: Line) -> None:
        self.file.write(msgspec.json.encode(line) + b"\n")

    def _row(self, line: Line) -> None:
        self._write(line)
        self.rows += 1

    def _do(self, op: ops.AnyOperation, value: object = None, process: str = "admin") -> None:
        time, process = self.rows * TICK, ops.client_of(op) or process
        self._row(Invoke(self.operations, time, process, op))
        self._row(Complete(self.operations, time + TICK, Ok(value)))
        self.operations += 1

    def _see(self, process: str, observation: AnyObservation) -> None:
        self._row(Observe(self.rows * TICK, process, observation))

    def _open(self) -> None:
        self._do(ops.CreateTopic(TOPIC, PARTITIONS, 3))
        for producer in range(4):
            self._do(ops.OpenProducer(f"p{producer}", transactional_id="tx" if producer == 3 else None))
        self._do(ops.OpenConsumer("tail", isolation="read_committed"))
        self._do(ops.Assign("tail", tuple(PartitionOffset(TOPIC, tp, 0) for tp in range(PARTITIONS))))
        for group in GROUPS:
            self._see(group, Declared(group, TOPIC, "at-least-once", f"{group}-sink"))
            for member in self._members(group):
                self._do(ops.OpenConsumer(member, group, session_timeout=60_000))
                self._do(ops.Subscribe(member, (TOPIC,)))
        self._rebalance()

    def _members(self, group: str) -> tuple[str, str]:
        return f"{group}-0", f"{group}-1"

    def _held(self, member: str) -> list[int]:
        """Half of the partitions, as the assignor `range` shares them out."""
        half, which = PARTITIONS // 2, int(member[-1])
        return [*range(which * half, (which + 1) * half)]

    def _rebalance(self) -> None:
        for told in (Revoked, Assigned):
            for group in GROUPS:
                for member in self._members(group):
                    tps = tuple(TPS[tp] for tp in self._held(member))
                    self._see(member, told(group, member, self.generation, tps))
            self.generation += told is Revoked

    def _turn(self, turn: int) -> None:
        producer = turn % 4
        if producer == 3:
            self._do(ops.BeginTransaction("p3"))
        for number in range(BATCH):
            self._send(f"p{producer}", turn, number, (turn * BATCH + number) % PARTITIONS)
        if producer == 3:
            self._do(ops.CommitTransaction("p3"))
        for group in GROUPS:
            self._work(self._members(group)[turn % 2], group)
        if turn % 100 == 0:
            self._ask(turn)
        if turn % REBALANCE == REBALANCE - 1:
            self._rest()
            self._rebalance()

    def _send(self, producer: str, turn: int, number: int, partition: int) -> None:
        offset, key, value = len(self.log[partition]), KEYS[partition], b"%d-%d" % (turn, number)
        headers = (RecordHeader("turn", b"%d" % turn),) if number == 0 else ()
        timestamp = self.rows * TICK // MILLISECOND
        record = Record(TOPIC, partition, offset, value, key, timestamp, "CreateTime", headers)
        self.log[partition].append(record)
        given = timestamp if number == 1 else None
        send = ops.Send(producer, TOPIC, value, key, timestamp=given, headers=headers)
        self._do(send, Placed(TOPIC, partition, offset))

    def _work(self, member: str, group: str) -> None:
        """Poll, apply, commit."""
        batch: list[Record] = []
        for tp in self._held(member):
            batch += self.log[tp][self.read[group][tp] :]
            self.read[group][tp] = len(self.log[tp])
        self._do(ops.Poll(member, MOST), tuple(batch))
        if group == "shop":
            for record in batch:
                place = (TOPIC, record.partition, record.offset, record.value or b"")
                self._see(member, Applied(group, f"{group}-sink", *place))
        for tp in self._held(member):
            self.committed[group][tp] = self.read[group][tp]
        self._do(
            ops.Commit(member, tuple(PartitionOffset(TOPIC, tp, self.read[group][tp]) for tp in self._held(member)))
        )

    def _ask(self, turn: int) -> None:
        """Whatever can be asked, of one partition."""
        tp = turn // 100 % PARTITIONS
        self._do(ops.DescribePartition(TOPIC, tp), PartitionState(1, turn // REBALANCE, (0, 1, 2), (0, 1, 2)))
        self._do(ops.ListOffsets(TOPIC, tp), len(self.log[tp]))
        self._do(ops.ListOffsets(TOPIC, tp, "earliest"), 0)
        middle = self.log[tp][len(self.log[tp]) // 2]
        first = next(each for each in self.log[tp] if each.timestamp >= middle.timestamp)
        self._do(ops.ListOffsets(TOPIC, tp, middle.timestamp), first.offset)
        for group in GROUPS:
            self._do(ops.FetchCommitted(group, TOPIC, tp), self.committed[group][tp] or None)
            member = next(each for each in self._members(group) if tp in self._held(each))
            self._do(ops.Position(member, TOPIC, tp), self.read[group][tp])

    def _rest(self) -> None:
        """The groups at rest, and what is told of them; a reader without a group that pauses, seeks and reads on."""
        for group in GROUPS:
            for member in self._members(group):
                self._work(member, group)
            self._see(group, Stable(group, (TOPIC,), self._members(group)))
            held = {member: tuple(TPS[tp] for tp in self._held(member)) for member in self._members(group)}
            state = GroupState("stable", tuple(Member(member, tps) for member, tps in held.items()))
            self._do(ops.DescribeGroup(group), state)
            self._do(ops.ListGroups(), tuple(GroupListing(each, "stable") for each in GROUPS))
            self._do(ops.Lag(group, TOPIC, 0), 0)
        self._do(ops.Pause("tail", TPS[1:]))
        begin = max(0, len(self.log[0]) - 2 * MOST)
        self._do(ops.Seek("tail", TOPIC, 0, begin))
        self._do(ops.Poll("tail", MOST), tuple(self.log[0][begin : begin + MOST]))
        self._do(ops.Resume("tail", TPS[1:]))

    def _close(self) -> None:
        self._rest()
        for group in GROUPS:
            self._see("admin", CaughtUp(group, TOPIC))
        isolations: tuple[ops.Isolation, ...] = ("read_uncommitted", "read_committed")
        for isolation in isolations:
            self._drain(f"reader-{isolation}", isolation)
        for tp in range(PARTITIONS):
            self._do(ops.DescribePartition(TOPIC, tp), PartitionState(1, 1 << 20, (0, 1, 2), (0, 1, 2)))

    def _drain(self, reader: str, isolation: ops.Isolation) -> None:
        for tp, log in enumerate(self.log):
            self._do(ops.ListOffsets(TOPIC, tp, "latest", isolation), len(log))
            self._do(ops.ListOffsets(TOPIC, tp, "earliest"), 0)
        self._do(ops.OpenConsumer(reader, isolation=isolation))
        self._do(ops.Assign(reader, tuple(PartitionOffset(TOPIC, tp, 0) for tp in range(PARTITIONS))))
        for tp, log in enumerate(self.log):
            for batch in _batches(log):
                self._do(ops.Poll(reader, MOST), batch)
            self._see(reader, Drained(TOPIC, tp, 0, len(log), isolation))


def _batches(log: list[Record]) -> Iterator[tuple[Record, ...]]:
    return (tuple(log[begin : begin + MOST]) for begin in range(0, len(log), MOST))
