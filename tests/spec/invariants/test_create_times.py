"""A record without a timestamp of its own bears the time of its send, by its producer's clock."""

from random import Random

import pytest
from histories import REFUSED, UNKNOWN, HistoryBuilder, guilty, innocent, untested
from oracles import create_times as oracle
from oracles.compared import agree

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.outcomes import Ok
from brokerlaw.spec.history.values import Record

(TIME,) = oracle.ORACLES
WALL = 1_700_000_000_000
"""What the producer's clock tells when the history's is 0 (ms)."""


class Clocked(HistoryBuilder):
    """Records that are sent without a timestamp, and read with one."""

    def __init__(self, **settings: str) -> None:
        super().__init__()
        self.topic(**settings)
        self.producer()
        self.consumer("c")
        self.assign()
        self.read: list[Record] = []

    def sent(self, off: int = 0, kind: str | None = None, **fields: int) -> None:
        """A record whose time is `off` ms from its producer's clock."""
        number, time = len(self.read), WALL + self.now // 1_000_000 + off
        self.send(b"%d" % number, number, **fields)
        self.read.append(Record("t", 0, number, b"%d" % number, None, time, kind))  # type: ignore[arg-type]  # or none

    def polled(self) -> None:
        self.do(ops.Poll("c"), Ok(tuple(self.read)))


def test_times_that_go_with_the_sends() -> None:
    told = Clocked()
    for milliseconds in (0, 10, 3_000, 60_000):
        told.wait(milliseconds)
        told.sent(off=milliseconds % 7 * 100)
    told.polled()
    assert innocent(told, TIME) == 4


def test_a_time_that_is_not_the_sends_is_seen() -> None:
    told = Clocked()
    told.sent()
    first = len(told.rows) - 2
    told.wait(5_000)
    told.sent(off=-5_000)
    second = len(told.rows) - 2
    told.polled()
    poll = len(told.rows) - 2
    reason = guilty(told, TIME, first, second, poll)
    assert reason.endswith("(ms) were sent by one producer, the second -5.0 s after the first")


@pytest.mark.parametrize("settings", [{"message_timestamp_type": "LogAppendTime"}, {}])
def test_other_times_are_not_the_sends(settings: dict[str, str]) -> None:
    told = Clocked(**settings)
    for off in (0, 9_000):
        told.sent(off, **({} if settings else {"timestamp": WALL + 5 * off}))
    told.polled()
    untested(told, TIME)


def test_clocks_that_were_put_forward_tell_nothing() -> None:
    told = Clocked()
    told.sent()
    told.do(ops.AdvanceClock(60_000))
    told.sent(off=60_000)
    told.polled()
    untested(told, TIME)


def test_producers_have_clocks_of_their_own() -> None:
    told = Clocked()
    told.sent()
    told.producer()
    told.sent(off=90_000)
    told.polled()
    untested(told, TIME)


def drawn(random: Random) -> HistoryBuilder:
    told = Clocked()
    for _ in range(random.randrange(1, 7)):
        told.wait(random.choice((0, 400, 2_500, 40_000)))
        match random.randrange(12):
            case 0:
                told.producer()
            case 1 if random.random() < 0.2:
                told.do(ops.AdvanceClock(1_000), random.choice((None, REFUSED, UNKNOWN)))
            case 2:
                told.sent(timestamp=random.choice((0, WALL)))
            case _:
                told.sent(off=random.choice((0, 0, 0, 0, 900, -1_200, 4_000)))
    told.polled()
    if random.random() < 0.3:
        told.polled()
    return told


def test_judges_and_oracles_agree(histories_drawn: int) -> None:
    agree(oracle.ORACLES, drawn, 17, histories_drawn)
