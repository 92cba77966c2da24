"""Smoke checks of topics, producers, readers."""

import time

from brokerlaw.adapters.contract import Misuse
from brokerlaw.conformance.smoke.bench import SHOWN, Bench, check, said
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.outcomes import Ok, Outcome
from brokerlaw.spec.history.values import PartitionState, Record, RecordHeader, TopicPartition

VALUES = (b"", b"text", b"a\x00b", b"\xff\xfe\x80", bytes(range(256)) * 256)
"""Nothing, text, a NUL, what is no UTF-8, 64 KiB of everything."""


@check("topics", at_start=True)
def create(b: Bench) -> None:
    """A topic with two partitions is created, empty."""
    topic = b.topic(partitions=2)
    for partition in range(2):
        end = b.ok(ops.ListOffsets(topic, partition))
        b.must(end == 0, f"the end of a new partition is {end}", "list_offsets at latest tells the next offset, 0 here")


@check("topics", at_start=True)
def awaited(b: Bench) -> None:
    """An awaited send tells where the record stands."""
    topic, client = b.topic(), b.producer()
    first, second = (b.ok(ops.Send(client, topic, value)) for value in (b"1", b"2"))
    mend = "answer with the topic, partition and offset that the broker acknowledged"
    b.must((first.topic, first.partition) == (topic, 0), f"a record of {topic}/0 was said to be at {first}", mend)
    b.must(second.offset > first.offset, f"the second record is at {second}, the first at {first}", mend)
    found = b.read(b.reader(topic, first.offset), 1)[0]
    holds = (found.offset, found.value) == (first.offset, b"1")
    b.must(holds, f"the first record was said to be at {first.offset}, where {found!r:.{SHOWN}} was read", mend)


@check("topics", at_start=True)
def in_flight(b: Bench) -> None:
    """Sends that are not awaited have their outcome after flush."""
    topic, client = b.topic(), b.producer()
    sends = [b.later(ops.Send(client, topic, b"%d" % number, awaited=False)) for number in range(3)]
    flushed = b.ask(ops.Flush(client))
    outcomes = [outcome() for outcome in sends]
    if isinstance(flushed, Ok):
        b.owes(None not in outcomes, Misuse.IN_FLIGHT, operation="flush", count=outcomes.count(None))
    told = ", ".join(map(said, outcomes))
    b.must(all(isinstance(outcome, Ok) for outcome in outcomes), f"the outcomes are {told}", "see send")


@check("topics", at_start=True)
def bytes_intact(b: Bench) -> None:
    """Values come back byte for byte: empty, NUL, not UTF-8, 64 KiB; None is no key."""
    topic = b.topic()
    b.send(topic, *VALUES)
    b.send(topic, b"with a key", key=b"k\x00\xff")
    records = b.read(b.reader(topic), len(VALUES) + 1)
    mend = "values and keys are bytes (base64 in JSON), never text; an absent key is None"
    for record, sent in zip(records, (*VALUES, b"with a key"), strict=False):
        b.must(record.value == sent, f"{sent!r:.60} came back as {record.value!r:.60}", mend)
    keys = [record.key for record in records[len(VALUES) - 1 :][:2]]
    b.must(keys == [None, b"k\x00\xff"], f"keys None and b'k\\x00\\xff' came back as {keys}", mend)


@check("topics", at_start=True)
def empty_poll(b: Bench) -> None:
    """A poll that finds nothing is ok, empty, and ends."""
    records = b.ok(ops.Poll(b.reader(b.topic()), timeout=50))
    b.must(records == (), f"an empty topic gave {records!r:.80}", "poll returns what is there after its timeout: ()")


@check("topics", at_start=True)
def positions(b: Bench) -> None:
    """Assign, position and seek agree with what poll returns."""
    topic = b.topic()
    first, second, _ = b.send(topic, b"0", b"1", b"2")
    reader = b.reader(topic, second)
    read = b.read(reader, 2)
    _starts(b, read, second, f"assigned at {second}", "assign reads from the given offset")
    position = b.ok(ops.Position(reader, topic, 0))
    last = read[-1].offset
    b.must(position > last, f"after offset {last} the position is {position}", "the position is the next offset")
    b.ok(ops.Seek(reader, topic, 0, first))
    _starts(b, b.read(reader, 3), first, f"after seek to {first}", "seek drops what was fetched before")


def _starts(b: Bench, records: list[Record], offset: int, when: str, mend: str) -> None:
    """The records begin at the offset, and go up from there."""
    offsets = [record.offset for record in records]
    b.must(offsets[0] == offset and offsets == sorted(offsets), f"{when}, poll gave offsets {offsets}", mend)


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


