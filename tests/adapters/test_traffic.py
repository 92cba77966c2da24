"""What really goes over the wire is what the published schemas say."""

import json
import shutil
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from brokerlaw.adapters import schema, wire
from brokerlaw.adapters.registry import resolve
from brokerlaw.conformance.smoke import smoke
from brokerlaw.spec.history.operations import name_of

EXAMPLE = Path(__file__).parent.parent.parent / "examples" / "node" / "adapter.mjs"
TYPES = {"hello", "invoke", "reset", "wait", "stop", "complete", "observe"}


def validator(name: str) -> Any:
    return jsonschema.Draft202012Validator(json.loads((schema.FOLDER / f"{name}.json").read_text()))


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no node on this machine")
def test_a_whole_conversation_with_the_example(monkeypatch: pytest.MonkeyPatch) -> None:
    requests: list[bytes] = []
    messages: list[bytes] = []
    write, read = wire.line, wire.read_message
    monkeypatch.setattr(wire, "line", lambda request: requests.append(write(request)) or requests[-1])
    monkeypatch.setattr(wire, "read_message", lambda line: messages.append(line) or read(line))
    assert {each.status for each in smoke(resolve(f"cmd:node '{EXAMPLE}'", {}), "s-")} == {"pass", "not claimed"}

    asked = {json.loads(line)["id"]: wire.read_request(line) for line in requests}
    for line in requests:
        validator("request").validate(json.loads(line))
    for line in messages:
        message = json.loads(line)
        validator("message").validate(message)
        if message["type"] == "complete" and message["outcome"]["type"] == "ok":
            validator("value").validate({word(asked[message["id"]]): message["outcome"].get("value")})
    assert {json.loads(line)["type"] for line in [*requests, *messages]} == TYPES
    assert len(messages) > 100


def word(request: wire.AnyRequest) -> str:
    """The name under which the value's schema is found, if it has one."""
    return name_of(request.value) if isinstance(request, wire.Invoke) else type(request).__name__.lower()
