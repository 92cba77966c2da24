"""A partition as the controller has it: what brokers and clients are told."""

from typing import Final, NamedTuple

from brokerlaw.reference.topic_settings import TopicSettings
from brokerlaw.spec.history.values import TopicPartition

OFFSETS: Final = TopicPartition("__consumer_offsets", 0)
TRANSACTIONS: Final = TopicPartition("__transaction_state", 0)
"""Whoever leads these coordinates groups and transactions."""


class Registration(NamedTuple):
    """One partition. `epoch` is the leader's, `version` counts every change; `topic_id` tells a topic from an
    earlier one of its name."""

    replicas: tuple[int, ...]
    isr: tuple[int, ...]
    leader: int | None
    epoch: int
    version: int
    topic_id: int = 0
    settings: TopicSettings = TopicSettings()

    @property
    def effective_min_isr(self) -> int:
        """`min.insync.replicas`, which cannot be more than there are replicas."""
        return min(self.settings.min_isr, len(self.replicas))
