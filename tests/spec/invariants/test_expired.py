"""What has expired goes, once its segment is closed and the broker has looked at it."""

from random import Random

import pytest
from histories import REFUSED, UNKNOWN, Call, HistoryBuilder, guilty, innocent, row_of, untested
from oracles import expired as oracle
from oracles.compared import agree
from oracles.told import Told

from brokerlaw.spec.history import operations as ops

GOES, OUTGROWN = oracle.ORACLES
LONG = 130_000
"""Milliseconds after which nothing that has expired is still there."""


def sent(told: bool = True, settings: dict[str, str] | None = None) -> HistoryBuilder:
    """A record, and another a second later, of a topic with these settings."""
    history = HistoryBuilder()
    history.broker_settings = {oracle.CHECK: "1000"} if told else {}
    history.do(ops.CreateTopic("t", 1, 1, {"retention.ms": "2000", "segment.ms": "500"} | (settings or {})))
    history.producer()
    history.send(b"0", 0)
    history.wait(1_000)
    history.send(b"1", 1)
    return history


def rows(history: HistoryBuilder) -> tuple[int, int]:
    first = row_of(history, ops.Send, "p")
    return first, first + 2


def test_what_is_still_there_long_after_it_expired_is_seen() -> None:
    history = sent()
    history.wait(LONG)
    asked = history.list_offset(0, "earliest")
    history.list_offset(0, "earliest")
    reason = guilty(history, GOES, *rows(history), asked)
    assert reason == (
        "'0' was acknowledged at t/0@0, its segment was closed 130 s ago and has expired, and the log still begins at 0"
    )


def test_what_is_gone_is_gone() -> None:
    history = sent()
    history.wait(LONG)
    history.list_offset(1, "earliest")
    assert innocent(history, GOES) == 1


def test_a_broker_may_take_its_time() -> None:
    history = sent()
    history.wait(124_000)
    history.list_offset(0, "earliest")
    untested(history, GOES)
    history.wait(2_000)
    history.list_offset(0, "earliest")
    guilty(history, GOES, *rows(history), len(history.rows) - 2)


def test_a_broker_that_does_not_tell_how_often_it_looks_is_not_accused() -> None:
    history = sent(told=False)
    history.wait(10 * LONG)
    history.list_offset(0, "earliest")
    untested(history, GOES)
    history.list_offset(1, "earliest")
    assert innocent(history, GOES) == 1


def test_the_segment_that_is_written_to_may_stay() -> None:
    history = sent(settings={"segment.ms": "1000000"})
    history.wait(LONG)
    history.list_offset(0, "earliest")
    untested(history, GOES)


@pytest.mark.parametrize(
    "settings",
    [
        {"retention.ms": "-1"},
        {"retention.ms": "3600000"},
        {"cleanup.policy": "compact"},
        {"cleanup.policy": "compact,delete"},
    ],
)
def test_what_is_to_be_kept_may_stay(settings: dict[str, str]) -> None:
    history = sent(settings=settings)
    history.wait(LONG)
    history.list_offset(0, "earliest")
    untested(history, GOES)


def excuse(history: HistoryBuilder, name: str) -> None:
    match name:
        case "a younger record by its own account":
            history.send(b"2", 2, timestamp=10**13)
        case "a transaction":
            history.producer("q", transactional_id="q")
            history.do(ops.BeginTransaction("q"))
            history.send(b"2", 2, client="q")
        case "a fault":
            history.do(ops.PauseBroker(0), UNKNOWN)
        case "an election":
            history.do(ops.ElectLeader("t", 0))
        case "a change":
            history.alter(retention_ms="-1")
        case "a change that nobody saw succeed":
            history.alter(retention_ms="-1", outcome=UNKNOWN)
        case "a clock that jumped":
            history.do(ops.AdvanceClock(10))
        case "somebody who deletes":
            history.do(ops.DeleteRecords("t", 0, 1), UNKNOWN)
        case "another topic of the name":
            history.do(ops.CreateTopic("t"), UNKNOWN)


