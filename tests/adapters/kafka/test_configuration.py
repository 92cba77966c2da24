"""The timeouts that brokers tell, and what is taken where they do not."""

from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from typing import Any, TypeAlias, cast

import pytest

pytest.importorskip("confluent_kafka")

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import ConfigEntry, ConfigResource

from brokerlaw.adapters.kafka.adapter import KafkaAdapter
from brokerlaw.adapters.kafka.cluster import KafkaCluster
from brokerlaw.adapters.kafka.configuration import DEFAULT_MIN_SESSION, settings_in_force
from brokerlaw.adapters.kafka.settings import as_shipped, for_testing
from brokerlaw.conformance.execute import execute
from brokerlaw.conformance.judge import judge
from brokerlaw.conformance.overrides import UserSettings
from brokerlaw.conformance.profiles import LOG
from brokerlaw.spec.history.bounds import DEFAULTS, MIN_SESSION
from brokerlaw.spec.history.history import History
from brokerlaw.spec.invariants import INVARIANTS

LAG = "replica.lag.time.max.ms"
REFUSED = KafkaException(KafkaError(KafkaError.CLUSTER_AUTHORIZATION_FAILED))
Answers: TypeAlias = Mapping[int, Mapping[str, str | None] | Exception]


class Admin:
    """Answers for each broker as it was told to."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers

    def describe_configs(self, resources: list[ConfigResource], **_: Any) -> dict[ConfigResource, Future[Any]]:
        (resource,) = resources
        future: Future[Any] = Future()
        answer = self._answers[int(resource.name)]
        if isinstance(answer, Exception):
            future.set_exception(answer)
        else:
            future.set_result({key: ConfigEntry(key, value) for key, value in answer.items()})
        return {resource: future}


def told(answers: Answers) -> dict[str, str]:
    return settings_in_force(cast(AdminClient, Admin(answers)), answers)


def test_where_brokers_differ_the_longest_counts() -> None:
    assert told({1: {LAG: "5", MIN_SESSION: "7"}, 2: {LAG: "30000"}, 3: {LAG: "9"}}) == {LAG: "30000", MIN_SESSION: "7"}


@pytest.mark.parametrize("refusal", [REFUSED, TimeoutError()], ids=["refused", "silent"])
def test_a_broker_that_does_not_tell_is_asked_for_no_shorter_session_than_kafka_takes(refusal: Exception) -> None:
    assert told({1: refusal}) == {MIN_SESSION: DEFAULT_MIN_SESSION}
    assert told({1: refusal, 2: {MIN_SESSION: "500"}}) == {MIN_SESSION: "500"}


def test_what_is_no_number_or_not_asked_for_is_left_out() -> None:
    assert told({1: {"broker.session.timeout.ms": None, LAG: "x", "node.id": "1"}}) == {MIN_SESSION: "6000"}


def test_of_other_settings_only_those_count_that_all_brokers_tell_alike() -> None:
    first = {
        MIN_SESSION: "7",
        "message.max.bytes": "9",
        "log.retention.ms": "1",
        "unclean.leader.election.enable": "true",
    }
    second = first | {"log.retention.ms": "2", "log.dirs": "/tmp", "group.share.max.size": "3"}
    alike = {key: text for key, text in first.items() if key != "log.retention.ms"}
    assert told({1: first, 2: second}) == alike
    assert told({1: first, 2: REFUSED}) == {MIN_SESSION: "7"}


@pytest.mark.parametrize("brokers", [1, 2, 3])
def test_a_cluster_as_shipped_has_no_timeout_of_ours(brokers: int) -> None:
    shipped = as_shipped(brokers, {"a": "b"})
    assert shipped["a"] == "b"
    assert not [key for key in shipped if key.endswith(".ms")]
    assert [key for key in for_testing(brokers, {}) if key.endswith(".ms")]
    assert ("offsets.topic.replication.factor" in shipped) == (brokers < 3)


@pytest.fixture(scope="module")
def shipped() -> Iterator[KafkaAdapter]:
    """A cluster with Kafka's own timeouts, named by its address and nothing else."""
    with KafkaCluster(as_shipped=True) as cluster, KafkaAdapter({"bootstrap": cluster.bootstrap}) as adapter:
        yield adapter


@pytest.mark.kafka
def test_kafka_tells_its_own_defaults(shipped: KafkaAdapter) -> None:
    settings = shipped.describe().settings
    assert {key: settings[key] for key in DEFAULTS} == {key: str(value) for key, value in DEFAULTS.items()}
    assert settings[MIN_SESSION] == DEFAULT_MIN_SESSION


@pytest.mark.kafka
@pytest.mark.parametrize("name", ["rebalance", "rebalance-next", "static-member"])
def test_kafka_as_shipped_is_not_accused_and_needs_no_setting(shipped: KafkaAdapter, name: str) -> None:
    description = shipped.describe()
    (plan,) = (plan for plan in LOG.directed(description) if plan.name == f"directed/{name}")
    recording = execute(plan, shipped, description, UserSettings({}, {}), f"shipped-{name}-")
    findings = judge(History(recording), INVARIANTS.values())
    assert not [each for each, finding in findings.items() if finding.violations]
    assert findings["ownership.complete"].exercised
