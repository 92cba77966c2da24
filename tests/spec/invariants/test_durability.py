"""What was acknowledged is there, where it was said to be."""

from random import Random

import pytest
from histories import REFUSED, UNKNOWN, Call, HistoryBuilder, guilty, innocent, untested
from oracles import min_isr
from oracles.compared import agree

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.observations import Drained
from brokerlaw.spec.history.outcomes import Ok
from brokerlaw.spec.history.values import PartitionState, Placed

AT_OFFSET = "durability.acked-at-offset"
SURVIVES = "durability.acked-survives"
MIN_ISR = "durability.min-isr-refuses"
UNCLEAN = "unclean.leader.election.enable"


def told(overrides: dict[str, str] | None = None, **producer: object) -> HistoryBuilder:
    history = HistoryBuilder(**overrides or {})
    history.topic(partitions=2)
    history.producer(**producer)
    return history


def drained(end: int) -> Drained:
    return Drained("t", 0, 0, end, "read_uncommitted")


# --- acked-at-offset ---


def test_a_record_read_where_it_was_acknowledged() -> None:
    history = told()
    history.send(b"a", 3)
    history.consumer()
    history.poll("c", (3, b"a"))
    assert innocent(history, AT_OFFSET) == 1


def test_another_record_at_that_offset_is_seen() -> None:
    history = told()
    send = history.send(b"a", 3)
    history.consumer()
    poll = history.poll("c", (3, b"b"))
    assert guilty(history, AT_OFFSET, send, poll) == "'a' was acknowledged at t/0@3, where c read 'b'"


def test_the_record_at_another_offset_is_seen() -> None:
    history = told()
    send = history.send(b"a", 3)
    history.consumer()
    poll = history.poll("c", (2, b"a"))
    assert guilty(history, AT_OFFSET, send, poll) == "'a' was acknowledged at t/0@3 and read at t/0@2 instead"


def test_two_records_acknowledged_at_one_place_are_seen_whichever_is_read() -> None:
    for value in (b"a", b"b"):
        history = HistoryBuilder()
        history.topic()
        history.producer()
        sends = {each: history.send(each, 0) for each in (b"a", b"b")}
        history.consumer()
        poll = history.poll("c", (0, value))
        guilty(history, AT_OFFSET, sends[b"b" if value == b"a" else b"a"], poll)


def test_a_record_that_was_there_before_is_not_that_of_a_send_with_its_value() -> None:
    history = HistoryBuilder()
    history.producer()
    history.consumer()
    history.send(b"a", 7)
    history.poll("c", (3, b"a"))
    untested(history, AT_OFFSET)


def test_a_retry_of_a_producer_that_is_not_idempotent_may_leave_the_record_twice() -> None:
    history = told(idempotent=False)
    history.send(b"a", 3)
    history.consumer()
    history.poll("c", (2, b"a"))
    untested(history, AT_OFFSET)


def test_a_value_that_was_sent_twice_tells_nothing() -> None:
    history = told()
    history.send(b"a", 3)
    history.send(b"a", 4)
    history.consumer()
    history.poll("c", (2, b"a"))
    untested(history, AT_OFFSET)


def test_an_unread_offset_tests_nothing() -> None:
    history = told()
    history.send(b"a", 3)
    history.consumer()
    history.poll("c", (2, b"z"))
    untested(history, AT_OFFSET)


# --- acked-survives ---


def test_a_record_that_is_read_again() -> None:
    history = told()
    history.send(b"a", 0)
    history.send(b"b", 1)
    history.drain([(0, b"a"), (1, b"b")], end=2)
    assert innocent(history, SURVIVES) == 2


def test_a_record_that_is_missing_is_seen() -> None:
    history = told()
    send = history.send(b"a", 0)
    history.send(b"b", 1)
    row = history.drain([(1, b"b")], end=2)
    reason = guilty(history, SURVIVES, send, row)
    assert reason == "'a' was acknowledged at t/0@0, but reader read everything from 0 to 2 and not this"


def test_a_record_whose_place_was_taken_is_seen() -> None:
    history = told()
    send = history.send(b"a", 0)
    row = history.drain([(0, b"z")], end=1)
    guilty(history, SURVIVES, send, row)


