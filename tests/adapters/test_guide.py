"""The guide for authors names every capability and every operation, once, and its messages are real ones."""

import json
import re
from pathlib import Path

from brokerlaw.adapters import wire
from brokerlaw.render.capabilities import capability_table
from brokerlaw.spec.history.capabilities import CAPABILITIES
from brokerlaw.spec.history.operations import OPERATIONS

GUIDE = (Path(__file__).parent.parent.parent / "docs" / "adapters.md").read_text()


def test_its_table_of_capabilities_is_current() -> None:
    """To mend: `.ci/derive`."""
    assert capability_table() in GUIDE


def test_the_table_names_every_capability_and_operation_once() -> None:
    rows = [line.split("|")[1:3] for line in capability_table().splitlines()[2:]]
    assert tuple(name.strip(" `") for name, _ in rows) == CAPABILITIES
    named = {word for _, text in rows for word in re.findall(r"`([a-z_]+)`", text)}
    assert set(OPERATIONS) <= named


def test_its_messages_are_real() -> None:
    lines = re.findall(r"^([→←]) (\{.*\})$", GUIDE, re.MULTILINE)
    asked = {}
    for arrow, text in lines:
        if arrow == "→":
            request = wire.read_request(text.encode())
            asked[request.id] = request
        else:
            message = wire.read_message(text.encode())
            if isinstance(message, wire.Complete):
                wire.typed(asked.pop(message.id), message.outcome)
    assert asked == {}
    assert {json.loads(text)["type"] for _, text in lines} >= {"hello", "invoke", "reset", "wait", "stop", "observe"}
