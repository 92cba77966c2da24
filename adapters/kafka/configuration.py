"""What the brokers say that their timeouts are (DescribeConfigs), so that nobody waits for less.

A group may have settings of its own (`consumer.session.timeout.ms`); the groups of a check are new, and have none.
"""

from collections.abc import Iterable
from typing import Final

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import ConfigResource

LIMIT: Final = 5.0
"""Seconds for a broker to answer."""
MIN_SESSION: Final = "group.min.session.timeout.ms"
ASKED: Final = (
    MIN_SESSION,
    "group.max.session.timeout.ms",
    "group.consumer.session.timeout.ms",
    "group.consumer.heartbeat.interval.ms",
    "group.initial.rebalance.delay.ms",
    "broker.session.timeout.ms",
    "replica.lag.time.max.ms",
    "transaction.abort.timed.out.transaction.cleanup.interval.ms",
)
DEFAULT_MIN_SESSION: Final = "6000"
"""Kafka's. A broker that does not tell its own is not asked for less, which Kafka refuses."""


def timeouts(admin: AdminClient, brokers: Iterable[int]) -> dict[str, str]:
    """The timeouts in force, the longest where brokers differ; of a broker that does not tell, the least session."""
    told: dict[str, int] = {}
    for broker in brokers:
        for key, milliseconds in _of_broker(admin, broker).items():
            told[key] = max(milliseconds, told.get(key, 0))
    return {MIN_SESSION: DEFAULT_MIN_SESSION} | {key: str(milliseconds) for key, milliseconds in told.items()}


def _of_broker(admin: AdminClient, broker: int) -> dict[str, int]:
    """One broker's; none where it has no such api, or does not let us ask."""
    resource = ConfigResource(ConfigResource.Type.BROKER, str(broker))
    try:
        entries = admin.describe_configs([resource], request_timeout=LIMIT)[resource].result(2 * LIMIT)
    except (KafkaException, TimeoutError):
        return {}
    values = {key: entries[key].value for key in ASKED if key in entries}
    return {key: int(value) for key, value in values.items() if value is not None and value.isdecimal()}