@check("topics", at_start=True)
def offsets(b: Bench) -> None:
    """The start and the end of a log are told."""
    topic = b.topic()
    first, last = b.send(topic, b"0", b"1")
    start = b.ok(ops.ListOffsets(topic, 0, "earliest"))
    b.must(start <= first, f"a record was put at {first}, and the log starts at {start}", "earliest is 0 here")
    ends: list[int] = []

    def ended() -> bool:
        ends.append(b.ok(ops.ListOffsets(topic, 0, "latest")))
        return ends[-1] > last

    b.eventually(
        ended, lambda: f"a record was put at {last}, and the log ended at {ends[-1]}", "latest is the next offset"
    )


@check("topics")
def nowhere(b: Bench) -> None:
    """What is asked of a partition that is not there is refused, and does not hang."""
    outcome = b.ask(ops.ListOffsets(b.topic(), 99))
    told = isinstance(outcome, Ok) and outcome.value is not None
    b.must(not told, f"partition 99 of 1 has the end {said(outcome)}", "answer Fail with the broker's error")


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


@check("topics", at_start=True)
def closed(b: Bench) -> None:
    """Close delivers what is in flight."""
    topic, client = b.topic(), b.producer()
    sent = b.later(ops.Send(client, topic, b"last", awaited=False))
    ended = b.ask(ops.Close(client))
    if isinstance(ended, Ok):
        b.owes(sent() is not None, Misuse.IN_FLIGHT, operation="close", count=1)
    b.must(isinstance(sent(), Ok), f"after close the send's outcome is {said(sent())}", "close flushes")
    b.read(b.reader(topic), 1)


@check("topics")
def delete(b: Bench) -> None:
    """A topic is deleted."""
    b.ok(ops.DeleteTopic(b.topic()))


@check("create-partitions")
def create_partitions(b: Bench) -> None:
    """A topic is given more partitions."""
    topic = b.topic()
    b.ok(ops.CreatePartitions(topic, 3))
    ends: list[Outcome] = []

    def there() -> bool:
        ends.append(b.ask(ops.ListOffsets(topic, 2)))
        return ends[-1] == Ok(0)

    mend = "op.total is how many the topic has then, not how many are added"
    b.eventually(there, lambda: f"of 3 partitions the last has the end {said(ends[-1])}", mend)


@check("alter-configs")
def alter_topic(b: Bench) -> None:
    """A topic's settings are altered."""
    topic, client = b.topic(), b.producer()
    b.ok(ops.AlterTopic(topic, {"max.message.bytes": "1000"}))
    sent: list[Outcome] = []

    def refused() -> bool:
        sent.append(b.ask(ops.Send(client, topic, b"0" * 100_000, partition=0)))
        return not isinstance(sent[-1], Ok)

    mend = "pass op.settings on (IncrementalAlterConfigs), and answer Fail with what the broker refuses"
    b.eventually(refused, lambda: f"with max.message.bytes=1000, 100,000 bytes were sent: {said(sent[-1])}", mend)


@check("retention")
def retention(b: Bench) -> None:
    """A topic takes retention.ms, and keeps what is not as old."""
    topic = b.topic(settings={"retention.ms": "86400000"})
    b.send(topic, b"0")
    b.read(b.reader(topic), 1)


@check("compaction")
def compaction(b: Bench) -> None:
    """A topic takes cleanup.policy=compact, and keeps the last of a key."""
    topic = b.topic(settings={"cleanup.policy": "compact"})
    b.send(topic, b"older", b"newer", key=b"k")
    reader, last = b.reader(topic), set[bytes | None]()

    def read() -> bool:
        last.update(record.value for record in b.ok(ops.Poll(reader)))
        return b"newer" in last

    b.eventually(read, lambda: f"of one key an older value and a newer were sent, and {last} were read", "see send")


@check("headers")
def headers(b: Bench) -> None:
    """Headers come back in order, with names that are there twice, with no value and with an empty one."""
    topic, client = b.topic(), b.producer()
    sent = tuple(RecordHeader(*each) for each in (("b", b"1"), ("a", b""), ("b", None), ("b", b"\xff\x00")))
    b.ok(ops.Send(client, topic, b"0", partition=0, headers=sent))
    told = b.read(b.reader(topic), 1)[0].headers
    b.must(told == sent, f"{sent!r} came back as {told!r}", "headers are a list of pairs, never a dictionary")


