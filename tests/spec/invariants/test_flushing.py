"""What a producer is sending when it flushes or closes is sent."""

from random import Random
from typing import Any

import pytest
from histories import REFUSED, UNKNOWN, Call, HistoryBuilder, guilty, innocent, untested
from oracles import flushing as oracle
from oracles.compared import agree

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.outcomes import Fail, Ok

(NOTHING_UP,) = oracle.ORACLES
GIVEN_UP = Fail("CLIENT_CLOSED", "it was never sent")


def log(producer: Any = None, **settings: str) -> HistoryBuilder:
    told = HistoryBuilder()
    told.topic(**settings)
    told.producer(**(producer or {}))
    return told


@pytest.mark.parametrize("act", [ops.Close("p"), ops.Flush("p")])
def test_what_is_given_up_by_a_flush_or_a_close_is_seen(act: ops.AnyOperation) -> None:
    told = log()
    send = told.sending(b"a", awaited=False)
    flush = told.begin("p", act)
    told.end(send, GIVEN_UP)
    told.end(flush, Ok())
    reason = guilty(told, NOTHING_UP, send, flush)
    assert reason == f"p's send of 'a' failed, though its {ops.name_of(act)} came to its end and every broker was up"


def test_what_is_sent_by_a_flush_and_what_had_failed_before_it_is_lawful() -> None:
    told = log()
    send = told.sending(b"a", awaited=False)
    told.do(ops.Flush("p"))
    told.placed(send, 0)
    assert innocent(told, NOTHING_UP) == 1
    told.do(ops.Send("p", "t", b"b"), REFUSED)
    later = told.sending(b"c", awaited=False)
    told.do(ops.Close("p"))
    told.end(later, GIVEN_UP)
    assert innocent(told, NOTHING_UP) == 1


PRODUCERS: tuple[dict[str, Any], ...] = (
    {"idempotent": False},
    {"acks": "1"},
    {"transactional_id": "tx"},
    {"settings": {"delivery.timeout.ms": "10"}},
)
TOPICS = ({"max_message_bytes": "100"}, {"min_insync_replicas": "2"}, {"cleanup_policy": "compact"})
SENDS: tuple[dict[str, Any], ...] = ({"timestamp": 1}, {"topic": "u"}, {"key": b"k" * 20_000})


@pytest.mark.parametrize("producer", PRODUCERS)
def test_other_producers_may_give_up(producer: dict[str, Any]) -> None:
    judged(log(producer), {})


@pytest.mark.parametrize("settings", TOPICS)
def test_topics_that_ask_for_more_may_refuse(settings: dict[str, str]) -> None:
    judged(log(**settings), {})


@pytest.mark.parametrize("fields", SENDS)
def test_odd_records_may_be_refused(fields: dict[str, Any]) -> None:
    judged(log(), fields)


@pytest.mark.parametrize("error", ["REQUEST_TIMED_OUT", "_MSG_TIMED_OUT", "MESSAGE_TOO_LARGE", "QUEUE_FULL"])
def test_a_record_may_fail_for_a_reason_of_its_own(error: str) -> None:
    judged(log(), {}, Fail(error))


def judged(told: HistoryBuilder, fields: dict[str, Any], outcome: Any = GIVEN_UP) -> None:
    """A send that fails as its producer closes says nothing."""
    send = told.sending(b"a", awaited=False, **fields)
    told.do(ops.Close("p"))
    told.end(send, outcome)
    untested(told, NOTHING_UP)


@pytest.mark.parametrize("why", ["down", "elected", "frozen", "crashed", "close refused", "close unknown", "unknown"])
def test_what_may_keep_a_record_from_being_sent(why: str) -> None:
    told = log()
    disturbances: dict[str, ops.AnyOperation] = {
        "down": ops.KillBroker(0),
        "elected": ops.ElectLeader("t", 0),
        "frozen": ops.Freeze("p"),
        "crashed": ops.Crash("p"),
    }
    if why in disturbances:
        told.do(disturbances[why])
    send = told.sending(b"a", awaited=False)
    told.do(ops.Close("p"), {"close refused": REFUSED, "close unknown": UNKNOWN}.get(why))
    told.end(send, UNKNOWN if why == "unknown" else GIVEN_UP)
    untested(told, NOTHING_UP)


# --- the oracle ---


def drawn(random: Random) -> HistoryBuilder:
    told = log(random.choice((*({},) * 9, *PRODUCERS)), **random.choice((*({},) * 9, TOPICS[0])))
    pending = list[Call]()
    for number in range(random.randrange(3, 12)):
        match random.randrange(8):
            case 0 | 1 | 2 | 3:
                time = random.choice((None, None, None, None, 5))
                pending.append(told.sending(b"%d" % number, awaited=False, timestamp=time))
            case 4 | 5:
                told.do(random.choice((ops.Flush("p"), ops.Close("p"))), random.choice((None, None, None, REFUSED)))
            case 6 if random.random() < 0.2:
                act = random.choice((ops.KillBroker(0), ops.RestartBroker(0), ops.ElectLeader("t", 0), ops.Freeze("p")))
                told.do(act, random.choice((None, REFUSED, UNKNOWN)))
            case 7 if random.random() < 0.3:
                told.producer()
            case _ if pending:
                told.placed(pending.pop(0), number)
        if pending and random.random() < 0.3:
            errors = ("REQUEST_TIMED_OUT", "MESSAGE_TOO_LARGE", *("CLIENT_CLOSED",) * 6)
            told.end(pending.pop(0), random.choice((UNKNOWN, *map(Fail, errors))))
    return told


def test_the_judge_says_what_its_oracle_says(histories_drawn: int) -> None:
    agree(oracle.ORACLES, drawn, 23, histories_drawn)
