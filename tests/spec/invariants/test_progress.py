"""What must come comes; what did not come in time is held against the broker only where nothing stood in its way."""

from random import Random
from typing import Any

import pytest
from histories import REFUSED, UNKNOWN, HistoryBuilder, guilty, innocent, row_of, untested
from oracles import progress as oracle
from oracles.compared import agree

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.observations import WaitTimedOut
from brokerlaw.spec.history.outcomes import Ok, Outcome
from brokerlaw.spec.history.values import PartitionState
from brokerlaw.spec.invariants import INVARIANTS

READ = "progress.log-is-read"
RESTS = "progress.group-rests"
CAUGHT = "progress.application-catches-up"
VISIBLE = "progress.acked-becomes-visible"
LEADER = "progress.leader-returns"
IN_SYNC = "progress.in-sync-again"
SENT = "progress.send-ends"
LETS_GO = "progress.flushes-and-closes"
ENDS = "progress.transaction-ends"


def waited(told: HistoryBuilder, awaited: Any, seconds: float, **what: Any) -> int:
    """A wait in vain; returns its row."""
    told.wait(1000 * seconds)
    return told.see("admin", WaitTimedOut(awaited, round(1000 * seconds), **what))


def log() -> HistoryBuilder:
    told = HistoryBuilder()
    told.topic()
    told.producer()
    return told


# --- logs that are read, leaders, replicas ---


@pytest.mark.parametrize(
    ("promise", "awaited", "seconds"), [(READ, "drained", 30), (LEADER, "leader", 9), (IN_SYNC, "in-sync", 54)]
)
def test_what_does_not_come_is_seen_if_it_was_waited_for_long_enough(
    promise: str, awaited: str, seconds: float
) -> None:
    told = log()
    row = waited(told, awaited, seconds, topic="t", partition=0)
    assert "t/0" in guilty(told, promise, row)
    short = log()
    waited(short, awaited, seconds - 1, topic="t", partition=0)
    untested(short, promise)


@pytest.mark.parametrize(("promise", "awaited"), [(READ, "drained"), (LEADER, "leader"), (IN_SYNC, "in-sync")])
def test_what_cannot_come_while_a_broker_is_down_is_not_owed(promise: str, awaited: str) -> None:
    for repaired in (False, True):
        told = log()
        told.do(ops.KillBroker(0))
        told.wait(60_000)
        if repaired:
            told.do(ops.RestartBroker(0))
        waited(told, awaited, 60, topic="t", partition=0)
        assert len(INVARIANTS[promise].judge(told.history).violations) == repaired


@pytest.mark.parametrize(("promise", "awaited"), [(READ, "drained"), (LEADER, "leader"), (IN_SYNC, "in-sync")])
def test_of_a_topic_that_was_deleted_nothing_is_owed(promise: str, awaited: str) -> None:
    told = log()
    told.do(ops.DeleteTopic("t"), UNKNOWN)
    waited(told, awaited, 60, topic="t", partition=0)
    untested(told, promise)


@pytest.mark.parametrize(("promise", "awaited"), [(LEADER, "leader"), (IN_SYNC, "in-sync")])
@pytest.mark.parametrize("outcome", [REFUSED, UNKNOWN])
def test_of_a_topic_that_may_not_be_there_nothing_is_owed(promise: str, awaited: str, outcome: Outcome) -> None:
    told = HistoryBuilder()
    told.do(ops.CreateTopic("t"), outcome)
    waited(told, awaited, 60, topic="t", partition=0)
    untested(told, promise)


def test_what_came_counts() -> None:
    told = log()
    told.drain([], 0)
    told.describe(0, 1, (0, 1), (0, 1))
    told.describe(0, 1, (0,), (0, 1))
    told.describe(None, 1)
    assert innocent(told, READ) == 1
    assert innocent(told, LEADER) == 2
    assert innocent(told, IN_SYNC) == 1


def test_an_unclean_election_may_cut_the_log_short_that_is_read() -> None:
    told = HistoryBuilder()
    told.topic(unclean_leader_election_enable="true")
    waited(told, "drained", 60, topic="t", partition=0)
    untested(told, READ)


# --- groups and applications ---


def group(**settings: Any) -> HistoryBuilder:
    told = log()
    for name in "ab":
        told.member(name, **settings)
    return told


def test_a_group_that_does_not_come_to_rest_is_seen() -> None:
    told = group()
    row = waited(told, "stable", 15, group="g")
    told.stable("a", "b")
    assert guilty(told, RESTS, row) == "group g did not come to rest in 15 s"


