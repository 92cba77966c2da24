"""Smoke checks of topics, producers, readers."""

import time

from brokerlaw.conformance.smoke.bench import Bench, check
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.outcomes import Ok
from brokerlaw.spec.history.values import PartitionOffset, Placed, TopicPartition

VALUES = (b"", b"text", b"a\x00b", b"\xff\xfe\x80", bytes(range(256)) * 256)
"""Nothing, text, a NUL, what is no UTF-8, 64 KiB of everything."""


@check("topics")
def create(b: Bench) -> None:
    """A topic with two partitions is created, empty."""
    topic = b.topic(partitions=2)
    for partition in range(2):
        end = b.ok(ops.ListOffsets(topic, partition))
        b.must(end == 0, f"the end of a new partition is {end}", "list_offsets at latest tells the next offset, 0 here")


@check("topics")
def awaited(b: Bench) -> None:
    """An awaited send tells where the record stands."""
    topic, client = b.topic(), b.producer()
    first, second = (b.ok(ops.Send(client, topic, value)) for value in (b"1", b"2"))
    mend = "answer with the topic, partition and offset that the broker acknowledged"
    b.must(first == Placed(topic, 0, 0), f"the first record of a new topic is at {first}", mend)
    b.must(second.offset > first.offset, f"the second record is at {second}, the first at {first}", mend)


@check("topics")
def in_flight(b: Bench) -> None:
    """Sends that are not awaited have their outcome after flush."""
    topic, client = b.topic(), b.producer()
    sends = [b.later(ops.Send(client, topic, b"%d" % number, awaited=False)) for number in range(3)]
    b.ok(ops.Flush(client))
    outcomes = [outcome() for outcome in sends]
    mend = "flush returns only when every Future of send has its outcome"
    b.must(None not in outcomes, f"{outcomes.count(None)} of 3 sends had no outcome after flush", mend)
    b.must(all(isinstance(outcome, Ok) for outcome in outcomes), f"the outcomes are {outcomes}", "see send")


@check("topics")
def bytes_intact(b: Bench) -> None:
    """Values come back byte for byte: empty, NUL, not UTF-8, 64 KiB; None is no key."""
    topic = b.topic()
    b.send(topic, *VALUES)
    b.send(topic, b"with a key", key=b"k\x00\xff")
    records = b.read(b.reader(topic), len(VALUES) + 1)
    mend = "values and keys are bytes (base64 in JSON), never text; an absent key is None"
    for record, sent in zip(records, (*VALUES, b"with a key"), strict=True):
        b.must(record.value == sent, f"{sent!r:.60} came back as {record.value!r:.60}", mend)
    keys = [record.key for record in records[-2:]]
    b.must(keys == [None, b"k\x00\xff"], f"keys None and b'k\\x00\\xff' came back as {keys}", mend)


@check("topics")
def empty_poll(b: Bench) -> None:
    """A poll that finds nothing is ok, empty, and ends."""
    records = b.ok(ops.Poll(b.reader(b.topic()), timeout=50))
    b.must(records == (), f"an empty topic gave {records!r:.80}", "poll returns what is there after its timeout: ()")


@check("topics")
def positions(b: Bench) -> None:
    """Assign, position and seek agree with what poll returns."""
    topic = b.topic()
    b.send(topic, b"0", b"1", b"2")
    reader = b.reader(topic, 1)
    offsets = [record.offset for record in b.read(reader, 2)]
    b.must(offsets == [1, 2], f"assigned at 1, poll gave offsets {offsets}", "assign reads from the given offset")
    position = b.ok(ops.Position(reader, topic, 0))
    b.must(position == 3, f"after offset 2 the position is {position}", "the position is the next offset")
    b.ok(ops.Seek(reader, topic, 0, 0))
    offsets = [record.offset for record in b.read(reader, 3)]
    b.must(offsets == [0, 1, 2], f"after seek to 0, poll gave offsets {offsets}", "seek drops what was fetched before")


@check("topics")
def paused(b: Bench) -> None:
    """A paused partition gives nothing until it is resumed."""
    topic = b.topic()
    b.send(topic, b"0")
    reader, partitions = b.reader(topic), (TopicPartition(topic, 0),)
    b.ok(ops.Pause(reader, partitions))
    records = b.ok(ops.Poll(reader)) + b.ok(ops.Poll(reader))
    b.must(records == (), f"a paused partition gave {len(records)} records", "poll passes over paused partitions")
    b.ok(ops.Resume(reader, partitions))
    b.read(reader, 1)


@check("topics")
def offsets(b: Bench) -> None:
    """The start and the end of a log are told."""
    topic = b.topic()
    b.send(topic, b"0", b"1")
    ends = [b.ok(ops.ListOffsets(topic, 0, at)) for at in ("earliest", "latest")]
    b.must(ends == [0, 2], f"two records, and start and end are {ends}", "earliest is 0 here, latest the next offset")


@check("topics")
def nowhere(b: Bench) -> None:
    """What is asked of a partition that is not there is refused, and does not hang."""
    outcome = b.ask(ops.ListOffsets(b.topic(), 99))
    b.must(
        not isinstance(outcome, Ok), f"partition 99 of 1 has the end {outcome}", "answer Fail with the broker's error"
    )


@check("topics")
def several_clients(b: Bench) -> None:
    """Two producers and two readers are open at once."""
    topic = b.topic()
    for client in ("one", "two"):
        b.send(topic, client.encode(), client=client)
    readers = [b.reader(topic, client=client) for client in ("left", "right")]
    for reader in readers:
        values = [record.value for record in b.read(reader, 2)]
        b.must(values == [b"one", b"two"], f"{reader} read {values}", "each op.client is a client of its own")


