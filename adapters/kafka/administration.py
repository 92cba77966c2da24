"""Administration of topics, offsets and groups, over librdkafka's admin client."""

import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from confluent_kafka import ConsumerGroupTopicPartitions, IsolationLevel, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._listoffsets import OffsetSpec
from confluent_kafka.cimpl import NewTopic

from brokerlaw.adapters.contract import Adapter
from brokerlaw.adapters.kafka.outcomes import outcome_of
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.outcomes import Ok, Outcome, Unknown
from brokerlaw.spec.history.values import GroupState, Member, TopicPartition as Partition


class Administration(Adapter):
    """What needs no client of a plan. An adapter sets `_admin` when it starts, and keeps it: its answers need it."""

    _admin: AdminClient

    def create_topic(self, op: ops.CreateTopic) -> Outcome:
        """Returns when every partition has a leader."""
        new = NewTopic(op.topic, op.partitions, op.replication, config=dict(op.settings))
        outcome = self._future(lambda: self._admin.create_topics([new], request_timeout=5)[op.topic])
        deadline = time.monotonic() + 5
        while isinstance(outcome, Ok) and time.monotonic() < deadline:
            try:
                topic = self._admin.list_topics(op.topic, timeout=2).topics[op.topic]
                if (
                    topic.error is None
                    and len(topic.partitions) == op.partitions
                    and all(p.leader >= 0 for p in topic.partitions.values())
                ):
                    break
            except KafkaException:
                pass
            time.sleep(0.02)
        return outcome

    def delete_topic(self, op: ops.DeleteTopic) -> Outcome:
        """Delete."""
        return self._future(lambda: self._admin.delete_topics([op.topic], request_timeout=5)[op.topic])

    def delete_records(self, op: ops.DeleteRecords) -> Outcome:
        """Delete below an offset."""
        tp = TopicPartition(op.topic, op.partition, op.before)
        return _done(self._future(lambda: self._admin.delete_records([tp], request_timeout=5)[tp]))

    def list_offsets(self, op: ops.ListOffsets) -> Outcome:
        """Asked again while leaders move."""
        tp = TopicPartition(op.topic, op.partition)
        spec = _offset_spec(op.at)
        level = IsolationLevel.READ_COMMITTED if op.isolation == "read_committed" else IsolationLevel.READ_UNCOMMITTED
        outcome = self._future(
            lambda: self._admin.list_offsets({tp: spec}, isolation_level=level, request_timeout=3)[tp], retry_for=10
        )
        if not isinstance(outcome, Ok):
            return outcome
        return Ok(outcome.value.offset if outcome.value.offset >= 0 else None)

    def describe_group(self, op: ops.DescribeGroup) -> Outcome:
        """As its coordinator sees it."""
        outcome = self._future(
            lambda: self._admin.describe_consumer_groups([op.group], request_timeout=5)[op.group], retry_for=8
        )
        if not isinstance(outcome, Ok):
            return outcome
        found = outcome.value
        members = tuple(
            Member(
                m.member_id,
                tuple(
                    Partition(tp.topic, tp.partition) for tp in (m.assignment.topic_partitions if m.assignment else [])
                ),
                m.group_instance_id,
            )
            for m in found.members
        )
        return Ok(GroupState(found.state.name.lower(), members))

    def fetch_committed(self, op: ops.FetchCommitted) -> Outcome:
        """As its coordinator has it."""
        request = ConsumerGroupTopicPartitions(op.group, [TopicPartition(op.topic, op.partition)])
        outcome = self._future(
            lambda: self._admin.list_consumer_group_offsets([request], request_timeout=5)[op.group], retry_for=8
        )
        if not isinstance(outcome, Ok):
            return outcome
        offset = outcome.value.topic_partitions[0].offset
        return Ok(offset if offset >= 0 else None)

    def reset_offsets(self, op: ops.ResetOffsets) -> Outcome:
        """For a group without members."""
        request = ConsumerGroupTopicPartitions(op.group, [TopicPartition(*o) for o in op.offsets])
        outcome = self._future(
            lambda: self._admin.alter_consumer_group_offsets([request], request_timeout=5)[op.group], retry_for=5
        )
        return _done(outcome)

    def _future(self, ask: Callable[[], Future[Any]], retry_for: float = 0) -> Outcome:
        deadline = time.monotonic() + retry_for
        while True:
            try:
                result = ask().result(8)
            except KafkaException as error:
                kafka = error.args[0]
                if time.monotonic() < deadline:
                    time.sleep(0.1)
                    continue
                return outcome_of(kafka)
            except TimeoutError:
                return Unknown("TIMEOUT", "the admin client did not answer")
            return Ok(result)


def _done(outcome: Outcome) -> Outcome:
    """What the admin client tells of a success is not asked for."""
    return Ok() if isinstance(outcome, Ok) else outcome


def _offset_spec(at: str | int) -> Any:
    """What the admin client calls it."""
    spec: Any = OffsetSpec  # its methods are not typed
    if isinstance(at, int):
        return spec.for_timestamp(at)
    return spec.earliest() if at == "earliest" else spec.latest()
