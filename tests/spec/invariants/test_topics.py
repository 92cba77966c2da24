"""Topics: they begin at zero, have their partitions, and nothing of an earlier topic of the name."""

from collections.abc import Callable
from random import Random

import pytest
from histories import REFUSED, UNKNOWN, Call, HistoryBuilder, guilty, innocent, untested
from oracles import topics as oracle
from oracles.compared import agree

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.outcomes import Ok, Outcome
from brokerlaw.spec.history.values import Placed
from brokerlaw.spec.invariants import INVARIANTS

ZERO = "topics.begin-at-zero"
OLD = "topics.nothing-old"
COUNT = "topics.partition-count"
GONE = "topics.deleted-is-gone"
LOOK = ops.ListOffsets("t", 0)


def told(**settings: str) -> HistoryBuilder:
    history = HistoryBuilder()
    history.topic(**settings)
    history.producer()
    return history


def anew(deleted: Outcome | None = None, patience: int = 1_000) -> HistoryBuilder:
    """A topic with a record, deleted and created anew."""
    history = told()
    history.send(b"a", 0)
    history.do(ops.DeleteTopic("t"), deleted)
    history.topic()
    history.wait(patience)
    return history


# --- begin at zero ---


@pytest.mark.parametrize(("at", "said"), [("earliest", "begin"), ("latest", "end")])
def test_a_new_topic_that_begins_or_ends_elsewhere_is_seen(at: str, said: str) -> None:
    history = told()
    asked = history.list_offset(5, at)
    assert guilty(history, ZERO, asked) == f"t/0 was said to {said} at 5, before anything was sent to it"


def test_a_log_that_begins_elsewhere_with_nothing_deleted_is_seen() -> None:
    history = told()
    history.send(b"a", 5)
    asked = history.list_offset(5, "earliest")
    assert guilty(history, ZERO, asked) == "t/0 was said to begin at 5, and nothing of it was deleted"


def test_an_answer_that_tells_no_end_is_no_other_end() -> None:
    history = told()
    history.do(LOOK, Ok(None))
    untested(history, ZERO)


def test_a_log_that_begins_at_zero() -> None:
    history = told()
    history.list_offset(0)
    history.send(b"a", 0)
    history.list_offset(1)
    history.list_offset(0, "earliest")
    assert innocent(history, ZERO) == 2


def test_a_send_may_be_there_before_its_outcome() -> None:
    history = told()
    history.sending(b"a")
    history.list_offset(1)
    untested(history, ZERO)


def test_an_end_of_the_topic_before_is_seen() -> None:
    history = anew()
    asked = history.list_offset(1)
    guilty(history, ZERO, asked)


@pytest.mark.parametrize("why", ["early", "late send", "fault", "deleted since"])
def test_an_end_that_may_be_explained(why: str) -> None:
    history = told()
    history.send(b"a", 0)
    if why == "late send":
        history.do(ops.Send("p", "t", b"b"), UNKNOWN)
    history.do(ops.DeleteTopic("t"))
    history.topic()
    if why == "fault":
        history.do(ops.KillBroker(0))
    if why != "early":
        history.wait(1_000)
    if why == "deleted since":
        history.do(ops.DeleteTopic("t"), UNKNOWN)
    history.list_offset(1)
    untested(history, ZERO)


@pytest.mark.parametrize("why", ["deleted", "expired"])
def test_a_start_that_moved_for_a_reason(why: str) -> None:
    history = told(retention_ms="1000" if why == "expired" else "-1")
    history.send(b"a", 0)
    if why == "deleted":
        history.do(ops.DeleteRecords("t", 0, 1), UNKNOWN)
    history.wait(1_000)
    history.list_offset(1, "earliest")
    untested(history, ZERO)


# --- nothing old ---


@pytest.mark.parametrize("deleted", [None, UNKNOWN])
def test_a_record_of_the_topic_before_is_seen(deleted: Outcome | None) -> None:
    history = anew(deleted)
    history.consumer()
    poll = history.poll("c", (0, b"a"))
    created = next(i for i, row in enumerate(history.rows) if i and getattr(row, "value", 0) == ops.CreateTopic("t"))
    send = next(i for i, row in enumerate(history.rows) if isinstance(getattr(row, "value", 0), ops.Send))
    reason = guilty(history, OLD, send, created, poll)
    assert reason == "c read 'a' at t/0@0, which was in the topic t that was deleted before"


