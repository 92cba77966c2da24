"""The reference's replication: elections, the in-sync set, the high watermark, epochs, deletion."""

from driving import Driven

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.outcomes import Ok


def with_producer(**settings: str) -> Driven:
    cluster = Driven(**settings)
    cluster.do(ops.OpenProducer("p"))
    return cluster


def test_a_live_replica_in_sync_is_elected_in_the_next_epoch_and_has_everything() -> None:
    cluster = with_producer()
    cluster.send(b"a")
    before = cluster.state()
    cluster.do(ops.KillBroker(before.leader))
    cluster.wait(1_500)
    after = cluster.state()
    assert after.leader in before.isr
    assert after.leader != before.leader
    assert after.epoch == before.epoch + 1
    assert cluster.send(b"b") == 1
    assert cluster.read() == [b"a", b"b"]


def test_a_leader_that_is_stopped_hands_over_at_once_and_takes_no_record_with_it() -> None:
    cluster = with_producer()
    cluster.do(ops.OpenProducer("hasty", acks="1", idempotent=False))
    cluster.send(b"a", "hasty")
    cluster.wait(100)
    before, killed = cluster.state(), with_producer()
    cluster.do(ops.StopBroker(before.leader))
    after = cluster.state()
    assert after.leader in before.isr
    assert after.isr == tuple(broker for broker in before.isr if broker != before.leader)
    assert after.epoch == before.epoch + 1
    assert cluster.send(b"b", "hasty") == 1
    cluster.wait(100)
    assert cluster.read() == [b"a", b"b"]
    cluster.do(ops.RestartBroker(before.leader))
    cluster.wait(500)
    assert cluster.state().isr == before.isr
    killed.do(ops.KillBroker(killed.state().leader))
    assert killed.state().epoch == before.epoch  # a broker that dies has to be missed first


def test_a_producer_goes_on_while_its_leader_is_stopped() -> None:
    cluster = with_producer()
    values = [b"%d" % number for number in range(12)]
    for number, value in enumerate(values):
        cluster.adapter.perform(ops.Send("p", "t", value, partition=0, awaited=False))
        if number == 5:
            cluster.do(ops.StopBroker(cluster.state().leader))
    cluster.do(ops.Flush("p"))
    assert cluster.read() == values


def test_the_last_one_in_sync_hands_over_to_nobody() -> None:
    cluster = with_producer()
    leader, followers = cluster.state().leader, cluster.followers()
    for broker in followers:
        cluster.do(ops.StopBroker(broker))
    assert cluster.state().isr == (leader,)
    cluster.send(b"alone")
    cluster.do(ops.StopBroker(leader))
    for broker in followers:
        cluster.do(ops.RestartBroker(broker))
    cluster.wait(2_000)
    assert cluster.state().leader is None
    cluster.do(ops.RestartBroker(leader))
    cluster.wait(500)
    assert cluster.read() == [b"alone"]


def test_a_broker_that_is_cut_off_stops_and_is_missed_later() -> None:
    cluster = with_producer()
    leader = cluster.state().leader
    cluster.do(ops.IsolateBrokers((leader,)))
    cluster.do(ops.StopBroker(leader))
    assert cluster.state().leader == leader
    cluster.wait(1_500)
    assert cluster.state().leader != leader


def test_only_what_runs_can_be_stopped() -> None:
    cluster = with_producer()
    cluster.do(ops.PauseBroker(0))
    assert cluster.refused(ops.StopBroker(0)) == "INVALID_REQUEST"
    cluster.do(ops.StopBroker(1))
    assert cluster.refused(ops.StopBroker(1)) == "INVALID_REQUEST"


def alone(cluster: Driven) -> int:
    """The leader, once it is the only one in sync, has taken a record, and is dead; its followers are back."""
    leader, followers = cluster.state().leader, cluster.followers()
    for broker in followers:
        cluster.do(ops.PauseBroker(broker))
    cluster.wait(3_000)
    assert cluster.state().isr == (leader,)
    cluster.send(b"alone")
    cluster.do(ops.KillBroker(leader))
    for broker in followers:
        cluster.do(ops.ResumeBroker(broker))
    cluster.wait(2_000)
    assert isinstance(leader, int)
    return leader


