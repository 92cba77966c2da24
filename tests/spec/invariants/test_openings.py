"""Producers are what they were opened as: with these acks, these settings, this transactional id and timeout."""

from random import Random
from typing import Any

import pytest
from histories import REFUSED, UNKNOWN, Call, HistoryBuilder, guilty, innocent, untested
from oracles import openings as oracle
from oracles.compared import agree

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.outcomes import Fail, Ok, Outcome, Unknown
from brokerlaw.spec.history.values import PartitionOffset

ACKS, SETTINGS = "producers.acks-as-asked", "producers.settings-as-asked"
FENCED, GOES_ON = "producers.fenced-for-a-reason", "idempotence.goes-on"
IN_FLIGHT = "max.in.flight.requests.per.connection"
TOO_FEW, MISCONFIGURED = Fail("NOT_ENOUGH_REPLICAS"), Fail("INVALID_CONFIG")
ENDED, NOTHING_OPEN = "producers.open-is-ended", Fail("INVALID_TXN_STATE")
FENCE, GAP = Fail("PRODUCER_FENCED"), Fail("OUT_OF_ORDER_SEQUENCE_NUMBER")


# --- acks ---


def test_an_offset_told_for_acks_0_is_seen() -> None:
    told = HistoryBuilder()
    told.topic()
    opened = told.producer(acks="0", idempotent=False)
    reason = guilty(told, ACKS, opened, told.send(b"a", 3))
    assert reason == "'a' was sent with acks=0, and its producer was told that it is at t/0@3"


@pytest.mark.parametrize("acks", ["0", "1"])
def test_a_lack_of_replicas_is_a_reason_for_acks_all_only(acks: Any) -> None:
    told = HistoryBuilder()
    told.topic()
    opened = told.producer(acks=acks, idempotent=False)
    send = told.do(ops.Send("p", "t", b"a"), TOO_FEW)
    reason = guilty(told, ACKS, opened, send)
    assert reason == f"'a' was sent with acks={acks}, and refused for a lack of replicas"
    told = HistoryBuilder()
    told.topic()
    told.producer()
    told.do(ops.Send("p", "t", b"a"), TOO_FEW)
    untested(told, ACKS)


def test_other_refusals_and_acks_without_an_offset_are_lawful() -> None:
    told = HistoryBuilder()
    told.topic()
    told.producer(acks="0", idempotent=False)
    told.producer("q", acks="1", idempotent=False)
    told.send(b"a", -1)
    told.send(b"b", 1, client="q")
    told.do(ops.Send("q", "t", b"c"), Fail("MESSAGE_TOO_LARGE"))
    assert innocent(told, ACKS) == 3


# --- settings ---


def opened(told: HistoryBuilder, name: str, outcome: Outcome | None = None, most: str = "", **fields: Any) -> Call:
    return told.do(ops.OpenProducer(name, settings={IN_FLIGHT: most} if most else {}, **fields), outcome)


def test_settings_that_contradict_one_another_are_seen() -> None:
    told = HistoryBuilder()
    opened(told, "q", MISCONFIGURED, "6")
    reason = guilty(told, SETTINGS, opened(told, "p", most="6"))
    assert reason == "p was opened with what contradicts itself: idempotence with 6 requests in flight"
    told = HistoryBuilder()
    reason = guilty(told, SETTINGS, opened(told, "p", acks="1", transactional_id="tx"))
    assert reason == "p was opened with what contradicts itself: transactions with acks=1"


def test_a_refusal_of_settings_that_agree_is_seen() -> None:
    told = HistoryBuilder()
    opened(told, "p", most="4")
    reason = guilty(told, SETTINGS, opened(told, "q", MISCONFIGURED, "5"))
    assert reason == f"q was refused {IN_FLIGHT}=5, and nothing is wrong with that"


