"""The reference's topics and groups, as administrators change them, and what records carry."""

import pytest
from driving import TP, Driven

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.values import GroupListing, PartitionOffset, Record, RecordHeader, TopicPartition


def records(cluster: Driven) -> list[Record]:
    """Everything in the partition, as a reader has it."""
    cluster.do(ops.OpenConsumer("r"))
    cluster.do(ops.Assign("r", (PartitionOffset(*TP, 0),)))
    told = list(cluster.do(ops.Poll("r", 1000)))
    cluster.do(ops.Close("r"))
    return told


def test_a_record_comes_back_whole() -> None:
    cluster = Driven()
    cluster.do(ops.OpenProducer("p", compression="zstd"))
    headers = (RecordHeader("a", b""), RecordHeader("b", None), RecordHeader("a", b"\xff"))
    cluster.do(ops.Send("p", "t", None, b"k", 0, 17, headers))
    assert records(cluster) == [Record("t", 0, 0, None, b"k", 17, "CreateTime", headers)]


def test_the_broker_may_be_told_to_give_the_time() -> None:
    cluster = Driven(message_timestamp_type="LogAppendTime")
    cluster.do(ops.OpenProducer("p"))
    for _ in range(2):
        cluster.do(ops.Send("p", "t", b"0", partition=0, timestamp=17))
        cluster.wait(50)
    first, second = records(cluster)
    assert first.timestamp_type == "LogAppendTime"
    assert 17 < first.timestamp < second.timestamp


def test_what_is_too_large_is_refused_and_what_was_sent_with_it_is_not() -> None:
    cluster = Driven(max_message_bytes="1000")
    cluster.do(ops.OpenProducer("p", linger=20))
    values = [b"a" * 400, b"b" * 400, b"c" * 1000, b"d" * 400]
    sends = [cluster.adapter.perform(ops.Send("p", "t", value, partition=0, awaited=False)) for value in values]
    cluster.do(ops.Flush("p"))
    assert [getattr(send.result(), "error", None) for send in sends][:3] == [None, None, "MESSAGE_TOO_LARGE"]  # type: ignore[union-attr]  # futures
    assert cluster.read() == [value for value in values if value[:1] in (b"a", b"b")]


def test_a_topic_gets_more_partitions_and_its_members_are_given_them() -> None:
    cluster = Driven()
    cluster.member("a")
    cluster.settle("a")
    assert cluster.refused(ops.CreatePartitions("t", 1)) == "INVALID_PARTITIONS"
    assert cluster.refused(ops.CreatePartitions("u", 3)) == "UNKNOWN_TOPIC_OR_PARTITION"
    cluster.do(ops.CreatePartitions("t", 3))
    cluster.wait(200)
    cluster.settle("a")
    assert cluster.held["a"] == {TopicPartition("t", number) for number in range(3)}


def test_a_topic_is_altered() -> None:
    cluster = Driven(max_message_bytes="1000")
    cluster.do(ops.OpenProducer("p"))
    assert cluster.refused(ops.Send("p", "t", b"0" * 2000)) == "MESSAGE_TOO_LARGE"
    assert cluster.refused(ops.AlterTopic("t", {"max.message.bytes": "much"})) == "INVALID_CONFIG"
    cluster.do(ops.AlterTopic("t", {"message.timestamp.type": "LogAppendTime"}))
    assert cluster.refused(ops.Send("p", "t", b"0" * 2000)) == "MESSAGE_TOO_LARGE"
    cluster.do(ops.AlterTopic("t", {"max.message.bytes": "3000"}))
    cluster.do(ops.Send("p", "t", b"0" * 2000))
    assert [record.timestamp_type for record in records(cluster)] == ["LogAppendTime"]


def test_records_are_deleted_up_to_the_high_watermark_and_on_every_replica() -> None:
    cluster = Driven()
    cluster.do(ops.OpenProducer("p"))
    for value in (b"0", b"1", b"2"):
        cluster.send(value)
    assert cluster.refused(ops.DeleteRecords(*TP, 4)) == "OFFSET_OUT_OF_RANGE"
    cluster.do(ops.DeleteRecords(*TP, 2))
    cluster.do(ops.DeleteRecords(*TP, 1))
    assert [record.offset for record in records(cluster)] == [2]
    leader = cluster.state().leader
    assert leader is not None
    cluster.do(ops.KillBroker(leader))
    cluster.wait(1_500)
    assert cluster.do(ops.ListOffsets(*TP, "earliest")) == 2
    cluster.do(ops.DeleteRecords(*TP, -1))
    assert cluster.do(ops.ListOffsets(*TP, "earliest")) == 3


def test_groups_are_listed_with_their_lag_and_deleted_when_nobody_is_in_them() -> None:
    cluster = Driven()
    cluster.do(ops.OpenProducer("p"))
    for value in (b"0", b"1", b"2"):
        cluster.send(value)
    assert cluster.do(ops.Lag("g", *TP)) is None
    cluster.member("a")
    cluster.settle("a")
    cluster.do(ops.Commit("a", (PartitionOffset(*TP, 1),)))
    assert cluster.do(ops.ListGroups()) == (GroupListing("g", "stable"),)
    assert cluster.do(ops.Lag("g", *TP)) == 2
    assert cluster.refused(ops.DeleteGroup("g")) == "NON_EMPTY_GROUP"
    assert cluster.refused(ops.DeleteOffsets("g", (TP,))) == "GROUP_SUBSCRIBED_TO_TOPIC"
    cluster.do(ops.Close("a"))
    cluster.do(ops.DeleteOffsets("g", (TP,)))
    assert cluster.do(ops.FetchCommitted("g", *TP)) is None
    cluster.do(ops.DeleteGroup("g"))
    assert cluster.do(ops.ListGroups()) == ()
    assert cluster.refused(ops.DeleteGroup("g")) == "GROUP_ID_NOT_FOUND"
    assert cluster.refused(ops.DeleteOffsets("g", (TP,))) == "GROUP_ID_NOT_FOUND"


def test_a_member_of_a_group_that_was_deleted_cannot_commit() -> None:
    cluster = Driven()
    cluster.member("a")
    cluster.settle("a")
    cluster.do(ops.Freeze("a"))
    cluster.wait(2_500)
    cluster.do(ops.DeleteGroup("g"))
    cluster.do(ops.Thaw("a"))
    assert cluster.refused(ops.Commit("a", (PartitionOffset(*TP, 0),))) == "ILLEGAL_GENERATION"


@pytest.mark.parametrize(("seconds", "offset"), [(3, 1), (100, 0), (0, 2)])
def test_a_reader_may_begin_at_what_is_so_old(seconds: int, offset: int) -> None:
    cluster = Driven()
    cluster.do(ops.OpenProducer("p"))
    cluster.send(b"0")
    cluster.do(ops.AdvanceClock(5_000))
    cluster.send(b"1")
    cluster.wait(10)
    cluster.member("a", reset=f"by_duration:PT{seconds}S")
    told = [record.offset for _ in range(10) for record in cluster.do(ops.Poll("a"))]
    assert told == list(range(offset, 2))
