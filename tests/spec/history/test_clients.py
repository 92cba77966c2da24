"""What a client's own library calls by another name means the same; what a broker's version has by default holds."""

import pytest
from histories import HistoryBuilder

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.clients import MAX_IN_FLIGHT, in_effect, one_in_flight
from brokerlaw.spec.history.evidence.settings import auto_committing, idempotent, sequential
from brokerlaw.spec.history.evidence.topics import clean
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.rows import Header, Recording


@pytest.mark.parametrize("name", MAX_IN_FLIGHT)
def test_one_request_in_flight_in_every_library(name: str) -> None:
    assert one_in_flight(ops.OpenProducer("p", settings={name: "1"}))
    assert not one_in_flight(ops.OpenProducer("p", settings={name: "5"}))
    told = HistoryBuilder()
    told.producer(settings={name: "1"})
    assert sequential(told.history)[0]


@pytest.mark.parametrize(
    ("settings", "field", "value"),
    [
        ({"acks": "1"}, "acks", "1"),
        ({"request.required.acks": "-1"}, "acks", "all"),
        ({"Producer.RequiredAcks": "NoResponse"}, "acks", "0"),
        ({"RequiredAcks": "LeaderAck"}, "acks", "1"),
        ({"enable.idempotence": "false"}, "idempotent", False),
        ({"DisableIdempotentWrite": "true"}, "idempotent", False),
        ({"idempotent": "maybe"}, "idempotent", True),
        ({"transaction.timeout.ms": "2500"}, "transaction_timeout", 2_500),
        ({"Producer.Transaction.Timeout": "1m"}, "transaction_timeout", 60_000),
    ],
)
def test_a_producer_is_as_its_settings_make_it(settings: dict[str, str], field: str, value: object) -> None:
    assert getattr(in_effect(ops.OpenProducer("p", settings=settings)), field) == value


@pytest.mark.parametrize(
    ("settings", "field", "value"),
    [
        ({"enable.auto.commit": "true"}, "auto_commit", True),
        ({"autoCommit": "True"}, "auto_commit", True),
        ({"isolation.level": "read_committed"}, "isolation", "read_committed"),
        ({"Consumer.IsolationLevel": "ReadCommitted"}, "isolation", "read_committed"),
        ({"readUncommitted": "false"}, "isolation", "read_committed"),
        ({"client.rack": "1"}, "isolation", "read_uncommitted"),
        ({"session.timeout.ms": "45000"}, "session_timeout", 45_000),
        ({"SessionTimeout": "10s"}, "session_timeout", 10_000),
        ({"sessionTimeout": "soon"}, "session_timeout", 6_000),
        ({"max.poll.interval.ms": "300000"}, "max_poll_interval", 300_000),
        ({"auto_commit_interval_ms": "5000"}, "auto_commit_interval", 5_000),
        ({"auto.offset.reset": "largest"}, "reset", "latest"),
        ({"auto.offset.reset": "by_duration:PT2S"}, "reset", "by_duration:PT2S"),
        ({"partition.assignment.strategy": "roundrobin,range"}, "assignor", "roundrobin"),
        (
            {"partition.assignment.strategy": "org.apache.kafka.clients.consumer.CooperativeStickyAssignor"},
            "assignor",
            "cooperative-sticky",
        ),
        ({"partition.assignment.strategy": "org.example.NearestAssignor"}, "assignor", "nearest"),
        ({"group.protocol": "CONSUMER"}, "protocol", "consumer"),
    ],
)
def test_a_consumer_is_as_its_settings_make_it(settings: dict[str, str], field: str, value: object) -> None:
    assert getattr(in_effect(ops.OpenConsumer("c", "g", settings=settings)), field) == value


def test_histories_know_their_clients_so() -> None:
    told = HistoryBuilder()
    told.producer(settings={"Producer.Idempotent": "false", "acks": "1"})
    told.member("c", settings={"enable_auto_commit": "true"})
    told.assigned("c", 0)
    history = told.history
    assert not idempotent(history)[0]
    assert auto_committing(history) == {history.groups.find("g")}


@pytest.mark.parametrize(
    ("broker", "version", "told", "is_clean"),
    [
        ("kafka 4.1.0", "4.1.0", {}, True),
        ("Apache Kafka 0.10.2", "", {}, False),
        ("kafka 0.11.0", "0.11.0", {}, True),
        ("noida 0.1.0", "0.1.0", {}, True),
        ("reference with KAFKA-3197 0.1.0", "0.1.0", {}, True),
        ("kafka 4.1.0", "4.1.0", {"unclean.leader.election.enable": "true"}, False),
        ("kafka 0.10.2", "0.10.2", {"unclean.leader.election.enable": "false"}, True),
    ],
)
def test_unclean_elections_are_on_where_the_version_has_them(
    broker: str, version: str, told: dict[str, str], is_clean: bool
) -> None:
    builder = HistoryBuilder()
    builder.topic()
    builder.topic("u", unclean_leader_election_enable="false")
    builder.topic("v", unclean_leader_election_enable="true")
    header = Header(broker=broker, broker_version=version, broker_settings=told)
    assert clean(History(Recording(header, tuple(builder.rows)))) == ({"t", "u"} if is_clean else {"u"})