def test_just_refusals_and_settings_that_agree_are_lawful() -> None:
    told = HistoryBuilder()
    opened(told, "p", most="5")
    opened(told, "q", MISCONFIGURED, "6")
    opened(told, "r", most="6", idempotent=False)
    opened(told, "s", MISCONFIGURED, "0")
    opened(told, "t", MISCONFIGURED, "1", acks="1")
    assert innocent(told, SETTINGS) == 5


def test_who_does_not_know_a_setting_may_refuse_or_ignore_it_and_other_refusals_say_nothing() -> None:
    told = HistoryBuilder()
    opened(told, "p", MISCONFIGURED, "5")
    assert innocent(told, SETTINGS) == 1
    told = HistoryBuilder()
    opened(told, "p", most="6")
    assert innocent(told, SETTINGS) == 1
    told = HistoryBuilder()
    opened(told, "p")
    opened(told, "q", REFUSED, "6")
    opened(told, "r", UNKNOWN, "6")
    untested(told, SETTINGS)


# --- fences ---


def fenced(seconds: float, outcome: Outcome = FENCE, end: ops.AnyOperation | None = None) -> tuple[Any, Call, Call]:
    told = HistoryBuilder()
    told.topic()
    opening = told.producer(transactional_id="tx", transaction_timeout=20_000)
    told.transaction((b"a", 0, 0))
    told.wait(1000 * seconds)
    return told, opening, told.do(end or ops.CommitTransaction("p"), outcome)


def test_a_fence_without_a_reason_is_seen() -> None:
    for end in (ops.AbortTransaction("p"), ops.Send("p", "t", b"b"), None):
        for outcome in (FENCE, Unknown("INVALID_PRODUCER_EPOCH"), Fail("_FENCED")):
            told, *shown = fenced(19, outcome, end)
            told.do(ops.AbortTransaction("p"), FENCE)
            assert "that it was fenced, 19.0 s into its transaction, with a timeout of 20000 ms" in guilty(
                told, FENCED, *shown
            )


def test_who_was_open_for_longer_than_its_timeout_may_be_fenced() -> None:
    told, *_ = fenced(20)
    assert innocent(told, FENCED) == 1
    told, *_ = fenced(1, REFUSED)
    told.do(ops.AbortTransaction("p"), FENCE)
    assert innocent(told, FENCED) == 2


def test_each_transaction_has_a_time_of_its_own() -> None:
    told = HistoryBuilder()
    told.topic()
    opening = told.producer(transactional_id="tx", transaction_timeout=20_000)
    told.wait(30_000)
    for offset in range(2):
        told.transaction((b"%d" % offset, offset, 0))
        told.wait(15_000)
        told.do(ops.CommitTransaction("p"))
    assert innocent(told, FENCED) == 4
    told.transaction((b"2", 2, 0))
    told.wait(15_000)
    reason = guilty(told, FENCED, opening, told.do(ops.CommitTransaction("p"), FENCE))
    assert "15.0 s into its transaction" in reason


@pytest.mark.parametrize("outcome", [None, REFUSED, UNKNOWN])
def test_who_asks_for_the_same_id_may_fence(outcome: Any) -> None:
    told = HistoryBuilder()
    told.topic()
    told.producer(transactional_id="tx")
    told.transaction((b"a", 0, 0))
    told.do(ops.OpenProducer("q", transactional_id="tx"), outcome)
    told.do(ops.CommitTransaction("p"), FENCE)
    assert innocent(told, FENCED) == 1


def test_who_asked_for_the_id_before_may_fence_while_that_is_under_way() -> None:
    told = HistoryBuilder()
    told.topic()
    earlier = told.begin("q", ops.OpenProducer("q", transactional_id="tx"))
    told.producer(transactional_id="tx")
    told.end(earlier, Ok())
    told.transaction()
    told.do(ops.CommitTransaction("p"), FENCE)
    untested(told, FENCED)