def test_nobody_out_of_sync_is_elected_and_the_partition_waits() -> None:
    cluster = with_producer()
    leader = alone(cluster)
    assert cluster.state().leader is None
    cluster.do(ops.RestartBroker(leader))
    cluster.wait(1_000)
    assert cluster.state().leader == leader
    assert cluster.read() == [b"alone"]


def test_an_unclean_election_where_it_is_allowed_loses_the_record() -> None:
    cluster = with_producer(unclean_leader_election_enable="true")
    leader = alone(cluster)
    assert cluster.state().leader not in (leader, None)
    assert cluster.read() == []


def test_the_in_sync_set_shrinks_and_grows() -> None:
    cluster = with_producer()
    slow = cluster.followers()[0]
    cluster.do(ops.PauseBroker(slow))
    cluster.send(b"a")
    assert slow not in cluster.state().isr
    cluster.do(ops.ResumeBroker(slow))
    cluster.wait(500)
    assert slow in cluster.state().isr


def test_too_few_in_sync_refuse_acks_all_and_nothing_else() -> None:
    cluster = with_producer(min_insync_replicas="2")
    cluster.do(ops.OpenProducer("hasty", acks="1", idempotent=False))
    for broker in cluster.followers():
        cluster.do(ops.PauseBroker(broker))
    cluster.wait(3_000)
    assert not isinstance(cluster.ask(ops.Send("p", "t", b"a")), Ok)
    assert cluster.send(b"b", "hasty") == 0


def test_readers_see_what_all_in_sync_have() -> None:
    cluster = with_producer()
    cluster.do(ops.OpenProducer("hasty", acks="1", idempotent=False))
    for broker in cluster.followers():
        cluster.do(ops.PauseBroker(broker))
    cluster.send(b"a", "hasty")
    assert cluster.do(ops.ListOffsets("t", 0)) == 0
    assert cluster.read() == []
    cluster.wait(3_000)
    assert len(cluster.state().isr) == 1
    assert cluster.do(ops.ListOffsets("t", 0)) == 1


def test_a_deposed_leader_gives_up_what_nobody_else_has() -> None:
    cluster = with_producer()
    cluster.do(ops.OpenProducer("hasty", acks="1", idempotent=False))
    cluster.send(b"a")
    deposed = cluster.state().leader
    cluster.do(ops.IsolateBrokers((deposed,)))
    assert cluster.send(b"lost", "hasty") == 1
    cluster.wait(2_000)
    assert cluster.send(b"b") == 1
    cluster.do(ops.HealNetwork())
    cluster.wait(1_000)
    logs = [cluster.do(ops.ReadReplica("t", 0, broker)) for broker in range(3)]
    assert [[record.value for record in log] for log in logs] == [[b"a", b"b"]] * 3


def test_the_preferred_leader_is_elected_when_asked_for() -> None:
    cluster = with_producer()
    first = cluster.state()
    cluster.do(ops.KillBroker(first.leader))
    cluster.wait(1_500)
    cluster.do(ops.RestartBroker(first.leader))
    cluster.wait(500)
    cluster.do(ops.ElectLeader("t", 0))
    assert cluster.state().leader == first.leader
    assert cluster.refused(ops.ElectLeader("t", 0)) == "ELECTION_NOT_NEEDED"


def test_deleted_records_are_gone_and_the_log_begins_behind_them() -> None:
    cluster = with_producer()
    for value in (b"a", b"b", b"c"):
        cluster.send(value)
    cluster.do(ops.DeleteRecords("t", 0, 2))
    assert cluster.do(ops.ListOffsets("t", 0, "earliest")) == 2
    assert cluster.read(start=2) == [b"c"]
    assert cluster.refused(ops.DeleteRecords("t", 0, 4)) == "OFFSET_OUT_OF_RANGE"