def test_a_record_at_another_offset_is_not_lost() -> None:
    history = told()
    history.send(b"a", 0)
    history.drain([(1, b"a")], end=2)
    innocent(history, SURVIVES)


def test_a_log_shorter_than_what_was_acknowledged_is_seen() -> None:
    history = told()
    send = history.send(b"a", 5)
    row = history.drain([], end=3)
    reason = guilty(history, SURVIVES, send, row)
    assert reason == "'a' was acknowledged at t/0@5, but the log that reader read to its end now ends at 3"


def test_a_record_acknowledged_after_the_end_was_asked_for_may_be_beyond_it() -> None:
    history = told()
    history.list_offset(3)
    send = history.send(b"a", 5)
    history.consumer("reader")
    history.assign("reader")
    history.poll("reader")
    history.see("reader", drained(3))
    untested(history, SURVIVES)
    later = history.drain([], end=3, reader="another")
    guilty(history, SURVIVES, send, later)


def test_a_record_acknowledged_while_the_end_was_asked_for_may_be_beyond_it() -> None:
    history = told()
    send = history.sending(b"a")
    asked = history.begin("admin", ops.ListOffsets("t", 0))
    history.placed(send, 5)
    history.end(asked, Ok(3))
    history.consumer("reader")
    history.assign("reader")
    history.poll("reader")
    history.see("reader", drained(3))
    untested(history, SURVIVES)


@pytest.mark.parametrize("outcome", [UNKNOWN, REFUSED, None])
def test_what_was_not_acknowledged_may_be_missing(outcome: object) -> None:
    history = told()
    send = history.sending(b"a")
    if outcome:
        history.end(send, outcome)
    history.drain([], end=0)
    untested(history, SURVIVES)


def test_a_partition_that_nobody_read_to_its_end_tests_nothing() -> None:
    history = told()
    history.send(b"a", 0, partition=1)
    history.drain([], end=1, partition=0)
    untested(history, SURVIVES)


def test_a_complete_read_with_a_poll_of_unknown_outcome_tests_nothing() -> None:
    """The poll may have taken the record."""
    history = told()
    history.send(b"a", 0)
    history.list_offset(1)
    history.consumer("reader")
    history.assign("reader")
    history.do(ops.Poll("reader"), UNKNOWN)
    history.see("reader", drained(1))
    untested(history, SURVIVES)


def test_deleted_records_are_not_lost() -> None:
    history = told()
    history.send(b"a", 0)
    history.send(b"b", 1)
    history.do(ops.DeleteRecords("t", 0, 1), UNKNOWN)
    history.drain([(1, b"b")], end=2)
    assert innocent(history, SURVIVES) == 1


@pytest.mark.parametrize("setting", [{"retention_ms": "1000"}, {"cleanup_policy": "compact"}])
def test_topics_that_expire_or_compact_test_nothing(setting: dict[str, str]) -> None:
    history = HistoryBuilder()
    history.topic(**setting)
    history.producer()
    history.send(b"a", 0)
    history.wait(1000)
    history.drain([], end=1)
    untested(history, SURVIVES)


@pytest.mark.parametrize("acks", ["0", "1"])
def test_an_acknowledgement_by_the_leader_alone_is_no_promise(acks: str) -> None:
    history = told(acks=acks, idempotent=False)
    history.send(b"a", 0)
    history.drain([], end=1)
    untested(history, SURVIVES)


def test_unless_the_user_chose_it_and_then_the_verdict_says_so() -> None:
    history = told({"acks": "1"}, acks="1", idempotent=False)
    send = history.send(b"a", 0)
    row = history.drain([], end=1)
    assert guilty(history, SURVIVES, send, row).endswith("(under acks=1)")


def test_unclean_election_loses_without_breaking_a_promise_unless_the_user_chose_it() -> None:
    for overrides, verdict in (({}, untested), ({UNCLEAN: "true"}, guilty)):
        history = HistoryBuilder(**overrides)
        history.topic(**{UNCLEAN: "true"})
        history.producer()
        send = history.send(b"a", 0)
        row = history.drain([], end=1)
        if verdict is guilty:
            assert guilty(history, SURVIVES, send, row).endswith(f"(under {UNCLEAN}=true)")
        else:
            untested(history, SURVIVES)


