"""Leader epochs."""

from random import Random

import pytest
from histories import REFUSED, UNKNOWN, Call, HistoryBuilder, guilty, innocent, untested
from oracles import leadership as oracle
from oracles.compared import agree

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.outcomes import Ok
from brokerlaw.spec.history.values import PartitionState

MONOTONIC = "leadership.epoch-monotonic"
ONE_LEADER = "leadership.one-leader-per-epoch"


def test_an_epoch_that_goes_back_is_seen() -> None:
    told = HistoryBuilder()
    told.topic()
    told.describe(0, 1)
    one, other = told.describe(1, 3), told.describe(0, 2)
    assert guilty(told, MONOTONIC, one, other) == "t/0 was in epoch 3, later in epoch 2"


def test_epochs_go_on() -> None:
    told = HistoryBuilder()
    told.topic()
    for leader, epoch in ((0, 1), (0, 1), (None, 2), (1, 3)):
        told.describe(leader, epoch)
    assert innocent(told, MONOTONIC) == 3
    assert innocent(told, ONE_LEADER) == 1


def test_descriptions_that_overlap_have_no_order() -> None:
    told = HistoryBuilder()
    told.topic()
    one = told.begin("admin", ops.DescribePartition("t", 0))
    told.describe(1, 3)
    told.end(one, Ok(PartitionState(0, 2, (0,), (0,))))
    untested(told, MONOTONIC)


def test_a_description_that_failed_says_nothing() -> None:
    told = HistoryBuilder()
    told.topic()
    told.describe(1, 3)
    told.do(ops.DescribePartition("t", 0), UNKNOWN)
    untested(told, MONOTONIC)


@pytest.mark.parametrize("name", [MONOTONIC, ONE_LEADER])
def test_brokers_that_tell_no_epoch_are_not_judged(name: str) -> None:
    told = HistoryBuilder()
    told.topic()
    told.describe(1, -1)
    told.describe(0, -1)
    untested(told, name)


def test_two_leaders_of_one_epoch_are_seen() -> None:
    told = HistoryBuilder()
    told.topic()
    one, other = told.describe(1, 3), told.describe(2, 3)
    assert guilty(told, ONE_LEADER, one, other) == "t/0 had leaders 1 and 2 in epoch 3"


def test_no_leader_is_no_second_leader() -> None:
    told = HistoryBuilder()
    told.topic()
    told.describe(1, 3)
    told.describe(None, 3)
    untested(told, ONE_LEADER)


IN_SYNC = "leadership.in-sync-are-replicas"
REPLICAS = "leadership.replicas-as-created"


@pytest.mark.parametrize(
    ("leader", "isr", "replicas"),
    [
        (0, (1, 2), (0, 1, 2)),
        (3, (0, 1), (0, 1, 2)),
        (0, (0, 4), (0, 1, 2)),
        (0, (0, 0), (0, 1, 2)),
        (0, (0,), (0, 1, 1)),
    ],
)
def test_a_leader_out_of_sync_and_a_stranger_in_sync_are_seen(leader: int, isr: tuple, replicas: tuple) -> None:
    told = HistoryBuilder()
    told.topic(replication=3)
    told.describe(0, 1, (0, 1, 2), (0, 1, 2))
    row = told.describe(leader, 1, isr, replicas)
    expected = f"t/0 has replicas {list(replicas)}, in sync {list(isr)}, leader {leader}"
    assert guilty(told, IN_SYNC, row) == expected


def test_few_in_sync_and_no_leader_at_all_are_lawful() -> None:
    told = HistoryBuilder()
    told.topic(replication=3)
    for leader, isr in ((2, (2, 0)), (None, (1,)), (None, ()), (1, (1,))):
        told.describe(leader, 1, isr, (0, 1, 2))
    assert innocent(told, IN_SYNC) == 4
    assert innocent(told, REPLICAS) == 4


@pytest.mark.parametrize("replicas", [(0, 1), (0, 1, 2, 3), (0, 2, 1), (0, 1, 1), (0, 1, 3)])
def test_other_replicas_than_before_are_seen(replicas: tuple) -> None:
    told = HistoryBuilder()
    told.topic(replication=3)
    before, row = told.describe(0, 1, (0,), (0, 1, 2)), told.describe(0, 1, (0,), replicas)
    assert guilty(told, REPLICAS, before, row) == f"t/0 has replicas {list(replicas)}, before [0, 1, 2]"


