"""Who polls long enough is given what there is."""

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from histories import REFUSED, UNKNOWN, Call, HistoryBuilder, guilty, innocent, untested
from oracles import polling as oracle

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.outcomes import Ok, Outcome
from brokerlaw.spec.history.values import TopicPartition
from brokerlaw.spec.invariants import INVARIANTS

SERVED = "progress.poller-is-served"
REGAINED = "progress.regained-is-served"


def log(**settings: str) -> tuple[HistoryBuilder, list[Call]]:
    told = HistoryBuilder()
    told.topic(**settings)
    told.producer()
    return told, [told.send(b"%d" % number, number) for number in range(3)]


def idle(told: HistoryBuilder, polls: int = 10, seconds: float = 4, name: str = "c") -> list[Call]:
    """Polls that are given nothing; returns the first and the last."""
    done = []
    for _ in range(polls):
        told.wait(1000 * seconds)
        done.append(told.poll(name))
    return [done[0], done[-1]]


def reader(told: HistoryBuilder, offset: int = 1, **settings: Any) -> Call:
    told.consumer(**settings)
    return told.assign(offset=offset)


def test_a_reader_that_is_given_nothing_of_what_there_is_is_seen() -> None:
    told, sends = log()
    assigned = reader(told)
    reason = guilty(told, SERVED, assigned, sends[1], *idle(told))
    assert reason == "c polled 10 times in 36 s at t/0@1 and was given nothing, though a record is at 1"


def test_a_member_of_a_group_too_once_its_position_is_told() -> None:
    told, _ = log()
    told.member("c")
    told.assigned("c", 0)
    idle(told)
    untested(told, SERVED)
    told.do(ops.Position("c", "t", 0), Ok(2))
    told.poll("c")
    assert len(INVARIANTS[SERVED].judge(told.history).violations) == 1


def test_a_reader_that_is_given_something_is_served() -> None:
    told, _ = log()
    reader(told)
    told.poll("c", (1, b"1"), (2, b"2"))
    idle(told)
    assert innocent(told, SERVED) == 1


def test_too_few_polls_or_too_short_a_time_say_nothing() -> None:
    for polls, seconds in ((9, 60), (20, 1)):
        told, _ = log()
        reader(told)
        idle(told, polls, seconds)
        untested(told, SERVED)


def test_what_happens_to_the_reader_begins_its_wait_anew() -> None:
    for deed in (ops.Seek("c", "t", 0, 1), ops.Poll("c"), ops.Freeze("c")):
        told, _ = log()
        reader(told)
        idle(told, 6)
        told.do(deed, REFUSED)
        idle(told, 6)
        untested(told, SERVED)


def test_what_explains_it() -> None:
    paused, _ = log()
    reader(paused)
    paused.do(ops.Pause("c", (TopicPartition("t", 0),)))
    down, _ = log()
    down.do(ops.KillBroker(0))
    reader(down)
    deleted, _ = log()
    deleted.do(ops.DeleteRecords("t", 0, -1), UNKNOWN)
    reader(deleted)
    unknown, _ = log()
    reader(unknown)
    unknown.do(ops.Poll("c"), UNKNOWN)
    waiting, _ = log()
    reader(waiting, settings={"fetch.min.bytes": "1000"})
    beyond, _ = log()
    reader(beyond, 3)
    expiring, _ = log(retention_ms="10")
    reader(expiring)
    for told in (paused, down, deleted, unknown, waiting, beyond, expiring):
        idle(told)
        untested(told, SERVED)


def test_who_has_resumed_what_it_paused_is_served_again() -> None:
    told, sends = log()
    assigned = reader(told)
    for kind in (ops.Pause, ops.Resume):
        told.do(kind("c", (TopicPartition("t", 0),)))
    guilty(told, SERVED, assigned, sends[1], *idle(told))
    told, _ = log()
    reader(told)
    told.do(ops.Pause("c", (TopicPartition("t", 0),)))
    told.do(ops.Resume("c", (TopicPartition("t", 0),)), UNKNOWN)
    idle(told)
    untested(told, SERVED)