def test_a_group_at_rest_counts_and_so_does_an_application_that_caught_up() -> None:
    told = group()
    told.stable("a", "b")
    told.caught()
    assert innocent(told, RESTS) == innocent(told, CAUGHT) == 1


def test_a_member_may_have_vanished_and_another_as_it_joined() -> None:
    told = group()
    waited(told, "stable", 14, group="g")
    untested(told, RESTS)


def test_a_member_of_kip_848_is_missed_by_the_brokers_own_timeout() -> None:
    told = group(protocol="consumer")
    waited(told, "stable", 60, group="g")
    untested(told, RESTS)


def test_an_application_that_does_not_catch_up_is_seen() -> None:
    told = group()
    row = waited(told, "caught-up", 45, topic="t", group="g")
    assert guilty(told, CAUGHT, row) == "the application of group g did not come to the end of t in 45 s"


def test_an_application_may_wait_for_an_open_transaction() -> None:
    told = group()
    told.producer("q", transactional_id="tx", transaction_timeout=60_000)
    waited(told, "caught-up", 45, topic="t", group="g")
    untested(told, CAUGHT)


def test_a_group_whose_members_bring_it_about_is_not_owed_its_rest() -> None:
    strange = group()
    strange.member("c", assignor="roundrobin")
    hasty = group(max_poll_interval=1_000)
    doubled = group(instance_id="i")
    grown = group()
    grown.do(ops.CreatePartitions("t", 4))
    foreign = group()
    foreign.do(ops.Subscribe("a", ("elsewhere",)))
    refused = group()
    refused.do(ops.Subscribe("a", ("t",)), REFUSED)
    for told in (strange, hasty, doubled, grown, foreign, refused):
        waited(told, "stable", 60, group="g")
        waited(told, "caught-up", 60, topic="t", group="g")
        untested(told, RESTS)
        untested(told, CAUGHT)


def test_a_member_whose_polls_are_refused_meanwhile_is_no_member_at_rest() -> None:
    told = group()
    told.wait(10_000)
    told.do(ops.Poll("a"), REFUSED)
    waited(told, "stable", 60, group="g")
    assert INVARIANTS[RESTS].judge(told.history).violations
    told = group()
    told.wait(60_000)
    told.do(ops.Poll("a"), REFUSED)
    told.see("admin", WaitTimedOut("stable", 60_000, group="g"))
    untested(told, RESTS)


# --- what was acknowledged becomes visible ---


def acked(epoch_after: int = 1) -> tuple[HistoryBuilder, Any, Any, int]:
    told = HistoryBuilder()
    told.topic()
    told.producer(acks="1", idempotent=False)
    told.describe(0, 1)
    send = told.send(b"a", 0, partition=0)
    told.wait(60_000)
    end = told.list_offset(0)
    row = told.see("admin", WaitTimedOut("visible", 50_000, "t", 0, isolation="read_uncommitted"))
    told.describe(0, epoch_after)
    return told, send, end, row


def test_what_its_leader_acknowledged_and_never_showed_is_seen() -> None:
    told, *shown = acked()
    reason = guilty(told, VISIBLE, *shown)
    assert reason == "'a' was acknowledged at t/0@0, and 50 s later the log still ended before it"


def test_another_leader_need_not_have_it() -> None:
    told, *_ = acked(epoch_after=2)
    untested(told, VISIBLE)


def test_what_is_visible_counts() -> None:
    told = HistoryBuilder()
    told.topic()
    told.producer(acks="1", idempotent=False)
    told.describe(0, 1)
    told.send(b"a", 0)
    told.list_offset(1)
    told.describe(0, 1)
    assert innocent(told, VISIBLE) == 1


# --- sends come to their outcome ---


@pytest.mark.parametrize("flush", [ops.Flush("p"), ops.Close("p"), ops.CommitTransaction("p")])
def test_a_send_without_an_outcome_after_a_flush_is_seen(flush: Any) -> None:
    told = log()
    send = told.sending(b"a", awaited=False)
    flushed = told.do(flush)
    reason = guilty(told, SENT, send, flushed)
    assert reason.startswith("p's send of 'a' has no outcome, though its ")


def test_a_send_may_be_told_a_little_later_than_the_flush_and_may_have_failed() -> None:
    told = log()
    late, failed = told.sending(b"a", awaited=False), told.sending(b"b", awaited=False)
    told.end(failed, UNKNOWN)
    told.do(ops.Flush("p"))
    told.placed(late, 0)
    assert innocent(told, SENT) == 2


