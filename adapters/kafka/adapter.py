"""Apache Kafka, or anything that speaks its protocol: a local cluster of our own, or one named by `bootstrap`."""

import sys
from collections.abc import Mapping
from typing import Any, Final

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from brokerlaw.adapters.contract import Adapter, AdapterError, Answer, Capability, Description
from brokerlaw.adapters.kafka.administrator import ADMINISTERED, AdministratorProcess
from brokerlaw.adapters.kafka.capabilities import capabilities, disclaimed
from brokerlaw.adapters.kafka.cluster import KafkaCluster
from brokerlaw.adapters.kafka.configuration import settings_in_force
from brokerlaw.adapters.kafka.coordinator import delete_offsets
from brokerlaw.adapters.kafka.errors import ClusterError
from brokerlaw.adapters.kafka.librdkafka import QUICK
from brokerlaw.adapters.kafka.metadata import listed_apis
from brokerlaw.adapters.kafka.partition import partition_state
from brokerlaw.adapters.kafka.pool import Pool
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.outcomes import Fail, Ok, Outcome, Unknown
from brokerlaw.spec.text import did_you_mean

CLIENT: Final = (sys.executable, "-m", "brokerlaw.adapters.kafka.client")
REACH: Final = 10.0
"""Seconds to find a broker at the address that the user gave."""
SETTINGS: Final = ("bootstrap", "name", "version", "without")
_OURS: Final = ops.OpenProducer | ops.OpenConsumer | ops.Close | ops.Crash | ops.Freeze | ops.Thaw | ops.SendOffsets
"""Operations of a client that need more than its process."""