def test_another_number_of_replicas_than_asked_is_seen() -> None:
    told = HistoryBuilder()
    told.topic(replication=3)
    row = told.describe(0, 1, (0,), (0, 1))
    assert guilty(told, REPLICAS, row) == "t/0 has replicas [0, 1], 3 replicas were asked for"


def test_topics_that_others_made_or_made_anew_have_the_replicas_that_they_have() -> None:
    others, anew, chosen = HistoryBuilder(), HistoryBuilder(), HistoryBuilder()
    others.describe(0, 1, (0,), (0, 1))
    others.describe(0, 1, (0,), (0, 2))
    untested(others, REPLICAS)
    for name in (1, 2):
        anew.topic(replication=name)
        anew.describe(0, 1, (0,), tuple(range(name)))
    untested(anew, REPLICAS)
    chosen.topic(replication=-1)
    chosen.describe(0, 1, (0,), (0, 1))
    assert innocent(chosen, REPLICAS) == 1


UP = "leadership.in-sync-are-up"
QUICK = {"broker.session.timeout.ms": "1000", "replica.lag.time.max.ms": "1000"}
"""With these a broker that is down should be out of the in-sync set after 7.5 s."""


def three(brokers: tuple[int, ...] = (0, 1, 2), **settings: str) -> HistoryBuilder:
    told = HistoryBuilder()
    told.brokers, told.broker_settings = brokers, QUICK | settings
    told.topic(replication=3)
    return told


@pytest.mark.parametrize("fault", [ops.KillBroker(1), ops.PauseBroker(1), ops.StopBroker(1)])
def test_a_broker_that_is_down_and_in_sync_is_seen(fault: ops.Operation) -> None:
    told = three()
    told.do(fault)
    told.wait(8_000)
    row = told.describe(0, 1, (0, 1, 2), (0, 1, 2))
    told.describe(0, 1, (0, 1, 2), (0, 1, 2))
    assert guilty(told, UP, row) == "t/0 has broker 1 in sync, which had been down for 8 s"


def test_it_is_out_soon_or_in_time_or_in_again() -> None:
    told = three()
    told.do(ops.KillBroker(1))
    told.describe(0, 1, (0, 1, 2), (0, 1, 2))
    told.wait(5_000)
    told.describe(0, 1, (0, 1, 2), (0, 1, 2))
    told.describe(0, 1, (0, 2), (0, 1, 2))
    told.wait(5_000)
    told.describe(0, 1, (0, 2), (0, 1, 2))
    told.do(ops.RestartBroker(1))
    told.describe(0, 1, (0, 1, 2), (0, 1, 2))
    assert innocent(told, UP) == 2


@pytest.mark.parametrize(
    ("acts", "brokers", "leader"),
    [
        ([(ops.KillBroker(1), UNKNOWN)], (0, 1, 2), 0),
        ([(ops.KillBroker(1), REFUSED)], (0, 1, 2), 0),
        ([(ops.KillBroker(1), None), (ops.PauseBroker(2), None)], (0, 1, 2), 0),
        ([(ops.KillBroker(1), None), (ops.RestartBroker(1), UNKNOWN)], (0, 1, 2), 0),
        ([(ops.IsolateBrokers((1,)), None)], (0, 1, 2), 0),
        ([(ops.KillBroker(1), None)], (0, 1), 0),
        ([(ops.KillBroker(1), None)], (0, 1, 2), None),
        ([(ops.KillBroker(3), None)], (0, 1, 2, 3), 0),
    ],
)
def test_who_may_be_up_or_have_nobody_to_notice_is_left_out(acts: list, brokers: tuple, leader: int | None) -> None:
    told = three(brokers)
    for act, outcome in acts:
        told.do(act, outcome)
    told.wait(60_000)
    told.describe(leader, 1, (0, 1, 2), (0, 1, 2))
    untested(told, UP)


