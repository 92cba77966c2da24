"""One partition as a broker's metadata has it, leader epoch included: the client library keeps that to itself."""

import struct
from typing import Any

from brokerlaw.adapters.kafka.metadata import ask
from brokerlaw.spec.history.values import PartitionState


def partition_state(address: tuple[str, int], topic: str, partition: int) -> PartitionState | None:
    """Ask the broker at this address (Metadata, version 7); None when it does not answer or does not know."""
    name = topic.encode()
    body = struct.pack(">hhih", 3, 7, 1, -1) + struct.pack(">ih", 1, len(name)) + name + b"\0"
    reply = ask(address, body, 1.5)
    if reply is None:
        return None
    at = 8

    def take(fmt: str) -> Any:
        nonlocal at
        v = struct.unpack_from(">" + fmt, reply, at)
        at += struct.calcsize(">" + fmt)
        return v[0]

    def text() -> None:
        nonlocal at
        n = take("h")
        at += max(0, n)

    for _ in range(take("i")):
        take("i")
        text()
        take("i")
        text()
    text()
    take("i")
    for _ in range(take("i")):
        take("h")
        text()
        take("b")
        for _ in range(take("i")):
            _error, index, leader, epoch = take("h"), take("i"), take("i"), take("i")
            lists = [tuple(take("i") for _ in range(take("i"))) for _ in range(3)]
            if index == partition:
                return PartitionState(leader if leader >= 0 else None, epoch, lists[0], tuple(sorted(lists[1])))
    return None
