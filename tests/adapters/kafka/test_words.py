"""Each word that a broker of Kafka's protocol may have, on a real cluster and on the fake one of franz-go."""

import os
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

pytest.importorskip("confluent_kafka")

from brokerlaw.adapters.kafka.errors import wait_until
from brokerlaw.adapters.registry import resolve
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.outcomes import Fail, Ok
from brokerlaw.spec.history.values import GroupListing, PartitionOffset, Placed, Record, RecordHeader, TopicPartition

LIMIT = 60.0  # seconds
NUMBER = count()


class Asked:
    """An adapter, asked by a test that knows what must come of it."""

    def __init__(self, adapter: Any) -> None:
        self.adapter = adapter

    def outcome(self, op: ops.AnyOperation) -> Any:
        answer = self.adapter.perform(op)
        return answer.outcome if hasattr(answer, "outcome") else answer

    def ok(self, op: ops.AnyOperation) -> Any:
        outcome = self.outcome(op)
        assert isinstance(outcome, Ok), (op, outcome)
        return outcome.value

    def refused(self, op: ops.AnyOperation) -> str:
        """A refusal that came late may follow an attempt that was heard: it is unknown."""
        outcome = self.outcome(op)
        assert not isinstance(outcome, Ok), (op, outcome)
        return outcome.error

    def topic(self, partitions: int = 1, **settings: str) -> str:
        name = f"w{os.getpid()}-{next(NUMBER)}"
        self.ok(
            ops.CreateTopic(name, partitions, settings={key.replace("_", "."): text for key, text in settings.items()})
        )
        return name

    def read(self, reader: str, many: int) -> list[Record]:
        found: list[Record] = []

        def enough() -> bool:
            found.extend(self.ok(ops.Poll(reader)))
            return len(found) >= many

        assert wait_until(enough, LIMIT)
        return found


@pytest.fixture(
    scope="module",
    params=[pytest.param("kafka", marks=pytest.mark.kafka), pytest.param("kfake", marks=pytest.mark.kfake)],
)
def started(request: pytest.FixtureRequest) -> Iterator[Asked]:
    with resolve(request.param, {}) as adapter:
        yield Asked(adapter)


@pytest.fixture
def broker(started: Asked) -> Asked:
    started.adapter.reset()
    started.ok(ops.OpenProducer("p"))
    return started


def test_headers_and_values_that_are_null_come_back_and_the_clock_that_stamped_them(broker: Asked) -> None:
    topic = broker.topic()
    headers = (RecordHeader("trace", b"1"), RecordHeader("trace", b""), RecordHeader("none", None))
    broker.ok(ops.Send("p", topic, None, b"k", 0, timestamp=1_700_000_000_000, headers=headers))
    broker.ok(ops.Send("p", topic, b"", b"k", 0))
    broker.ok(ops.OpenConsumer("c"))
    broker.ok(ops.Assign("c", (PartitionOffset(topic, 0, 0),)))
    first, second = broker.read("c", 2)
    assert (first.value, first.headers, first.timestamp) == (None, headers, 1_700_000_000_000)
    assert (second.value, second.headers) == (b"", ())
    assert first.timestamp_type == second.timestamp_type == "CreateTime"


def test_a_topic_is_altered_and_its_other_settings_stay(broker: Asked) -> None:
    topic, large = broker.topic(max_message_bytes="2000"), b"v" * 3000
    broker.ok(ops.AlterTopic(topic, {"retention.ms": "3600000"}))
    assert broker.refused(ops.Send("p", topic, large, partition=0)) == "MSG_SIZE_TOO_LARGE"
    broker.ok(ops.AlterTopic(topic, {"max.message.bytes": "5000"}))
    assert wait_until(lambda: isinstance(broker.outcome(ops.Send("p", topic, large, partition=0)), Ok), LIMIT)


