"""The reference's groups, under both protocols: sharing, leaving, static members, committed offsets."""

from typing import Any

import pytest
from driving import TP, Driven

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.values import PartitionOffset, TopicPartition

ALL = {TopicPartition("t", number) for number in range(4)}
PROTOCOLS: tuple[dict[str, Any], ...] = (
    {},
    {"assignor": "cooperative-sticky"},
    {"protocol": "consumer", "assignor": "uniform"},
)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_members_share_the_partitions_and_take_over_from_the_dead(protocol: dict[str, Any]) -> None:
    cluster = Driven(partitions=4)
    cluster.member("a", **protocol)
    cluster.settle("a")
    assert cluster.held["a"] == ALL
    cluster.member("b", **protocol)
    cluster.settle("a", "b")
    assert len(cluster.held["a"]) == len(cluster.held["b"]) == 2
    assert cluster.held["a"] | cluster.held["b"] == ALL
    cluster.do(ops.Crash("a"))
    cluster.wait(2_500)
    cluster.settle("b")
    assert cluster.held["b"] == ALL


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_zombie_is_fenced(protocol: dict[str, Any]) -> None:
    cluster = Driven()
    cluster.member("a", **protocol)
    cluster.settle("a")
    cluster.do(ops.Freeze("a"))
    cluster.member("b", **protocol)
    cluster.wait(2_500)
    cluster.settle("b")
    cluster.do(ops.Commit("b", (PartitionOffset(*TP, 0),)))
    cluster.do(ops.Thaw("a"))
    assert cluster.refused(ops.Commit("a", (PartitionOffset(*TP, 0),))) in ("UNKNOWN_MEMBER_ID", "ILLEGAL_GENERATION")


def test_a_static_member_comes_back_to_what_it_had_and_disturbs_nobody() -> None:
    cluster = Driven(partitions=4)
    for name in ("a", "b"):
        cluster.member(name, instance_id=name)
    cluster.settle("a", "b")
    had, generation = cluster.held["a"], cluster.generations["b"]
    cluster.do(ops.Crash("a"))
    cluster.member("a2", instance_id="a")
    cluster.settle("a2", "b")
    assert cluster.held["a2"] == had
    assert cluster.generations["b"] == generation


def test_an_instance_that_was_taken_over_is_fenced_for_good() -> None:
    cluster = Driven()
    cluster.member("a", instance_id="i")
    cluster.settle("a")
    cluster.do(ops.Freeze("a"))
    cluster.member("b", instance_id="i")
    cluster.settle("b")
    cluster.do(ops.Thaw("a"))
    cluster.wait(200)
    for _ in range(3):
        assert cluster.refused(ops.Poll("a")) == "FENCED_INSTANCE_ID"
    cluster.settle("b")
    assert cluster.held["b"] == {TP}


def test_a_group_speaks_one_protocol() -> None:
    cluster = Driven()
    cluster.member("a")
    cluster.settle("a")
    cluster.member("b", protocol="consumer", assignor="uniform")
    assert cluster.refused(ops.Poll("b")) == "INCONSISTENT_GROUP_PROTOCOL"


def test_offsets_are_the_groups_and_outlive_its_members() -> None:
    cluster = Driven()
    cluster.member("a")
    cluster.settle("a")
    cluster.do(ops.Commit("a", (PartitionOffset(*TP, 7),)))
    assert cluster.do(ops.Committed("a", *TP)) == 7
    assert cluster.refused(ops.ResetOffsets("g", (PartitionOffset(*TP, 1),))) == "NON_EMPTY_GROUP"
    cluster.do(ops.Close("a"))
    assert cluster.do(ops.FetchCommitted("g", *TP)) == 7
    assert cluster.do(ops.FetchCommitted("other", *TP)) is None
    cluster.do(ops.ResetOffsets("g", (PartitionOffset(*TP, 1),)))
    assert cluster.do(ops.FetchCommitted("g", *TP)) == 1


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_who_could_not_say_that_it_left_is_missed_though_it_stands_still_afterwards(protocol: dict[str, Any]) -> None:
    cluster = Driven(partitions=4)
    cluster.member("a", max_poll_interval=2_000, **protocol)
    cluster.settle("a")
    for broker in range(3):
        cluster.do(ops.PauseBroker(broker))
    cluster.wait(4_000)
    cluster.do(ops.Freeze("a"))
    for broker in range(3):
        cluster.do(ops.ResumeBroker(broker))
    cluster.wait(1_000)
    cluster.do(ops.Thaw("a"))
    cluster.settle("a")
    cluster.wait(6_000)
    cluster.settle("a")
    assert cluster.held["a"] == ALL
