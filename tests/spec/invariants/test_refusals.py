"""What cannot be done is refused."""

from random import Random

import pytest
from histories import REFUSED, UNKNOWN, Call, HistoryBuilder, guilty, innocent, untested
from oracles import refusals as oracle
from oracles.compared import agree

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.outcomes import Ok
from brokerlaw.spec.history.values import PartitionOffset, Placed
from brokerlaw.spec.invariants import INVARIANTS

TOPICS, TRANSACTIONS, GROUPLESS = "refusals.topics", "refusals.transactions", "refusals.groupless"
NOBODY = "refusals.nobody-up"


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


def all_down(*faults: ops.AnyOperation) -> HistoryBuilder:
    told = HistoryBuilder()
    told.brokers = (0, 1)
    for fault in faults or (ops.PauseBroker(0), ops.KillBroker(1)):
        told.do(fault)
    return told


def test_an_answer_while_no_broker_runs_is_seen() -> None:
    told = all_down()
    told.do(ops.ListGroups(), REFUSED)
    told.do(ops.Lag("g", "t", 0), UNKNOWN)
    assert innocent(told, NOBODY) == 2
    asked = told.do(ops.ListGroups(), Ok(()))
    assert guilty(told, NOBODY, asked) == "list_groups was answered while no broker was running"


LAWFUL = ("one runs", "back", "comes back", "perhaps back", "perhaps down", "asked before", "whose")


@pytest.mark.parametrize("how", LAWFUL)
def test_an_answer_that_a_broker_may_have_given(how: str) -> None:
    told = all_down(ops.PauseBroker(0)) if how in ("one runs", "perhaps down", "asked before") else all_down()
    call = told.begin("admin", ops.ListGroups()) if how in ("asked before", "comes back") else None
    match how:
        case "back":
            told.do(ops.ResumeBroker(0))
        case "comes back" | "perhaps back":
            told.do(ops.RestartBroker(1), UNKNOWN)
        case "perhaps down":
            told.do(ops.KillBroker(1), UNKNOWN)
        case "asked before":
            told.do(ops.KillBroker(1))
        case "whose":
            told.brokers = ()
    told.end(call or told.begin("admin", ops.ListGroups()), Ok(()))
    untested(told, NOBODY)


def drawn_faults(random: Random) -> HistoryBuilder:
    told = HistoryBuilder()
    told.brokers = random.choice([(0,), (0, 1), (0, 1), ()])
    kinds = (ops.PauseBroker, ops.KillBroker, ops.PauseBroker, ops.KillBroker, ops.ResumeBroker, ops.RestartBroker)
    pending = list[Call]()
    for _ in range(random.randrange(4, 14)):
        if random.randrange(3):
            fault = random.choice(kinds)(random.randrange(2))
            told.do(fault, random.choice([None, None, None, UNKNOWN, REFUSED]))
        else:
            pending.append(told.begin("admin", ops.ListGroups()))
        while pending and random.random() < 0.7:
            told.end(pending.pop(), random.choice([Ok(()), REFUSED, UNKNOWN]))
    return told


def test_who_answers_while_nobody_runs_is_seen_as_by_the_oracle(histories_drawn: int) -> None:
    agree({NOBODY: oracle.nobody_up}, drawn_faults, 9, histories_drawn)


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


def drawn_readers(random: Random) -> HistoryBuilder:
    """Readers with and without a group, whose names are opened again; those without one are mostly refused."""
    told, grouped = HistoryBuilder(), dict[str, bool]()
    pending = list[tuple[Call, bool]]()
    for _ in range(random.randrange(4, 14)):
        client = random.choice("cd")
        if client not in grouped or random.randrange(6) == 0:
            grouped[client] = random.random() < 0.4
            told.consumer(client, "g" if grouped[client] else None)
        offset = PartitionOffset("t", 0, 1)
        kinds = (ops.Subscribe(client, ("t",)), ops.Commit(client, (offset,)), ops.Committed(client, "t", 0))
        pending.append((told.begin(client, random.choice(kinds)), grouped[client]))
        while pending and random.random() < 0.8:
            call, member = pending.pop(random.randrange(len(pending)))
            told.end(call, random.choices([Ok(), REFUSED, UNKNOWN], [6 if member else 1, 6, 1])[0])
    return told


def test_readers_without_a_group_are_seen_as_by_the_oracle(histories_drawn: int) -> None:
    agree({GROUPLESS: oracle.groupless}, drawn_readers, 9, histories_drawn)
