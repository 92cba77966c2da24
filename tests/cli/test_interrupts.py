"""Ctrl-C, SIGTERM and SIGHUP end every command with 130, at every moment, without a traceback, and leave nothing."""

import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
from click.testing import CliRunner
from processes import LIMIT, comes, state

from brokerlaw.cli.check import check
from brokerlaw.cli.interrupts import Interrupts

ROGUE: Final = Path(__file__).parent.parent / "adapters" / "rogue.py"
HANGS: Final = f"cmd:{sys.executable} -I -S {shlex.quote(str(ROGUE))} hang"
SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

COMMANDS: Final = {
    "check": ("check", "reference", "--examples", "1000000", "--out", "run"),
    "check-blocked": ("check", HANGS, "--examples", "0", "--out", "run"),
    "replay": ("replay", "trace.json", "--runs", "1000000"),
    "judge": ("judge", "-"),
    "explore": ("explore", "replication", "--set", "Replica=5"),
    "explore-python": ("explore", "replication", "--engine", "python"),
    "explore-threads": ("explore", "replication", "--set", "Replica=5", "--threads", "2"),
    "trace": ("trace", "replication", "--set", "Replica=5", "--max-states", "1000000000"),
    "guards": ("guards", "replication", "--set", "Replica=5"),
    "prove": ("prove", "replication", "--timeout", "1000"),
    "protocols": ("protocols", "--write", "pages"),
    "smoke": ("smoke", HANGS),
}
"""Commands that would all take minutes, or wait for ever."""
WAITING: Final = ("check-blocked", "judge", "smoke", "prove")
"""Those that wait for somebody else."""


@contextmanager
def begun(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A command in a process group of its own, as a shell starts it, once it has taken over the signals."""
    command = [sys.executable, "-m", "brokerlaw", *arguments]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, cwd=folder, stdin=pipe, stdout=pipe, stderr=pipe, text=True, start_new_session=True
    ) as process:
        try:
            assert comes(lambda: caught(process.pid, signal.SIGHUP))
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def caught(pid: int, number: signal.Signals) -> bool:
    """Whether the process has a handler for a signal."""
    return bool(_status(pid, "SigCgt", 16) >> (number - 1) & 1)


def _status(pid: int, field: str, base: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next((int(line.split()[1], base) for line in lines if line.startswith(field)), 0)


def at_work(process: subprocess.Popen[str]) -> bool:
    """Whether the program has used enough of the processor to be past its imports."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") > 0.8


def ended(process: subprocess.Popen[str]) -> tuple[str, str]:
    """What the process said; it must have ended as interrupted."""
    told, complained = process.communicate(timeout=LIMIT)
    assert process.returncode == 130, (process.returncode, told, complained)
    assert "Traceback" not in complained
    return told, complained


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a trace."""
    folder = tmp_path_factory.mktemp("interrupts")
    options = [
        "--quiet",
        "--examples",
        "0",
        "--settings",
        "mutant=dirty-read",
        "--select",
        "transactions.committed-only",
    ]
    assert CliRunner().invoke(check, ["reference", *options, "--out", str(folder / "broken")]).exit_code == 1
    next((folder / "broken").glob("trace-*.json")).rename(folder / "trace.json")
    return folder


@pytest.mark.parametrize("number", range(3))
@pytest.mark.parametrize("name", COMMANDS)
def test_just_after_the_start(name: str, number: int, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "trace.json").write_bytes((folder / "trace.json").read_bytes())
    with begun(tmp_path, *COMMANDS[name]) as process:
        os.killpg(process.pid, SIGNALS[(number + list(COMMANDS).index(name)) % 3])
        ended(process)


@pytest.mark.parametrize("name", COMMANDS)
def test_at_work(name: str, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "trace.json").write_bytes((folder / "trace.json").read_bytes())
    with begun(tmp_path, *COMMANDS[name]) as process:
        if name in WAITING:
            assert comes(lambda: state(process.pid) == "S")
        else:
            assert comes(lambda: at_work(process))
        os.killpg(process.pid, SIGNALS[list(COMMANDS).index(name) % 3])
        ended(process)


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("times", [1, 2])
def test_a_check_leaves_its_report(number: signal.Signals, times: int, tmp_path: Path) -> None:
    with begun(tmp_path, *COMMANDS["check"]) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "cases" in line:
                break
        for _ in range(times):
            os.killpg(process.pid, number)
        told, _ = ended(process)
    assert "interrupted: what is reported stands" in told
    report = json.loads((tmp_path / "run" / "report.json").read_text())
    assert report["interrupted"] is True
    assert json.loads((tmp_path / "run" / "run.jsonl").read_text().splitlines()[-1])["event"] == "run_finished"


@pytest.fixture
def timer(monkeypatch: pytest.MonkeyPatch) -> list[tuple[float, ...]]:
    """What the timer that repeats them was set to; it does not run."""
    said: list[tuple[float, ...]] = []
    monkeypatch.setattr(signal, "setitimer", lambda _, *seconds: said.append(seconds))
    return said


@pytest.mark.usefixtures("timer")
def test_the_third_ends_it_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    ends: list[int] = []
    monkeypatch.setattr(os, "_exit", ends.append)
    interrupts = Interrupts()
    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            interrupts._arrive(signal.SIGINT, None)
    assert ends == [130]


@pytest.mark.usefixtures("timer")
def test_where_they_are_held_back_they_are_counted() -> None:
    interrupts = Interrupts()
    with interrupts.held(1):
        interrupts._arrive(signal.SIGTERM, None)
        assert interrupts.arrived == 1
        with pytest.raises(KeyboardInterrupt):
            interrupts._arrive(signal.SIGTERM, None)


PROGRAM: Final = """
import os, signal, time
from brokerlaw.cli import explain
from brokerlaw.cli.main import main

