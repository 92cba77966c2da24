"""The command that runs a trace again is one that does it, as it stands."""

from pathlib import Path

import msgspec
import pytest
from render.runs import BROKEN

from brokerlaw.conformance import own_clients
from brokerlaw.render.narration import replay_command

TRACE = Path("a folder") / "trace-1-a.b.json"


@pytest.mark.parametrize(
    ("adapter", "settings"),
    [("py:mine.py:Mine", {}), ("cmd:./mine", {}), ("kafka", {"bootstrap": "127.0.0.1:9092"})],
)
def test_what_a_trace_needs_a_yes_for_has_it_in_the_command(adapter: str, settings: dict[str, str]) -> None:
    run = msgspec.structs.replace(BROKEN, adapter=adapter, settings=settings)
    assert replay_command(TRACE, run) == "brokerlaw replay 'a folder/trace-1-a.b.json' --yes"


@pytest.mark.parametrize(("adapter", "settings"), [("reference", {}), ("kafka", {"acks": "1"})])
def test_what_needs_none_has_none(adapter: str, settings: dict[str, str]) -> None:
    run = msgspec.structs.replace(BROKEN, adapter=adapter, settings=settings)
    assert replay_command(TRACE, run) == "brokerlaw replay 'a folder/trace-1-a.b.json'"


def test_clients_of_the_suite_explain_themselves() -> None:
    assert own_clients.told("reader-uncommitted") is not None
    assert own_clients.told("shop-closer") is not None
    assert own_clients.told("reaper12") is not None
    assert own_clients.told("c0-out3") is not None
    assert own_clients.told("c0") is None
