"""Dumps of a console become a history: what they say, and nothing more."""

import json
from pathlib import Path
from typing import Any, Final

import pytest

from brokerlaw.conformance.importers.console import Options, read
from brokerlaw.conformance.importers.timeline import ForeignError
from brokerlaw.conformance.overrides import UserSettings
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.observations import Drained
from brokerlaw.spec.history.rows import Complete, Invoke, Observe, Recording
from brokerlaw.spec.history.values import PartitionOffset, Record, RecordHeader
from brokerlaw.spec.invariants import INVARIANTS

TESTS: Final = Path(__file__).parent.parent.parent
KCAT: Final = TESTS / "console" / "kcat.json"
CONSOLE: Final = TESTS / "console" / "console-consumer.txt"
PRODUCER: Final = TESTS / "verifiable" / "producer.log"
EVERYTHING: Final[dict[str, Any]] = {
    "topic": "orders",
    "headers": True,
    "from_beginning": True,
    "created": {"orders": 1},
}


def imported(*files: bytes, **options: Any) -> Recording:
    named = [(f"reader-{n}.txt", data.splitlines(keepends=True)) for n, data in enumerate(files)]
    return read(named, UserSettings({}, {}), Options(**options))


def records(recording: Recording) -> list[Record]:
    """What the polls returned."""
    polls = {row.op for row in recording.rows if isinstance(row, Invoke) and isinstance(row.value, ops.Poll)}
    done = [row.outcome for row in recording.rows if isinstance(row, Complete) and row.op in polls]
    return [record for outcome in done for record in outcome.value]  # type: ignore[union-attr]  # they succeed


def kcat(**fields: Any) -> bytes:
    return json.dumps({"topic": "orders", "partition": 0, "offset": 3, "key": None, "payload": "a", **fields}).encode()


def test_dumps_beside_a_producers_log_are_judged_and_kept() -> None:
    files = (PRODUCER.read_bytes(), KCAT.read_bytes(), CONSOLE.read_bytes())
    history = History(imported(*files, **EVERYTHING))
    findings = {name: each.judge(history) for name, each in INVARIANTS.items()}
    assert [name for name, found in findings.items() if found.violations] == []
    exercised = {name for name, found in findings.items() if found.exercised}
    assert exercised >= {"durability.acked-survives", "integrity.nothing-invented", "ordering.one-record-per-offset"}


def test_a_record_that_kcat_was_not_given_is_lost() -> None:
    less = b"".join(line for line in KCAT.read_bytes().splitlines(keepends=True) if b'"offset":1' not in line)
    history = History(imported(PRODUCER.read_bytes(), less, **EVERYTHING))
    (violation,) = INVARIANTS["durability.acked-survives"].judge(history).violations
    assert (
        "'1' was acknowledged at orders/0@1, but reader-1 read everything from 0 to 3 and not this" in violation.reason
    )


def test_a_record_of_kcat() -> None:
    told = kcat(key="k", payload=None, tstype="logappend", ts=7, headers=["a", "1", "a", None])
    headers = (RecordHeader("a", b"1"), RecordHeader("a", None))
    assert records(imported(told)) == [Record("orders", 0, 3, None, b"k", 7, "LogAppendTime", headers)]
    assert records(imported(kcat(headers={"a": ["1", None]})))[0].headers == headers


def test_a_record_of_the_console_consumer() -> None:
    told = (
        b"CreateTime:7\tPartition:1\tOffset:3\ta:1,b:null\tkey\ttab\there\nand a line\n"
        b"NO_TIMESTAMP\tPartition:1\tOffset:4\tNO_HEADERS\tnull\tnull\n"
    )
    first, second = records(imported(told, topic="orders", headers=True))
    headers = (RecordHeader("a", b"1"), RecordHeader("b", None))
    assert first == Record("orders", 1, 3, b"tab\there\nand a line", b"key", 7, "CreateTime", headers)
    assert second == Record("orders", 1, 4, None)


def test_where_one_dump_has_no_headers_none_are_told() -> None:
    files = (kcat(headers=["a", "1"]), b"Partition:0\tOffset:3\tnull\ta\n")
    assert {record.headers for record in records(imported(*files, topic="orders"))} == {()}


def test_without_the_beginning_a_dump_begins_where_it_begins() -> None:
    recording = imported(kcat() + b"\n% Reached end of topic orders [0] at offset 4\n")
    (assign,) = [row.value for row in recording.rows if isinstance(row, Invoke) and isinstance(row.value, ops.Assign)]
    assert assign.offsets == (PartitionOffset("orders", 0, 3),)
    assert [row for row in recording.rows if isinstance(row, Observe)] == []


def test_an_end_that_was_reached_from_the_beginning_is_a_complete_read() -> None:
    recording = imported(b"% Reached end of topic orders [2] at offset 0\n", from_beginning=True)
    (drained,) = [row.value for row in recording.rows if isinstance(row, Observe)]
    assert drained == Drained("orders", 2, 0, 0, "read_uncommitted")


@pytest.mark.parametrize(
    ("told", "complaint"),
    [
        (b"", "reader-0.txt: neither kcat -J nor kafka-console-consumer wrote this"),
        (b"hello\n", "reader-0.txt:1: no Partition: and Offset: .* run it with print.partition=true"),
        (
            b"Partition:0\tOffset:3\tvalue\n",
            "reader-0.txt:1: behind the offset is not key, value; run it with print.key",
        ),
        (b"{", "reader-0.txt:1: Input data was truncated"),
        (kcat(offset=-1), "reader-0.txt:1: offset is -1, not a number from 0 on"),
        (kcat(payload={"a": 1}), "reader-0.txt:1: payload is {'a': 1}, neither a text nor null"),
        (kcat(headers=["a"]), "reader-0.txt:1: headers are neither names and values in turn"),
        (b'{"timestamp":1,"name":"records_consumed"}\n', "reader-0.txt: a log of JSON lines, and none of Verifiable"),
    ],
)
def test_what_is_no_such_dump_is_one_line(told: bytes, complaint: str) -> None:
    with pytest.raises(ForeignError, match=complaint) as found:
        imported(told, topic="orders")
    assert "\n" not in str(found.value)


def test_the_topic_of_a_console_consumer_is_named() -> None:
    with pytest.raises(ForeignError, match=r"reader-0.txt:1: .* does not print the topic: name it with --topic"):
        imported(b"Partition:0\tOffset:3\tkey\tvalue\n")
