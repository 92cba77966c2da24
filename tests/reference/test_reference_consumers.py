"""The reference's consumers, as clients do: who does not poll, what is committed by itself, errors of the policy."""

from typing import Any

import pytest
from driving import TP, Driven

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.observations import Assigned, Revoked
from brokerlaw.spec.history.values import GroupListing, PartitionOffset, TopicPartition

PROTOCOLS: tuple[dict[str, Any], ...] = (
    {},
    {"assignor": "cooperative-sticky"},
    {"protocol": "consumer", "assignor": "uniform"},
)


def sending(count: int, **settings: Any) -> Driven:
    cluster = Driven(**settings)
    cluster.do(ops.OpenProducer("p"))
    for number in range(count):
        cluster.send(b"%d" % number)
    return cluster


def polled(cluster: Driven, member: str, most: int = 100) -> list[int]:
    return [record.offset for _ in range(8) for record in cluster.do(ops.Poll(member, most))]


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("instance", [None, "i"])
def test_who_does_not_poll_leaves_and_is_told_when_it_does(protocol: dict[str, Any], instance: str | None) -> None:
    cluster = Driven(partitions=2)
    cluster.member("a", max_poll_interval=3_000, instance_id=instance, **protocol)
    cluster.member("b", **protocol)
    cluster.settle("a", "b")
    assert len(cluster.held["b"]) == 1
    for _ in range(9):
        cluster.wait(700)
        cluster.settle("b")
    assert len(cluster.held["b"]) == 2
    assert cluster.refused(ops.Commit("a", (PartitionOffset(*TP, 0),))) in ("UNKNOWN_MEMBER_ID", "ILLEGAL_GENERATION")
    cluster.settle("a", "b")
    assert len(cluster.held["a"]) == len(cluster.held["b"]) == 1
    assert cluster.held["a"] | cluster.held["b"] == {TopicPartition("t", 0), TopicPartition("t", 1)}


@pytest.mark.parametrize(("assignor", "lets_go"), [("range", True), ("cooperative-sticky", False)])
def test_an_eager_member_that_subscribes_anew_lets_go_before_it_joins(assignor: str, lets_go: bool) -> None:
    cluster, told = Driven(partitions=2), list[type]()
    cluster.member("a", assignor=assignor)
    cluster.settle("a")
    cluster.adapter.listen(lambda _at, _process, observation: told.append(type(observation)))
    cluster.do(ops.Subscribe("a", ("t",)))
    cluster.settle("a")
    assert told == ([Revoked, Assigned] if lets_go else [Assigned])


def test_a_poll_commits_what_the_one_before_returned_and_close_commits_all() -> None:
    cluster = sending(6)
    cluster.member("a", auto_commit=True, auto_commit_interval=1_000)
    cluster.settle("a")
    cluster.do(ops.Seek("a", *TP, 0))
    cluster.wait(1_100)
    cluster.do(ops.Poll("a", 2))
    assert cluster.do(ops.FetchCommitted("g", *TP)) == 0
    cluster.do(ops.Poll("a", 2))
    assert cluster.do(ops.FetchCommitted("g", *TP)) == 0  # the interval has not passed again
    cluster.wait(1_100)
    cluster.do(ops.Poll("a", 1))
    assert cluster.do(ops.FetchCommitted("g", *TP)) == 4
    cluster.do(ops.Close("a"))
    assert cluster.do(ops.FetchCommitted("g", *TP)) == 5


def test_without_a_policy_a_missing_offset_and_one_out_of_range_are_errors() -> None:
    cluster = sending(2)
    cluster.member("a", reset="none")
    refusals = [cluster.ask(ops.Poll("a")) for _ in range(8)]
    assert getattr(refusals[-1], "error", None) == "NO_OFFSET_FOR_PARTITION"
    cluster.do(ops.Seek("a", *TP, 1))
    assert polled(cluster, "a") == [1]
    cluster.do(ops.Seek("a", *TP, 9))
    assert cluster.refused(ops.Poll("a")) == "OFFSET_OUT_OF_RANGE"


def test_an_error_of_one_partition_loses_nothing_of_another() -> None:
    cluster = sending(3, partitions=2)
    cluster.do(ops.OpenConsumer("r", reset="none"))
    cluster.do(ops.Assign("r", (PartitionOffset("t", 0, 0), PartitionOffset("t", 1, 7))))
    told: list[int] = []
    for _ in range(6):
        outcome = cluster.ask(ops.Poll("r", 1))
        told += [record.offset for record in getattr(outcome, "value", ())]
    assert told == [0, 1, 2]


def test_what_was_paused_is_not_when_it_is_assigned_anew() -> None:
    cluster = sending(1)
    cluster.member("a")
    cluster.settle("a")
    cluster.do(ops.Seek("a", *TP, 0))
    cluster.do(ops.Pause("a", (TP,)))
    assert polled(cluster, "a") == []
    cluster.do(ops.Unsubscribe("a"))
    cluster.do(ops.Subscribe("a", ("t",)))
    assert polled(cluster, "a") == [0]


