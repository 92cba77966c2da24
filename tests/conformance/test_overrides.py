import pytest

from brokerlaw.conformance.overrides import SettingsError, UserSettings, redacted, sort
from brokerlaw.spec.history import operations as ops


def test_settings_of_clients_and_topics_are_told_from_the_adapters() -> None:
    settings = sort({"acks": "1", "unclean.leader.election.enable": "true", "bootstrap": "localhost:9092"})
    assert settings.overrides == {"acks": "1", "unclean.leader.election.enable": "true"}
    assert settings.adapter == {"bootstrap": "localhost:9092"}


def test_overrides_reach_every_operation_of_their_kind() -> None:
    settings = sort({"acks": "1", "auto_commit": "true", "unclean.leader.election.enable": "true", "replication": "2"})
    assert settings.apply(ops.OpenProducer("p")) == ops.OpenProducer("p", acks="1", idempotent=False)
    assert settings.apply(ops.OpenConsumer("c")) == ops.OpenConsumer("c", auto_commit=True)
    expected = ops.CreateTopic("t", 1, 2, {"unclean.leader.election.enable": "true"})
    assert settings.apply(ops.CreateTopic("t")) == expected
    assert settings.apply(ops.Flush("p")) == ops.Flush("p")


def test_a_transactional_producer_keeps_acks_all() -> None:
    producer = ops.OpenProducer("p", transactional_id="t")
    assert sort({"acks": "1"}).apply(producer) == producer


def test_without_settings_nothing_changes() -> None:
    producer = ops.OpenProducer("p", acks="0", idempotent=False)
    assert UserSettings({}, {}).apply(producer) == producer


@pytest.mark.parametrize("pairs", [{"acks": "2"}, {"auto_commit": "perhaps"}, {"replication": "many"}])
def test_an_impossible_value_is_refused_by_name(pairs: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match=next(iter(pairs))):
        sort(pairs)


def test_secrets_are_hidden() -> None:
    shown = redacted(sort({"sasl.password": "hunter2", "bootstrap": "b", "acks": "1"}))
    assert shown == {"acks": "1", "bootstrap": "b", "sasl.password": "***"}
