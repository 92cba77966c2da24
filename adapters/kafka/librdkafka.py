"""How librdkafka is used here: quick to notice, quiet, and never waited for without an end.

The properties are explained in librdkafka's CONFIGURATION.md.
"""

import logging
from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import Any, Final, TypeVar

T = TypeVar("T")

DELIVERY_TIMEOUT: Final = 6_000
"""Milliseconds."""
PATIENCE: Final = 12.0
"""Seconds: beyond every timeout that librdkafka has for one request and its repetition."""
QUICK: Final[dict[str, Any]] = {
    "reconnect.backoff.ms": 50,
    "reconnect.backoff.max.ms": 300,
    "retry.backoff.ms": 50,
    "socket.timeout.ms": 4_000,
    "topic.metadata.refresh.interval.ms": 2_000,
    "topic.metadata.refresh.fast.interval.ms": 50,
    "allow.auto.create.topics": False,
    "log_level": 0,
    "broker.address.family": "v4",
}


def bounded(action: Callable[[], T], seconds: float = PATIENCE) -> T:
    """Do what librdkafka puts no bound to, in a thread that nobody waits for longer. Raises `TimeoutError`."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(action())
        except Exception as error:  # the caller's to handle
            future.set_exception(error)

    Thread(target=run, daemon=True).start()
    return future.result(seconds)


def silent() -> logging.Logger:
    """A logger that says nothing: librdkafka would write to standard error."""
    logger = logging.getLogger("brokerlaw.kafka")
    logger.addHandler(logging.NullHandler())
    logger.propagate = False
    return logger