def transacted(end: ops.AnyOperation, outcome: object = None) -> tuple[HistoryBuilder, Call]:
    history = told(transactional_id="tx")
    history.transaction()
    send = history.send(b"a", 0)
    history.do(end, outcome)
    return history, send


def test_a_committed_record_is_owed_to_read_committed_readers() -> None:
    history, send = transacted(ops.CommitTransaction("p"))
    row = history.drain([], end=2, isolation="committed")
    guilty(history, SURVIVES, send, row)


@pytest.mark.parametrize(("end", "outcome"), [(ops.CommitTransaction("p"), UNKNOWN), (ops.AbortTransaction("p"), None)])
def test_a_record_that_was_not_surely_committed_is_not(end: ops.AnyOperation, outcome: object) -> None:
    history, _ = transacted(end, outcome)
    history.drain([], end=2, isolation="committed")
    untested(history, SURVIVES)


def test_a_committed_record_beyond_the_end_told_to_read_committed_readers_may_yet_come() -> None:
    """The end waits for the transaction's markers, the answer to its commit does not."""
    history, _ = transacted(ops.CommitTransaction("p"))
    history.drain([], end=0, isolation="committed")
    untested(history, SURVIVES)


# --- acked-survives, without an offset ---


def unplaced(acks: str = "all", start: int = 0) -> tuple[HistoryBuilder, Call, int]:
    history = told(acks=acks)
    send = history.send(b"b", -1)
    return history, send, history.drain([(0, b"a")], 1 if start < 1 else 2, start=start)


def test_a_record_acknowledged_without_an_offset_is_owed_somewhere() -> None:
    history, *shown = unplaced()
    reason = guilty(history, SURVIVES, *shown)
    assert reason == "'b' was acknowledged in t/0, without an offset, but reader read everything to 1 and not this"
    history = told()
    history.send(b"b", -1)
    history.drain([(0, b"a"), (1, b"b")], 2)
    assert innocent(history, SURVIVES) == 1


def test_a_record_without_an_offset_may_be_before_what_was_read_and_needs_a_value_of_its_own() -> None:
    history, *_ = unplaced(start=1)
    untested(history, SURVIVES)
    history, *_ = unplaced(acks="1")
    untested(history, SURVIVES)
    history = told()
    history.send(b"b", -1)
    history.send(b"b", -1)
    history.drain([], 0)
    untested(history, SURVIVES)
    history = told()
    history.send(b"b", -1)
    history.do(ops.DeleteRecords("t", 0, 1))
    history.drain([], 1)
    untested(history, SURVIVES)


# --- min-isr-refuses ---


def squeezed(outcome: object, *between: ops.AnyOperation, **settings: object) -> HistoryBuilder:
    """A send with acks=all between two looks that show one replica in sync, of two required."""
    history = HistoryBuilder()
    history.topic(replication=3, min_insync_replicas="2")
    history.producer(**settings)
    for broker in (1, 2):
        history.do(ops.PauseBroker(broker))
    history.describe(0, 4, isr=(0,), replicas=(0, 1, 2))
    send = history.sending(b"a")
    for op in between:
        history.do(op)
    if outcome:
        history.end(send, outcome)
    else:
        history.placed(send, 0)
    history.describe(0, 4, isr=(0,), replicas=(0, 1, 2))
    return history


def test_an_acknowledgement_without_enough_replicas_is_seen() -> None:
    reason = guilty(squeezed(None), MIN_ISR, 8, 10)
    assert reason == "'a' was acknowledged in t/0 while only [0] ran, of 2 required"


def test_a_refusal_without_enough_replicas() -> None:
    assert innocent(squeezed(REFUSED), MIN_ISR) == 1


def test_a_replica_that_could_come_back_in_between_excuses() -> None:
    untested(squeezed(None, ops.ResumeBroker(1)), MIN_ISR)


def test_acks_1_needs_no_replicas() -> None:
    untested(squeezed(None, acks="1", idempotent=False), MIN_ISR)