def test_kafkas_own_bounds_hold_where_the_broker_tells_none() -> None:
    told = three()
    told.broker_settings = {}
    told.do(ops.KillBroker(1))
    told.wait(58_000)
    told.describe(0, 1, (0, 1, 2), (0, 1, 2))
    untested(told, UP)
    told.wait(2_000)
    row = told.describe(0, 1, (0, 1, 2), (0, 1, 2))
    guilty(told, UP, row)


def outages(random: Random) -> HistoryBuilder:
    """Brokers come and go, one at a time as a rule, and are in sync or not."""
    told = three(random.choice([(0, 1, 2), (0, 1, 2), (0, 1, 2, 3), (0, 1)]))
    if random.random() < 0.1:
        told.do(ops.DeleteTopic("t"), random.choice([None, REFUSED, UNKNOWN]))
    down: set[int] = set()
    for _ in range(random.randint(4, 14)):
        broker = random.randrange(3)
        if random.random() < 0.3:
            repair = random.choice((ops.RestartBroker, ops.ResumeBroker))
            fault = random.choice((ops.KillBroker, ops.PauseBroker, ops.StopBroker))
            act = repair(broker) if broker in down else fault(broker)
            if random.random() < 0.05:
                act = ops.IsolateBrokers((broker,))
            told.do(act, random.choices([None, UNKNOWN, REFUSED], [8, 1, 1])[0])
            down ^= {broker}
        told.wait(random.choice((0, 500, 3_000, 9_000)))
        listed = [each for each in range(3) if each not in down or random.random() < 0.2]
        leader = random.choice([*(listed or [None]), None])
        told.describe(leader, 1, tuple(listed), random.choice([(0, 1, 2), (0, 1, 2), (0, 1)]))
    return told


def test_the_judge_of_outages_says_what_its_oracle_says(histories_drawn: int) -> None:
    agree(oracle.OF_OUTAGES, outages, 4, histories_drawn)


def drawn(random: Random) -> HistoryBuilder:
    """Elections of two partitions and of another topic's, told late, at once, or not quite as they were."""
    told = HistoryBuilder()
    factor = random.choice([1, 2, 3, 3, -1])
    for topic in random.choice(["tu", "tu", "tu", "ttu", "t"]):
        told.do(ops.CreateTopic(topic, 2, factor), random.choice([None, None, None, None, UNKNOWN, REFUSED]))
    brokers = tuple(random.sample(range(3), abs(factor)))
    states = dict.fromkeys(
        ["t0", "t1", "u0"], PartitionState(brokers[0], random.choice([0, 0, 0, -1]), brokers, brokers)
    )
    going: list[tuple[Call, PartitionState]] = []
    for _ in range(random.randint(3, 12)):
        name = random.choice(list(states))
        state = states[name]
        if random.random() < 0.4:
            isr = tuple(random.sample(brokers, random.randint(1, len(brokers))))
            states[name] = PartitionState(random.choice([*isr, None]), state.epoch + (state.epoch >= 0), brokers, isr)
        if random.randrange(40) == 0:
            told.do(ops.DeleteTopic(name[0]), random.choice([None, REFUSED, UNKNOWN]))
        call = told.begin("admin", ops.DescribePartition(name[0], int(name[1])))
        going.append((call, nearly(random, state)))
        while going and random.random() < 0.7:
            call, answer = going.pop(random.randrange(len(going)))
            told.end(call, random.choices([Ok(answer), UNKNOWN, REFUSED], [12, 1, 1])[0])
    return told


def nearly(random: Random, state: PartitionState) -> PartitionState:
    """As it is told: one in ten times with something that is not so."""
    lies = {
        "leader": random.randrange(3),
        "epoch": max(0, state.epoch + random.choice([-1, 1])),
        "replicas": random.choice([state.replicas[::-1], state.replicas[:-1], (*state.replicas, 0)]),
        "isr": random.choice([(), (0, 0), (*state.isr, 3)]),
    }
    lie = random.choice(list(lies)) if random.random() < 0.1 else ""
    fields = {name: getattr(state, name) for name in state.__struct_fields__}
    return PartitionState(**fields | {name: told for name, told in lies.items() if name == lie})


def test_the_judges_say_what_their_oracles_say(histories_drawn: int) -> None:
    agree(oracle.ORACLES, drawn, 3, histories_drawn)