@pytest.mark.parametrize("flush", [ops.Flush("p"), ops.Close("p")])
def test_a_send_that_is_told_long_after_the_flush_is_seen(flush: ops.AnyOperation) -> None:
    told = log()
    send = told.sending(b"a", awaited=False)
    flushed = told.do(flush)
    told.wait(1_500)
    told.end(send, UNKNOWN)
    assert "came to its outcome 1.5 s too late" in guilty(told, SENT, send, flushed)


@pytest.mark.parametrize("how", [UNKNOWN, REFUSED])
def test_a_flush_that_did_not_come_to_its_end_promises_nothing(how: Any) -> None:
    told = log()
    told.sending(b"a", awaited=False)
    told.do(ops.Flush("p"), how)
    told.do(ops.Crash("p"))
    told.sending(b"b", client="p")
    untested(told, SENT)


# --- flushes and closes ---


@pytest.mark.parametrize("act", [ops.Flush("p"), ops.Close("p"), ops.Close("c")])
def test_a_flush_or_a_close_that_is_refused_is_seen(act: Any) -> None:
    told = log()
    told.consumer("c")
    opened = row_of(told, ops.OpenConsumer, "c") if act.client == "c" else row_of(told, ops.OpenProducer, "p")
    reason = guilty(told, LETS_GO, opened, told.do(act, REFUSED))
    assert reason.endswith("was refused, though every broker was up")
    told.do(act, UNKNOWN)
    told = log()
    told.consumer("c")
    told.do(act, UNKNOWN)
    assert innocent(told, LETS_GO) == 1


@pytest.mark.parametrize("why", ["down", "frozen", "closed", "transaction", "committing", "never opened"])
def test_there_are_reasons_to_refuse_a_close(why: str) -> None:
    told = log()
    told.do(ops.OpenProducer("q", transactional_id="tx" if why == "transaction" else None))
    told.consumer("c", "g", auto_commit=True)
    told.do(ops.OpenProducer("r"), REFUSED)
    if why == "down":
        told.do(ops.KillBroker(0))
    if why == "frozen":
        told.do(ops.Freeze("q"))
    if why == "closed":
        told.do(ops.Crash("q"))
    client = {"committing": "c", "never opened": "r"}.get(why, "q")
    told.do(ops.Close(client), REFUSED)
    untested(told, LETS_GO)


# --- transactions end ---


def transaction(end: ops.AnyOperation | None, outcome: Any = None, seconds: float = 11, last: int = 0) -> Any:
    told = HistoryBuilder()
    told.topic()
    told.producer(transactional_id="tx", transaction_timeout=10_000)
    told.transaction((b"a", 0, 0))
    if end is not None:
        told.do(end, outcome)
    high = told.list_offset(2)
    told.wait(1000 * seconds)
    stable = told.list_offset(last, isolation="committed")
    return told, high, stable


@pytest.mark.parametrize("end", [ops.CommitTransaction("p"), ops.AbortTransaction("p")])
def test_a_transaction_that_was_ended_and_holds_up_readers_is_seen(end: ops.AnyOperation) -> None:
    told, *shown = transaction(end)
    reason = guilty(told, ENDS, *shown)
    assert reason.startswith("the last stable offset of t/0 is 0, though its log has reached 2")
    told, *_ = transaction(end, last=2)
    assert innocent(told, ENDS) == 1


def test_a_transaction_that_nobody_ends_is_over_after_its_timeout() -> None:
    told, *shown = transaction(None, seconds=31)
    guilty(told, ENDS, *shown)
    for seconds in (1, 29):
        told, *_ = transaction(None, seconds=seconds)
        untested(told, ENDS)


@pytest.mark.parametrize("how", [UNKNOWN, REFUSED])
def test_an_end_that_is_not_known_is_waited_for_as_long(how: Any) -> None:
    told, *_ = transaction(ops.CommitTransaction("p"), how)
    untested(told, ENDS)


def test_a_send_that_may_be_repeated_may_begin_another() -> None:
    told = HistoryBuilder()
    told.topic()
    told.producer(transactional_id="tx")
    told.do(ops.BeginTransaction("p"))
    told.sending(b"a", awaited=False)
    told.list_offset(2)
    told.wait(100_000)
    told.list_offset(0, isolation="committed")
    untested(told, ENDS)


