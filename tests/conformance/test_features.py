"""What a plan uses, and what is left of it without some of that."""

from brokerlaw.conformance.features import features, only, without
from brokerlaw.conformance.plan import Heal, InjectFault, RunApplication, Step
from brokerlaw.spec.history import operations as ops

TOPIC = ops.CreateTopic("t", partitions=3, settings={"min.insync.replicas": "2", "cleanup.policy": "compact"})
PRODUCER = ops.OpenProducer("p", acks="1", linger=5, transactional_id="tx")
SEND = ops.Send("p", "t", b"v", key=b"k", partition=2, awaited=False)
PLAN: tuple[Step, ...] = (TOPIC, PRODUCER, ops.BeginTransaction("p"), SEND, InjectFault("kill", "leader", "t"), Heal())


def test_kinds_and_settings_are_features_and_names_and_values_are_not() -> None:
    assert features(PLAN) == {
        "create_topic",
        "create_topic.partitions",
        "create_topic.min.insync.replicas=2",
        "create_topic.cleanup.policy=compact",
        "open_producer",
        "open_producer.acks=1",
        "open_producer.linger",
        "open_producer.transactional_id",
        "begin_transaction",
        "send",
        "send.awaited=false",
        "inject_fault kill leader",
        "heal",
    }
    renamed = (ops.CreateTopic("other"), ops.OpenProducer("q"), ops.Send("q", "other", b"w"))
    assert features(renamed) == features((ops.CreateTopic("t"), ops.OpenProducer("p"), ops.Send("p", "t", b"v")))


def test_which_alternative_it_is_counts() -> None:
    assert features([InjectFault("kill", "leader", "t")]) != features([InjectFault("pause", "leader", "t")])
    assert features([RunApplication("c")]) != features([RunApplication("c", "polled")])
    assert features([ops.OpenProducer("p", acks="0")]) != features([ops.OpenProducer("p", acks="1")])


def test_how_large_something_is_does_not_count() -> None:
    assert features([ops.OpenProducer("p", linger=5)]) == features([ops.OpenProducer("p", linger=50)])


def test_without_a_kind_its_steps_go_and_what_needs_them() -> None:
    assert without(PLAN, "inject_fault kill leader") == PLAN[:4]
    assert without(PLAN, "open_producer") == (TOPIC, *PLAN[4:])
    assert without(PLAN, "create_topic") == (PRODUCER, ops.BeginTransaction("p"))


def test_without_a_setting_it_has_its_default() -> None:
    assert without(PLAN, "open_producer.acks=1")[1] == ops.OpenProducer("p", linger=5, transactional_id="tx")
    topic = without(PLAN, "create_topic.cleanup.policy=compact")[0]
    assert topic == ops.CreateTopic("t", partitions=3, settings={"min.insync.replicas": "2"})


def test_every_feature_can_be_taken_away() -> None:
    for feature in features(PLAN):
        assert feature not in features(without(PLAN, feature)), feature


def test_only_some_features() -> None:
    few = frozenset({"create_topic", "open_producer", "send"})
    plain = (ops.CreateTopic("t", partitions=3), ops.OpenProducer("p"), SEND)
    assert features(only(plain, few | {"create_topic.partitions"})) == few | {"create_topic.partitions"}
    assert only(PLAN, frozenset(features(PLAN))) == PLAN
