"""Who commits by itself does so at its intervals, and as it closes."""

from random import Random
from typing import Any

import pytest
from histories import REFUSED, UNKNOWN, Call, HistoryBuilder, guilty, innocent, untested
from oracles import auto_commits as oracle
from oracles.compared import agree

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.outcomes import Ok

CLOSE, INTERVALS, OFTENER = tuple(oracle.ORACLES)


def reading(*offsets: int, **settings: Any) -> tuple[HistoryBuilder, Call, Call]:
    """A member alone in its group that was given these; its opening, and the poll."""
    told = HistoryBuilder()
    told.topic()
    opened = told.member("a", **({"auto_commit": True, "session_timeout": 30_000} | settings))
    told.assigned("a", 0)
    return told, opened, told.poll("a", *((offset, b"%d" % offset) for offset in offsets))


def fetched(told: HistoryBuilder, offset: int | None) -> Call:
    return told.do(ops.FetchCommitted("g", "t", 0), Ok(offset))


# --- at close ---


@pytest.mark.parametrize(("offset", "said"), [(1, "1"), (None, "nothing")])
def test_what_is_left_behind_at_close_is_seen(offset: int | None, said: str) -> None:
    told, _, poll = reading(0, 1)
    close = told.do(ops.Close("a"))
    reason = guilty(told, CLOSE, poll, close, fetched(told, offset))
    given = "a, which commits by itself, was given t/0@1 and closed"
    assert reason == f"{given}, and its group was told that it committed {said}"


def test_all_of_it_at_close_is_lawful() -> None:
    told, _, _ = reading(0, 1)
    told.do(ops.Close("a"))
    fetched(told, 2)
    assert innocent(told, CLOSE) == 1


def test_what_explains_an_older_offset_at_close() -> None:
    crashed, refused, by_hand, joined, committed, sought, down = (reading(0, 1)[0] for _ in range(7))
    crashed.do(ops.Crash("a"))
    refused.do(ops.Close("a"), REFUSED)
    joined.member("b", auto_commit=True)
    committed.commit("a", 1)
    sought.do(ops.Seek("a", "t", 0, 0))
    down.do(ops.KillBroker(0))
    by_hand, _, _ = reading(0, 1, auto_commit=False)
    for told in (by_hand, joined, committed, sought, down):
        told.do(ops.Close("a"))
    for told in (crashed, refused, by_hand, joined, committed, sought, down):
        fetched(told, 1)
        untested(told, CLOSE)


def test_who_joins_later_may_commit_what_it_likes() -> None:
    told, _, _ = reading(0, 1)
    told.do(ops.Close("a"))
    told.member("b", auto_commit=True)
    fetched(told, 1)
    untested(told, CLOSE)


# --- at intervals ---


def test_a_commit_that_does_not_come_at_its_interval_is_seen() -> None:
    told, opened, poll = reading(0, 1)
    told.wait(1_000)
    told.poll("a")
    told.wait(5_000)
    reason = guilty(told, INTERVALS, opened, poll, fetched(told, 1))
    assert reason.startswith(
        "a, which commits by itself every 1 s, was given t/0@1, polled on, and 6.0 s later its group"
    )


def test_a_commit_that_comes_at_its_interval_is_lawful() -> None:
    told, _, _ = reading(0, 1)
    told.wait(1_000)
    told.poll("a", (2, b"2"))
    told.wait(5_000)
    fetched(told, 2)
    assert innocent(told, INTERVALS) == 1


@pytest.mark.parametrize(("before", "after"), [(900, 5_000), (1_000, 4_900)])
def test_it_has_its_interval_and_some_seconds(before: int, after: int) -> None:
    told, _, _ = reading(0, 1)
    told.wait(before)
    told.poll("a")
    told.wait(after)
    fetched(told, None)
    untested(told, INTERVALS)


# --- no oftener ---


def test_two_commits_in_one_interval_are_seen() -> None:
    told, opened, _ = reading(auto_commit_interval=10_000)
    first = fetched(told, None)
    told.wait(4_000)
    fetched(told, 1)
    told.wait(4_000)
    last = fetched(told, 2)
    reason = guilty(told, OFTENER, opened, first, last)
    assert reason == "a, which commits by itself every 10 s, committed twice in 8.0 s, from -1 to 2"


def test_two_commits_an_interval_apart_are_lawful_and_one_says_nothing() -> None:
    told, _, _ = reading(auto_commit_interval=10_000)
    fetched(told, None)
    fetched(told, 1)
    untested(told, OFTENER)
    told.wait(9_000)
    fetched(told, 2)
    assert innocent(told, OFTENER) == 1


def test_a_rebalance_commits_in_between() -> None:
    told, _, _ = reading(auto_commit_interval=10_000)
    fetched(told, None)
    fetched(told, 1)
    told.revoked("a", 0)
    fetched(told, 2)
    untested(told, OFTENER)


def drawn(random: Random) -> HistoryBuilder:
    interval = random.choice([1_000, 4_000])
    told, _, _ = reading(0, 1, auto_commit=random.random() < 0.9, auto_commit_interval=interval)
    if random.random() < 0.1:
        told.do(ops.KillBroker(0))
        told.do(ops.RestartBroker(0))
    if random.random() < 0.3:
        told.wait(interval)
        told.poll("a")
        told.wait(5_000)
    for offset in (1, 2, 3) if random.random() < 0.3 else ():
        fetched(told, offset)
    for _ in range(random.randrange(2, 7)):
        told.wait(random.choice([10, 1_100, 1_100, 5_100]))
        match random.randrange(12):
            case 0:
                told.commit("a", 1, random.choice([None, REFUSED, UNKNOWN]))
            case 1:
                told.do(ops.Seek("a", "t", 0, 0), random.choice([None, REFUSED]))
            case 2:
                told.do(random.choice([ops.Close, ops.Crash, ops.Unsubscribe])("a"))
            case 3:
                told.revoked("a", 0)
            case 4:
                told.assigned("a", 0)
            case 5 | 6:
                offset = random.randrange(4)
                told.poll("a", (offset, b"%d" % offset))
            case 7:
                told.poll("a")
            case _:
                fetched(told, random.choice([None, 1, 2, 3]))
    if random.random() < 0.5:
        told.do(ops.Close("a"))
    if random.random() < 0.3:
        told.member("b", auto_commit=True)
    fetched(told, random.choice([None, 1, 2, 3]))
    return told


def test_judges_and_oracles_agree(histories_drawn: int) -> None:
    agree(oracle.ORACLES, drawn, 3, histories_drawn)