@check("topics")
def closed(b: Bench) -> None:
    """Close delivers what is in flight."""
    topic, client = b.topic(), b.producer()
    sent = b.later(ops.Send(client, topic, b"last", awaited=False))
    b.ok(ops.Close(client))
    b.must(isinstance(sent(), Ok), f"after close the send's outcome is {sent()}", "close flushes")
    b.read(b.reader(topic), 1)


@check("topics")
def delete(b: Bench) -> None:
    """A topic is deleted."""
    b.ok(ops.DeleteTopic(b.topic()))


@check("timestamps")
def timestamps(b: Bench) -> None:
    """Timestamps are kept, and found."""
    topic, client = b.topic(), b.producer()
    base = time.time_ns() // 1_000_000 - 60_000  # brokers refuse what is too far from now
    for later in (0, 10, 20):
        b.ok(ops.Send(client, topic, b"", partition=0, timestamp=base + later))
    kept = [record.timestamp - base for record in b.read(b.reader(topic), 3)]
    b.must(kept == [0, 10, 20], f"timestamps +0, +10, +20 came back as {kept}", "timestamps are ms since 1970")
    found = b.ok(ops.ListOffsets(topic, 0, base + 5))
    b.must(found == 1, f"the first offset at or after +5 is {found}", "list_offsets at a number looks for a timestamp")
    none = b.ok(ops.ListOffsets(topic, 0, base + 50_000))
    b.must(none is None, f"nothing is as late as +50000, and {none} was found", "None says that there is none")


@check("delete-records")
def delete_records(b: Bench) -> None:
    """Records below an offset are deleted."""
    topic = b.topic()
    b.send(topic, b"0", b"1", b"2")
    b.ok(ops.DeleteRecords(topic, 0, 2))
    start = b.ok(ops.ListOffsets(topic, 0, "earliest"))
    b.must(start == 2, f"deleted below 2, the log starts at {start}", "list_offsets at earliest tells the log's start")


@check("idempotence")
def idempotent(b: Bench) -> None:
    """An idempotent producer keeps several sends in flight in order."""
    topic, client = b.topic(), b.producer(idempotent=True)
    sends = [b.later(ops.Send(client, topic, b"%d" % number, partition=0, awaited=False)) for number in range(5)]
    b.ok(ops.Flush(client))
    places = [outcome.value.offset if isinstance(outcome, Ok) else outcome for outcome in (send() for send in sends)]
    b.must(places == [0, 1, 2, 3, 4], f"five sends went to {places}", "one producer per client, idempotence enabled")


@check("replication")
def replicated(b: Bench) -> None:
    """A topic has as many replicas as are claimed."""
    wanted = min(b.description.capabilities["replication"] or 3, 3)
    topic = b.topic(replication=wanted)
    b.send(topic, b"0")
    if b.has("inspect.partition"):
        replicas = b.ok(ops.DescribePartition(topic, 0)).replicas
        b.must(len(replicas) == wanted, f"replication {wanted} gave replicas {replicas}", "pass op.replication on")


@check("min-isr")
def min_isr(b: Bench) -> None:
    """A topic takes min.insync.replicas."""
    b.send(b.topic(settings={"min.insync.replicas": "1"}), b"0")


@check("inspect.partition")
def describe_partition(b: Bench) -> None:
    """A partition's leader is a broker, in the in-sync set, among the replicas."""
    state = b.ok(ops.DescribePartition(b.topic(), 0))
    known = (
        state.leader in b.description.brokers and state.leader in state.isr and set(state.isr) <= set(state.replicas)
    )
    b.must(known, f"with brokers {b.description.brokers} there is {state}", "ids are those that describe() names")


@check("inspect.replica")
def read_replica(b: Bench) -> None:
    """The leader's replica has the record."""
    topic = b.topic()
    b.send(topic, b"0")
    leader = b.ok(ops.DescribePartition(topic, 0)).leader if b.has("inspect.partition") else b.description.brokers[0]
    values = [record.value for record in b.ok(ops.ReadReplica(topic, 0, leader))]
    b.must(values == [b"0"], f"broker {leader} has {values}", "read_replica gives the whole log of one broker")


@check("clients.crash")
def crash(b: Bench) -> None:
    """Clients crash, and others go on."""
    topic = b.topic()
    b.send(topic, b"0", client="doomed")
    reader = b.reader(topic)
    for client in ("doomed", reader):
        b.ok(ops.Crash(client))
    b.send(topic, b"1", client="survivor")
    outcome = b.ask(ops.Send("doomed", topic, b"2"))
    b.must(not isinstance(outcome, Ok), f"a crashed producer sent: {outcome}", "crash ends the client for good")


@check("clients.freeze")
def freeze(b: Bench) -> None:
    """A frozen client goes on when it is thawed."""
    topic, client = b.topic(), b.producer()
    b.ok(ops.Send(client, topic, b"0"))
    b.ok(ops.Freeze(client))
    b.send(topic, b"1", client="other")
    b.ok(ops.Thaw(client))
    b.ok(ops.Send(client, topic, b"2"))


@check("topics")
def reset(b: Bench) -> None:
    """After reset, clients of the same names are opened anew."""
    topic = b.topic()
    b.send(topic, b"0")
    b.adapter.reset()
    b.ok(ops.OpenProducer("producer", idempotent=False))
    b.ok(ops.OpenConsumer("reader"))
    b.ok(ops.Assign("reader", (PartitionOffset(topic, 0, 0),)))
