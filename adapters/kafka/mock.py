"""librdkafka's mock cluster: it speaks Kafka's protocol in memory, shared by all clients of a run.

What it implements is in the header `rdkafka_mock.h`: idempotent and transactional producers, balanced consumer groups
with offset commits, metadata. Topics are created through its own interface: it has no CreateTopics. Left alone,
it makes topics of four partitions when they are asked for, and lets a group's first member wait for longer (3 s) than
the suite's sessions last, so that it never joins.
"""

import ctypes
from collections.abc import Mapping
from typing import Final

from confluent_kafka import cimpl, libversion

from brokerlaw.adapters.contract import AdapterError, Capability, Description
from brokerlaw.adapters.kafka.adapter import KafkaAdapter, refuse_brokers
from brokerlaw.adapters.kafka.capabilities import CREATE_TOPICS, DELETE_TOPICS
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.outcomes import Fail, Ok, Outcome

BROKERS: Final = 3
PRODUCER: Final = 0  # RD_KAFKA_PRODUCER
UNKNOWN_TOPIC: Final = 3  # RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART
NOT_DONE: Final[frozenset[Capability]] = frozenset({"replication", "min-isr", "timestamps", "retention", "compaction"})
"""Replicas are names only, a search by timestamp finds nothing, and a topic has no settings."""

_POINTER, _TEXT, _INT, _SIZE = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int, ctypes.c_size_t
_SIGNATURES: Final[dict[str, tuple[type | None, list[type]]]] = {
    "rd_kafka_conf_new": (_POINTER, []),
    "rd_kafka_conf_set": (_INT, [_POINTER, _TEXT, _TEXT, _POINTER, _SIZE]),
    "rd_kafka_new": (_POINTER, [_INT, _POINTER, _TEXT, _SIZE]),
    "rd_kafka_destroy": (None, [_POINTER]),
    "rd_kafka_mock_cluster_new": (_POINTER, [_POINTER, _INT]),
    "rd_kafka_mock_cluster_destroy": (None, [_POINTER]),
    "rd_kafka_mock_cluster_bootstraps": (_TEXT, [_POINTER]),
    "rd_kafka_mock_topic_create": (_INT, [_POINTER, _TEXT, _INT, _INT]),
    "rd_kafka_mock_topic_set_error": (None, [_POINTER, _TEXT, _INT]),
    "rd_kafka_mock_group_initial_rebalance_delay_ms": (None, [_POINTER, _INT]),
}


class MockCluster:
    """The mock inside a client handle of its own, by way of the library that the Python client brings."""

    def __init__(self, brokers: int) -> None:
        self._library = ctypes.CDLL(cimpl.__file__)
        for name, (result, arguments) in _SIGNATURES.items():
            function = getattr(self._library, name)
            function.restype, function.argtypes = result, arguments
        silent = self._library.rd_kafka_conf_new()
        self._library.rd_kafka_conf_set(silent, b"log_level", b"0", None, 0)
        self._handle = self._library.rd_kafka_new(PRODUCER, silent, None, 0)
        self._cluster = self._library.rd_kafka_mock_cluster_new(self._handle, brokers)
        self._library.rd_kafka_mock_group_initial_rebalance_delay_ms(self._cluster, 0)

    @property
    def bootstrap(self) -> str:
        """Its brokers' addresses."""
        addresses: bytes = self._library.rd_kafka_mock_cluster_bootstraps(self._cluster)
        return addresses.decode()

    def create_topic(self, topic: str, partitions: int) -> bool:
        """False if it is there."""
        return not self._library.rd_kafka_mock_topic_create(self._cluster, topic.encode(), partitions, 1)

    def deny_topic(self, topic: str) -> None:
        """From now on it is unknown to whoever asks: the nearest to a deletion."""
        self._library.rd_kafka_mock_topic_set_error(self._cluster, topic.encode(), UNKNOWN_TOPIC)

    def close(self) -> None:
        """End it."""
        self._library.rd_kafka_mock_cluster_destroy(self._cluster)
        self._library.rd_kafka_destroy(self._handle)


class KafkaMockAdapter(KafkaAdapter):
    """Three mock brokers in this process; each client is a process of its own, as with a real cluster."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        refuse_brokers("kafka-mock", settings)
        super().__init__(settings)
        self._mock: MockCluster | None = None

    def start(self) -> None:
        """Start the mock, and go on as with any cluster."""
        try:
            self._mock = MockCluster(BROKERS)
        except AttributeError as error:
            raise AdapterError(f"this librdkafka has no mock cluster ({error}): use the wheel from PyPI") from error
        self.settings["bootstrap"] = self._mock.bootstrap
        super().start()
        if self._apis is not None:
            self._apis |= {CREATE_TOPICS: 0, DELETE_TOPICS: 0}
        self._without |= NOT_DONE

    def stop(self) -> None:
        """Clients first."""
        super().stop()
        if self._mock is not None:
            self._mock.close()
            self._mock = None

    def describe(self) -> Description:
        """As it lists its apis, and as its header says."""
        told = super().describe()
        return Description("librdkafka mock cluster", libversion()[0], told.capabilities, told.brokers, told.claims)

    def create_topic(self, op: ops.CreateTopic) -> Outcome:
        """Through the mock's own interface, which has no settings of topics: who asks for one is refused."""
        if op.settings:
            return Fail("INVALID_CONFIG", f"a topic of the mock has no {next(iter(op.settings))}")
        if self._its.create_topic(op.topic, op.partitions):
            return Ok()
        return Fail("TOPIC_ALREADY_EXISTS", op.topic)

    def delete_topic(self, op: ops.DeleteTopic) -> Outcome:
        """Denied from now on."""
        self._its.deny_topic(op.topic)
        return Ok()

    @property
    def _its(self) -> MockCluster:
        assert self._mock is not None
        return self._mock