EXCUSES = (
    "a younger record by its own account",
    "a transaction",
    "a fault",
    "an election",
    "a change",
    "a change that nobody saw succeed",
    "a clock that jumped",
    "somebody who deletes",
    "another topic of the name",
)


@pytest.mark.parametrize("name", EXCUSES)
def test_what_excuses_a_log_that_stays(name: str) -> None:
    history = sent()
    excuse(history, name)
    history.wait(LONG)
    history.list_offset(0, "earliest")
    untested(history, GOES)


def test_a_change_that_was_refused_excuses_nothing() -> None:
    history = sent()
    history.alter(retention_ms="-1", outcome=REFUSED)
    history.wait(LONG)
    guilty(history, GOES, *rows(history), history.list_offset(0, "earliest"))


def test_a_purge_by_retention_is_done_some_time_after_brokers_have_learned_of_it() -> None:
    history = sent(settings={"retention.ms": "-1"})
    history.alter(retention_ms="2000")
    history.wait(LONG)
    history.list_offset(0, "earliest")
    untested(history, GOES)
    history.wait(10_000)
    guilty(history, GOES, *rows(history), history.list_offset(0, "earliest"))


def test_the_time_of_appending_is_not_the_senders_to_give() -> None:
    history = sent(settings={"message.timestamp.type": "LogAppendTime"})
    history.send(b"2", 2, timestamp=10**13)
    history.wait(LONG)
    guilty(history, GOES, *rows(history), history.list_offset(0, "earliest"))


def test_a_record_that_few_acknowledged_closes_nothing() -> None:
    history = HistoryBuilder()
    history.broker_settings = {oracle.CHECK: "1000"}
    history.topic(retention_ms="2000", segment_ms="500")
    history.producer(acks="1", idempotent=False)
    history.send(b"0", 0)
    history.wait(1_000)
    history.send(b"1", 1)
    history.wait(LONG)
    history.list_offset(0, "earliest")
    untested(history, GOES)


# --- by size ---


def grown(*sizes: int, limit: str = "10", compression: str = "none", **settings: str) -> HistoryBuilder:
    """Records of these sizes, a second apart."""
    history = HistoryBuilder()
    history.broker_settings = {oracle.CHECK: "1000"}
    history.topic(retention_bytes=limit, segment_ms="500", **settings)
    history.producer(compression=compression)
    for offset, size in enumerate(sizes):
        history.send(b"x" * size, offset)
        history.wait(1_000)
    return history


def test_what_a_log_has_outgrown_is_seen() -> None:
    history = grown(1, 5, 5)
    history.wait(LONG)
    first = row_of(history, ops.Send, "p")
    asked = history.list_offset(0, "earliest")
    assert guilty(history, OUTGROWN, first, first + 2, asked) == (
        "'x' was acknowledged at t/0@0, 10 bytes or more are behind its segment, and the log still begins at 0"
    )


