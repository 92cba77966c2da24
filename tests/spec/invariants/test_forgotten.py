"""A topic that is deleted takes with it what groups have committed for it."""

from random import Random

import pytest
from histories import REFUSED, UNKNOWN, Call, HistoryBuilder, guilty, innocent, untested
from oracles import forgotten as oracle
from oracles.compared import agree

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.outcomes import Ok
from brokerlaw.spec.history.rows import Header, Recording
from brokerlaw.spec.history.values import PartitionOffset
from brokerlaw.spec.invariants import INVARIANTS

(GONE,) = oracle.ORACLES


def committed() -> tuple[HistoryBuilder, Call]:
    """a has committed 3 of t."""
    told = HistoryBuilder()
    told.topic()
    told.member("a")
    return told, told.commit("a", 3)


def anew(told: HistoryBuilder, wait: int = 3_000) -> Call:
    """t is deleted, and created anew."""
    told.do(ops.DeleteTopic("t"))
    created = told.topic()
    told.wait(wait)
    return created


def ask(told: HistoryBuilder, answer: int | None) -> Call:
    return told.do(ops.FetchCommitted("g", "t", 0), Ok(answer))


def test_offsets_that_outlive_their_topic_are_seen() -> None:
    told, commit = committed()
    created = anew(told)
    reason = guilty(told, GONE, commit, created, ask(told, 3))
    assert reason == "group g was told that it committed t/0@3, which it did before the topic was deleted"


def test_also_while_there_is_none() -> None:
    told, commit = committed()
    deleted = told.do(ops.DeleteTopic("t"))
    told.wait(3_000)
    guilty(told, GONE, commit, deleted, told.do(ops.Committed("a", "t", 0), Ok(3)))


def test_who_is_told_of_none_is_told_right() -> None:
    told, _ = committed()
    anew(told)
    ask(told, None)
    assert innocent(told, GONE) == 1


@pytest.mark.parametrize("outcome", [None, UNKNOWN])
def test_what_was_committed_since_may_be_told(outcome: object) -> None:
    told, _ = committed()
    anew(told)
    told.commit("a", 3, outcome)  # type: ignore[arg-type]  # an outcome
    ask(told, 3)
    assert innocent(told, GONE) == 1


def test_a_commit_that_goes_on_while_the_topic_is_deleted_may_come_after() -> None:
    told, _ = committed()
    late = told.begin("a", ops.Commit("a", (PartitionOffset("t", 0, 3),)))
    told.do(ops.DeleteTopic("t"))
    told.end(late, Ok())
    told.wait(3_000)
    ask(told, 3)
    assert innocent(told, GONE) == 1


def test_what_was_sent_in_a_transaction_may_come_later() -> None:
    told, _ = committed()
    told.producer(transactional_id="tx")
    told.do(ops.BeginTransaction("p"))
    told.do(ops.SendOffsets("p", "a", (PartitionOffset("t", 0, 3),)))
    told.do(ops.CommitTransaction("p"))
    anew(told)
    ask(told, 3)
    assert innocent(told, GONE) == 1


@pytest.mark.parametrize("excuse", ["early", "by itself", "fault", "fault before", "refused", "another group", "again"])
def test_what_excuses_it(excuse: str) -> None:
    told, _ = committed()
    match excuse:
        case "by itself":
            told.member("b", auto_commit=True)
        case "fault before":
            told.do(ops.KillBroker(0))
            told.do(ops.RestartBroker(0))
    if excuse == "refused":
        told.do(ops.DeleteTopic("t"), REFUSED)
        told.wait(3_000)
    else:
        anew(told, 1_000 if excuse == "early" else 3_000)
    if excuse == "fault":
        told.do(ops.PauseBroker(1))
    if excuse == "again":
        told.do(ops.DeleteTopic("t"), UNKNOWN)
    told.do(ops.FetchCommitted("h" if excuse == "another group" else "g", "t", 0), Ok(3))
    untested(told, GONE)


def test_older_kafka_may_keep_them() -> None:
    told, _ = committed()
    anew(told)
    ask(told, 3)
    for broker, broken in (("kafka 0.10.1", False), ("kafka 4.1.0", True)):
        recording = Recording(Header(broker=broker), tuple(told.rows))
        assert bool(INVARIANTS[GONE].judge(History(recording)).violations) == broken


def drawn(random: Random) -> HistoryBuilder:
    """A group commits, and topics come and go."""
    told, offsets = HistoryBuilder(), {"t": 0, "u": 0}
    told.topic()
    told.consumer("a", "g", auto_commit=random.random() < 0.05)
    told.producer(transactional_id="tx")
    told.do(ops.BeginTransaction("p"))
    for _ in range(random.randrange(4, 14)):
        outcome, topic = random.choice([None, None, None, UNKNOWN, REFUSED]), random.choice("tttu")
        match random.choices(
            ["create", "delete", "commit", "reset", "send", "told", "fault"], [2, 3, 4, 1, 0.4, 7, 0.4]
        )[0]:
            case "create":
                told.do(ops.CreateTopic(topic), outcome)
                told.wait(random.choice([0, 3_000, 3_000]))
            case "delete":
                told.do(ops.DeleteTopic(topic), outcome)
                told.wait(random.choice([0, 0, 3_000]))
            case "commit" | "reset" | "send" as how:
                offsets[topic] = random.randrange(4)
                at = (PartitionOffset(topic, 0, offsets[topic]),)
                kinds = {"commit": ops.Commit("a", at), "reset": ops.ResetOffsets("g", at)}
                told.do(kinds.get(how, ops.SendOffsets("p", "a", at)), outcome)  # type: ignore[arg-type]  # operations
            case "told":
                answer = random.choice([Ok(offsets[topic]), Ok(offsets[topic]), Ok(None), Ok(0), UNKNOWN])
                told.do(random.choice([ops.FetchCommitted("g", topic, 0), ops.Committed("a", topic, 0)]), answer)
            case "fault":
                told.do(ops.PauseBroker(1))
                told.do(ops.ResumeBroker(1), outcome)
                told.wait(random.choice([0, 10_000]))
    told.do(ops.CommitTransaction("p"))
    return told


def test_the_judge_says_what_its_oracle_says(histories_drawn: int) -> None:
    agree(oracle.ORACLES, drawn, 23, histories_drawn)