def interrupt():
    os.kill(os.getpid(), signal.SIGTERM)
    sum(range(100_000))

class Stubborn:
    def __del__(self):
        interrupt()

def callback(**_):
{callback}

explain.explain.callback = callback
main(["explain"])
"""
IN_A_DEL: Final = """
    Stubborn()
    while True:
        pass
"""
IN_A_LIBRARY: Final = """
    try:
        interrupt()
    except BaseException:
        pass
    while True:
        pass
"""
WHILE_ENDING: Final = """
    try:
        interrupt()
    finally:
        until = time.monotonic() + 0.3
        while time.monotonic() < until:
            pass
        print("ended what was begun")
"""


def interrupted(callback: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", PROGRAM.format(callback=callback)]
    return subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, check=False)


@pytest.mark.parametrize("callback", [IN_A_DEL, IN_A_LIBRARY], ids=["in a del", "in a library"])
def test_one_that_is_swallowed_is_repeated(callback: str) -> None:
    done = interrupted(callback)
    assert (done.returncode, done.stderr) == (130, "interrupted\n")


def test_while_things_are_ended_for_it_it_is_not_repeated() -> None:
    done = interrupted(WHILE_ENDING)
    assert (done.returncode, done.stdout, done.stderr) == (130, "ended what was begun\n", "interrupted\n")


def test_once_it_is_noticed_it_is_not_repeated(timer: list[tuple[float, ...]]) -> None:
    interrupts = Interrupts()
    with pytest.raises(KeyboardInterrupt):
        interrupts._arrive(signal.SIGTERM, None)
    interrupts.noticed()
    assert timer == [(0.02, 0.02), (0,)]
    interrupts._arrive(signal.SIGTERM, None)
    assert interrupts.arrived == 2


def test_whoever_started_us_may_have_us_ignore_one(tmp_path: Path) -> None:
    """Like nohup."""
    command = ["sh", "-c", f"trap '' HUP; exec {sys.executable} -m brokerlaw explore replication --set Replica=5"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert comes(lambda: caught(process.pid, signal.SIGTERM))
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=LIMIT)
    assert process.returncode == 130


def test_an_interruption_that_comes_as_something_else(tmp_path: Path) -> None:
    """As Python says it of a class whose making was interrupted."""
    program = """
import os, signal
from brokerlaw.cli.process import end_with

def command():
    try:
        os.kill(os.getpid(), signal.SIGINT)
        while True:
            pass
    except KeyboardInterrupt as interrupt:
        raise RuntimeError("Error calling __set_name__") from interrupt

end_with(command)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=LIMIT, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (130, "")