def test_what_a_log_has_outgrown_is_gone_soon_or_late() -> None:
    history = grown(1, 5, 5)
    history.list_offset(0, "earliest")
    history.wait(LONG // 2)
    history.list_offset(0, "earliest")
    history.wait(LONG)
    history.list_offset(1, "earliest")
    assert innocent(history, OUTGROWN) == 1


@pytest.mark.parametrize(
    "history",
    [
        grown(1, 5, 4),
        grown(9, 5),
        grown(1, 5, 5, limit="-1"),
        grown(1, 5, 5, compression="gzip"),
        grown(1, 5, 5, compression_type="zstd"),
        grown(1, 5, 5, cleanup_policy="compact,delete"),
    ],
)
def test_a_log_that_may_be_so_large_may_stay(history: HistoryBuilder) -> None:
    history.wait(LONG)
    history.list_offset(0, "earliest")
    untested(history, OUTGROWN)


def test_a_limit_that_may_be_higher_counts() -> None:
    history = grown(1, 5, 5)
    history.alter(outcome=UNKNOWN, retention_bytes="11")
    history.wait(LONG)
    history.list_offset(0, "earliest")
    untested(history, OUTGROWN)


# --- the oracle ---

RETENTION = ("1000", "1000", "1000", "5000", "5000", "-1", "600000")
POLICIES = ("delete", "delete", "delete", "delete", "delete", "delete", "compact", "compact,delete")


class Logs:
    """Two partitions that are written to, grow old, and may begin anywhere."""

    def __init__(self, random: Random) -> None:
        self.random, self.told = random, HistoryBuilder()
        self.told.broker_settings = random.choice([{oracle.CHECK: "1000"}, {oracle.CHECK: "20000"}, {}])
        self.ends, self.going = [0, 0], list[tuple[Call, int, int]]()
        self.jumpy = random.random() < 0.2
        for _ in range(random.choices([1, 2], [20, 1])[0]):
            self.told.do(ops.CreateTopic("t", 2, 1, self.settings()))
        acks, compression = random.choices(["all", "1"], [9, 1])[0], random.choices(["none", "lz4"], [9, 1])[0]
        self.told.producer("p", acks=acks, compression=compression, idempotent=False)
        self.told.producer("q", transactional_id="q")
        for _ in range(random.randrange(8, 25)):
            random.choices(self.acts, self.weights)[0](self)
        self.end()
        for _ in range(2):
            self.wait_long()
            self.ask()

    def settings(self) -> dict[str, str]:
        kind = self.random.choices(["CreateTime", "LogAppendTime"], [3, 1])[0]
        found = {"retention.ms": self.random.choice(RETENTION), "message.timestamp.type": kind}
        found["cleanup.policy"] = self.random.choice(POLICIES)
        found |= {"retention.bytes": self.random.choice(["0", "1", "3", "-1"])} if self.random.random() < 0.4 else {}
        found |= {"compression.type": "gzip"} if self.random.random() < 0.05 else {}
        return found | self.random.choice([{"segment.ms": "300"}, {"segment.ms": "1500"}, {"segment.ms": "300"}, {}])

    def send(self) -> None:
        partition = self.random.choice([0, 0, 0, 1])
        when = 5 if self.jumpy and self.random.random() < 0.3 else None
        call = self.told.sending(b"v", "p", partition=partition, timestamp=when)
        self.going.append((call, partition, self.ends[partition]))
        self.ends[partition] += 1
        if self.random.random() < 0.8:
            self.end()

    def end(self) -> None:
        while self.going:
            call, partition, offset = self.going.pop()
            if self.random.random() < 0.9:
                self.told.placed(call, offset, partition)
            else:
                self.told.end(call, self.random.choice([UNKNOWN, REFUSED]))

    def wait(self) -> None:
        self.told.wait(self.random.choice([100, 400, 1_000, 2_000, 6_000]))

    def wait_long(self) -> None:
        self.told.wait(self.random.choice([100_000, 125_000, 200_000]))

    def ask(self) -> None:
        partition = self.random.choice([0, 0, 0, 1])
        answer = self.random.choice([0, self.random.randint(0, self.ends[partition])])
        self.told.list_offset(answer, "earliest", partition)

    def alter(self) -> None:
        sizes = [{"retention.bytes": "0"}, {"retention.bytes": "2"}]
        changes = self.random.choice([*({"retention.ms": each} for each in RETENTION), *sizes])
        self.told.do(ops.AlterTopic("t", changes), self.random.choice([None, UNKNOWN, REFUSED]))

    def disturb(self) -> None:
        what = self.random.choice(
            [ops.ElectLeader("t", 0), ops.KillBroker(0), ops.RestartBroker(0), ops.DeleteRecords("t", 0, 2)]
        )
        self.told.do(what, self.random.choice([None, UNKNOWN, REFUSED]))
        if self.random.random() < 0.2:
            self.told.do(self.random.choice([ops.BeginTransaction("q"), ops.AdvanceClock(5)]))
            self.told.sending(b"w", "q", partition=0)

    acts = (send, wait, wait_long, ask, alter, disturb)
    weights = (8, 5, 1, 4, 0.4, 0.3)


def drawn(random: Random) -> HistoryBuilder:
    return Logs(random).told


def test_the_judge_says_what_its_oracle_says(histories_drawn: int) -> None:
    agree(oracle.ORACLES, drawn, 7, histories_drawn, Told)
