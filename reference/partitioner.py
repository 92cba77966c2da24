"""Kafka's default partitioner: murmur2 over the key; records without a key go wherever their batch goes."""

from functools import lru_cache
from typing import Final

from brokerlaw.reference.scheduler import Scheduler

SEED: Final = 0x9747B28C
MULTIPLIER: Final = 0x5BD1E995
WORD: Final = 0xFFFFFFFF


@lru_cache(maxsize=4096)
def murmur2(data: bytes) -> int:
    """MurmurHash2, 32 bits, unsigned, with the seed of Kafka's clients (org.apache.kafka.common.utils.Utils)."""
    state = SEED ^ len(data)
    body = len(data) - len(data) % 4
    for index in range(0, body, 4):
        word = int.from_bytes(data[index : index + 4], "little") * MULTIPLIER & WORD
        word = (word ^ word >> 24) * MULTIPLIER & WORD
        state = (state * MULTIPLIER & WORD) ^ word
    if body < len(data):
        state = (state ^ int.from_bytes(data[body:], "little")) * MULTIPLIER & WORD
    state = (state ^ state >> 13) * MULTIPLIER & WORD
    return state ^ state >> 15


class Partitioner:
    """Chooses partitions for one producer."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._random = scheduler.random

    def partition(self, topic: str, key: bytes | None, partitions: int) -> int:
        """The key's partition: its hash without the sign bit, modulo their number. Any, where there is no key."""
        if key is None:
            return int(self._random.random() * partitions)
        return (murmur2(key) & 0x7FFFFFFF) % partitions
