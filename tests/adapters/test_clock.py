"""The machine's clock is shared; a program's simulated one is merged with the suite's steps."""

import sys
import time
from pathlib import Path

import pytest

from brokerlaw.adapters.clock import MachineClock, ProgramClock, WrongTime
from brokerlaw.adapters.command import CommandAdapter
from brokerlaw.adapters.contract import AdapterError, Timed
from brokerlaw.reference.adapter import ReferenceAdapter
from brokerlaw.spec.history.operations import AdvanceClock, CreateTopic

SERVED = [sys.executable, "-P", "-m", "brokerlaw.adapters.serve"]


def test_the_machines_time_lies_between_question_and_answer() -> None:
    clock = MachineClock()
    asked = clock.now()
    assert clock.known(asked, asked) == asked
    assert asked <= clock.known(None, asked) <= time.monotonic_ns()
    with pytest.raises(WrongTime, match="before"):
        clock.known(asked - 1, asked)
    with pytest.raises(WrongTime, match="after"):
        clock.known(clock.now() + 10**12, asked)


def test_what_a_program_tells_comes_after_all_that_came_before() -> None:
    clock = ProgramClock()
    steps = [clock.now(), clock.now(), clock.known(1, 2), clock.known(1_000, 2), clock.known(999, 2), clock.now()]
    assert steps == [1, 2, 4, 1_004, 1_005, 1_006]
    with pytest.raises(WrongTime):
        clock.known(None, 2)


def test_a_program_whose_time_begins_anew_does_not_take_ours_back() -> None:
    clock = ProgramClock()
    before = clock.known(1_000, 0)
    clock.restart(5)
    after = clock.known(5, 0)
    assert after == before + 1
    assert clock.known(505, 0) == after + 501


def test_simulated_time_passes_for_the_suite_too() -> None:
    """The reference in a process of its own: a minute of its time takes no minute."""
    began = time.monotonic()
    served = [*SERVED, "ours", f"{ReferenceAdapter.__module__}:{ReferenceAdapter.__qualname__}"]
    with CommandAdapter("ours", served, {}) as adapter:
        before = adapter.now()
        adapter.wait(30_000)
        assert adapter.now() - before >= 30_000 * 10**6
        asked = adapter.now()
        answer = adapter.perform(AdvanceClock(30_000))
        assert isinstance(answer, Timed)
        assert answer.at - asked >= 30_000 * 10**6
        times = [adapter.now(), adapter.now()]
        assert answer.at < times[0] < times[1]
    assert time.monotonic() - began < 30


TIMELESS = """
import json, sys
description = {"name": "n", "version": "1", "capabilities": {"topics": None}, "claims": ["simulated-time"]}
for line in sys.stdin:
    request = json.loads(line)
    value = description if request["type"] == "hello" else None
    print(json.dumps({"type": "complete", "id": request["id"], "outcome": {"type": "ok", "value": value}}), flush=True)
"""


def test_simulated_time_must_be_told(tmp_path: Path) -> None:
    (tmp_path / "timeless.py").write_text(TIMELESS)
    with (
        pytest.raises(AdapterError, match="claims simulated-time, and wrote a message without a time: «"),
        CommandAdapter("timeless", [sys.executable, "-I", "-S", str(tmp_path / "timeless.py")], {}) as adapter,
    ):
        adapter.perform(CreateTopic("t"))