class KafkaAdapter(Adapter):
    """The admin client and each client of a plan in a process of its own, faults on our own cluster's processes.

    Settings: `bootstrap`, `name`, `version` of a cluster that is there; `broker.X` for ours; `client.X` for librdkafka;
    `without=transactions,groups.admin` for capabilities that are listed and shall not be judged.
    """

    def __init__(self, settings: Mapping[str, str]) -> None:
        super().__init__(settings)
        _check(settings)
        self._cluster: KafkaCluster | None = None
        self._administrator = AdministratorProcess()
        self._clients = Pool(CLIENT, self._heard)
        self._without = disclaimed(settings.get("without", ""))

    def start(self) -> None:
        """Start the cluster, or reach the one that is named. Raises `AdapterError`."""
        if "bootstrap" in self.settings:
            self._bootstrap = self.settings["bootstrap"]
        else:
            self._cluster = KafkaCluster(broker_settings=self._given("broker."))
            try:
                self._cluster.start()
            except ClusterError as error:
                raise AdapterError(str(error)) from error
            self._bootstrap = self._cluster.bootstrap
        client_settings = {"bootstrap.servers": self._bootstrap} | self._given("client.")
        try:
            admin = AdminClient({**QUICK, **client_settings})
        except KafkaException as error:
            raise AdapterError(f"--settings client.…: {error.args[0].str()}") from error
        try:
            self._brokers = tuple(sorted(admin.list_topics(timeout=REACH).brokers))
        except KafkaException as error:
            raise AdapterError(f"no broker answers at {self._bootstrap}: {error.args[0].str()}") from error
        self._apis = listed_apis(self._addresses()[0])
        self._told = settings_in_force(admin, self._brokers)
        self._administrator.start(client_settings)
        self._clients.start(client_settings)

    def stop(self) -> None:
        """End every process, and the cluster if it is ours."""
        self._clients.end()
        self._administrator.end()
        if self._cluster is not None:
            self._cluster.stop()

    def describe(self) -> Description:
        """What the brokers list; faults only where the cluster is ours."""
        caps = capabilities(self._apis, len(self._brokers), self._without)
        if self._cluster is not None:
            own: tuple[Capability, ...] = ("faults.kill", "faults.stop", "faults.pause")
            caps |= dict.fromkeys(fault for fault in own if fault not in self._without)
        name = self.settings.get("name", "Apache Kafka" if self._cluster else "a broker that speaks Kafka")
        return Description(
            name,
            self._cluster.version if self._cluster else self.settings.get("version", "unknown"),
            caps,
            self._brokers,
            ("murmur2",),
            self._told,
        )

    def reset(self) -> None:
        """End all clients, heal all brokers."""
        self._clients.clear()
        if self._cluster is not None and (
            self._cluster.paused() or self._cluster.alive() != self._cluster.ports().keys()
        ):
            try:
                self._cluster.heal()
            except ClusterError as error:
                raise AdapterError(str(error)) from error

    def _given(self, prefix: str) -> dict[str, str]:
        """The settings that begin so, without the prefix."""
        return {key.removeprefix(prefix): value for key, value in self.settings.items() if key.startswith(prefix)}

    # --- clients ---

    def perform(self, op: Any) -> Answer:
        """Operations of a client go to its process, those of an administrator to his, but for what we do ourselves."""
        if isinstance(op, ADMINISTERED) and not hasattr(self, ops.name_of(op)):
            return self._administrator.perform(op)
        if ops.client_of(op) is None or isinstance(op, _OURS):
            return super().perform(op)
        return self._clients.perform(op)

    def open_producer(self, op: ops.OpenProducer) -> Answer:
        """In a process that stands ready."""
        return self._clients.open(op)

    def open_consumer(self, op: ops.OpenConsumer) -> Answer:
        """In a process that stands ready."""
        return self._clients.open(op)

    def close(self, op: ops.Close) -> Answer:
        """In good order; the process stands ready again, unless its client hangs."""
        return self._clients.close(op)

    def crash(self, op: ops.Crash) -> Answer:
        """kill -9."""
        return self._clients.crash(op.client)

    def freeze(self, op: ops.Freeze) -> Answer:
        """SIGSTOP."""
        return self._clients.freeze(op.client)

    def thaw(self, op: ops.Thaw) -> Answer:
        """SIGCONT."""
        return self._clients.thaw(op.client)

    def send_offsets(self, op: ops.SendOffsets) -> Answer:
        """The consumer's membership goes from its process to the producer's."""
        state = self._clients.ask(op.consumer, ops.DescribeGroup("membership"))
        if not isinstance(state, Ok):
            return state
        return self._clients.perform(ops.SendOffsets(op.client, state.value.state, op.offsets))

    def _heard(self, at: int, process: str, observation: Any) -> None:
        self.observe(process, observation, at)

    # --- faults, inspection ---

    def kill_broker(self, op: ops.KillBroker) -> Outcome:
        """kill -9."""
        if op.broker not in self._own.alive():
            return _down(op.broker)
        self._own.kill(op.broker)
        return Ok()

    def stop_broker(self, op: ops.StopBroker) -> Outcome:
        """SIGTERM. Raises `AdapterError` when it does not end."""
        if op.broker not in self._own.alive() - self._own.paused():
            return _down(op.broker)
        try:
            self._own.shut_down(op.broker)
        except ClusterError as error:
            raise AdapterError(str(error)) from error
        return Ok()

    def restart_broker(self, op: ops.RestartBroker) -> Outcome:
        """Returns when it has registered."""
        self._own.restart(op.broker)
        return Ok()

    def pause_broker(self, op: ops.PauseBroker) -> Outcome:
        """SIGSTOP."""
        if op.broker not in self._own.alive():
            return _down(op.broker)
        self._own.pause(op.broker)
        return Ok()

    def resume_broker(self, op: ops.ResumeBroker) -> Outcome:
        """SIGCONT."""
        if op.broker not in self._own.paused():
            return Fail("BROKER_NOT_PAUSED", f"broker {op.broker} does not stand still")
        self._own.resume(op.broker)
        return Ok()

    @property
    def _own(self) -> KafkaCluster:
        assert self._cluster is not None
        return self._cluster

    def _up(self) -> list[tuple[str, int]]:
        """Of the brokers that may answer."""
        if self._cluster is None:
            return self._addresses()
        up = [b for b in self._brokers if b in self._cluster.alive() and b not in self._cluster.paused()]
        return [("127.0.0.1", self._cluster.ports()[b]) for b in up]

    def _addresses(self) -> list[tuple[str, int]]:
        """Of the brokers named by `bootstrap`; a client's own default port is 9092."""
        parts = (each.strip().partition(":") for each in self._bootstrap.split(","))
        return [(host, int(port) if port.isdecimal() else 9092) for host, _, port in parts]

    def delete_offsets(self, op: ops.DeleteOffsets) -> Outcome:
        """As its coordinator is asked by the protocol itself."""
        return delete_offsets(self._up(), op.group, op.partitions, retry_for=5)

    def describe_partition(self, op: ops.DescribePartition) -> Outcome:
        """As the newest metadata has it among the brokers that answer: one that stood still may lag behind."""
        asked = [partition_state(address, op.topic, op.partition) for address in self._up()]
        states = [state for state in asked if state is not None]
        if not states:
            return Unknown("NO_BROKER", "no broker answers")
        return Ok(max(states, key=lambda state: state.epoch))


def _down(broker: int) -> Fail:
    return Fail("BROKER_DOWN", f"broker {broker} does not run, and cannot be hit")


def refuse_brokers(name: str, settings: Mapping[str, str]) -> None:
    """For an adapter that starts brokers of another kind. Raises `AdapterError` for a setting that is about brokers."""
    for key in settings:
        if key == "bootstrap" or key.startswith("broker."):
            raise AdapterError(f"{name} has brokers of its own: {key}= is for the adapter kafka")


def _check(settings: Mapping[str, str]) -> None:
    """Raises `AdapterError` for a setting that nobody heeds: a typing error would make the verdict another one."""
    for key in settings:
        if key not in SETTINGS and not key.startswith(("broker.", "client.")):
            hint = did_you_mean(key, SETTINGS)
            known = f"{', '.join(SETTINGS)}, broker.X, client.X, or a setting of clients or topics such as acks"
            raise AdapterError(f"--settings {key}: there is no such setting{hint and f' ({hint})'}; there are {known}")
        if key.startswith("broker.") and "bootstrap" in settings:
            raise AdapterError(f"--settings {key}: the brokers at {settings['bootstrap']} are not ours to configure")
