"""Conversations that go well; crashes and freezes on purpose; the end of it all."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from processes import gone, state

from brokerlaw.adapters.channel import Channel
from brokerlaw.adapters.contract import AdapterError
from brokerlaw.adapters.guard import Guard
from brokerlaw.spec.history.operations import Flush, Send
from brokerlaw.spec.history.outcomes import Ok, Unknown
from brokerlaw.spec.history.values import Placed

Speak = Callable[..., Channel]
SEND = Send("p", "t", b"hello")


def test_the_description_and_an_answer(speak: Speak) -> None:
    channel = speak("sound")
    began = time.monotonic_ns()
    outcome, at = channel.perform(SEND)
    assert outcome == Ok(Placed("t", 0, 0))
    assert began <= at <= time.monotonic_ns()


def test_a_kill_leaves_what_is_in_flight_unknown(speak: Speak) -> None:
    channel = speak("backwards")
    late = channel.invoke(Send("p", "t", b"", awaited=False))
    channel.kill()
    assert isinstance(late.result(0).outcome, Unknown)
    assert gone(channel.pid)
    with pytest.raises(AdapterError, match=r"was asked for flush \(request 3\) after it had been ended"):
        channel.perform(Flush("p"))


def test_a_frozen_program_answers_when_it_is_thawed(speak: Speak) -> None:
    channel = speak("sound")
    channel.freeze()
    assert state(channel.pid) == "T"
    late = channel.invoke(SEND)
    with pytest.raises(TimeoutError):
        late.result(0.05)
    channel.thaw()
    assert late.result(20).outcome == Ok(Placed("t", 0, 0))


def test_a_frozen_program_can_be_killed(speak: Speak) -> None:
    channel = speak("sound")
    channel.freeze()
    channel.kill()
    assert gone(channel.pid)


def test_close_is_in_good_order(speak: Speak) -> None:
    channel = speak("sound")
    assert channel.close()
    assert gone(channel.pid)


@pytest.mark.parametrize("kind", ["unstoppable", "exits_without_a_word"])
def test_a_program_that_does_not_stop_as_it_should(kind: str, speak: Speak) -> None:
    channel = speak(kind, 0.3)
    assert not channel.close()
    assert gone(channel.pid)


def test_what_the_listener_raises_is_not_lost() -> None:
    def listen(*_: object) -> None:
        raise RuntimeError("the history is full")

    argv = [sys.executable, "-I", "-S", "-c", LISTENED]
    with Channel("told", argv, listen, patience=20.0) as channel, pytest.raises(RuntimeError, match="history is full"):
        channel.hello({})


LISTENED = """
print('{"type":"observe","process":"c","value":{"o":"lost","group":"g","member":"m","generation":1,"partitions":[]}}',
      flush=True)
input(); input()
"""


@pytest.mark.parametrize("freeze", [False, True])
def test_the_program_does_not_outlive_its_host(freeze: bool, tmp_path: Path) -> None:
    """Killed without a word, the host leaves a program that reads nothing, or stands still."""
    rogue = Path(__file__).with_name("rogue.py")
    host = subprocess.Popen(
        [sys.executable, "-c", HOST.format(rogue=str(rogue), freeze=freeze)], stdout=subprocess.PIPE, text=True
    )
    assert host.stdout is not None
    pid = int(host.stdout.readline())
    host.send_signal(signal.SIGKILL)
    host.wait()
    host.stdout.close()
    try:
        assert gone(pid)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


HOST = """
import sys, time
from brokerlaw.adapters.channel import Channel
channel = Channel("rogue", [sys.executable, "-I", "-S", {rogue!r}, "deaf_from_the_start"], print)
if {freeze}:
    channel.freeze()
print(channel.pid, flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("argv", [["echo", "hi"], ["yes"], ["false"], ["true"]])
def test_a_program_may_be_heard_before_its_channel_is_made(argv: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    start = threading.Thread.start

    def start_and_wait(thread: threading.Thread) -> None:
        start(thread)
        thread.join(20)

    monkeypatch.setattr(threading.Thread, "start", start_and_wait)
    channel = Channel(argv[0], argv, lambda *_: None)
    with pytest.raises(AdapterError, match=r"echo wrote|yes wrote|exited with code"):
        channel.hello({})


def test_a_guard_that_was_killed_is_replaced() -> None:
    guard, first, second = Guard(), subprocess.Popen(["sleep", "60"], process_group=0), None
    try:
        guard.watch(first.pid)
        assert guard._process is not None
        guard._process.kill()
        guard._process.wait()
        second = subprocess.Popen(["sleep", "60"], process_group=0)
        guard.watch(second.pid)
        assert guard._process.stdin is not None
        guard._process.stdin.close()  # as its host's end does
        assert guard._process.wait(20) == 0
        assert first.wait(20) == second.wait(20) == -signal.SIGKILL
    finally:
        for process in (first, second):
            if process is not None:
                process.kill()
                process.wait()