def test_a_record_of_a_topic_that_is_gone_is_seen() -> None:
    history = told()
    send = history.send(b"a", 0)
    deleted = history.do(ops.DeleteTopic("t"))
    history.do(ops.CreateTopic("t"), REFUSED)
    history.wait(1_000)
    history.consumer()
    guilty(history, OLD, send, deleted, history.poll("c", (0, b"a")))


def test_the_same_record_sent_anew() -> None:
    history = anew()
    history.send(b"a", 0)
    history.consumer()
    history.poll("c", (0, b"a"))
    assert innocent(history, OLD) == 1


def test_a_reader_from_before_may_have_it_in_hand() -> None:
    history = told()
    history.send(b"a", 0)
    history.consumer()
    history.do(ops.DeleteTopic("t"))
    history.topic()
    history.wait(1_000)
    history.poll("c", (0, b"a"))
    untested(history, OLD)


def test_a_deletion_that_failed_deletes_nothing() -> None:
    history = anew(REFUSED)
    history.consumer()
    history.poll("c", (0, b"a"))
    untested(history, OLD)


# --- partition count ---


def test_a_partition_too_many_is_seen() -> None:
    history = told()
    send = history.send(b"a", 0, partition=1)
    reason = guilty(history, COUNT, 0, send)
    assert reason == "a record stands in t/1, and the topic has 1 partition"


def test_a_member_that_is_given_what_there_is_not_is_seen() -> None:
    history = told()
    history.member("c")
    given = history.assigned("c", 0, 1)
    assert guilty(history, COUNT, 0, given) == "a member was given t/1, and the topic has 1 partition"


@pytest.mark.parametrize("outcome", [None, UNKNOWN])
def test_partitions_that_were_added(outcome: Outcome | None) -> None:
    history = told()
    history.do(ops.CreatePartitions("t", 2), outcome)
    history.send(b"a", 0, partition=1)
    assert innocent(history, COUNT) == 1


def test_partitions_before_they_were_added_are_seen() -> None:
    history = told()
    send = history.send(b"a", 0, partition=1)
    history.do(ops.CreatePartitions("t", 2))
    guilty(history, COUNT, 0, send)
    history.send(b"a", 0, partition=2)
    history.do(ops.CreatePartitions("t", 3))
    assert len(INVARIANTS[COUNT].judge(history.history).violations) == 2


def test_a_topic_from_before_has_any_number() -> None:
    history = HistoryBuilder()
    history.producer()
    history.send(b"a", 0, partition=7)
    untested(history, COUNT)


def test_an_offset_of_a_partition_that_is_none_is_seen() -> None:
    history = HistoryBuilder()
    created = history.topic(partitions=2)
    history.list_offset(0, partition=1)
    asked = history.list_offset(0, partition=2)
    assert guilty(history, COUNT, created, asked) == "an offset was told of t/2, and the topic has 2 partitions"
    history = HistoryBuilder()
    history.topic(partitions=2)
    history.do(ops.ListOffsets("t", 2), REFUSED)
    history.list_offset(0, partition=1)
    assert innocent(history, COUNT) == 1


# --- deleted is gone ---


def deleted(patience: int = 1_000) -> tuple[HistoryBuilder, int]:
    history = HistoryBuilder()
    history.topic()
    row = history.do(ops.DeleteTopic("t")).row
    history.wait(patience)
    return history, row


@pytest.mark.parametrize(
    ("op", "word"),
    [
        (LOOK, "list_offsets"),
        (ops.DeleteTopic("t"), "delete_topic"),
        (ops.AlterTopic("t", {}), "alter_topic"),
        (ops.CreatePartitions("t", 2), "create_partitions"),
        (ops.DeleteRecords("t", 0, 1), "delete_records"),
    ],
)
def test_what_is_done_to_a_topic_that_is_gone_is_seen(op: ops.AnyOperation, word: str) -> None:
    history, gone = deleted()
    done = history.do(op, Ok(0) if op is LOOK else Ok())
    assert guilty(history, GONE, gone, done) == f"{word} was done to t, which had been deleted"
    history, _ = deleted()
    history.do(op, REFUSED)
    assert innocent(history, GONE) == 1