def test_a_record_that_came_during_the_wait_is_owed_later() -> None:
    told, _ = log()
    reader(told, 3)
    idle(told, 6)
    told.send(b"3", 3)
    idle(told, 6)
    untested(told, SERVED)


def test_an_open_transaction_may_hold_up_read_committed_readers() -> None:
    told, _ = log()
    told.producer("q", transactional_id="tx")
    told.do(ops.BeginTransaction("q"))
    reader(told, isolation="read_committed")
    idle(told)
    untested(told, SERVED)
    told, _ = log()
    reader(told, isolation="read_committed")
    idle(told)
    assert INVARIANTS[SERVED].judge(told.history).violations


def test_who_stands_beyond_the_end_and_resets_to_earliest_is_owed_all_there_is() -> None:
    for reset, level in (("earliest", "uncommitted"), ("latest", "uncommitted"), ("earliest", "committed")):
        told, sends = log()
        assigned = reader(told, 7, reset=reset)
        polls = idle(told)
        untested(told, SERVED)
        told.list_offset(3, isolation=level)
        if (reset, level) == ("earliest", "uncommitted"):
            reason = guilty(told, SERVED, assigned, sends[0], *polls)
            assert reason == "c polled 10 times in 36 s at t/0@7 and was given nothing, though a record is at 0"
        else:
            untested(told, SERVED)
    told, _ = log()
    reader(told, 7)
    idle(told)
    told.list_offset(7)
    untested(told, SERVED)


HERE = (TopicPartition("t", 0),)


def regained(outcome: Outcome | None = None) -> tuple[HistoryBuilder, list[Call]]:
    """c has paused t/0, and had it taken from it and given again; it seeks 1."""
    told, sends = log()
    told.member("c")
    told.assigned("c", 0)
    told.do(ops.Pause("c", HERE), outcome)
    told.revoked("c", 0)
    told.assigned("c", 0)
    return told, [told.do(ops.Seek("c", "t", 0, 1)), sends[1]]


def test_a_pause_that_outlives_a_rebalance_is_seen() -> None:
    told, shown = regained()
    reason = guilty(told, REGAINED, *shown, *idle(told))
    assert reason == "c polled 10 times in 36 s at t/0@1 and was given nothing, though a record is at 1"
    untested(told, SERVED)


def test_who_is_given_what_it_regained_is_served() -> None:
    told, _ = regained()
    told.poll("c", (1, b"1"), (2, b"2"))
    idle(told)
    assert innocent(told, REGAINED) == 1


@pytest.mark.parametrize("outcome", [UNKNOWN, REFUSED])
def test_a_pause_of_unknown_outcome_may_come_later(outcome: Outcome) -> None:
    told, _ = regained(outcome)
    idle(told)
    untested(told, REGAINED)


@pytest.mark.parametrize("excuse", ["paused again", "never taken", "paused meanwhile"])
def test_a_pause_that_a_rebalance_has_not_ended(excuse: str) -> None:
    told, _ = log()
    told.member("c")
    told.assigned("c", 0)
    if excuse != "paused meanwhile":
        told.do(ops.Pause("c", HERE))
    if excuse != "never taken":
        told.revoked("c", 0)
    if excuse == "paused meanwhile":
        told.do(ops.Pause("c", HERE))
    told.assigned("c", 0)
    if excuse == "paused again":
        told.do(ops.Pause("c", HERE))
    told.do(ops.Seek("c", "t", 0, 1))
    idle(told)
    untested(told, REGAINED)


def test_one_that_was_resumed_is_like_any_other() -> None:
    told, _ = regained()
    told.do(ops.Resume("c", HERE))
    told.do(ops.Seek("c", "t", 0, 1))
    idle(told)
    untested(told, REGAINED)
    assert INVARIANTS[SERVED].judge(told.history).violations


