"""Asking a broker for its apis: from one that lists two, from ones that answer with nonsense or with nothing."""

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import pytest

from brokerlaw.adapters.kafka.metadata import listed_apis

TWO = struct.pack(">ihi hhh hhh", 1, 0, 2, 0, 3, 9, 18, 0, 3)


@contextmanager
def answering(reply: bytes) -> Iterator[tuple[str, int]]:
    """A server of one connection that answers whatever it is asked with this."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(1024)
                connection.sendall(reply)

        thread = Thread(target=serve)
        thread.start()
        yield server.getsockname()
        thread.join(5)


def test_the_highest_version_of_each() -> None:
    with answering(struct.pack(">i", len(TWO)) + TWO) as address:
        assert listed_apis(address) == {0: 9, 18: 3}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"HTTP",
        struct.pack(">ihi", 1, 35, 0),  # UNSUPPORTED_VERSION
        struct.pack(">ihi hhh h", 1, 0, 2, 0, 3, 9, 18),  # cut off
    ],
)
def test_no_list(body: bytes) -> None:
    with answering(struct.pack(">i", len(body)) + body) as address:
        assert listed_apis(address) is None


def test_nobody_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()
    assert listed_apis(address) is None
