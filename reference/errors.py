"""What a broker refuses, by Kafka's names."""

from typing import Final


class BrokerError(Exception):
    """A request was refused, and certainly had no effect."""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message


RETRIABLE: Final = frozenset(
    {
        "CONCURRENT_TRANSACTIONS",
        "COORDINATOR_NOT_AVAILABLE",
        "FENCED_LEADER_EPOCH",
        "LEADER_NOT_AVAILABLE",
        "NETWORK_EXCEPTION",
        "NOT_ENOUGH_REPLICAS",
        "NOT_LEADER_OR_FOLLOWER",
        "OFFSET_NOT_AVAILABLE",
        "UNSTABLE_OFFSET_COMMIT",
    }
)
"""Refusals after which a client looks again for the right broker, and asks again."""