# --- the oracle ---


def drawn(random: Random) -> HistoryBuilder:
    """Any of the things that the promises look at, in any order."""
    told = HistoryBuilder()
    unclean = {"unclean_leader_election_enable": "true"} if random.random() < 0.1 else {}
    told.topic(partitions=2, **unclean)
    told.producer("p", acks=random.choice(["1", "all"]))
    told.producer("q", transactional_id="tx", transaction_timeout=random.choice([1_000, 20_000]))
    for name in "ab"[: random.randrange(3)]:
        protocol = random.choice(["classic"] * 6 + ["consumer"])
        told.member(name, protocol=protocol, max_poll_interval=random.choice([60_000] * 6 + [9]))
    for _ in range(random.randrange(4, 16)):
        _step(told, random)
    if random.random() < 0.2:
        told.describe(0, 1)
        told.placed(told.sending(b"%d" % told.now), random.randrange(6))
        waited(told, "visible", 60, topic="t", partition=0, isolation="read_uncommitted")
        told.list_offset(random.randrange(6))
        told.describe(0, random.choice([1, 1, 2]))
    if random.random() < 0.3:
        told.list_offset(6, partition=0)
        told.wait(random.choice([1, 15_000, 60_000]))
        told.list_offset(random.randrange(8), isolation="committed")
    return told


def _step(told: HistoryBuilder, random: Random) -> None:
    partition, seconds = random.randrange(2), random.choice([5, 15, 35, 60, 120])
    outcome = random.choice([None, None, None, UNKNOWN, REFUSED])
    match random.randrange(15):
        case 0:
            told.do(random.choice([ops.KillBroker(0), ops.PauseBroker(1)]), outcome)
        case 1 | 2:
            told.do(random.choice([ops.RestartBroker(0), ops.ResumeBroker(1)]), outcome)
        case 3:
            isr = random.choice([(0,), (0, 1)])
            state = PartitionState(random.choice([0, 0, 0, None]), random.choice([1, 1, 1, 2]), (0, 1), isr)
            told.do(ops.DescribePartition("t", partition), Ok(state))
        case 4 | 5:
            told.placed(told.sending(b"%d" % told.now, partition=partition), random.randrange(6), partition)
        case 6:
            send = told.sending(b"%d" % told.now, random.choice("pq"), partition=partition, awaited=False)
            if random.random() < 0.3:
                told.do(ops.Flush("p"))
                told.wait(random.choice([1, 2_000]))
                told.end(send, UNKNOWN)
        case 7:
            acts = [ops.Flush("p"), ops.Flush("p"), ops.Close("q"), ops.Flush("q"), ops.Close("p"), ops.Freeze("p")]
            told.do(random.choice(acts), outcome)
        case 8 | 9:
            isolation = random.choice(["uncommitted", "committed"])
            told.list_offset(random.randrange(8), "latest", partition, isolation)
        case 10:
            told.transaction(*[(b"%d" % told.now, random.randrange(6), partition)] * random.randrange(2), client="q")
        case 11:
            told.do(random.choice([ops.CommitTransaction("q"), ops.AbortTransaction("q")]), outcome)
        case 12:
            random.choice([told.caught, lambda: told.stable("a"), lambda: told.drain([], 0, reader=f"r{told.now}")])()
        case 13:
            odd = (ops.DeleteTopic("t"), ops.CreatePartitions("t", 3), ops.Subscribe("a", ("x",)), ops.Poll("a"))
            op = random.choice(odd)
            if random.random() < 0.2 and (ops.client_of(op) is None or ("a" in told.history.processes.values)):
                told.do(op, outcome or (Ok(()) if isinstance(op, ops.Poll) else Ok()))
        case _:
            told.wait(1000 * seconds)
    if random.random() < 0.5:
        awaited = random.choice(["drained", "leader", "in-sync", "stable", "caught-up", "visible", "visible"])
        where = {"topic": "t", "partition": partition, "group": "g", "isolation": "read_uncommitted"}
        waited(told, awaited, seconds, **where)
        if awaited == "visible" and random.random() < 0.7:
            told.list_offset(random.randrange(8), partition=partition)
            told.do(ops.DescribePartition("t", partition), Ok(PartitionState(0, 1, (0, 1), (0,))))


def test_the_judges_say_what_their_oracles_say(histories_drawn: int) -> None:
    agree(oracle.ORACLES, drawn, 8, histories_drawn)