def test_another_id_is_no_reason_and_a_broker_that_was_down_may_be_one() -> None:
    told = HistoryBuilder()
    told.topic()
    opening = told.producer(transactional_id="tx")
    told.transaction()
    told.producer("q", transactional_id="ty")
    guilty(told, FENCED, opening, told.do(ops.SendOffsets("p", "c", ()), FENCE)) if told.consumer("c", "g") else None
    told = HistoryBuilder()
    told.topic()
    told.do(ops.KillBroker(0))
    told.producer(transactional_id="tx")
    told.transaction((b"a", 0, 0))
    told.do(ops.CommitTransaction("p"), FENCE)
    untested(told, FENCED)


# --- sequences ---


def test_a_gap_in_the_sequence_of_who_was_always_acknowledged_is_seen() -> None:
    for outcome in (GAP, Unknown("UNKNOWN_PRODUCER_ID")):
        told = HistoryBuilder()
        told.topic()
        opening = told.producer()
        told.send(b"a", 0)
        told.do(ops.DeleteRecords("t", 0, -1))
        send = told.do(ops.Send("p", "t", b"b"), outcome)
        assert guilty(told, GOES_ON, opening, send).startswith("'b', sent by p, is out of sequence")


def test_after_a_failure_or_in_flight_there_may_be_a_gap() -> None:
    told = HistoryBuilder()
    told.topic()
    told.producer()
    told.do(ops.Send("p", "t", b"a"), UNKNOWN)
    told.do(ops.Send("p", "t", b"b"), GAP)
    assert innocent(told, GOES_ON) == 1
    told = HistoryBuilder()
    told.topic()
    told.producer()
    flying = told.sending(b"a", awaited=False)
    told.do(ops.Send("p", "t", b"b"), GAP)
    told.placed(flying, 0)
    assert innocent(told, GOES_ON) == 1


def test_who_is_not_idempotent_or_idle_for_a_day_or_writes_to_a_new_log_is_owed_nothing() -> None:
    for how in ("plain", "idle", "told", "deleted", "unclean"):
        told = HistoryBuilder()
        told.topic(**({"unclean_leader_election_enable": "true"} if how == "unclean" else {}))
        told.broker_settings = {"producer.id.expiration.ms": "60000"} if how == "told" else {}
        told.producer(idempotent=how != "plain")
        told.wait(90_000_000 if how == "idle" else 70_000)
        told.do(ops.Send("p", "t", b"a"), GAP)
        if how == "deleted":
            told.do(ops.DeleteTopic("t"))
        untested(told, GOES_ON)


def test_where_the_user_chose_so_the_verdict_says_it() -> None:
    told = HistoryBuilder(idempotent="false")
    told.topic()
    opening = told.producer(idempotent=False)
    send = told.do(ops.Send("p", "t", b"a"), GAP)
    assert guilty(told, GOES_ON, opening, send).endswith("(under idempotent=false)")


# --- the oracle ---

# --- the end of a transaction ---


def in_transaction(**settings: Any) -> tuple[HistoryBuilder, list[Call]]:
    """Something was acknowledged in it."""
    told = HistoryBuilder()
    told.topic()
    opened = told.producer(transactional_id="tx", **settings)
    return told, [opened, told.do(ops.BeginTransaction("p")), told.send(b"a", 0)]


@pytest.mark.parametrize("end", [ops.CommitTransaction("p"), ops.AbortTransaction("p")])
@pytest.mark.parametrize("killed", [False, True])
def test_an_open_transaction_that_is_not_known_is_seen(end: ops.AnyOperation, killed: bool) -> None:
    told, shown = in_transaction()
    if killed:
        told.do(ops.KillBroker(0))
        told.do(ops.RestartBroker(0))
    refused = told.do(end, NOTHING_OPEN)
    reason = guilty(told, ENDED, *shown, refused)
    what = ops.name_of(end)
    assert reason == (
        f"{what} of p was refused as if no transaction were open, though a send had been acknowledged in it"
    )


