"""Administration of topics, offsets and groups, over librdkafka's admin client."""

import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, Final

from confluent_kafka import ConsumerGroupTopicPartitions, IsolationLevel, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import AlterConfigOpType, ConfigEntry, ConfigResource
from confluent_kafka.admin._listoffsets import OffsetSpec
from confluent_kafka.cimpl import NewPartitions, NewTopic

from brokerlaw.adapters.contract import Adapter
from brokerlaw.adapters.kafka.outcomes import of_all, outcome_of
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.outcomes import Fail, Ok, Outcome, Unknown
from brokerlaw.spec.history.values import GroupListing, GroupState, Member, TopicPartition as Partition

PATIENCE: Final = 1.0
"""Seconds in which a refusal may pass: who leaves a group has not left it at once."""


class Administration(Adapter):
    """What needs no client of a plan. An adapter sets `_admin` when it starts, and keeps it: its answers need it."""

    _admin: AdminClient

    def create_topic(self, op: ops.CreateTopic) -> Outcome:
        """Returns when every partition has a leader."""
        new = NewTopic(op.topic, op.partitions, op.replication, config=dict(op.settings))
        outcome = self._future(lambda: self._admin.create_topics([new], request_timeout=5)[op.topic])
        return self._led(outcome, op.topic, op.partitions)

    def create_partitions(self, op: ops.CreatePartitions) -> Outcome:
        """Returns when every partition has a leader."""
        new = NewPartitions(op.topic, op.total)
        outcome = self._future(lambda: self._admin.create_partitions([new], request_timeout=5)[op.topic])
        return self._led(outcome, op.topic, op.total)

    def _led(self, outcome: Outcome, topic: str, partitions: int) -> Outcome:
        """The outcome, once the partitions that it brought have leaders, or after a while."""
        deadline = time.monotonic() + 5
        while isinstance(outcome, Ok) and time.monotonic() < deadline:
            with suppress(KafkaException):
                found = self._admin.list_topics(topic, timeout=2).topics[topic]
                led = sum(each.leader >= 0 for each in found.partitions.values())
                if found.error is None and led == len(found.partitions) == partitions:
                    break
            time.sleep(0.02)
        return _done(outcome)

    def alter_topic(self, op: ops.AlterTopic) -> Outcome:
        """These settings, and no others (KIP-339)."""
        entries = [ConfigEntry(*each, incremental_operation=AlterConfigOpType.SET) for each in op.settings.items()]
        resource = ConfigResource(ConfigResource.Type.TOPIC, op.topic, incremental_configs=entries)
        return _done(
            self._future(
                lambda: self._admin.incremental_alter_configs([resource], request_timeout=5)[resource], retry_for=5
            )
        )

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
            lambda: self._admin.list_offsets({tp: spec}, isolation_level=level, request_timeout=3)[tp],
            retry_for=10,
            refused_for=10,
        )
        if not isinstance(outcome, Ok):
            return outcome
        if not isinstance(op.at, int) and outcome.value.offset < 0:  # a log has a start and an end: none was heard of
            return Unknown("NO_ANSWER", f"the admin client tells no {op.at} offset")
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

    def list_groups(self, _: ops.ListGroups) -> Outcome:
        """Of all brokers: one that does not answer may know of more."""
        outcome = self._future(lambda: self._admin.list_consumer_groups(request_timeout=5), retry_for=8)
        if not isinstance(outcome, Ok):
            return outcome
        if outcome.value.errors:
            return outcome_of(outcome.value.errors[0].args[0])
        return Ok(tuple(GroupListing(each.group_id, each.state.name.lower()) for each in outcome.value.valid))

    def fetch_committed(self, op: ops.FetchCommitted) -> Outcome:
        """As its coordinator has it."""
        request = ConsumerGroupTopicPartitions(op.group, [TopicPartition(op.topic, op.partition)])
        outcome = self._future(
            lambda: self._admin.list_consumer_group_offsets([request], request_timeout=5)[op.group], retry_for=8
        )
        if not isinstance(outcome, Ok):
            return outcome
        (found,) = outcome.value.topic_partitions
        if found.error is not None:
            return outcome_of(found.error)
        return Ok(found.offset if found.offset >= 0 else None)

    def lag(self, op: ops.Lag) -> Outcome:
        """As kafka-consumer-groups computes it: from the commit to the end, for readers of everything."""
        committed = self.fetch_committed(ops.FetchCommitted(op.group, op.topic, op.partition))
        if not isinstance(committed, Ok) or committed.value is None:
            return committed
        end = self.list_offsets(ops.ListOffsets(op.topic, op.partition))
        return Ok(max(0, end.value - committed.value)) if isinstance(end, Ok) and end.value is not None else end

    def reset_offsets(self, op: ops.ResetOffsets) -> Outcome:
        """For a group without members."""
        request = ConsumerGroupTopicPartitions(op.group, [TopicPartition(*o) for o in op.offsets])
        outcome = self._future(
            lambda: self._admin.alter_consumer_group_offsets([request], request_timeout=5)[op.group], retry_for=5
        )
        if isinstance(outcome, Ok):
            found = [each.error for each in outcome.value.topic_partitions]
            return of_all(found)
        return outcome

    def delete_group(self, op: ops.DeleteGroup) -> Outcome:
        """One without members, and what it has committed."""
        return _done(
            self._future(
                lambda: self._admin.delete_consumer_groups([op.group], request_timeout=5)[op.group], retry_for=5
            )
        )

    def _future(self, ask: Callable[[], Future[Any]], retry_for: float = 0, refused_for: float = PATIENCE) -> Outcome:
        """What became of it; asked again while something stands in the way and there is time.

        A refusal counts where it answers the first attempt that may have had an effect.
        """
        start, unheard = time.monotonic(), False
        while True:
            begun = time.monotonic()
            try:
                return Ok(ask().result(8))
            except KafkaException as error:
                outcome = outcome_of(error.args[0], begun)
            except TimeoutError:
                return Unknown("TIMEOUT", "the admin client did not answer")
            refused = isinstance(outcome, Fail)
            if time.monotonic() - start >= (min(retry_for, refused_for) if refused else retry_for):
                return Unknown(outcome.error, outcome.message) if unheard else outcome
            unheard |= not refused
            time.sleep(0.1)


def _done(outcome: Outcome) -> Outcome:
    """What the admin client tells of a success is not asked for."""
    return Ok() if isinstance(outcome, Ok) else outcome


def _offset_spec(at: str | int) -> Any:
    """What the admin client calls it."""
    spec: Any = OffsetSpec  # its methods are not typed
    if isinstance(at, int):
        return spec.for_timestamp(at)
    return spec.earliest() if at == "earliest" else spec.latest()
