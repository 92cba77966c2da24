"""`brokerlaw check kafka` that is ended from outside: what it has found stands, and nothing of it is left."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

pytest.importorskip("confluent_kafka")

from brokerlaw.adapters.kafka.errors import wait_until

pytestmark = pytest.mark.kafka
START, END = 90.0, 20.0  # seconds


@contextmanager
def checking(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A check whose first cases are done, with a temporary folder of its own."""
    command = [sys.executable, "-m", "brokerlaw", "check", "kafka", "--out", str(tmp_path / "run")]
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    environment = os.environ | {"TMPDIR": str(temporary)}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=environment) as process:
        log = tmp_path / "run" / "run.jsonl"
        try:
            assert wait_until(lambda: log.exists() and "case_finished" in log.read_text(), START)
            yield process
        finally:
            process.kill()


def children(pid: int) -> set[int]:
    """Its processes, and theirs."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    parents = {int(child): int(parent) for child, parent in (line.split() for line in listed.splitlines())}
    found: set[int] = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {pid}


def lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def nothing_is_left(processes: set[int], tmp_path: Path) -> bool:
    return not any(map(lives, processes)) and not list((tmp_path / "temporary").iterdir())


def test_an_interruption_leaves_a_complete_report_and_nothing_else(tmp_path: Path) -> None:
    with checking(tmp_path) as process:
        processes = children(process.pid)
        assert len(processes) > 4
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=END)
    assert process.returncode == 130
    assert out.endswith("interrupted: what is reported stands, the rest was not judged\n")
    begun = ["Apache", "capabilities", "timeouts", "smoke", "directed"]
    assert [line.split(":")[0].split(" ")[0] for line in err.splitlines()] == begun
    report = json.loads((tmp_path / "run" / "report.json").read_text())
    assert report["interrupted"]
    assert report["cases"] >= 1
    assert wait_until(lambda: nothing_is_left(processes, tmp_path), END)


def test_a_kill_leaves_nothing(tmp_path: Path) -> None:
    with checking(tmp_path) as process:
        processes = children(process.pid)
        process.kill()
        process.communicate(timeout=END)
    assert wait_until(lambda: nothing_is_left(processes, tmp_path), END)