@pytest.mark.parametrize("started", [pytest.param("kafka", marks=pytest.mark.kafka)], indirect=True)
def test_the_broker_stamps_records_where_it_is_told_to(broker: Asked) -> None:  # kfake does not
    topic = broker.topic(message_timestamp_type="LogAppendTime")
    broker.ok(ops.Send("p", topic, b"v", b"k", 0, timestamp=1_700_000_000_000))
    broker.ok(ops.OpenConsumer("c"))
    broker.ok(ops.Assign("c", (PartitionOffset(topic, 0, 0),)))
    (record,) = broker.read("c", 1)
    assert record.timestamp_type == "LogAppendTime"
    assert record.timestamp > 1_700_000_000_000


def test_a_topic_is_given_more_partitions_and_never_fewer(broker: Asked) -> None:
    topic = broker.topic()
    broker.ok(ops.CreatePartitions(topic, 3))
    assert broker.ok(ops.Send("p", topic, b"v", partition=2)) == Placed(topic, 2, 0)
    assert broker.refused(ops.CreatePartitions(topic, 2)) == "INVALID_PARTITIONS"


def test_a_value_beyond_the_topics_limit_is_refused_by_the_broker(broker: Asked) -> None:
    topic = broker.topic(max_message_bytes="1500000")
    broker.ok(ops.Send("p", topic, b"v" * 1_200_000, partition=0))
    assert broker.refused(ops.Send("p", topic, b"v" * 1_700_000, partition=0)) == "MSG_SIZE_TOO_LARGE"
    assert broker.ok(ops.ListOffsets(topic, 0)) == 1


def test_a_fenced_producer_is_told_so_of_each_send_and_at_commit(broker: Asked) -> None:
    topic = broker.topic()
    broker.ok(ops.OpenProducer("old", transactional_id=topic))
    broker.ok(ops.BeginTransaction("old"))
    broker.ok(ops.Send("old", topic, b"v", partition=0))
    broker.ok(ops.OpenProducer("new", transactional_id=topic))
    for _ in range(2):
        assert broker.refused(ops.Send("old", topic, b"v", partition=0)) != "TimeoutError"
    assert broker.refused(ops.CommitTransaction("old"))
    broker.ok(ops.Close("old"))


def test_without_acks_nobody_tells_the_offset(broker: Asked) -> None:
    topic = broker.topic()
    broker.ok(ops.OpenProducer("quick", acks="0", idempotent=False))
    assert broker.ok(ops.Send("quick", topic, b"v", partition=0)) == Placed(topic, 0, -1)


def group_with_a_commit(broker: Asked, topic: str) -> str:
    group = f"{topic}-group"
    broker.ok(ops.OpenConsumer("c", group))
    broker.ok(ops.Subscribe("c", (topic,)))
    for number in range(3):
        broker.ok(ops.Send("p", topic, b"%d" % number, partition=0))
    broker.read("c", 3)
    broker.ok(ops.Commit("c", (PartitionOffset(topic, 0, 1),)))
    return group


def test_groups_are_listed_with_their_lag_and_lose_what_they_committed(broker: Asked) -> None:
    topic = broker.topic()
    group = group_with_a_commit(broker, topic)
    assert GroupListing(group, "stable") in broker.ok(ops.ListGroups())
    assert broker.ok(ops.Lag(group, topic, 0)) == 2
    here = (TopicPartition(topic, 0),)
    assert broker.refused(ops.DeleteOffsets(group, here)) == "GROUP_SUBSCRIBED_TO_TOPIC"
    assert broker.refused(ops.DeleteGroup(group)) == "NON_EMPTY_GROUP"
    broker.ok(ops.Close("c"))
    assert broker.ok(ops.FetchCommitted(group, topic, 0)) == 1
    assert wait_until(lambda: isinstance(broker.outcome(ops.DeleteOffsets(group, here)), Ok), LIMIT)
    assert broker.ok(ops.FetchCommitted(group, topic, 0)) is None
    assert broker.ok(ops.Lag(group, topic, 0)) is None


def test_a_group_without_members_is_deleted_with_what_it_committed(broker: Asked) -> None:
    topic = broker.topic()
    group = group_with_a_commit(broker, topic)
    broker.ok(ops.Close("c"))
    assert wait_until(lambda: isinstance(broker.outcome(ops.DeleteGroup(group)), Ok), LIMIT)
    assert group not in {each.group for each in broker.ok(ops.ListGroups())}
    forgotten = broker.outcome(ops.FetchCommitted(group, topic, 0))
    assert forgotten == Ok(None) or forgotten.error == "GROUP_ID_NOT_FOUND"
    assert broker.refused(ops.DeleteGroup(group)) == "GROUP_ID_NOT_FOUND"


