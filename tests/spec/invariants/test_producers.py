"""One holder of a transactional id, commits that flush, transactions that do not outlast their timeout."""

from random import Random
from typing import Any

import pytest
from histories import REFUSED, UNKNOWN, Call, HistoryBuilder, guilty, innocent, untested
from oracles import producers as oracle
from oracles.compared import agree

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.outcomes import Ok
from brokerlaw.spec.history.values import PartitionOffset

FENCED = "producers.fenced-is-refused"
FLUSHES = "producers.commit-flushes"
ABORTS = "producers.timeout-aborts"
COMMIT = ops.CommitTransaction("p")
OFFSETS = ops.SendOffsets("p", "c", (PartitionOffset("t", 0, 1),))


def taken_over(*before: tuple[bytes, int, int]) -> tuple[HistoryBuilder, Call]:
    """p has a transaction open, and q takes over its transactional id."""
    told = HistoryBuilder()
    told.topic()
    told.member("c")
    told.producer("p", transactional_id="tx")
    told.transaction(*before)
    return told, told.producer("q", transactional_id="tx")


def test_what_is_accepted_from_a_fenced_producer_is_seen() -> None:
    told, fence = taken_over()
    send = told.send(b"a", 0)
    assert guilty(told, FENCED, fence, send) == "p's send was accepted after q had taken over its transactional id"
    told, fence = taken_over()
    guilty(told, FENCED, fence, told.do(OFFSETS))
    told, fence = taken_over((b"a", 0, 0))
    guilty(told, FENCED, fence, told.do(COMMIT))


@pytest.mark.parametrize("how", [REFUSED, UNKNOWN])
def test_what_is_refused_or_unknown_is_well(how: Any) -> None:
    for act in (COMMIT, OFFSETS, ops.Send("p", "t", b"b")):
        told, _ = taken_over((b"a", 0, 0))
        told.do(act, how)
        assert innocent(told, FENCED) == 1


def test_an_empty_transaction_is_committed_by_nobody_but_the_client() -> None:
    told, _ = taken_over()
    told.do(COMMIT)
    untested(told, FENCED)


def test_an_operation_that_was_under_way_may_have_come_first() -> None:
    told = HistoryBuilder()
    told.topic()
    told.producer("p", transactional_id="tx")
    told.do(ops.BeginTransaction("p"))
    send = told.sending(b"a")
    told.producer("q", transactional_id="tx")
    told.placed(send, 0)
    untested(told, FENCED)


def test_who_opened_at_the_same_time_or_in_vain_or_as_another_fences_nobody() -> None:
    for how in ("overlap", "refused", "another"):
        told = HistoryBuilder()
        told.topic()
        other = ops.OpenProducer("q", transactional_id="ty" if how == "another" else "tx")
        first = told.begin("p", ops.OpenProducer("p", transactional_id="tx"))
        second = told.begin("q", other) if how == "overlap" else None
        told.end(first, Ok())
        if second is None:
            told.do(other, REFUSED if how == "refused" else None)
        else:
            told.end(second, Ok())
        told.transaction((b"a", 0, 0))
        untested(told, FENCED)


def test_the_same_client_opened_anew_is_the_holder() -> None:
    told, _ = taken_over()
    told.producer("p", transactional_id="tx")
    told.transaction((b"a", 0, 0))
    told.do(COMMIT)
    untested(told, FENCED)


# --- commits flush ---


def flushed(
    shown: bool, outcome: Any = UNKNOWN, end: ops.AnyOperation = COMMIT, how: Any = None, early: bool = False
) -> Any:
    told = HistoryBuilder()
    told.topic(partitions=2)
    told.producer(transactional_id="tx")
    told.do(ops.BeginTransaction("p"))
    send = told.sending(b"a", awaited=False)
    if early and outcome is not None:
        told.end(send, outcome)
    commit = told.do(end, how)
    if not early and outcome is not None:
        told.end(send, outcome)
    told.drain([(0, b"x")], 2, reader="r0")
    told.drain([(0, b"a")] if shown else [], 2, reader="r1", partition=1)
    return told, send, commit


@pytest.mark.parametrize("outcome", [UNKNOWN, None])
def test_a_record_that_a_commit_left_behind_is_seen(outcome: Any) -> None:
    told, *shown = flushed(False, outcome)
    reason = guilty(told, FLUSHES, *shown)
    assert reason == "'a' was sent by p in a transaction that was committed, and it is nowhere in t"
    told, *_ = flushed(True, outcome)
    assert innocent(told, FLUSHES) == 1


def test_a_send_that_was_told_to_be_unknown_before_may_never_have_come_to_the_producer() -> None:
    told, *_ = flushed(False, UNKNOWN, early=True)
    untested(told, FLUSHES)