def drawn(random: Random) -> HistoryBuilder:
    told, _ = log(**({"unclean_leader_election_enable": "true"} if random.random() < 0.1 else {}))
    if random.random() < 0.2:
        told.producer("q", transactional_id="tx")
        told.do(ops.BeginTransaction("q"))
    if random.random() < 0.1:
        told.do(ops.KillBroker(0))
        told.do(ops.RestartBroker(0), random.choice([UNKNOWN, None]))
    for name in "cd"[: random.randrange(1, 3)]:
        isolation, reset = random.choice(["read_committed", "read_uncommitted"]), random.choice(["earliest", "latest"])
        told.consumer(name, isolation=isolation, reset=reset)
        told.assign(name, random.randrange(4))
    for _ in range(random.randrange(1, 5)):
        name = random.choice("cd") if told.history.processes.find("d") >= 0 else "c"
        outcome = random.choice([None, UNKNOWN, REFUSED])
        match random.randrange(10):
            case 9:
                told.list_offset(random.choice([2, 3, 4]))
            case 7 | 8 as which:
                told.do((ops.Pause, ops.Resume)[which - 7](name, (TopicPartition("t", 0),)), outcome)
            case 0:
                told.do(ops.Seek(name, "t", 0, random.randrange(5)), outcome)
            case 1:
                told.do(ops.Poll(name), outcome or Ok(()))
            case 2:
                offset = random.randrange(4)
                told.poll(name, (offset, b"%d" % offset))
            case 3:
                told.do(ops.Position(name, "t", 0), Ok(random.choice([None, 0, 2, 3])))
            case 4:
                told.send(b"3", 3)
            case 5 | 6:
                idle(told, random.choice([6, 12]), random.choice([1, 4]), name)
    if random.random() < 0.7:
        idle(told, random.choice([9, 12]), 4, "c")
    if random.random() < 0.5:
        told.list_offset(random.choice([2, 3, 4]), isolation=random.choice(["committed", "uncommitted"]))
    return told


def drawn_members(random: Random) -> HistoryBuilder:
    """Members that pause, are told of rebalances, seek and poll."""
    told, _ = log()
    if random.random() < 0.1:
        told.do(ops.KillBroker(0))
        told.do(ops.RestartBroker(0), random.choice([UNKNOWN, None]))
    told.member("c")
    told.assigned("c", 0)
    for _ in range(random.randrange(4, 12)):
        outcome = random.choice([None] * 8 + [UNKNOWN, REFUSED])
        match random.randrange(9):
            case 0 | 1:
                told.do(ops.Pause("c", HERE), outcome)
            case 2 if random.random() < 0.4:
                told.do(ops.Resume("c", HERE), outcome)
            case 3 | 4:
                told.revoked("c", 0, lost=random.random() < 0.3)
                told.assigned("c", 0)
            case 5 if random.random() < 0.5:
                random.choice([told.revoked, told.assigned])("c", 0)
            case 6:
                told.do(ops.Seek("c", "t", 0, random.randrange(4)), outcome)
                idle(told, 12, random.choice([1, 4, 4]))
            case 7:
                told.poll("c", *((0, b"0"),) * random.randrange(2))
            case 8:
                told.do(ops.Position("c", "t", 0), Ok(random.choice([None, 0, 2, 3])))
                idle(told, random.choice([6, 12]), 4)
    return told


@pytest.mark.parametrize(
    ("promise", "draw"), [(SERVED, drawn), (SERVED, drawn_members), (REGAINED, drawn), (REGAINED, drawn_members)]
)
def test_the_judge_says_what_its_oracle_says(
    promise: str, draw: Callable[[Random], HistoryBuilder], histories_drawn: int
) -> None:
    random, broken = Random(1), 0
    for number in range(histories_drawn):
        told = draw(random)
        finding = INVARIANTS[promise].judge(told.history)
        expected = oracle.ORACLES[promise](told.recording)
        assert (finding.exercised, len(finding.violations)) == expected, (number, told.recording)
        broken += bool(finding.violations)
    assert (promise == REGAINED and draw is drawn) == (broken == 0)
    assert broken == 0 or histories_drawn // 50 < broken < histories_drawn
