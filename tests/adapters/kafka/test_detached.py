"""The state of a detached cluster: believed only while its host holds the lock."""

import fcntl
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from brokerlaw.adapters.kafka import detached
from brokerlaw.adapters.kafka.errors import ClusterError
from brokerlaw.cli.main import main

STATE = detached.State(4321, "4.3.1", "127.0.0.1:1", "/nowhere", {1: 1}, {1: 4322})


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    (tmp_path / "brokerlaw").mkdir()


@contextmanager
def a_host_lives() -> Iterator[None]:
    with detached.lock_file().open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def write(state: detached.State) -> None:
    detached.state_file().write_bytes(msgspec.json.encode(state))


def test_state_is_read_back_while_the_host_lives() -> None:
    write(STATE)
    with a_host_lives():
        assert detached.current() == STATE


def test_a_state_without_a_host_is_never_acted_on(monkeypatch: pytest.MonkeyPatch) -> None:
    signalled: list[int] = []
    monkeypatch.setattr(os, "kill", lambda pid, number: signalled.append(pid))
    write(STATE)
    assert detached.current() is None
    assert detached.down() is False
    assert signalled == []
    assert not detached.state_file().exists()


def test_down_tells_the_host_to_end(monkeypatch: pytest.MonkeyPatch) -> None:
    signalled: list[tuple[int, int]] = []
    write(STATE)
    with a_host_lives():
        monkeypatch.setattr(os, "kill", lambda pid, number: signalled.append((pid, number)))
        monkeypatch.setattr(detached, "STOP_LIMIT", 0.0)
        with pytest.raises(ClusterError, match=r"process 4321\) did not end"):
            detached.down()
    assert signalled == [(4321, signal.SIGTERM)]


def test_a_second_cluster_is_refused() -> None:
    with a_host_lives(), pytest.raises(ClusterError, match="is up already"):
        detached.up()


def test_a_host_without_state_is_starting() -> None:
    with a_host_lives(), pytest.raises(ClusterError, match="being started or stopped"):
        detached.current()


def test_a_damaged_state_is_named() -> None:
    detached.state_file().write_text('{"host": "no number"}')
    with a_host_lives(), pytest.raises(ClusterError, match=r"cluster\.json is damaged"):
        detached.current()


def test_status_and_down_without_a_cluster() -> None:
    status = CliRunner().invoke(main, ["cluster", "kafka", "status"])
    assert (status.exit_code, status.output) == (3, "no cluster is up\n")
    down = CliRunner().invoke(main, ["cluster", "kafka", "down"])
    assert (down.exit_code, down.output) == (0, "no cluster was up\n")


@pytest.mark.parametrize("setting", ["novalue", "=value"])
def test_a_setting_must_be_a_pair(setting: str) -> None:
    result = CliRunner().invoke(main, ["cluster", "kafka", "up", "--settings", setting])
    assert result.exit_code == 2
    assert "is not of the form KEY=VALUE" in result.output


def test_what_stops_the_host_is_a_line_and_exit_code_2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    result = CliRunner().invoke(main, ["cluster", "kafka", "up"])
    assert result.exit_code == 2
    assert result.output.startswith("Error: no java in PATH: install")
    assert result.output.count("\n") == 1