def test_a_send_that_began_while_all_were_in_sync_is_not_acknowledged_by_one() -> None:
    history = HistoryBuilder()
    history.topic(replication=3, min_insync_replicas="2")
    history.producer()
    for broker in (1, 2):
        history.do(ops.PauseBroker(broker))
    history.describe(0, 4, isr=(0, 1, 2), replicas=(0, 1, 2))
    history.send(b"a", 0)
    history.describe(0, 4, isr=(0,), replicas=(0, 1, 2))
    assert "while only [0] ran" in guilty(history, MIN_ISR, 8, 10)


def test_replicas_that_were_up_before_and_after_the_send_have_not_written_it() -> None:
    history = HistoryBuilder()
    history.topic(replication=3, min_insync_replicas="2")
    history.producer()
    look = history.describe(0, 4, isr=(0, 1, 2))
    for broker in (1, 2):
        history.do(ops.PauseBroker(broker))
    send = history.send(b"a", 0)
    for broker in (1, 2):
        history.do(ops.ResumeBroker(broker))
    assert "while only [0] ran" in guilty(history, MIN_ISR, look, send)


def test_less_that_was_asked_of_the_topic_later_excuses() -> None:
    untested(squeezed(None, ops.AlterTopic("t", {"min.insync.replicas": "1"})), MIN_ISR)


def test_enough_replicas_test_nothing() -> None:
    history = HistoryBuilder()
    history.topic(replication=3, min_insync_replicas="2")
    history.producer()
    history.describe(0, 4, isr=(0, 1))
    history.send(b"a", 0)
    history.describe(0, 4, isr=(0, 1))
    untested(history, MIN_ISR)


def test_a_topic_needs_no_more_in_sync_than_it_has_replicas() -> None:
    history = HistoryBuilder()
    history.topic(replication=1, min_insync_replicas="2")
    history.producer()
    history.describe(0, 4, replicas=(0,), isr=(0,))
    history.send(b"a", 0)
    history.describe(0, 4, replicas=(0,), isr=(0,))
    untested(history, MIN_ISR)


def drawn(random: Random) -> HistoryBuilder:
    """Brokers that go and come back, one by one, under a producer; sends that too few could write are often refused."""
    told = HistoryBuilder()
    partitions, least = random.choice([1, 1, 2]), random.choice(["1", "2", "2", "2", "3"])
    outcome = random.choice([None, None, None, None, UNKNOWN])
    told.do(ops.CreateTopic("t", partitions, 3, {ops.MIN_ISR: least}), outcome)
    told.producer(acks=random.choice(["all", "all", "all", "1"]))
    pending, down = list[Call](), set[int]()
    for _ in range(random.randint(6, 16)):
        match random.choices(["send", "fault", "repair", "describe", "alter", "expand"], [7, 5, 2, 3, 0.4, 0.2])[0]:
            case "send":
                pending.append(told.sending(b"v", partition=random.choice([None, 0, partitions - 1])))
            case "fault":
                kind, broker = random.choice([ops.PauseBroker, ops.KillBroker, ops.StopBroker]), random.randrange(3)
                told.do(kind(broker), random.choice([None, None, None, UNKNOWN, REFUSED]))
                down.add(broker)
            case "repair":
                kind, broker = random.choice([ops.ResumeBroker, ops.RestartBroker]), random.choice([*down, 0])
                told.do(kind(broker), random.choice([None, None, UNKNOWN, REFUSED]))
                down.discard(broker)
            case "describe":
                replicas = random.choice([(0, 1, 2), (0, 1, 2), (2, 1, 0), (1, 2)])
                state = Ok(PartitionState(0, 1, replicas, (0,)))
                told.do(
                    ops.DescribePartition("t", random.randrange(partitions)), random.choice([state, state, UNKNOWN])
                )
            case "alter":
                told.alter(min_insync_replicas="1", outcome=random.choice([None, UNKNOWN, REFUSED]))
            case "expand":
                told.do(ops.CreatePartitions("t", 3), random.choice([None, UNKNOWN]))
        while pending and random.random() < 0.8:
            placed = Ok(Placed("t", random.randrange(partitions), 0))
            told.end(pending.pop(0), random.choice([placed, REFUSED, UNKNOWN] if down else [placed]))
    return told


def test_too_few_replicas_are_seen_as_by_the_oracle(histories_drawn: int) -> None:
    agree(min_isr.ORACLES, drawn, 3, histories_drawn)
