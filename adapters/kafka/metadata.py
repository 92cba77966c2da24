"""Ask one broker, over a plain socket, whom it knows; this needs no client library and no threads.

The requests are those of the protocol guide, https://kafka.apache.org/protocol: a length, then
api key, api version, correlation id and client id, then the body.
"""

import socket
import struct

HOST = "127.0.0.1"
API_VERSIONS = struct.pack(">hhih", 18, 0, 1, -1)
METADATA_OF_NO_TOPIC = struct.pack(">hhihi", 3, 1, 1, -1, 0)


def answers(port: int, timeout: float = 1.0) -> bool:
    """Whether a Kafka node answers at this loopback port within `timeout` seconds per read."""
    return ask((HOST, port), API_VERSIONS, timeout) is not None


def listed_apis(address: tuple[str, int], timeout: float = 3.0) -> dict[int, int] | None:
    """The highest version of each api that the broker lists, by the api's key; None if it does not answer in plain."""
    reply = ask(address, API_VERSIONS, timeout)
    if reply is None:
        return None
    try:
        _correlation, error, count = struct.unpack_from(">ihi", reply)
        triples = struct.iter_unpack(">hhh", reply[10 : 10 + 6 * count])
        return None if error else {key: highest for key, _lowest, highest in triples}
    except struct.error:
        return None


def registered(port: int, timeout: float = 1.0) -> frozenset[int]:
    """The ids of the live brokers as the broker at this port knows them; none if it does not answer."""
    reply = ask((HOST, port), METADATA_OF_NO_TOPIC, timeout)
    if reply is None:
        return frozenset()
    _correlation, count = struct.unpack_from(">ii", reply)
    ids, at = [], 8
    for _ in range(count):
        node, host_length = struct.unpack_from(">ih", reply, at)
        at += 6 + host_length + 4  # id, host, port
        (rack_length,) = struct.unpack_from(">h", reply, at)
        at += 2 + max(0, rack_length)  # a rack may be null: -1
        ids.append(node)
    return frozenset(ids)


def ask(address: tuple[str, int], request: bytes, timeout: float) -> bytes | None:
    """What the node at this address replies to the request, correlation id first; None if it does not."""
    try:
        with socket.create_connection(address, timeout) as connection:
            connection.sendall(struct.pack(">i", len(request)) + request)
            with connection.makefile("rb") as stream:
                (length,) = struct.unpack(">i", stream.read(4))
                reply = stream.read(length)
                return reply if len(reply) == length else None
    except (OSError, struct.error):
        return None