@pytest.mark.parametrize("outcome", [None, UNKNOWN, FENCE, TOO_FEW])
def test_an_end_that_comes_to_something_else(outcome: Outcome | None) -> None:
    told, _ = in_transaction()
    told.do(ops.CommitTransaction("p"), outcome)
    assert innocent(told, ENDED) == 1


def test_a_transaction_that_may_have_ended_already() -> None:
    late, taken, failed, aborted = (in_transaction(transaction_timeout=5_000)[0] for _ in range(4))
    late.wait(6_000)
    taken.producer("q", transactional_id="tx")
    failed.do(ops.Send("p", "t", b"b"), TOO_FEW)
    aborted.do(ops.AbortTransaction("p"), UNKNOWN)
    for told in (late, taken, failed, aborted):
        told.do(ops.CommitTransaction("p"), NOTHING_OPEN)
    for told in (late, taken, failed):
        untested(told, ENDED)
    assert innocent(aborted, ENDED) == 1


def test_a_transaction_in_which_nothing_was_acknowledged_may_be_unknown() -> None:
    told = HistoryBuilder()
    told.topic()
    told.producer(transactional_id="tx")
    told.do(ops.BeginTransaction("p"))
    told.do(ops.CommitTransaction("p"), NOTHING_OPEN)
    untested(told, ENDED)


ERRORS = (None, None, None, UNKNOWN, REFUSED, FENCE, GAP, TOO_FEW, Unknown("_FENCED"))


def drawn(random: Random) -> HistoryBuilder:
    told = HistoryBuilder()
    told.topic(**({"unclean_leader_election_enable": "true"} if random.random() < 0.1 else {}))
    told.member("c")
    for name in "pqr":
        open_one(told, name, random)
    flying: list[Call] = []
    for number in range(random.randrange(5, 16)):
        name, outcome = random.choice("pqr"), random.choice(ERRORS)
        match random.randrange(10):
            case 9:
                told.do(ops.BeginTransaction(name))
                told.send(b"in %d" % number, number, client=name)
                end = random.choice([ops.CommitTransaction(name), ops.AbortTransaction(name)])
                told.do(end, random.choice([None, NOTHING_OPEN, outcome]))
            case 0:
                open_one(told, name, random)
            case 1:
                told.do(ops.BeginTransaction(name), outcome)
            case 2 | 3:
                told.send(b"%d" % number, random.randrange(-1, 9), client=name)
            case 4:
                told.do(ops.Send(name, "t", b"%d" % number), outcome or GAP)
            case 5:
                flying.append(told.sending(b"%d" % number, name, awaited=False))
            case 6 if flying:
                told.end(flying.pop(), random.choice([UNKNOWN, GAP, TOO_FEW]))
            case 7:
                end = random.choice([ops.CommitTransaction(name), ops.AbortTransaction(name)])
                told.do(random.choice([end, ops.SendOffsets(name, "c", (PartitionOffset("t", 0, 1),))]), outcome)
            case _:
                if random.random() < 0.2:
                    told.do(random.choice([ops.KillBroker(0), ops.RestartBroker(0)]), outcome)
                told.wait(random.choice([1, 5_000, 60_000]))
    return told


def open_one(told: HistoryBuilder, name: str, random: Random) -> None:
    producer = ops.OpenProducer(
        name,
        acks=random.choice(["all", "all", "0", "1"]),
        idempotent=random.random() < 0.7,
        transactional_id=random.choice([None, "tx", "ty", "tz"]),
        transaction_timeout=random.choice([1_000, 30_000]),
        settings=random.choice([{}, {IN_FLIGHT: "5"}, {IN_FLIGHT: "6"}]),
    )
    told.do(producer, random.choice([None, None, None, MISCONFIGURED, UNKNOWN]))


def test_the_judges_say_what_their_oracles_say(histories_drawn: int) -> None:
    agree(oracle.ORACLES, drawn, 8, histories_drawn)