def test_a_pause_or_a_resume_that_is_refused_has_no_effect() -> None:
    cluster = sending(1)
    cluster.do(ops.OpenConsumer("a"))
    cluster.do(ops.Assign("a", (PartitionOffset(*TP, 0),)))
    both = (TP, TopicPartition("t", 1))
    assert cluster.refused(ops.Pause("a", both)) == "UNKNOWN_TOPIC_OR_PARTITION"
    assert polled(cluster, "a") == [0]
    cluster.do(ops.Seek("a", *TP, 0))
    cluster.do(ops.Pause("a", (TP,)))
    assert cluster.refused(ops.Resume("a", both)) == "UNKNOWN_TOPIC_OR_PARTITION"
    assert polled(cluster, "a") == []


@pytest.mark.parametrize(("plain", "told"), [(3, 3), (None, 5)])
def test_a_commit_that_came_after_the_offsets_of_a_transaction_stays(plain: int | None, told: int) -> None:
    """Kafka 4.3.1 tells 3: an offset of a transaction has its place in the log from where it was sent."""
    cluster = Driven()
    cluster.member("a")
    cluster.settle("a")
    cluster.do(ops.OpenProducer("x", transactional_id="x"))
    cluster.do(ops.BeginTransaction("x"))
    cluster.do(ops.SendOffsets("x", "a", (PartitionOffset(*TP, 5),)))
    if plain is not None:
        cluster.do(ops.Commit("a", (PartitionOffset(*TP, plain),)))
    cluster.do(ops.CommitTransaction("x"))
    cluster.wait(200)
    assert cluster.do(ops.FetchCommitted("g", *TP)) == told


def test_no_offset_is_kept_for_a_partition_that_is_not_there() -> None:
    cluster, nowhere = Driven(), (PartitionOffset("t", 1, 5),)
    cluster.member("a")
    cluster.settle("a")
    cluster.do(ops.OpenProducer("x", transactional_id="x"))
    cluster.do(ops.BeginTransaction("x"))
    for op in (ops.Commit("a", nowhere), ops.ResetOffsets("h", nowhere), ops.SendOffsets("x", "a", nowhere)):
        assert cluster.refused(op) == "UNKNOWN_TOPIC_OR_PARTITION"


def test_what_was_committed_before_a_transaction_sent_its_offsets_does_not_stay() -> None:
    cluster = Driven()
    cluster.member("a")
    cluster.settle("a")
    cluster.do(ops.Commit("a", (PartitionOffset(*TP, 9),)))
    for name, offset in (("x", 5), ("y", 4)):
        cluster.do(ops.OpenProducer(name, transactional_id=name))
        cluster.do(ops.BeginTransaction(name))
        cluster.do(ops.SendOffsets(name, "a", (PartitionOffset(*TP, offset),)))
    for name in ("y", "x"):
        cluster.do(ops.CommitTransaction(name))
        cluster.wait(200)
        assert cluster.do(ops.FetchCommitted("g", *TP)) == 4  # y's were sent last


def test_offsets_expire_when_nobody_has_been_in_the_group_for_so_long() -> None:
    cluster = Driven()
    cluster.adapter = type(cluster.adapter)({"offsets.retention.minutes": "1", "loss": "0"})
    cluster.do(ops.CreateTopic("t", 1, 3))
    cluster.member("a", max_poll_interval=1_000_000)
    for _ in range(12):
        cluster.do(ops.Poll("a"))
    cluster.do(ops.Commit("a", (PartitionOffset(*TP, 0),)))
    cluster.do(ops.AdvanceClock(90_000))
    assert cluster.do(ops.FetchCommitted("g", *TP)) == 0  # it is subscribed
    cluster.do(ops.Close("a"))
    cluster.do(ops.AdvanceClock(50_000))
    assert cluster.do(ops.FetchCommitted("g", *TP)) == 0
    cluster.do(ops.AdvanceClock(20_000))
    assert cluster.do(ops.FetchCommitted("g", *TP)) is None
    assert cluster.do(ops.ListGroups()) == ()
    cluster.do(ops.ResetOffsets("h", (PartitionOffset(*TP, 0),)))
    assert cluster.do(ops.ListGroups()) == (GroupListing("h", "empty"),)
    cluster.do(ops.AdvanceClock(70_000))
    assert cluster.do(ops.ListGroups()) == ()


def test_a_producer_that_is_idempotent_has_at_most_five_batches_in_flight() -> None:
    cluster = Driven()
    settings = {"max.in.flight.requests.per.connection": "6"}
    assert cluster.refused(ops.OpenProducer("p", settings=settings)) == "INVALID_CONFIG"
    cluster.do(ops.OpenProducer("q", idempotent=False, settings=settings))


def test_a_fatal_error_ends_all_that_a_producer_can_do() -> None:
    cluster = Driven()
    cluster.do(ops.OpenProducer("p", transactional_id="x"))
    cluster.do(ops.BeginTransaction("p"))
    cluster.do(ops.Send("p", "t", b"0", partition=0))
    cluster.do(ops.OpenProducer("q", transactional_id="x"))
    for op in (
        ops.CommitTransaction("p"),
        ops.BeginTransaction("p"),
        ops.Send("p", "t", b"1"),
        ops.AbortTransaction("p"),
    ):
        assert cluster.refused(op) == "PRODUCER_FENCED"
    assert cluster.read("read_committed") == []
