"""Dumps of a console, beside producers' logs: `kcat -J`, and kafka-console-consumer with what it prints of a record.

When a dump was read is not told: after the producers were started, and before the last of their lines or later.
Sources: kcat, json.c; org.apache.kafka.tools.consumer.DefaultMessageFormatter.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from brokerlaw.conformance.importers.json_lines import Line, objects
from brokerlaw.conformance.importers.timeline import ForeignError, Timeline
from brokerlaw.conformance.importers.verifiable import OF_PRODUCERS, client_names, create
from brokerlaw.conformance.importers.verifiable_producer import Producer
from brokerlaw.conformance.overrides import UserSettings
from brokerlaw.spec.history import observations as seen, operations as ops
from brokerlaw.spec.history.numbers import INT32
from brokerlaw.spec.history.outcomes import Ok
from brokerlaw.spec.history.rows import Recording
from brokerlaw.spec.history.values import PartitionOffset, Record, RecordHeader, TimestampType, TopicPartition

STAMPS: Final[dict[str, TimestampType]] = {"create": "CreateTime", "logappend": "LogAppendTime"}
_END: Final = re.compile(rb"% Reached end of topic (\S+) \[(\d+)\] at offset (\d+)")
"""What kcat writes to standard error at the end of each partition."""
_PLACED: Final = re.compile(
    rb"(?:(?:(CreateTime|LogAppendTime):(-?\d+)|NO_TIMESTAMP)\t)?Partition:(\d+)\tOffset:(\d+)(?:\tDelivery:\w+)?"
)
_NULL: Final = b"null"


class Options(NamedTuple):
    """What dumps do not tell. `topic` is that of console consumers, `headers` whether they printed those.

    `from_beginning`: every dump begins where its partitions begin. `created`: see `verifiable.Options`.
    """

    topic: str | None = None
    headers: bool = False
    from_beginning: bool = False
    created: dict[str, int] = {}


class Dump(NamedTuple):
    """What one reader was given, in this order, and the ends that it came to; whether it tells headers."""

    records: list[Record]
    ends: dict[TopicPartition, int]
    headers: bool

    def without_headers(self) -> "Dump":
        return self._replace(records=[msgspec.structs.replace(record, headers=()) for record in self.records])


def read(files: Sequence[tuple[str, Iterable[bytes]]], settings: UserSettings, options: Options) -> Recording:
    """Raises `ForeignError`."""
    producers: list[Producer] = []
    dumps: dict[str, Dump] = {}
    for (name, each), client in zip(files, client_names([name for name, _ in files]), strict=True):
        lines = list(each)
        if any(line.startswith(b'{"timestamp"') for line in lines):
            producers.append(_producer(name, client, lines))
        else:
            dumps[client] = _dump(name, lines, options)
    if not all(dump.headers for dump in dumps.values()):  # where one does not tell them, they cannot be compared
        dumps = {client: dump.without_headers() for client, dump in dumps.items()}
    timeline = Timeline(settings)
    create(timeline, producers, options.created)
    for producer in producers:
        producer.tell(timeline)
    begun = min((producer.begun for producer in producers), default=0)
    ended = max((sent.time for producer in producers for sent in producer.sent.values()), default=begun)
    for client, dump in dumps.items():
        _tell(timeline, client, dump, (begun, ended), options.from_beginning, settings)
    return timeline.recording("a broker, from the console")


def _producer(name: str, client: str, lines: Iterable[bytes]) -> Producer:
    told = list(objects(name, lines))
    if not any(line.fields.get("name") in OF_PRODUCERS for line in told):
        raise ForeignError(f"{name}: a log of JSON lines, and none of VerifiableProducer's")
    return Producer(client, told)


def _tell(
    timeline: Timeline, client: str, dump: Dump, span: tuple[int, int], from_beginning: bool, settings: UserSettings
) -> None:
    begun, ended = span
    firsts: dict[TopicPartition, int] = {}
    for record in dump.records:
        firsts.setdefault(TopicPartition(record.topic, record.partition), record.offset)
    starts = {tp: 0 if from_beginning else firsts[tp] for tp in firsts} | {tp: 0 for tp in dump.ends if from_beginning}
    consumer = settings.apply(ops.OpenConsumer(client))
    timeline.do(begun, begun, client, consumer)
    offsets = tuple(PartitionOffset(*tp, offset) for tp, offset in starts.items())
    timeline.do(begun, begun, client, ops.Assign(client, offsets))
    timeline.do(begun, ended, client, ops.Poll(client, max_records=INT32), Ok(tuple(dump.records)))
    for tp, end in dump.ends.items() if from_beginning else ():
        timeline.observe(ended, client, seen.Drained(*tp, 0, end, consumer.isolation))


def _dump(name: str, lines: Sequence[bytes], options: Options) -> Dump:
    """Told apart by its first record."""
    ends = {
        TopicPartition(found[1].decode("utf-8", "replace"), int(found[2])): int(found[3])
        for found in map(_END.match, lines)
        if found
    }
    by_kcat = any(line.startswith(b"{") for line in lines)
    if by_kcat:
        records = [_json_record(line) for line in objects(name, lines)]
    else:
        records = list(_printed_records(name, lines, options))
    if not records and not ends:
        raise ForeignError(f"{name}: neither kcat -J nor kafka-console-consumer wrote this: there is no record in it")
    return Dump(records, ends, by_kcat or options.headers)


def _json_record(line: Line) -> Record:
    """`kcat -J`."""
    stamp = line.fields.get("ts")
    return Record(
        line.text("topic"),
        line.partition(),
        line.number("offset"),
        line.bytes("payload"),
        line.bytes("key"),
        timestamp=stamp if type(stamp) is int and stamp >= 0 else -1,
        timestamp_type=STAMPS.get(str(line.fields.get("tstype"))),
        headers=tuple(_json_headers(line)),
    )


def _json_headers(line: Line) -> Iterator[RecordHeader]:
    """Names and values in turn; or, as kcat has it on demand, by name a list of values."""
    found: Any = line.fields.get("headers") or []
    if isinstance(found, dict):
        found = [each for name, values in found.items() for value in values for each in (name, value)]
    if not isinstance(found, list) or len(found) % 2:
        raise line.wrong("headers are neither names and values in turn nor lists of values by name")
    for name, value in zip(found[::2], found[1::2], strict=True):
        yield RecordHeader(str(name), None if value is None else str(value).encode("utf-8", "surrogatepass"))


def _printed_records(name: str, lines: Iterable[bytes], options: Options) -> Iterator[Record]:
    """kafka-console-consumer: a value may go on over several lines."""
    begun: tuple[int, bytes] | None = None
    for number, line in enumerate(lines, 1):
        if _PLACED.match(line):
            if begun:
                yield _printed_record(f"{name}:{begun[0]}", begun[1], options)
            begun = number, line
        elif begun and not line.startswith(b"Processed a total of "):
            begun = begun[0], begun[1] + line
        elif not begun and line.strip() and not _END.match(line):
            mend = "run it with print.partition=true, print.offset=true and print.key=true"
            raise ForeignError(f"{name}:{number}: no Partition: and Offset: at the beginning of a record; {mend}")
    if begun:
        yield _printed_record(f"{name}:{begun[0]}", begun[1], options)


def _printed_record(place: str, text: bytes, options: Options) -> Record:
    if options.topic is None:
        raise ForeignError(f"{place}: kafka-console-consumer does not print the topic: name it with --topic")
    found = _PLACED.match(text)
    assert found is not None  # it was found before
    wanted = ["headers", "key", "value"] if options.headers else ["key", "value"]
    parts = text[found.end() :].removesuffix(b"\n").split(b"\t", len(wanted))[1:]
    if len(parts) != len(wanted):
        mend = "run it with print.key=true, and say --headers where it prints them"
        raise ForeignError(f"{place}: behind the offset is not {', '.join(wanted)}; {mend}")
    fields = dict(zip(wanted, parts, strict=True))
    stamp = int(found[2]) if found[2] else -1
    return Record(
        options.topic,
        int(found[3]),
        int(found[4]),
        _or_null(fields["value"]),
        _or_null(fields["key"]),
        timestamp=max(stamp, -1),
        timestamp_type=found[1].decode() if found[1] else None,  # type: ignore[arg-type]  # one of the two words
        headers=tuple(_printed_headers(place, fields.get("headers", b"NO_HEADERS"))),
    )


def _printed_headers(place: str, text: bytes) -> Iterator[RecordHeader]:
    if text == b"NO_HEADERS":
        return
    for each in text.split(b","):
        name, colon, value = each.partition(b":")
        if not colon:
            raise ForeignError(f"{place}: the headers are none: name:value,name:value")
        yield RecordHeader(name.decode("utf-8", "replace"), _or_null(value))


def _or_null(text: bytes) -> bytes | None:
    """The consumer prints a null as this word."""
    return None if text == _NULL else text
