"""What the brokers say of their settings (DescribeConfigs): how long to wait for them, and by what to judge them.

A group may have settings of its own (`consumer.session.timeout.ms`); the groups of a check are new, and have none.
"""

from collections.abc import Iterable
from typing import Final

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import ConfigResource

from brokerlaw.spec.history.bounds import MIN_SESSION, TOLD

LIMIT: Final = 5.0
"""Seconds for a broker to answer."""
PREFIXES: Final = ("group.", "log.", "offsets.", "replica.", "transaction.", "transactional.", "unclean.")
NAMES: Final = (
    "auto.create.topics.enable",
    "auto.leader.rebalance.enable",
    "compression.type",
    "default.replication.factor",
    "message.max.bytes",
    "min.insync.replicas",
    "num.partitions",
)
"""With the prefixes, the settings that say what a broker owes to its clients."""
OTHERS: Final = ("log.dir", "group.share.", "group.streams.")
"""Places on its machine, and what no operation asks for."""
DEFAULT_MIN_SESSION: Final = "6000"
"""Kafka's. A broker that does not tell its own is not asked for less, which Kafka refuses."""


def settings_in_force(admin: AdminClient, brokers: Iterable[int]) -> dict[str, str]:
    """What all brokers tell alike, and of timeouts the longest; where none is told, Kafka's least session."""
    told = [_of_broker(admin, broker) for broker in brokers]
    alike = {key: value for each in told for key, value in each.items() if all(value == o.get(key) for o in told)}
    longest = {
        key: str(max(int(each[key]) for each in told if each.get(key, "").isdecimal()))
        for key in TOLD
        if any(each.get(key, "").isdecimal() for each in told)
    }
    others = {key: value for key, value in alike.items() if key not in TOLD}
    return {MIN_SESSION: DEFAULT_MIN_SESSION} | longest | dict(sorted(others.items()))


def _of_broker(admin: AdminClient, broker: int) -> dict[str, str]:
    """One broker's; none where it has no such api, or does not let us ask."""
    resource = ConfigResource(ConfigResource.Type.BROKER, str(broker))
    try:
        entries = admin.describe_configs([resource], request_timeout=LIMIT)[resource].result(2 * LIMIT)
    except (KafkaException, TimeoutError):
        return {}
    return {key: entry.value for key, entry in entries.items() if _telling(key) and entry.value is not None}


def _telling(key: str) -> bool:
    return key in TOLD or key in NAMES or (key.startswith(PREFIXES) and not key.startswith(OTHERS))