@check("tombstones")
def tombstones(b: Bench) -> None:
    """No value comes back as no value."""
    topic, client = b.topic(), b.producer()
    b.ok(ops.Send(client, topic, None, b"k", 0))
    told = b.read(b.reader(topic), 1)[0].value
    b.must(told is None, f"a tombstone came back as {told!r}", "no value is None, which is not an empty one")


@check("timestamps")
def timestamps(b: Bench) -> None:
    """Timestamps are kept, and found."""
    topic, client = b.topic(), b.producer()
    base = time.time_ns() // 1_000_000 - 60_000  # brokers refuse what is too far from now
    sends = [ops.Send(client, topic, b"%d" % later, partition=0, timestamp=base + later) for later in (0, 10, 20)]
    places = [b.ok(send).offset for send in sends]
    kept = [record.timestamp - base for record in b.read(b.reader(topic), 3)]
    b.must(kept == [0, 10, 20], f"timestamps +0, +10, +20 came back as {kept}", "timestamps are ms since 1970")
    found = b.ok(ops.ListOffsets(topic, 0, base + 5))
    mend = "list_offsets at a number looks for a timestamp"
    holds = found is not None and places[0] < found <= places[1]
    b.must(holds, f"the first offset at or after +5 is {found}, with the records at {places}", mend)
    none = b.ok(ops.ListOffsets(topic, 0, base + 50_000))
    b.must(none is None, f"nothing is as late as +50000, and {none} was found", "None says that there is none")


@check("delete-records")
def delete_records(b: Bench) -> None:
    """Records below an offset are deleted."""
    topic = b.topic()
    last = b.send(topic, b"0", b"1", b"2")[-1]
    b.ok(ops.DeleteRecords(topic, 0, last))
    start = b.ok(ops.ListOffsets(topic, 0, "earliest"))
    mend = "list_offsets at earliest tells the log's start"
    b.must(start == last, f"deleted below {last}, the log starts at {start}", mend)


@check("idempotence")
def idempotent(b: Bench) -> None:
    """An idempotent producer keeps several sends in flight in order."""
    topic, client = b.topic(), b.producer(idempotent=True)
    sends = [b.later(ops.Send(client, topic, b"%d" % number, partition=0, awaited=False)) for number in range(5)]
    b.ok(ops.Flush(client))
    outcomes = [send() for send in sends]
    places = [outcome.value.offset if isinstance(outcome, Ok) else said(outcome) for outcome in outcomes]
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
    """A partition's leader is a broker, in the in-sync set, which all the replicas are in; one that is not has none."""
    brokers = b.description.brokers
    topic = b.topic(replication=min(b.description.capabilities.get("replication") or 1, 3))
    states: list[PartitionState] = []

    def known() -> bool:  # an election may be under way
        states.append(b.ok(ops.DescribePartition(topic, 0)))
        leader, isr, replicas = states[-1].leader, set(states[-1].isr), set(states[-1].replicas)
        return leader in brokers and leader in isr and isr == replicas

    b.eventually(known, lambda: f"with brokers {brokers} there is {states[-1]}", "ids are those that describe() names")
    nowhere = b.ask(ops.DescribePartition(topic, 7))
    led = isinstance(nowhere, Ok) and nowhere.value.leader is not None
    b.must(not led, f"of a partition that there is not: {said(nowhere)}", "describe the partition that is asked for")


@check("inspect.replica")
def read_replica(b: Bench) -> None:
    """The leader's replica has the records, and who is no replica has none."""
    topic, mend = b.topic(), "read_replica gives the whole log of one broker"
    sent: set[bytes | None] = set()
    for value in (b"0", b"1"):
        b.send(topic, value)
        sent.add(value)
        leader = (
            b.ok(ops.DescribePartition(topic, 0)).leader if b.has("inspect.partition") else b.description.brokers[0]
        )
        values = {record.value for record in b.ok(ops.ReadReplica(topic, 0, leader))}
        b.must(values == sent, f"broker {leader} has {values}", mend)
    replicas = b.ok(ops.DescribePartition(topic, 0)).replicas if b.has("inspect.partition") else b.description.brokers
    for broker in (each for each in b.description.brokers if each not in replicas):
        told = b.ask(ops.ReadReplica(topic, 0, broker))
        b.must(not isinstance(told, Ok) or not told.value, f"broker {broker} is no replica, and has {said(told)}", mend)


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
    b.must(not isinstance(outcome, Ok), f"a crashed producer sent: {said(outcome)}", "crash ends the client for good")


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
    b.send(b.topic(), b"0")
    b.adapter.reset()
    b.ok(ops.CreateTopic("anew"))  # the other topic may have gone
    b.send("anew", b"0", client=b.producer())
    b.read(b.reader("anew"), 1)
