"""Public reports of bugs for which histories lacked the words: each is accused of its one cause, its twin cleared."""

import pytest
from histories import HistoryBuilder

from brokerlaw.conformance.causes import Breach, causes
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.outcomes import Ok
from brokerlaw.spec.history.values import Placed, RecordHeader
from brokerlaw.spec.invariants import INVARIANTS


def told(history: HistoryBuilder) -> list[str]:
    """The promise that tells each cause of what a history breaks."""
    findings = {name: entry.judge(history.history) for name, entry in INVARIANTS.items() if "log" in entry.profiles}
    found = causes([Breach(name, each) for name, finding in findings.items() for each in finding.violations])
    return [cause.told.invariant for cause in found]


def expanded(reset: str, first: int, partitions: int = 1) -> HistoryBuilder:
    """KAFKA-12478, sarama issue 1739: a topic is expanded under a member, and it begins the new partition somewhere."""
    case = HistoryBuilder()
    case.topic(partitions=partitions)
    case.producer()
    case.send(b"0", 0, key=b"alice")
    case.member("c", reset=reset)
    case.assigned("c", 0)
    case.poll("c", *([(0, b"0")] if reset == "earliest" else []), key=b"alice")
    case.do(ops.CreatePartitions("t", 2))
    values = [(offset, b"%d" % (offset + 1)) for offset in range(3)]
    for offset, value in values[:2]:
        case.send(value, offset, 1, key=b"alice")
    case.assigned("c", 1, generation=2)
    case.send(values[2][1], 2, 1, key=b"alice")
    case.poll("c", *values[first:], partition=1, key=b"alice")
    case.drain([(0, b"0")], 1, key=b"alice")
    case.drain(values, 3, partition=1, reader="another", key=b"alice")
    return case


def tombstone(read: bytes | None) -> HistoryBuilder:
    """platformatic/kafka issue 216: a tombstone is read back as an empty value."""
    case = HistoryBuilder()
    case.topic(cleanup_policy="compact")
    case.producer()
    case.send(b"v1", 0, key=b"k")
    case.send(None, 1, key=b"k")
    case.consumer()
    case.assign()
    case.poll("c", (0, b"v1"), (1, read), key=b"k")
    return case


def headers(read: tuple[RecordHeader, ...]) -> HistoryBuilder:
    """kafka-backup issue 156: headers are changed, or two of one name become one."""
    case = HistoryBuilder()
    case.topic()
    case.producer()
    sent = (RecordHeader("trace", b"1"), RecordHeader("trace", b"2"))
    case.do(ops.Send("p", "t", b"0", headers=sent), Ok(Placed("t", 0, 0)))
    case.consumer()
    case.assign()
    case.given(0, b"0", headers=read)
    return case


def purged(altered: bool) -> HistoryBuilder:
    """Everyday practice: an administrator purges a topic by its retention, and sets it back; or nobody did."""
    case = HistoryBuilder()
    case.topic()
    case.producer()
    for offset in range(3):
        case.send(b"%d" % offset, offset)
    case.drain([(0, b"0"), (1, b"1"), (2, b"2")], 3)
    if altered:
        case.alter(retention_ms="1000")
    case.wait(600_000)
    case.list_offset(3, "earliest")
    if altered:
        case.alter(retention_ms="604800000")
    case.drain([], 3, start=3, reader="another")
    return case


SENT = (RecordHeader("trace", b"1"), RecordHeader("trace", b"2"))
GUILTY = {
    "a reader of the latest skips what an added partition had": (expanded("latest", 2), "offsets.added-from-the-start"),
    "a tombstone is read as empty": (tombstone(b""), "records.null-stays-null"),
    "a header is changed": (headers((SENT[0], RecordHeader("trace", b"3"))), "records.headers-kept"),
    "headers of one name become one": (headers(SENT[1:]), "records.headers-kept"),
    "headers change places": (headers(SENT[::-1]), "records.headers-kept"),
    "records are purged unasked": (purged(altered=False), "retention.only-expired-goes"),
}
INNOCENT = {
    "an added partition is read from its start": expanded("earliest", 0),
    "an added partition is read from its start by a reader of the latest": expanded("latest", 0),
    "a partition that may have been there was not added": expanded("latest", 2, partitions=-1),
    "a tombstone is read as one": tombstone(None),
    "headers are read as they were sent": headers(SENT),
    "records are purged by an administrator": purged(altered=True),
}


@pytest.mark.parametrize("name", GUILTY)
def test_the_guilty_are_accused_of_their_one_cause(name: str) -> None:
    case, promise = GUILTY[name]
    assert told(case) == [promise]


@pytest.mark.parametrize("name", INNOCENT)
def test_the_innocent_are_cleared(name: str) -> None:
    assert told(INNOCENT[name]) == []
