"""The messages: they come back as they went, and the published schemas say the same as the types."""

import json
from typing import Any

import jsonschema
import msgspec
import pytest

from brokerlaw.adapters import schema, wire
from brokerlaw.adapters.contract import Description
from brokerlaw.spec.history.observations import Assigned
from brokerlaw.spec.history.operations import OPERATIONS, AdvanceClock, Flush, Poll, Receive, Send
from brokerlaw.spec.history.outcomes import Fail, Ok, Unknown
from brokerlaw.spec.history.values import Placed, TopicPartition

REQUESTS = [
    wire.Hello(1, wire.CONTRACT, {"bootstrap": "localhost:9092"}),
    wire.Invoke(2, Send("p", "t", b"\xff\x00", key=None, partition=3, awaited=False)),
    wire.Reset(3),
    wire.Wait(4, 20),
    wire.Stop(5),
]
MESSAGES = [
    wire.Complete(1, Ok()),
    wire.Complete(2, Fail("NOT_ENOUGH_REPLICAS", "1 of 2"), 17),
    wire.Complete(3, Unknown("TIMEOUT")),
    wire.Observe("c", Assigned("g", "m", 3, (TopicPartition("t", 0),)), 18),
    wire.GaveUp("the licence has expired"),
]
NO_MESSAGES = [
    b'{"type":"complete","id":"1","outcome":{"type":"ok"}}',
    b'{"type":"complete","id":1,"outcome":{"type":"okay"}}',
    b'{"type":"complete","id":1,"outcome":{"type":"ok"},"thyme":3}',
    b'{"type":"observe","process":"c","value":{"o":"applied"}}',
    b'{"type":"done"}',
    b"[]",
]


def shipped(name: str) -> dict[str, Any]:
    """A schema as it is in the package."""
    schema_of: dict[str, Any] = json.loads((schema.FOLDER / f"{name}.json").read_text())
    return schema_of


def valid(name: str, value: object) -> bool:
    return jsonschema.Draft202012Validator(shipped(name)).is_valid(value)


@pytest.mark.parametrize("request_", REQUESTS)
def test_requests_come_back_as_they_went(request_: wire.AnyRequest) -> None:
    line = wire.line(request_)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert wire.read_request(line) == request_
    assert valid("request", json.loads(line))


@pytest.mark.parametrize("message", MESSAGES)
def test_messages_come_back_as_they_went(message: wire.AnyMessage) -> None:
    line = wire.line(message)
    assert wire.read_message(line) == message
    assert valid("message", json.loads(line))


@pytest.mark.parametrize("line", NO_MESSAGES)
def test_the_types_and_the_schema_refuse_the_same(line: bytes) -> None:
    with pytest.raises(msgspec.ValidationError):
        wire.read_message(line)
    assert not valid("message", json.loads(line))


def test_the_shipped_schemas_are_current() -> None:
    """To mend: `brokerlaw adapter schemas --out adapters/schemas`."""
    shipped_files = {path.name: path.read_text() for path in schema.FOLDER.iterdir()}
    assert shipped_files == schema.schemas()


@pytest.mark.parametrize("name", ["request", "message", "value"])
def test_the_schemas_are_schemas(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(shipped(name))


def test_every_operation_with_an_answer_has_a_schema_for_it() -> None:
    answering = {name for name, op in OPERATIONS.items() if op.returns is not None}
    assert set(shipped("value")["properties"]) == {"hello"} | answering


def test_a_schema_tells_right_values_from_wrong_ones() -> None:
    assert valid("value", {"send": {"topic": "t", "partition": 0, "offset": 1}, "poll": [], "list_offsets": None})
    assert not valid("value", {"send": {"topic": "t", "partition": "0", "offset": 1}})
    assert not valid("value", {"hello": {"name": "n", "version": "1", "capabilities": {"topiks": 1}}})


def test_values_are_typed_by_what_was_asked() -> None:
    sent = {"topic": "t", "partition": 0, "offset": 1}
    assert wire.typed(REQUESTS[1], Ok(sent)) == Ok(Placed("t", 0, 1))
    described = wire.typed(REQUESTS[0], Ok({"name": "n", "version": "1", "capabilities": {"topics": None}}))
    assert described == Ok(Description("n", "1", {"topics": None}))
    assert wire.typed(REQUESTS[1], Fail("X")) == Fail("X")
    with pytest.raises(msgspec.ValidationError, match=r"Expected `null`, got `int` - at `\$\.outcome\.value`"):
        wire.typed(wire.Reset(1), Ok(1))
    with pytest.raises(msgspec.ValidationError, match=r"at `\$\.outcome\.value\.offset`"):
        wire.typed(REQUESTS[1], Ok({**sent, "offset": None}))


def test_what_is_not_of_the_contract_is_not_even_written() -> None:
    with pytest.raises(msgspec.ValidationError):
        wire.line(wire.Complete(1, "ok"))  # type: ignore[arg-type]  # what an author may do
    with pytest.raises(TypeError):
        wire.line(wire.Complete(1, Ok(object())))


def test_requests_may_take_as_long_as_they_say() -> None:
    assert wire.allowance(wire.Wait(1, 1500)) == 1.5
    assert wire.allowance(wire.Invoke(1, Poll("c", timeout=200))) == 0.2
    assert wire.allowance(wire.Invoke(1, Receive("c", "q", timeout=300))) == 0.3
    assert wire.allowance(wire.Invoke(1, AdvanceClock(400))) == 0.4
    assert wire.allowance(wire.Invoke(1, Flush("p"))) == 0