def test_a_creation_that_was_refused_is_none() -> None:
    history, gone = deleted()
    history.do(ops.CreateTopic("t"), REFUSED)
    guilty(history, GONE, gone, history.list_offset(0))


@pytest.mark.parametrize("why", ["early", "created", "perhaps created", "sent to", "subscribed to", "fault"])
def test_a_topic_that_may_be_there_may_be_asked(why: str) -> None:
    history, _ = deleted(0 if why == "early" else 1_000)
    match why:
        case "created":
            history.topic()
        case "perhaps created":
            history.do(ops.CreateTopic("t"), UNKNOWN)
        case "sent to":
            history.producer()
            history.sending(b"a")
        case "subscribed to":
            history.member("a")
        case "fault":
            history.do(ops.PauseBroker(1))
    history.list_offset(0)
    untested(history, GONE)


def test_a_broker_that_creates_none_by_itself_is_judged_though_clients_ask() -> None:
    history, gone = deleted()
    history.broker_settings["auto.create.topics.enable"] = "false"
    history.member("a")
    guilty(history, GONE, gone, history.list_offset(0))


def drawn(random: Random) -> HistoryBuilder:
    history = HistoryBuilder()
    for _ in range(random.randrange(3, 12)):
        outcome = random.choice([None, None, UNKNOWN, REFUSED])
        match random.randrange(9):
            case 0 | 1:
                history.do(ops.CreateTopic(random.choice("ttu")), outcome)
            case 2 | 3 | 4:
                history.do(ops.DeleteTopic(random.choice("ttu")), outcome)
                history.wait(random.choice([0, 1_000]))
            case 5 | 6:
                history.do(LOOK, Ok(0) if outcome is None else outcome)
            case 7:
                history.do(ops.AlterTopic("t", {}), outcome)
            case _ if random.randrange(6) == 0:
                history.do(ops.PauseBroker(1))
                history.do(ops.ResumeBroker(1), outcome)
            case _ if random.randrange(6) == 0:
                history.member("a")
    return history


def drawn_logs(random: Random) -> HistoryBuilder:
    """Topics that are created, sent to, deleted and created anew; what is told of their logs is mostly so."""
    history = HistoryBuilder()
    settings = random.choice([{}, {}, {}, {"retention.ms": "1"}, {"cleanup.policy": "compact"}])
    history.producer()
    ends = {"t": 0, "u": 0}
    pending: list[tuple[Call, int]] = []
    if random.random() < 0.8:
        history.do(ops.CreateTopic("t", 1, 1, settings))
    for _ in range(random.randrange(3, 14)):
        outcome, topic = random.choice([None, None, None, UNKNOWN, REFUSED]), random.choice("tttu")
        match random.choices(["create", "delete", "send", "told", "remove", "fault"], [1.5, 1.5, 2, 7, 0.7, 0.4])[0]:
            case "create":
                history.do(ops.CreateTopic(topic, 1, 1, settings), outcome)
                history.wait(random.choice([0, 1_000, 1_000]))
            case "delete":
                history.do(ops.DeleteTopic(topic), outcome)
                ends[topic] = 0
            case "send":
                pending.append((history.sending(b"v", topic=topic), ends[topic]))
                ends[topic] += 1
            case "told":
                lie = random.choice([0] * 7 + [1])
                at, end = random.choice([("earliest", 0), ("latest", ends[topic])])
                told = random.choice([Ok(end + lie)] * 8 + [Ok(None), UNKNOWN])
                history.do(ops.ListOffsets(topic, 0, at), told)
            case "remove":
                history.do(ops.DeleteRecords(topic, 0, random.choice([0, 1, -1, -1])), outcome)
            case "fault":
                history.do(ops.PauseBroker(1))
                history.do(ops.ResumeBroker(1), outcome)
        while pending and random.random() < 0.8:
            call, offset = pending.pop(0)
            placed = Ok(Placed(topic, 0, offset))
            history.end(call, random.choice([placed, placed, UNKNOWN, REFUSED]))
    return history


@pytest.mark.parametrize(("promise", "draw"), [(GONE, drawn), (ZERO, drawn_logs)])
def test_the_judges_say_what_their_oracles_say(
    promise: str, draw: Callable[[Random], HistoryBuilder], histories_drawn: int
) -> None:
    agree({promise: oracle.ORACLES[promise]}, draw, 6, histories_drawn)
