"""Members that fall silent keep their partitions for a while, and then no more."""

from random import Random
from typing import Any

import pytest
from histories import REFUSED, UNKNOWN, Call, HistoryBuilder, guilty, innocent, untested
from oracles import silence as oracle
from oracles.compared import agree

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.outcomes import Ok

KEEPS, MISSED, LET_GO = tuple(oracle.ORACLES)


def group(session: int = 4_000, max_poll: int = 20_000, **settings: Any) -> tuple[HistoryBuilder, Call, int]:
    """Two members, each with a partition; `b` has these timeouts."""
    told = HistoryBuilder()
    told.topic(partitions=2)
    told.member("a")
    opened = told.member("b", session_timeout=session, max_poll_interval=max_poll, **settings)
    told.assigned("a", 0)
    held = told.assigned("b", 1)
    told.poll("a")
    return told, opened, held


def polling(told: HistoryBuilder, seconds: float, name: str = "a") -> None:
    for _ in range(round(seconds)):
        told.wait(990)
        told.poll(name)


@pytest.mark.parametrize("kind", [ops.Crash, ops.Freeze])
def test_a_member_that_is_missed_before_its_session_is_over_is_seen(kind: type[Any]) -> None:
    told, opened, held = group()
    told.poll("b")
    gone = told.do(kind("b"))
    told.wait(1_500)
    told.poll("a")
    row = told.assigned("a", 1)
    reason = guilty(told, KEEPS, opened, held, gone, row)
    assert reason == "t/1 of b, which vanished with a session of 4 s, was given to a after 1.5 s"


def test_a_member_that_does_not_poll_is_missed_too_soon() -> None:
    told, opened, held = group()
    last = told.poll("b")
    told.wait(7_000)
    row = told.assigned("a", 1)
    reason = guilty(told, KEEPS, opened, held, last, row)
    assert reason == "t/1 of b, which did not poll with 20 s between polls, was given to a after 7.0 s"


def test_who_was_silent_for_long_enough_may_be_missed() -> None:
    told, _, _ = group()
    told.poll("b")
    told.do(ops.Crash("b"))
    told.wait(2_100)
    told.assigned("a", 1)
    assert innocent(told, KEEPS) == 1
    told, _, _ = group()
    told.poll("b")
    told.wait(10_100)
    told.assigned("a", 1)
    assert innocent(told, KEEPS) == 1


def test_what_takes_a_partition_in_good_order() -> None:
    given_back, closed, down, zombie, heard = (group()[0] for _ in range(5))
    given_back.poll("b")
    given_back.revoked("b", 1)
    closed.poll("b")
    closed.do(ops.Close("b"))
    down.poll("b")
    down.do(ops.KillBroker(0))
    zombie.wait(2_500)
    zombie.poll("b")
    heard.poll("b")
    heard.do(ops.Freeze("b"))
    heard.do(ops.Thaw("b"))
    heard.poll("b")
    for told in (given_back, closed, down, zombie, heard):
        told.assigned("a", 1)
        untested(told, KEEPS)


def test_a_namesake_takes_over_at_once() -> None:
    told, _, _ = group(instance_id="i")
    told.poll("b")
    told.do(ops.Crash("b"))
    told.member("c", instance_id="i")
    told.assigned("c", 1)
    untested(told, KEEPS)


def test_a_namesake_begins_a_rebalance_at_once() -> None:
    told, _, _ = group(instance_id="i")
    told.poll("b")
    told.do(ops.Crash("b"))
    told.member("c", instance_id="i")
    told.assigned("a", 1)
    untested(told, KEEPS)


def test_a_member_that_vanished_and_is_not_missed_is_seen() -> None:
    told, opened, held = group()
    told.poll("b")
    gone = told.do(ops.Crash("b"))
    polling(told, 18)
    reason = guilty(told, MISSED, opened, held, gone)
    assert reason == "t/1 of b, which vanished with a session of 4 s, was given to nobody else in 17 s"
    row = told.assigned("a", 1)
    guilty(told, MISSED, opened, held, gone, row)


def test_a_member_that_does_not_poll_and_is_not_missed_is_seen() -> None:
    told, opened, held = group(max_poll=5_000)
    last = told.poll("b")
    polling(told, 19)
    reason = guilty(told, MISSED, opened, held, last)
    assert reason == "t/1 of b, which did not poll with 5 s between polls, was given to nobody else in 18 s"


