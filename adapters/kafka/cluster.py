"""A real Apache Kafka cluster (KRaft) on loopback ports, which we start, break and stop."""

import secrets
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from brokerlaw.adapters.kafka import archive, settings
from brokerlaw.adapters.kafka.distribution import Distribution, provision
from brokerlaw.adapters.kafka.errors import ClusterError, wait_until
from brokerlaw.adapters.kafka.group import ProcessGroup
from brokerlaw.adapters.kafka.metadata import HOST, answers, registered
from brokerlaw.adapters.kafka.node import Node

START_LIMIT = 60.0  # seconds, for whatever a JVM must start for
SHUTDOWN_LIMIT = 60.0  # seconds: others must lead first, and the logs be written
FIRST_CONTROLLER = 101  # brokers are 1, 2, 3


class KafkaCluster:
    """Brokers 1, 2, ... and controllers 101, 102, ...; faults name a node by its id.

    Faults act on processes: kill is SIGKILL, shut_down is SIGTERM, pause is SIGSTOP. Cutting the network between
    brokers would need root, so there is no isolation. Each method returns when its effect is there and raises
    ClusterError, with the tail of the node's log, when it is not within its limit. Everything ends with the process
    that started it, even if that one is killed.
    """

    def __init__(
        self,
        brokers: int = 3,
        controllers: int = 1,
        broker_settings: Mapping[str, str] | None = None,
        as_shipped: bool = False,
    ) -> None:
        """Nothing runs until `start`. `broker_settings` win over our own, on the controllers too.

        `as_shipped` leaves Kafka its own defaults; else it is quick to notice faults.
        """
        if brokers < 1 or controllers < 1:
            raise ClusterError("a cluster needs at least one broker and one controller")
        self._brokers = range(1, brokers + 1)
        self._controllers = range(FIRST_CONTROLLER, FIRST_CONTROLLER + controllers)
        self._own = dict(broker_settings or {})
        self._preset = settings.as_shipped if as_shipped else settings.for_testing
        self._nodes: dict[int, Node] = {}
        self._group: ProcessGroup | None = None
        self.version = ""

    def start(self) -> Self:
        """Provision, format, start, and wait until every broker knows every other."""
        if self._group is not None:
            raise ClusterError("this cluster is started already: stop it first")
        distribution = provision()
        self.version = distribution.version
        options = archive.java_options(distribution)
        self._group = ProcessGroup.open()
        try:
            self._nodes = self._lay_out(distribution, self._group, options)
            self._format()
            for node in self._nodes.values():
                node.start()
            self._await_registered()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """End exactly the processes that `start` began, and remove all they wrote; harmless when repeated."""
        if self._group is not None:
            self._group.close()
            for node in self._nodes.values():
                if node.process is not None:
                    node.process.wait()
            self._group, self._nodes = None, {}

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def bootstrap(self) -> str:
        """The brokers as `host:port,...`, for `bootstrap.servers`."""
        return ",".join(f"{HOST}:{self._node(broker).port}" for broker in self._brokers)

    @property
    def brokers(self) -> tuple[int, ...]:
        """The ids of all brokers, dead or alive."""
        return tuple(self._brokers)

    @property
    def controllers(self) -> tuple[int, ...]:
        """The ids of all controllers, dead or alive."""
        return tuple(self._controllers)

    @property
    def folder(self) -> Path:
        """Where settings, data and logs of the nodes are until `stop`."""
        if self._group is None:
            raise ClusterError("the cluster is not started: start it first")
        return self._group.folder

    def ports(self) -> dict[int, int]:
        """The loopback port of each node."""
        return {i: node.port for i, node in self._nodes.items()}

    def processes(self) -> dict[int, int]:
        """The process id of each live node."""
        return {i: n.process.pid for i, n in self._nodes.items() if n.process is not None and n.alive}

    def alive(self) -> frozenset[int]:
        """The nodes whose process is not dead; a paused one is alive."""
        return frozenset(i for i, node in self._nodes.items() if node.alive)

    def paused(self) -> frozenset[int]:
        """The nodes whose process is stopped."""
        return frozenset(i for i, node in self._nodes.items() if node.paused)

    @property
    def whole(self) -> bool:
        """Whether every node runs."""
        return not self.paused() and self.alive() == self._nodes.keys()

    def kill(self, node: int) -> None:
        """SIGKILL: no farewell, no flush; the process is gone on return."""
        self._node(node).signal(signal.SIGKILL)

    def shut_down(self, node: int) -> None:
        """SIGTERM: a broker hands over what it leads, writes its logs and ends; the process is gone on return."""
        target = self._node(node)
        if target.paused:
            raise ClusterError(f"node {node} is paused and cannot shut down: resume it first")
        if node in self._brokers and not self._has_quorum():
            raise ClusterError(f"broker {node} cannot hand over without a controller: restart or resume that first")
        target.signal(signal.SIGTERM, SHUTDOWN_LIMIT)

    def pause(self, node: int) -> None:
        """SIGSTOP: connections stay open and nothing answers."""
        self._node(node).signal(signal.SIGSTOP)

    def resume(self, node: int) -> None:
        """SIGCONT: the node goes on as if no time had passed; `heal` waits for its readmission."""
        self._node(node).signal(signal.SIGCONT)

    def restart(self, node: int) -> None:
        """Start a dead node again (a live one is killed first) and wait until it serves."""
        target = self._node(node)
        if target.alive:
            self.kill(node)
        if node in self._brokers and not self._has_quorum():
            raise ClusterError(f"broker {node} cannot register without a controller: restart or resume that first")
        target.start()
        self._await([target], lambda: answers(target.port))

    def heal(self) -> None:
        """Resume the paused, restart the dead, and wait until every broker knows every other."""
        for node in self._nodes.values():
            if node.paused:
                node.signal(signal.SIGCONT)
            if not node.alive:
                node.start()
        self._await_registered()

    def _node(self, node: int) -> Node:
        if node not in self._nodes:
            known = ", ".join(map(str, self._nodes)) or "none, for it is not started"
            raise ClusterError(f"the cluster has no node {node}; its nodes are: {known}")
        return self._nodes[node]

    def _has_quorum(self) -> bool:
        able = self.alive() - self.paused()
        return 2 * sum(c in able for c in self._controllers) > len(self._controllers)

    def _lay_out(self, distribution: Distribution, group: ProcessGroup, options: tuple[str, ...]) -> dict[int, Node]:
        """Give each node a port and a folder with its settings."""
        ids = [*self._controllers, *self._brokers]
        ports = dict(zip(ids, settings.free_ports(len(ids)), strict=True))
        voters = settings.quorum({i: ports[i] for i in self._controllers})
        shared = self._preset(len(self._brokers), self._own)
        nodes = {}
        for i, port in ports.items():
            role = "broker" if i in self._brokers else "controller"
            node = Node(i, port, group.folder / f"{role}-{i}", distribution, group.id, options)
            identity = settings.for_node(i, (role,), {role: str(port)}, voters, node.folder / "data")
            node.write(settings.properties(shared | identity))
            nodes[i] = node
        return nodes

    def _format(self) -> None:
        """All at once: each is a JVM of its own."""
        cluster_id = secrets.token_hex(11)  # 22 letters as Kafka's own, but never one that looks like an option
        running = [(node, node.format(cluster_id)) for node in self._nodes.values()]
        failed = [node for node, process in running if process.wait() != 0]
        if failed:
            raise ClusterError(f"cannot format node {failed[0].id}; its output ends:\n{failed[0].tail()}")

    def _await_registered(self) -> None:
        everyone = set(self._brokers)
        ports = [self._nodes[i].port for i in self._brokers]
        self._await(list(self._nodes.values()), lambda: all(registered(port) == everyone for port in ports))

    def _await(self, nodes: list[Node], ready: Callable[[], bool]) -> None:
        """Wait until `ready`, but no longer than the nodes live or the limit."""
        wait_until(lambda: ready() or not all(node.alive for node in nodes), START_LIMIT)
        if ready():
            return
        for node in nodes:
            if not node.alive:
                raise ClusterError(f"node {node.id} ended while starting; its log ends:\n{node.tail()}")
        late = next((node for node in nodes if not answers(node.port)), nodes[0])
        raise ClusterError(f"node {late.id} not ready within {START_LIMIT:g} s; its log ends:\n{late.tail()}")
