"""kfake, the fake cluster of franz-go: three brokers in memory, in a process of their own.

It calls itself a fake broker for testing. Records have one copy, whatever number of replicas a topic is given, and
brokers do not die: https://pkg.go.dev/github.com/twmb/franz-go/pkg/kfake.
"""

import subprocess
from collections.abc import Mapping
from typing import Final

from brokerlaw.adapters.contract import AdapterError, Capability
from brokerlaw.adapters.kafka.adapter import KafkaAdapter, refuse_brokers
from brokerlaw.adapters.kafka.errors import ClusterError
from brokerlaw.adapters.kafka.kfake import build
from brokerlaw.adapters.kafka.settings import for_testing

BROKERS: Final = 3
NOT_DONE: Final[frozenset[Capability]] = frozenset({"replication", "min-isr"})
HEEDED: Final = (
    "group.min.session.timeout.ms",
    "group.consumer.session.timeout.ms",
    "group.consumer.heartbeat.interval.ms",
    "log.cleaner.backoff.ms",
)
"""The settings of a cluster for testing that kfake has, too; the others it would ignore."""
END_LIMIT: Final = 5.0


class KfakeAdapter(KafkaAdapter):
    """The brokers end with the program's standard input: with us, however we end."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        refuse_brokers("kfake", settings)
        super().__init__(settings)
        self._program: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Build the program if need be, start it, and go on as with any cluster."""
        short = for_testing(BROKERS, {})
        try:
            command = [str(build.program()), *(f"{key}={short[key]}" for key in HEEDED)]
            self.settings = {"name": "kfake", "version": build.version()} | self.settings
        except ClusterError as error:
            raise AdapterError(str(error)) from error
        pipe = subprocess.PIPE
        self._program = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT, text=True)
        assert self._program.stdout is not None
        told = self._program.stdout.readline().strip()
        if not told.startswith("127.0.0.1:"):
            raise AdapterError(f"kfake did not start: {told or 'it ended without a word'}")
        self.settings["bootstrap"] = told
        super().start()
        self._without |= NOT_DONE

    def stop(self) -> None:
        """Clients first."""
        super().stop()
        if self._program is None:
            return
        try:
            self._program.communicate(timeout=END_LIMIT)
        except subprocess.TimeoutExpired:
            self._program.kill()
            self._program.communicate()
        self._program = None
