"""One Kafka client in a process of its own, so that a crash is a kill -9 and a zombie a stopped process.

It speaks the contract as JSON lines (`adapters.serve`): `python -m brokerlaw.adapters.kafka.client`.
"""

from collections.abc import Mapping
from typing import Final

from brokerlaw.adapters.contract import Answer, Description
from brokerlaw.adapters.kafka.consumer import ConsumerClient
from brokerlaw.adapters.kafka.librdkafka import bounded
from brokerlaw.adapters.kafka.producer import ProducerClient
from brokerlaw.adapters.serve import serve
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.operation import Operation
from brokerlaw.spec.history.operations import name_of
from brokerlaw.spec.history.outcomes import Ok, Outcome, Unknown

LIMIT: Final = 25.0
"""Seconds after which any operation is given up: librdkafka can wait for a dead coordinator beyond its own timeouts."""


class KafkaClient(ProducerClient, ConsumerClient):
    """A producer or a consumer, whichever it is told to open; after a close it can be another."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        super().__init__(settings)
        self._stuck = ""

    def perform(self, op: Operation) -> Answer:
        """As the contract says, but bounded in time; a client that hangs is of no use any more, and says so."""
        if self._stuck:
            return Unknown("STUCK", f"{self._stuck} has not returned")
        try:
            return bounded(lambda: super(KafkaClient, self).perform(op), LIMIT)
        except TimeoutError:
            self._stuck = name_of(op)
            return Unknown("STUCK", f"{self._stuck} did not return within {LIMIT:g} s")

    def describe(self) -> Description:
        """Only the adapter that runs this asks."""
        return Description("librdkafka client", "1", {"topics": None})

    def close(self, op: ops.Close) -> Outcome:
        """In good order, and the process can be used again."""
        self.close_producer()
        try:
            self.close_consumer()
        except TimeoutError:
            return Unknown("TIMEOUT", "the consumer did not close")
        return Ok()


if __name__ == "__main__":
    serve(KafkaClient)
