"""The reference's retention and compaction: what goes, what stays, on every replica."""

import pytest
from driving import TP, Driven

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.values import PartitionOffset, Record

COMPACT = {"cleanup_policy": "compact", "segment_bytes": "150", "min_cleanable_dirty_ratio": "0"}
"""Segments of two small records each."""


def read(cluster: Driven, isolation: ops.Isolation = "read_uncommitted") -> list[Record]:
    cluster.do(ops.OpenConsumer("r", isolation=isolation))
    cluster.do(ops.Assign("r", (PartitionOffset(*TP, 0),)))
    told = list(cluster.do(ops.Poll("r", 1000)))
    cluster.do(ops.Close("r"))
    return told


def pairs(records: list[Record]) -> list[tuple[int, bytes | None, bytes | None]]:
    return [(record.offset, record.key, record.value) for record in records]


def sending(**settings: str) -> Driven:
    cluster = Driven(**settings)
    cluster.do(ops.OpenProducer("p"))
    return cluster


def keyed(cluster: Driven, *values: tuple[bytes, bytes | None], client: str = "p") -> None:
    for key, value in values:
        cluster.do(ops.Send(client, "t", value, key, 0))


def start(cluster: Driven) -> int:
    told: int = cluster.do(ops.ListOffsets(*TP, "earliest"))
    return told


def test_segments_go_when_their_last_record_is_too_old() -> None:
    cluster = sending(retention_ms="10000", segment_ms="3000")
    for _ in range(8):
        cluster.send(b"0")
        cluster.do(ops.AdvanceClock(2_000))
    assert start(cluster) == 2  # segments of two: the first two records are 16 s and 14 s old, the next 12 s and 10 s
    cluster.do(ops.AdvanceClock(3_000))
    assert start(cluster) == 4
    cluster.do(ops.AdvanceClock(20_000))
    assert start(cluster) == 8
    assert cluster.send(b"1") == 8


def test_a_record_from_the_future_keeps_what_lies_before_it() -> None:
    cluster = sending(retention_ms="1000", segment_bytes="100")
    cluster.do(ops.Send("p", "t", b"0", partition=0, timestamp=10**9))
    cluster.send(b"1")
    cluster.do(ops.AdvanceClock(10_000))
    assert start(cluster) == 0


def test_the_log_is_as_large_as_it_may_be() -> None:
    cluster = sending(retention_bytes="200", segment_bytes="100")
    for _ in range(9):
        cluster.send(b"0")
    cluster.do(ops.AdvanceClock(2_000))
    assert start(cluster) == 6
    leader = cluster.state().leader
    assert leader is not None
    cluster.do(ops.KillBroker(leader))
    cluster.wait(1_500)
    assert start(cluster) == 6


def test_what_is_not_replicated_does_not_expire() -> None:
    cluster = sending(retention_ms="100")
    for broker in cluster.followers():
        cluster.do(ops.PauseBroker(broker))
    pending = cluster.adapter.perform(ops.Send("p", "t", b"0", partition=0, awaited=False))
    cluster.do(ops.AlterTopic("t", {"retention.ms": "1"}))
    cluster.wait(900)
    leader = cluster.state().leader
    assert leader is not None
    assert [record.value for record in cluster.do(ops.ReadReplica(*TP, leader))] == [b"0"]
    cluster.wait(5_000)
    assert pending is not None
    assert start(cluster) == 1


def test_nothing_expires_without_a_limit() -> None:
    cluster = sending()
    cluster.send(b"0")
    cluster.do(ops.AdvanceClock(10**9))
    assert start(cluster) == 0


def test_compaction_keeps_the_last_of_each_key_where_it_was() -> None:
    cluster = sending(**COMPACT)
    keyed(cluster, (b"a", b"0"), (b"b", b"1"), (b"a", b"2"), (b"c", b"3"), (b"a", b"4"), (b"b", b"5"))
    cluster.do(ops.AdvanceClock(2_000))
    assert [offset for offset, _, _ in pairs(read(cluster))] == [1, 2, 3, 4, 5]  # the last two are not compacted yet
    keyed(cluster, (b"d", b"6"), (b"d", b"7"))
    cluster.do(ops.AdvanceClock(2_000))
    kept = pairs(read(cluster))
    assert kept == [(3, b"c", b"3"), (4, b"a", b"4"), (5, b"b", b"5"), (6, b"d", b"6"), (7, b"d", b"7")]
    leader = cluster.state().leader
    assert leader is not None
    cluster.do(ops.KillBroker(leader))
    cluster.wait(1_500)
    assert pairs(read(cluster)) == kept
    assert cluster.do(ops.ListOffsets(*TP)) == 8


def test_a_tombstone_stays_for_its_time() -> None:
    cluster = sending(**COMPACT, delete_retention_ms="5000")
    keyed(cluster, (b"a", b"0"), (b"a", None), *[(b"b", b"1")] * 4)
    cluster.do(ops.AdvanceClock(2_000))
    assert (1, b"a", None) in pairs(read(cluster))
    keyed(cluster, *[(b"b", b"1")] * 4)
    cluster.do(ops.AdvanceClock(2_000))
    assert (1, b"a", None) in pairs(read(cluster))
    keyed(cluster, *[(b"b", b"1")] * 4)
    cluster.do(ops.AdvanceClock(4_000))
    keyed(cluster, *[(b"b", b"1")] * 4)
    cluster.do(ops.AdvanceClock(2_000))
    assert b"a" not in [key for _, key, _ in pairs(read(cluster))]


def test_a_transaction_that_is_open_is_not_compacted_and_one_that_was_aborted_counts_for_nothing() -> None:
    cluster = sending(**COMPACT)
    cluster.do(ops.OpenProducer("x", transactional_id="x"))
    keyed(cluster, (b"a", b"kept"))
    cluster.do(ops.BeginTransaction("x"))
    keyed(cluster, (b"a", b"aborted"), client="x")
    keyed(cluster, *[(b"b", b"%d" % number) for number in range(6)])
    cluster.do(ops.AdvanceClock(2_000))
    assert len(read(cluster)) == 8
    cluster.do(ops.AbortTransaction("x"))
    cluster.do(ops.BeginTransaction("x"))
    keyed(cluster, (b"c", b"committed"), client="x")
    cluster.do(ops.CommitTransaction("x"))
    keyed(cluster, *[(b"d", b"%d" % number) for number in range(4)])
    cluster.do(ops.AdvanceClock(2_000))
    for isolation in ("read_committed", "read_uncommitted"):
        told = [(key, value) for _, key, value in pairs(read(cluster, isolation))]  # type: ignore[arg-type]  # both are
        assert told[:3] == [(b"a", b"kept"), (b"b", b"5"), (b"c", b"committed")]


def test_a_record_without_a_key_cannot_be_compacted() -> None:
    cluster = sending(cleanup_policy="compact")
    assert cluster.refused(ops.Send("p", "t", b"0", partition=0)) == "INVALID_RECORD"
    assert cluster.refused(ops.DeleteRecords(*TP, 0)) == "POLICY_VIOLATION"
    assert read(cluster) == []


@pytest.mark.parametrize("setting", ["cleanup_policy", "segment_bytes", "min_cleanable_dirty_ratio", "retention_ms"])
def test_a_setting_that_makes_no_sense_is_refused(setting: str) -> None:
    cluster = Driven()
    assert cluster.refused(ops.AlterTopic("t", {setting.replace("_", "."): "-2"})) == "INVALID_CONFIG"
