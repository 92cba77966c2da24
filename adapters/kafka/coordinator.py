"""Delete a group's committed offsets at its coordinator: librdkafka can, but its client for Python cannot.

FindCoordinator and OffsetDelete, version 0 of each: https://kafka.apache.org/protocol, KIP-496.
"""

import struct
import time
from collections.abc import Sequence
from itertools import groupby
from typing import Final

from confluent_kafka import KafkaError

from brokerlaw.adapters.kafka.capabilities import FIND_COORDINATOR, OFFSET_DELETE
from brokerlaw.adapters.kafka.metadata import ask
from brokerlaw.adapters.kafka.outcomes import of_all
from brokerlaw.spec.history.outcomes import Ok, Outcome, Unknown
from brokerlaw.spec.history.values import TopicPartition

LIMIT: Final = 3.0
"""Seconds for one answer."""
PASSING: Final = (
    KafkaError.COORDINATOR_NOT_AVAILABLE,
    KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
    KafkaError.NOT_COORDINATOR,
)


def delete_offsets(
    addresses: Sequence[tuple[str, int]], group: str, partitions: Sequence[TopicPartition], retry_for: float
) -> Outcome:
    """Asked again while the group has no coordinator that serves."""
    request, begun, tries = _offset_delete(group, partitions), time.monotonic(), 0
    while True:
        tries += 1
        codes = _codes(addresses, group, request)
        served = codes is not None and not any(code in PASSING for code in codes)
        if served or time.monotonic() - begun >= retry_for:
            return _outcome(codes, first=tries == 1)
        time.sleep(0.1)


def _outcome(codes: list[int] | None, first: bool) -> Outcome:
    """A refusal is certain where all is refused, at the first attempt."""
    if codes is None:
        return Unknown("NO_COORDINATOR", "no coordinator answers")
    outcome = of_all([KafkaError(code) if code else None for code in codes])
    return outcome if first or isinstance(outcome, Ok) else Unknown(outcome.error, outcome.message)


def _codes(addresses: Sequence[tuple[str, int]], group: str, request: bytes) -> list[int] | None:
    """The error of each partition, or the group's alone; None where no coordinator answers."""
    for address in addresses:
        found = ask(address, _header(FIND_COORDINATOR) + _text(group), LIMIT)
        coordinator = None if found is None else _coordinator(found)
        if coordinator is not None:
            reply = ask(coordinator, request, LIMIT)
            return None if reply is None else _errors(reply)
    return None


def _coordinator(reply: bytes) -> tuple[str, int] | None:
    error, _node, length = struct.unpack_from(">hih", reply, 4)
    if error:
        return None
    host = reply[12 : 12 + length].decode()
    (port,) = struct.unpack_from(">i", reply, 12 + length)
    return host, port


def _offset_delete(group: str, partitions: Sequence[TopicPartition]) -> bytes:
    topics = [(topic, list(each)) for topic, each in groupby(sorted(partitions), key=lambda tp: tp.topic)]
    body = b"".join(
        _text(topic) + struct.pack(f">i{len(each)}i", len(each), *(tp.partition for tp in each))
        for topic, each in topics
    )
    return _header(OFFSET_DELETE) + _text(group) + struct.pack(">i", len(topics)) + body


def _errors(reply: bytes) -> list[int]:
    error, _throttle, topics = struct.unpack_from(">hii", reply, 4)
    if error:
        return [error]
    found, at = [], 14
    for _ in range(topics):
        (length,) = struct.unpack_from(">h", reply, at)
        (count,) = struct.unpack_from(">i", reply, at + 2 + length)
        at += 6 + length
        found += [code for _, code in struct.iter_unpack(">ih", reply[at : at + 6 * count])]
        at += 6 * count
    return found


def _header(api: int) -> bytes:
    return struct.pack(">hhih", api, 0, 1, -1)


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack(">h", len(data)) + data
