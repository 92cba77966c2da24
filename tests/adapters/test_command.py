"""A program as an adapter: its life, and what it must be able to do."""

import sys
from concurrent.futures import Future
from pathlib import Path

import pytest

from brokerlaw.adapters.command import CommandAdapter
from brokerlaw.adapters.contract import AdapterError, Timed
from brokerlaw.spec.history.observations import Lost, Observation
from brokerlaw.spec.history.operations import Flush, Send
from brokerlaw.spec.history.outcomes import Fail, Ok
from brokerlaw.spec.history.values import Placed

FOLDER = Path(__file__).parent


def toy(**settings: str) -> CommandAdapter:
    return CommandAdapter("toy", [sys.executable, str(FOLDER / "toy.py")], settings)


def rogue(kind: str, **settings: str) -> CommandAdapter:
    return CommandAdapter("rogue", [sys.executable, "-I", "-S", str(FOLDER / "rogue.py"), kind], settings)


def test_operations_awaited_and_not() -> None:
    with toy() as adapter:
        late = adapter.perform(Send("p", "late", b"", awaited=False))
        assert isinstance(late, Future)
        sent = adapter.perform(Send("p", "timed", b""))
        assert isinstance(sent, Timed)
        assert sent.outcome == Ok(Placed("timed", 0, 0))
        assert not late.done()
        adapter.perform(Flush("p"))
        assert late.result(0).outcome == Ok(Placed("late", 0, 0))


def test_observations_reach_whoever_listens_now() -> None:
    seen: list[tuple[str, Observation]] = []
    with toy() as adapter:
        adapter.perform(Send("p", "observed", b""))
        adapter.listen(lambda _at, process, observation: seen.append((process, observation)))
        adapter.perform(Send("p", "observed", b""))
    assert seen == [("c", Lost("g", "m", 1, ()))]


def test_resets_and_waits_reach_the_program() -> None:
    with toy() as adapter:
        adapter.reset()
        adapter.wait(1)


def test_a_program_without_reset() -> None:
    with (
        rogue("resetless") as adapter,
        pytest.raises(AdapterError, match="rogue must be able to reset: UNSUPPORTED no"),
    ):
        adapter.reset()


def test_a_start_that_fails_is_told_and_leaves_nothing() -> None:
    adapter = toy(broken="yes")
    with pytest.raises(AdapterError, match="the licence has expired: renew it"), adapter:
        pytest.fail("it must not start")
    with pytest.raises(AdapterError, match="toy is not running"):
        adapter.reset()


def test_a_program_that_does_not_stop() -> None:
    adapter = rogue("unstoppable", **{"adapter.timeout": "1000"})
    adapter.start()
    with pytest.raises(AdapterError, match=r"rogue did not complete stop and exit within 1 s: it was killed"):
        adapter.stop()
    adapter.stop()  # there is nothing left to stop


def test_a_program_that_has_died_needs_no_stop() -> None:
    adapter = rogue("exit")
    adapter.start()
    with pytest.raises(AdapterError, match="exited with code 3"):
        adapter.perform(Send("p", "t", b""))
    adapter.stop()


def test_a_refusal_is_the_suites_to_judge() -> None:
    with rogue("refuse") as adapter:
        answer = adapter.perform(Send("p", "t", b""))
        assert isinstance(answer, Timed)
        assert answer.outcome == Fail("UNSUPPORTED", "no")


def test_a_program_that_hangs_at_hello_may_only_be_slow() -> None:
    adapter = rogue("deaf_from_the_start", **{"adapter.timeout": "300"})
    with pytest.raises(AdapterError, match=r"(?s)did not complete hello .*--settings adapter\.timeout=60000"), adapter:
        pytest.fail("it must not start")