@pytest.mark.parametrize(
    ("end", "how"), [(COMMIT, UNKNOWN), (COMMIT, REFUSED), (ops.AbortTransaction("p"), None), (ops.Flush("p"), None)]
)
def test_without_a_commit_nothing_is_owed(end: Any, how: Any) -> None:
    told, *_ = flushed(False, end=end, how=how)
    untested(told, FLUSHES)


def test_a_send_that_failed_is_in_no_transaction_and_one_of_two_partitions_is_not_all() -> None:
    told, *_ = flushed(False, REFUSED)
    untested(told, FLUSHES)
    told = HistoryBuilder()
    told.topic(partitions=2)
    told.producer(transactional_id="tx")
    told.do(ops.BeginTransaction("p"))
    told.sending(b"a", awaited=False)
    told.do(COMMIT)
    told.drain([], 2)
    untested(told, FLUSHES)


# --- timeouts ---


def late(seconds: float, outcome: Any = None) -> tuple[HistoryBuilder, Any]:
    told = HistoryBuilder()
    told.topic()
    told.producer(transactional_id="tx", transaction_timeout=5_000)
    told.do(ops.BeginTransaction("p"))
    send = told.send(b"a", 0)
    told.wait(1000 * seconds)
    return told, (send, told.do(COMMIT, outcome))


def test_a_commit_that_came_too_late_is_seen() -> None:
    told, shown = late(26)
    assert "was committed 26.0 s after it had written to t/0, with a timeout of 5000 ms" in guilty(told, ABORTS, *shown)
    for outcome in (REFUSED, UNKNOWN):
        told, _ = late(26, outcome)
        assert innocent(told, ABORTS) == 1


def test_a_commit_within_what_the_coordinator_needs_may_succeed() -> None:
    told, _ = late(24)
    untested(told, ABORTS)


def test_nor_is_one_too_late_while_a_broker_is_down_or_with_nothing_written() -> None:
    told = HistoryBuilder()
    told.topic()
    told.producer(transactional_id="tx", transaction_timeout=5_000)
    told.do(ops.BeginTransaction("p"))
    told.wait(60_000)
    told.do(COMMIT)
    untested(told, ABORTS)
    told = HistoryBuilder()
    told.topic()
    told.producer(transactional_id="tx", transaction_timeout=5_000)
    told.transaction((b"a", 0, 0))
    told.do(ops.KillBroker(0))
    told.wait(60_000)
    told.do(COMMIT)
    untested(told, ABORTS)


# --- the oracle ---


def drawn(random: Random) -> HistoryBuilder:
    told = HistoryBuilder()
    told.topic(partitions=2, **({"unclean_leader_election_enable": "true"} if random.random() < 0.1 else {}))
    told.member("c")
    for name in "pq":
        told.producer(name, transactional_id="tx", transaction_timeout=random.choice([1_000, 30_000]))
    flying: list[Call] = []
    for _ in range(random.randrange(5, 16)):
        name, outcome = random.choice("pq"), random.choice([None, None, None, UNKNOWN, REFUSED])
        match random.randrange(9):
            case 0:
                told.do(ops.OpenProducer(name, transactional_id=random.choice(["tx", "tx", "ty"])), outcome)
            case 1 | 2:
                told.do(ops.BeginTransaction(name), outcome)
            case 3:
                told.send(b"%d" % random.randrange(30), random.randrange(9), client=name)
            case 4:
                flying.append(told.sending(b"%d" % random.randrange(30), name, awaited=False))
            case 5 if flying:
                told.end(flying.pop(), random.choice([UNKNOWN, REFUSED]))
            case 6:
                told.do(ops.SendOffsets(name, "c", (PartitionOffset("t", 0, 1),)), outcome)
            case 7:
                told.do(random.choice([ops.CommitTransaction(name)] * 3 + [ops.AbortTransaction(name)]), outcome)
            case _:
                if random.random() < 0.2:
                    told.do(random.choice([ops.KillBroker(0), ops.RestartBroker(0)]), outcome)
                told.wait(random.choice([1_000, 25_000, 60_000]))
    if random.random() < 0.4:
        told.do(ops.BeginTransaction("p"))
        told.send(b"%d" % random.randrange(30), 5)
        told.wait(random.choice([1, 60_000]))
        told.sending(b"%d" % random.randrange(30), awaited=False)
        told.do(COMMIT, random.choice([None, None, REFUSED]))
    for partition in range(random.choice([0, 1, 2, 2])):
        found = [(0, b"%d" % random.randrange(30))] if random.random() < 0.8 else []
        told.drain(found, 9, reader=f"r{partition}", partition=partition)
    return told


def test_the_judges_say_what_their_oracles_say(histories_drawn: int) -> None:
    agree(oracle.ORACLES, drawn, 5, histories_drawn)
