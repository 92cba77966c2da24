from brokerlaw.conformance.model import PlanModel, normalise
from brokerlaw.conformance.plan import DeclareApplication, Heal, InjectFault, RunApplication, Settle
from brokerlaw.spec.history import operations as ops

TOPIC = ops.CreateTopic("t", 2)
PRODUCER = ops.OpenProducer("p")
TRANSACTIONAL = ops.OpenProducer("x", transactional_id="x")
CONSUMER = ops.OpenConsumer("c", "g")


def send(client: str = "p", partition: int | None = None) -> ops.Send:
    return ops.Send(client, "t", b"v", partition=partition)


def test_a_whole_plan_is_left_as_it_is() -> None:
    steps = (TOPIC, PRODUCER, send(), ops.Close("p"))
    assert normalise(steps) == steps


def test_what_has_lost_its_topic_or_client_goes() -> None:
    assert normalise((PRODUCER, send(), ops.Flush("p"))) == (PRODUCER, ops.Flush("p"))
    assert normalise((TOPIC, send(), ops.Poll("c"))) == (TOPIC,)


def test_a_partition_must_exist() -> None:
    assert normalise((TOPIC, PRODUCER, send(partition=1), send(partition=2)))[2:] == (send(partition=1),)


def test_a_client_name_is_used_once() -> None:
    assert normalise((PRODUCER, ops.Crash("p"), PRODUCER)) == (PRODUCER, ops.Crash("p"))


def test_transactions_hold_together() -> None:
    inside = (ops.BeginTransaction("x"), send("x"), ops.CommitTransaction("x"))
    assert normalise((TOPIC, TRANSACTIONAL, *inside)) == (TOPIC, TRANSACTIONAL, *inside)
    assert normalise((TOPIC, TRANSACTIONAL, send("x"), ops.CommitTransaction("x"))) == (TOPIC, TRANSACTIONAL)


def test_frozen_clients_do_nothing_until_they_thaw() -> None:
    steps = (TOPIC, CONSUMER, ops.Freeze("c"), ops.Poll("c"), ops.Thaw("c"), ops.Poll("c"))
    assert normalise(steps) == (TOPIC, CONSUMER, ops.Freeze("c"), ops.Thaw("c"), ops.Poll("c"))


def test_work_needs_an_application_and_settling_a_member() -> None:
    declare, subscribe = DeclareApplication("g", "t", "at-least-once", "sink"), ops.Subscribe("c", ("t",))
    assert normalise((TOPIC, CONSUMER, RunApplication("c"), Settle("g"))) == (TOPIC, CONSUMER)
    whole = (TOPIC, declare, CONSUMER, subscribe, Settle("g"), RunApplication("c"))
    assert normalise(whole) == whole


def test_healing_needs_a_wound() -> None:
    strike = InjectFault("kill", "leader", "t")
    assert normalise((TOPIC, Heal(), strike, Heal(), Heal())) == (TOPIC, strike, Heal())


def test_live_members_are_neither_gone_nor_frozen() -> None:
    model = PlanModel()
    for step in (TOPIC, CONSUMER, ops.Subscribe("c", ("t",)), ops.OpenConsumer("d", "g"), ops.Subscribe("d", ("t",))):
        model.apply(step)
    assert model.members("g") == ["c", "d"]
    model.apply(ops.Freeze("c"))
    model.apply(ops.Crash("d"))
    assert model.members("g") == []
    assert model.frozen() == ["c"]
