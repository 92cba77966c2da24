"""What cannot be done is refused."""

from random import Random

import pytest
from histories import REFUSED, UNKNOWN, HistoryBuilder, guilty, innocent, untested
from oracles import refusals as oracle

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.outcomes import Ok
from brokerlaw.spec.history.values import PartitionOffset, Placed
from brokerlaw.spec.invariants import INVARIANTS

TOPICS, TRANSACTIONS, GROUPLESS = "refusals.topics", "refusals.transactions", "refusals.groupless"


def test_a_topic_created_twice_is_seen() -> None:
    told = HistoryBuilder()
    one, other = told.topic(), told.topic(partitions=3)
    assert guilty(told, TOPICS, one, other) == "t was created twice, and not deleted in between"


def test_a_refused_creation_leaves_the_topic_as_it_was() -> None:
    told = HistoryBuilder()
    told.topic(partitions=2)
    told.do(ops.CreateTopic("t", 5), REFUSED)
    assert innocent(told, TOPICS) == 1
    assert told.history.created["t"].partitions == 2


@pytest.mark.parametrize("outcome", [Ok(), UNKNOWN])
def test_a_topic_that_may_have_been_deleted_is_made_anew(outcome: object) -> None:
    told = HistoryBuilder()
    told.topic()
    told.do(ops.DeleteTopic("t"), outcome)  # type: ignore[arg-type]
    told.topic()
    untested(told, TOPICS)


def test_no_more_partitions_are_seen() -> None:
    told = HistoryBuilder()
    told.topic(partitions=2)
    more = told.do(ops.CreatePartitions("t", 4))
    again = told.do(ops.CreatePartitions("t", 3))
    assert guilty(told, TOPICS, more, again) == "t had 4 partitions, and was given 3"


def test_more_partitions_and_refused_ones_are_lawful() -> None:
    told = HistoryBuilder()
    told.topic(partitions=2)
    told.do(ops.CreatePartitions("t", 4), UNKNOWN)
    told.do(ops.CreatePartitions("t", 3))
    untested(told, TOPICS)
    told.do(ops.CreatePartitions("t", 3), REFUSED)
    assert innocent(told, TOPICS) == 1


@pytest.mark.parametrize(
    ("name", "value", "lawful"),
    [
        ("cleanup.policy", "keep", "compact,delete"),
        ("min.insync.replicas", "0", "1"),
        ("retention.ms", "-2", "-1"),
        ("message.timestamp.type", "Never", "LogAppendTime"),
        ("unclean.leader.election.enable", "perhaps", "TRUE"),
    ],
)
def test_a_value_that_a_setting_cannot_have_is_seen(name: str, value: str, lawful: str) -> None:
    told = HistoryBuilder()
    told.topic()
    told.do(ops.AlterTopic("t", {name: lawful, "own.setting": "any"}))
    told.do(ops.AlterTopic("t", {name: value}), REFUSED)
    wrong = told.do(ops.AlterTopic("t", {name: value}))
    assert guilty(told, TOPICS, wrong) == f"t was given {name}={value}, which is no value of it"


def producing() -> HistoryBuilder:
    told = HistoryBuilder()
    told.topic()
    told.producer(transactional_id="tx")
    return told


def test_a_transaction_in_another_is_seen() -> None:
    told = producing()
    told.do(ops.BeginTransaction("p"))
    wrong = told.do(ops.BeginTransaction("p"))
    assert guilty(told, TRANSACTIONS, wrong) == "a transaction was begun in another, by p"


@pytest.mark.parametrize("op", [ops.CommitTransaction("p"), ops.AbortTransaction("p"), ops.Send("p", "t", b"x")])
def test_what_is_done_outside_of_transactions_is_seen(op: ops.AnyOperation) -> None:
    told = producing()
    told.do(ops.BeginTransaction("p"))
    told.do(ops.CommitTransaction("p"))
    wrong = told.do(op, Ok(Placed("t", 0, 0)) if isinstance(op, ops.Send) else Ok())
    assert guilty(told, TRANSACTIONS, wrong) == f"{ops.name_of(op)} was done outside of any transaction, by p"


def test_a_refused_beginning_leaves_the_transaction_that_is_open() -> None:
    told = producing()
    begun = told.do(ops.BeginTransaction("p"))
    told.do(ops.BeginTransaction("p"), REFUSED)
    told.send(b"x", 0)
    assert innocent(told, TRANSACTIONS) == 1
    assert told.history.sends.transaction.tolist() == [begun.op]


@pytest.mark.parametrize("end", [UNKNOWN, REFUSED])
def test_a_transaction_may_be_open_as_long_as_its_end_is_not_known(end: object) -> None:
    told = producing()
    told.do(ops.BeginTransaction("p"))
    told.do(ops.CommitTransaction("p"), end)  # type: ignore[arg-type]
    told.do(ops.AbortTransaction("p"))
    told.do(ops.BeginTransaction("p"), UNKNOWN)
    told.send(b"x", 0)
    untested(told, TRANSACTIONS)


def test_producers_without_transactions_send_outside_of_them() -> None:
    told = HistoryBuilder()
    told.topic()
    told.producer()
    told.send(b"x", 0)
    untested(told, TRANSACTIONS)


def test_who_has_no_group_neither_subscribes_nor_commits() -> None:
    told = HistoryBuilder()
    told.topic()
    opened = told.consumer()
    told.do(ops.Subscribe("c", ("t",)), REFUSED)
    told.do(ops.Commit("c", (PartitionOffset("t", 0, 1),)), UNKNOWN)
    told.member("m")
    assert innocent(told, GROUPLESS) == 2
    wrong = told.do(ops.Subscribe("c", ("t",)))
    assert guilty(told, GROUPLESS, opened, wrong) == "c has no group, and subscribe was done"


def drawn(seed: int) -> HistoryBuilder:
    """A few operations, some at the same time, with any outcome."""
    random, told = Random(seed), HistoryBuilder()
    for client in ("p", "q"):
        told.producer(client, transactional_id=client)
    pending = []
    for _ in range(random.randrange(2, 14)):
        client, topic = random.choice("pq"), random.choice("tu")
        op: ops.AnyOperation = random.choice(
            (
                ops.CreateTopic(topic, random.randint(1, 3)),
                ops.CreatePartitions(topic, random.randint(1, 4)),
                ops.DeleteTopic(topic),
                ops.BeginTransaction(client),
                ops.BeginTransaction(client),
                ops.CommitTransaction(client),
                ops.AbortTransaction(client),
                ops.Send(client, topic, b"x"),
            )
        )
        pending.append((told.begin(ops.client_of(op) or "admin", op), op))
        while pending and random.random() < 0.7:
            call, ended = pending.pop(random.randrange(len(pending)))
            ok = Ok(Placed("t", 0, call.op)) if isinstance(ended, ops.Send) else Ok()
            told.end(call, random.choice((ok, ok, REFUSED, UNKNOWN)))
    return told


def test_the_judges_equal_the_oracle(histories_drawn: int) -> None:
    broken = {TOPICS: 0, TRANSACTIONS: 0}
    for seed in range(histories_drawn):
        told = drawn(seed)
        for name, by_hand in ((TOPICS, oracle.topics), (TRANSACTIONS, oracle.transactions)):
            finding = INVARIANTS[name].judge(told.history)
            assert (finding.exercised, len(finding.violations)) == by_hand(told.recording), (seed, name)
            broken[name] += bool(finding.violations)
    assert min(broken.values()) > histories_drawn // 100