def test_a_member_that_is_missed_in_time() -> None:
    told, _, _ = group()
    told.poll("b")
    told.do(ops.Crash("b"))
    polling(told, 15)
    told.assigned("a", 1)
    assert innocent(told, MISSED) == 1


def test_what_holds_up_a_rebalance() -> None:
    lazy, refused, joining, down, back, alone = (group()[0] for _ in range(6))
    for told in (lazy, refused, joining, down, back, alone):
        told.poll("b")
        told.do(ops.Freeze("b"))
    polling(lazy, 9)
    lazy.wait(6_000)
    polling(lazy, 4)
    polling(refused, 9)
    refused.do(ops.Poll("a"), REFUSED)
    polling(refused, 9)
    polling(joining, 9)
    joining.member("c")
    polling(joining, 9)
    polling(down, 9)
    down.do(ops.KillBroker(0))
    polling(down, 9)
    polling(back, 15)
    back.do(ops.Thaw("b"))
    polling(back, 9)
    alone.do(ops.Close("a"))
    alone.wait(30_000)
    for told in (lazy, refused, joining, down, back, alone):
        untested(told, MISSED)


# --- who leaves ---


def left(outcome: Any = None, **settings: Any) -> tuple[HistoryBuilder, list[Any]]:
    """b, which has a session of a minute, leaves."""
    told, opened, held = group(60_000, 90_000, **settings)
    told.poll("b")
    return told, [opened, held, told.do(ops.Close("b"), outcome)]


def test_a_member_that_left_and_is_waited_for_is_seen() -> None:
    told, shown = left()
    polling(told, 14)
    reason = guilty(told, LET_GO, *shown)
    assert reason == "t/1 of b, which had left, was given to nobody else in 13 s"


def test_a_member_that_unsubscribed_may_not_have_left_yet() -> None:
    told, _, _ = group(60_000, 90_000)
    told.poll("b")
    told.do(ops.Unsubscribe("b"))
    polling(told, 14)
    untested(told, LET_GO)


def test_a_member_that_left_and_whose_partition_moved_on() -> None:
    told, _ = left()
    polling(told, 4)
    told.assigned("a", 1)
    polling(told, 14)
    assert innocent(told, LET_GO) == 1


@pytest.mark.parametrize("outcome", [REFUSED, UNKNOWN])
def test_a_member_that_perhaps_did_not_leave(outcome: Any) -> None:
    told, _ = left(outcome=outcome)
    polling(told, 14)
    untested(told, LET_GO)


def test_a_member_with_an_instance_id_does_not_leave() -> None:
    told, _ = left(instance_id="i")
    polling(told, 14)
    untested(told, LET_GO)


def test_nobody_is_there_to_have_what_the_leaver_had() -> None:
    slow, stirring, down = (left()[0] for _ in range(3))
    polling(slow, 4)
    slow.wait(10_000)
    slow.poll("a")
    polling(stirring, 7)
    stirring.do(ops.Subscribe("a", ("t",)))
    polling(stirring, 7)
    down.do(ops.PauseBroker(0))
    polling(down, 14)
    for told in (slow, stirring, down):
        untested(told, LET_GO)


def drawn(random: Random) -> HistoryBuilder:
    told, _, _ = group(random.choice([2_000, 4_000]), random.choice([3_000, 20_000]))
    if random.random() < 0.3:
        told.member("c")
        told.assigned("c", random.randrange(2))
    if random.random() < 0.1:
        told.do(ops.KillBroker(0))
        told.do(ops.RestartBroker(0))
    told.wait(random.choice([10, 500, 2_500]))
    told.poll("b")
    if random.random() < 0.7:
        told.do(random.choice([ops.Crash, ops.Freeze, ops.Freeze, ops.Close, ops.Unsubscribe])("b"))
    for _ in range(random.randrange(1, 5)):
        match random.randrange(10):
            case 0:
                told.do(
                    random.choice([ops.Thaw("b"), ops.Freeze("a"), ops.Unsubscribe("b"), ops.Subscribe("a", ("t",))])
                )
            case 1:
                told.revoked("b", 1)
            case 2:
                told.do(ops.Poll("a"), random.choice([REFUSED, Ok(())]))
            case 3:
                told.poll("b")
            case 4 | 5:
                told.assigned(random.choice("aab"), 1)
            case _:
                polling(told, random.choice([1, 3, 18, 24]))
    return told


def test_judges_and_oracles_agree(histories_drawn: int) -> None:
    agree(oracle.ORACLES, drawn, 3, histories_drawn)
