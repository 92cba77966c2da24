"""The log of a VerifiableProducer: an outcome for each value, 0, 1, 2, … (or with a prefix: 7.0, 7.1, …)."""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from brokerlaw.conformance.importers.json_lines import Line
from brokerlaw.conformance.importers.timeline import Timeline
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.outcomes import Fail, Ok, Outcome, Unknown
from brokerlaw.spec.history.values import Placed

REFUSED: Final = frozenset(
    {
        "BufferExhausted",
        "ClusterAuthorization",
        "InvalidTopic",
        "NotEnoughReplicas",
        "RecordTooLarge",
        "Serialization",
        "TopicAuthorization",
    }
)
"""Exceptions that say that nothing was appended. After any other the record may stand in the log."""
_VALUE: Final = re.compile(r"(\d+\.)?(\d+)")


class Sent(NamedTuple):
    """One value, and what became of it when."""

    topic: str
    key: bytes | None
    value: bytes
    time: int
    outcome: Outcome


class Producer:
    """One producer. When it sent is not told: any time since it was started, in the order of its values."""

    def __init__(self, client: str, told: Sequence[Line]) -> None:
        self.client = client
        self.place = told[-1].place
        self.begun = min(line.time("timestamp") for line in told)
        self.ended = any(line.fields.get("name") == "shutdown_complete" for line in told)
        self.sent: dict[int, Sent] = {}
        self.prefix = ""
        for line in told:
            name = line.fields.get("name")
            if name in ("producer_send_success", "producer_send_error"):
                self._add(line, name == "producer_send_success")
        self.topics = {sent.topic for sent in self.sent.values()}

    def tell(self, timeline: Timeline) -> None:
        """It waits for all replicas, tries once, and so is not idempotent."""
        producer = ops.OpenProducer(self.client, idempotent=False, settings={"retries": "0"})
        timeline.do(self.begun, self.begun, self.client, producer)
        for number in range(max(self.sent, default=-1) + 1):
            sent = self.sent.get(number)
            if sent is None:
                self._untold(timeline, number)
                continue
            op = ops.Send(self.client, sent.topic, sent.value, sent.key, awaited=False)
            timeline.complete(sent.time, timeline.invoke(self.begun, self.client, op), sent.outcome)

    def _untold(self, timeline: Timeline, number: int) -> None:
        """A value between others that the log does not have was sent, too, and nobody knows what became of it."""
        keys = [int(sent.key) for sent in self.sent.values() if sent.key is not None and sent.key.isdigit()]
        key = b"%d" % (number % (max(keys) + 1)) if keys else None
        for topic in sorted(self.topics):
            op = ops.Send(self.client, topic, f"{self.prefix}{number}".encode(), key, awaited=False)
            timeline.invoke(self.begun, self.client, op)

    def _add(self, line: Line, success: bool) -> None:
        topic, key, value, time = line.text("topic"), line.bytes("key"), line.text("value"), line.time("timestamp")
        found = _VALUE.fullmatch(value)
        if found is None:
            raise line.wrong(f"value is {value!r}, not a number, nor one behind a prefix (7.42)")
        number, self.prefix = int(found[2]), found[1] or ""
        if number in self.sent:
            raise line.wrong(f"the value {value} has its outcome already: is this the log of one producer?")
        outcome = Ok(Placed(topic, line.partition(), self._offset(line))) if success else _failed(line)
        self.sent[number] = Sent(topic, key, value.encode(), time, outcome)

    def _offset(self, line: Line) -> int:
        return -1 if line.fields.get("offset") == -1 else line.number("offset")


def _failed(line: Line) -> Outcome:
    """`class org.apache.kafka.common.errors.TimeoutException`."""
    exception = line.text("exception").rpartition(".")[2].removesuffix("Exception")
    message = line.fields.get("message")
    told = message if isinstance(message, str) else ""
    return Fail(exception, told) if exception in REFUSED else Unknown(exception, told)
