"""The admin client in a process of its own: `python -m brokerlaw.adapters.kafka.administrator`.

librdkafka aborts the process that it is in when requests about groups time out again and again
(https://github.com/confluentinc/librdkafka/issues/4605). What was asked for is unknown then, and the next is asked of a
new process.
"""

import sys
from collections.abc import Mapping
from typing import Any, Final

from confluent_kafka.admin import AdminClient

from brokerlaw.adapters.channel import Channel
from brokerlaw.adapters.contract import AdapterError, Answer, Description, Misuse
from brokerlaw.adapters.kafka.administration import Administration
from brokerlaw.adapters.kafka.librdkafka import QUICK
from brokerlaw.adapters.serve import serve
from brokerlaw.spec.history.operations import OPERATIONS, AnyOperation
from brokerlaw.spec.history.outcomes import Unknown

PROGRAM: Final = (sys.executable, "-m", "brokerlaw.adapters.kafka.administrator")
ADMINISTERED: Final[tuple[type[Any], ...]] = tuple(
    kind for name, kind in OPERATIONS.items() if name in vars(Administration)
)
"""What an admin client is asked for."""


class Administrator(Administration):
    """What the process serves."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        super().__init__(settings)
        self._admin = AdminClient({**QUICK, **settings})

    def describe(self) -> Description:
        """Only the adapter that runs this asks."""
        return Description("librdkafka admin client", "1", {"topics": None})


class AdministratorProcess:
    """The process, as long as it lasts, and another one after that."""

    def __init__(self, argv: tuple[str, ...] = PROGRAM) -> None:
        self._argv = argv
        self._settings: dict[str, str] = {}
        self._channel: Channel | None = None

    def start(self, settings: Mapping[str, str]) -> None:
        """Have it stand ready, with these settings."""
        self._settings = dict(settings)
        self._running()

    def end(self) -> None:
        """End it."""
        if self._channel is not None:
            self._channel.kill()
            self._channel = None

    def perform(self, op: AnyOperation) -> Answer:
        """Ask it; the outcome is unknown if it ends meanwhile."""
        try:
            return self._running().perform(op)
        except AdapterError as error:
            if error.code != Misuse.DIED.code:
                raise
            self.end()
            return Unknown("ADMIN_CLIENT_CRASHED", error.what)

    def _running(self) -> Channel:
        if self._channel is None:
            self._channel = Channel("kafka admin client", self._argv, lambda *_: None)
            self._channel.hello(self._settings)
        return self._channel


if __name__ == "__main__":
    serve(Administrator)
