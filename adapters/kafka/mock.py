"""librdkafka's mock cluster: it speaks Kafka's protocol in memory, shared by all clients of a run."""

from collections.abc import Mapping

from confluent_kafka import Producer

from brokerlaw.adapters.contract import Description
from brokerlaw.adapters.kafka.adapter import KafkaAdapter
from brokerlaw.adapters.kafka.client import QUICK

CLAIMED = frozenset({"topics", "idempotence", "groups", "transactions", "clients.crash", "clients.freeze"})


class KafkaMockAdapter(KafkaAdapter):
    """Three mock brokers inside a producer of ours; each client is a process, as with a real cluster."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        super().__init__(settings)
        self._host: Producer | None = None

    def start(self) -> None:
        """Start the mock, and go on as with any cluster."""
        self._host = Producer({**QUICK, "bootstrap.servers": "mock", "test.mock.num.brokers": 3})
        brokers = self._host.list_topics(timeout=5).brokers.values()
        self.settings["bootstrap"] = ",".join(f"{broker.host}:{broker.port}" for broker in brokers)
        super().start()

    def describe(self) -> Description:
        """What the mock is known to do."""
        told = super().describe()
        capabilities = {name: bound for name, bound in told.capabilities.items() if name in CLAIMED}
        return Description("librdkafka mock cluster", "2", capabilities, told.brokers, told.claims)