def test_a_reader_without_a_position_and_a_policy_is_told_so_until_it_seeks(broker: Asked) -> None:
    topic = broker.topic()
    broker.ok(ops.Send("p", topic, b"v", partition=0))
    broker.ok(ops.OpenConsumer("c", reset="none"))
    broker.ok(ops.Assign("c", (PartitionOffset(topic, 0, 7),)))
    assert wait_until(lambda: isinstance(broker.outcome(ops.Poll("c")), Fail), LIMIT)
    assert broker.refused(ops.Poll("c")) == "NO_OFFSET_FOR_PARTITION"
    broker.ok(ops.Seek("c", topic, 0, 0))
    assert [record.offset for record in broker.read("c", 1)] == [0]


def test_a_position_is_told_where_it_was_sought_and_nothing_is_done_to_what_is_not_assigned(broker: Asked) -> None:
    topic = broker.topic(partitions=2)
    for _ in range(3):
        broker.ok(ops.Send("p", topic, b"v", partition=0))
    broker.ok(ops.OpenConsumer("c"))
    broker.ok(ops.Assign("c", (PartitionOffset(topic, 0, 0),)))
    broker.read("c", 3)
    assert broker.ok(ops.Position("c", topic, 0)) == 3
    broker.ok(ops.Seek("c", topic, 0, 1))
    assert broker.ok(ops.Position("c", topic, 0)) == 1
    strange = TopicPartition(topic, 1)
    refused = (
        ops.Pause("c", (strange,)),
        ops.Resume("c", (strange,)),
        ops.Seek("c", topic, 1, 0),
        ops.Position("c", topic, 1),
    )
    assert {broker.refused(op) for op in refused} == {"_STATE"}


def test_a_position_moves_past_a_short_transaction_that_was_aborted(broker: Asked) -> None:
    topic = broker.topic()
    broker.ok(ops.OpenProducer("x", transactional_id=topic, transaction_timeout=1_000))
    broker.ok(ops.BeginTransaction("x"))
    broker.ok(ops.Send("x", topic, b"v", partition=0))
    broker.ok(ops.AbortTransaction("x"))
    broker.ok(ops.OpenConsumer("c", isolation="read_committed"))
    broker.ok(ops.Assign("c", (PartitionOffset(topic, 0, 0),)))
    assert broker.ok(ops.Position("c", topic, 0)) == 0
    assert wait_until(lambda: broker.ok(ops.Poll("c")) or broker.ok(ops.Position("c", topic, 0)) == 2, LIMIT)


def test_a_reader_without_a_group_is_no_member_of_anything(broker: Asked) -> None:
    topic = broker.topic()
    broker.ok(ops.OpenConsumer("c"))
    here = PartitionOffset(topic, 0, 0)
    refused = (ops.Subscribe("c", (topic,)), ops.Commit("c", (here,)), ops.Committed("c", topic, 0))
    assert {broker.refused(op) for op in refused} == {"INVALID_GROUP_ID"}
    broker.ok(ops.OpenProducer("x", transactional_id=topic))
    broker.ok(ops.BeginTransaction("x"))
    assert broker.refused(ops.SendOffsets("x", "c", (here,))) == "INVALID_GROUP_ID"


def test_settings_that_cannot_go_together_are_refused(broker: Asked) -> None:
    assert broker.refused(ops.OpenProducer("bad", acks="1", idempotent=True)) == "_INVALID_ARG"
    assert broker.refused(ops.OpenConsumer("bad", settings={"auto.offset.reset": "by_duration:PT5S"})) == "_INVALID_ARG"


def test_the_broker_tells_by_what_it_is_to_be_judged(broker: Asked) -> None:
    told = broker.adapter.describe().settings
    assert told["log.message.timestamp.type"] == "CreateTime"
    assert int(told["message.max.bytes"]) > 1_000_000
    assert told["offsets.retention.minutes"] == "10080"
