"""What a later record of its key has replaced goes, once the cleaner has looked."""

from random import Random

import pytest
from histories import REFUSED, UNKNOWN, Call, HistoryBuilder, guilty, innocent, untested
from oracles import replaced as oracle
from oracles.compared import agree
from oracles.told import Told

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.outcomes import Ok
from brokerlaw.spec.history.values import Record

(GOES,) = oracle.ORACLES
LONG = 124_000
"""Milliseconds after which nothing that has been replaced is still there."""
EAGER = {"cleanup.policy": "compact", "segment.ms": "500", "min.cleanable.dirty.ratio": "0"}


def written_over(told: bool = True, **settings: str) -> tuple[HistoryBuilder, Call, Call]:
    """Two records of a key, and a third one of another, which closes the segment of the second."""
    history = HistoryBuilder()
    history.broker_settings = {oracle.BACKOFF: "1000"} if told else {}
    given = {name.replace("_", "."): value for name, value in settings.items()}
    history.do(ops.CreateTopic("t", 1, 1, EAGER | given))
    history.producer()
    first, second = history.send(b"0", 0, key=b"k"), history.send(b"1", 1, key=b"k")
    history.wait(1_000)
    history.send(b"2", 2, key=b"l")
    return history, first, second


def back(history: HistoryBuilder, *records: tuple[int, bytes], name: str = "r", **fields: str) -> Call:
    history.consumer(name)
    history.assign(name, 0)
    return history.poll(name, *records, key=b"k", **fields)


def test_what_is_still_there_long_after_it_was_replaced_is_seen() -> None:
    history, first, second = written_over()
    history.wait(LONG)
    poll = back(history, (0, b"0"), (1, b"1"))
    back(history, (0, b"0"))
    assert guilty(history, GOES, first, second, poll) == (
        "'0' at t/0@0 is still there, long after a later record of key 'k' should have replaced it"
    )


def test_what_is_gone_soon_or_late_is_gone() -> None:
    history, _, _ = written_over()
    back(history, (0, b"0"))
    back(history, (1, b"1"))
    history.wait(LONG)
    back(history, (1, b"1"))
    assert innocent(history, GOES) == 2


def test_a_cleaner_may_take_its_time_and_a_reader_may_have_turned_there_before() -> None:
    history, _, _ = written_over()
    history.wait(LONG - 2_000)
    history.consumer("early")
    history.assign("early", 0)
    history.wait(2_000)
    history.poll("early", (0, b"0"), key=b"k")
    untested(history, GOES)


@pytest.mark.parametrize(
    "settings",
    [
        {"min_cleanable_dirty_ratio": "0.5"},
        {"min_compaction_lag_ms": "200000"},
        {"cleanup_policy": "compact,delete"},
        {"cleanup_policy": "delete"},
        {"segment_ms": "100000"},
    ],
)
def test_what_need_not_be_compacted_yet_may_stay(settings: dict[str, str]) -> None:
    history, _, _ = written_over(**settings)
    history.wait(LONG)
    back(history, (0, b"0"))
    untested(history, GOES)


def test_a_broker_that_does_not_tell_how_often_it_looks_is_not_accused() -> None:
    history, _, _ = written_over(told=False)
    history.wait(10 * LONG)
    back(history, (0, b"0"))
    untested(history, GOES)
    back(history, (1, b"1"))
    assert innocent(history, GOES) == 1


@pytest.mark.parametrize(
    "excuse",
    [
        ops.PauseBroker(0),
        ops.ElectLeader("t", 0),
        ops.AlterTopic("t", {"cleanup.policy": "delete"}),
        ops.AlterTopic("t", {"min.cleanable.dirty.ratio": "0.9"}),
        ops.AdvanceClock(5),
    ],
)
def test_what_excuses_a_record_that_stays(excuse: ops.Operation) -> None:
    history, _, _ = written_over()
    history.do(excuse)
    history.wait(LONG)
    back(history, (0, b"0"))
    untested(history, GOES)


def test_a_transaction_or_a_time_that_is_given_excuses_it_too() -> None:
    for inside in (True, False):
        history, _, _ = written_over()
        if inside:
            history.producer("x", transactional_id="x")
            history.transaction((b"3", 3, 0), client="x")
        else:
            history.send(b"3", 3, key=b"m", timestamp=10**13)
        history.wait(LONG)
        back(history, (0, b"0"))
        untested(history, GOES)


class Compacted:
    """Few keys, written over; readers turn to an offset and are given it, or what is behind it."""

    def __init__(self, random: Random) -> None:
        self.random, self.told = random, HistoryBuilder()
        self.told.broker_settings = random.choice([{oracle.BACKOFF: "1000"}, {oracle.BACKOFF: "10000"}, {}])
        self.logs: tuple[list[Record], list[Record]] = [], []
        ratio = random.choices(["0", "0.3"], [15, 1])[0]
        policy = random.choices(["compact", "compact,delete"], [15, 1])[0]
        lag = random.choice([{}, {}, {"min.compaction.lag.ms": "20000"}])
        more = {"min.cleanable.dirty.ratio": ratio, "cleanup.policy": policy}
        self.told.do(ops.CreateTopic("t", 2, 1, EAGER | more | lag), random.choices([None, UNKNOWN], [20, 1])[0])
        self.told.producer("p", acks=random.choices(["all", "1"], [8, 1])[0], idempotent=False)
        for _ in range(random.randrange(8, 24)):
            random.choices((self.send, self.wait, self.read, self.disturb), (8, 3, 3, 0.3))[0]()
        self.told.wait(130_000)
        self.read()

    def send(self) -> None:
        random, partition = self.random, self.random.choice((0, 0, 1))
        log = self.logs[partition]
        record = Record("t", partition, len(log), b"v%d" % len(log), random.choice((b"k", b"l", b"k", None)))
        when = 5 if random.random() < 0.01 else None
        call = self.told.sending(record.value, key=record.key, partition=partition, timestamp=when)
        log.append(record)
        if random.random() < 0.95:
            self.told.placed(call, record.offset, partition)
        else:
            self.told.end(call, UNKNOWN)

    def wait(self) -> None:
        self.told.wait(self.random.choice((100, 700, 2_000, 30_000, 125_000)))

    def read(self) -> None:
        random, partition = self.random, self.random.choice((0, 0, 1))
        log, name = self.logs[partition], f"r{random.randrange(3)}"
        at = random.randrange(len(log) + 1)
        self.told.consumer(name)
        self.told.assign(name, at, partition)
        given = log[at + random.choice((0, 0, 1)) :][: random.randrange(4)]
        self.told.do(ops.Poll(name), Ok(tuple(given)))

    def disturb(self) -> None:
        acts = (
            ops.KillBroker(0),
            ops.ElectLeader("t", 0),
            ops.DeleteRecords("t", 0, self.random.randrange(3)),
            ops.AlterTopic("t", {"min.compaction.lag.ms": "40000"}),
            ops.AlterTopic("t", {"cleanup.policy": "delete"}),
            ops.AdvanceClock(5),
        )
        self.told.do(self.random.choice(acts), self.random.choice((None, UNKNOWN, REFUSED)))


def drawn(random: Random) -> HistoryBuilder:
    return Compacted(random).told


def test_the_judge_says_what_its_oracle_says(histories_drawn: int) -> None:
    agree(oracle.ORACLES, drawn, 9, histories_drawn, Told)
