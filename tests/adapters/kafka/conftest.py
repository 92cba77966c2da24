"""One real cluster serves all tests marked `kafka`; each test leaves it healed."""

from collections.abc import Iterator

import pytest

from brokerlaw.adapters.kafka.cluster import KafkaCluster


@pytest.fixture(scope="session")
def running_cluster() -> Iterator[KafkaCluster]:
    """Three brokers and a controller, started once."""
    with KafkaCluster() as cluster:
        yield cluster


@pytest.fixture
def cluster(running_cluster: KafkaCluster) -> Iterator[KafkaCluster]:
    """The session's cluster, healed after the test."""
    yield running_cluster
    running_cluster.heal()
