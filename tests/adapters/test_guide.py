"""The guide for authors names every capability and every operation, once, and its messages are real ones."""

import json
import re
from pathlib import Path

from brokerlaw.adapters import wire
from brokerlaw.adapters.contract import CAPABILITIES
from brokerlaw.spec.history.operations import OPERATIONS

GUIDE = (Path(__file__).parent.parent.parent / "docs" / "adapters.md").read_text()
ROWS = [line.split("|")[1:3] for line in GUIDE.splitlines() if re.match(r"\| `[a-z.-]+` \| ", line)]


def test_every_capability_has_its_row() -> None:
    rows = [name.strip(" `") for name, _ in ROWS]
    assert sorted(set(rows) & set(CAPABILITIES)) == sorted(CAPABILITIES)
    assert len(rows) == len(set(rows))


def test_every_operation_belongs_to_a_capability() -> None:
    named = {word for _, text in ROWS for word in re.findall(r"`([a-z_]+)`", text)}
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
