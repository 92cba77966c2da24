"""The fake cluster of franz-go: what is missing to build it is named with its mend, and a check of it ends."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from brokerlaw.adapters.contract import AdapterError
from brokerlaw.adapters.kafka.errors import ClusterError
from brokerlaw.adapters.kafka.kfake import build
from brokerlaw.adapters.kafka.kfake.adapter import HEEDED, KfakeAdapter
from brokerlaw.adapters.kafka.settings import for_testing
from brokerlaw.cli.check import check


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH with nothing but our programs, and an empty cache."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return folder


def go(folder: Path, work: str) -> None:
    """A Go that does `work` in the folder of the sources."""
    file = folder / "go"
    file.write_text(f"#!/bin/sh\nPATH=/usr/bin:/bin\n{work}\n")
    file.chmod(0o755)


def test_go_that_is_missing_is_named_with_its_mend(programs: Path) -> None:
    with pytest.raises(ClusterError, match=r"^no go in PATH [^\n]*: install Go [^\n]*$"):
        build.program()
    with pytest.raises(AdapterError, match=r"^no go in PATH"), KfakeAdapter({}):
        pass


def test_what_go_complains_of_is_told_in_one_line_and_leaves_nothing(programs: Path, tmp_path: Path) -> None:
    go(programs, "echo 'go: downloading a v1' >&2; echo 'go: go.mod requires go >= 1.26.0' >&2; exit 1")
    with pytest.raises(ClusterError, match=r"^Go could not build kfake \(go: go.mod requires go >= 1.26.0\): [^\n]*$"):
        build.program()
    assert [path.suffix for path in (tmp_path / "cache" / "brokerlaw").iterdir()] == [".lock"]


def test_it_is_built_once(programs: Path, tmp_path: Path) -> None:
    go(programs, f"test -f main.go -a -f go.sum && echo '#!/bin/sh' > kfake && echo x >> {tmp_path}/builds")
    assert build.program() == build.program()
    assert build.program().read_text() == "#!/bin/sh\n"
    assert (tmp_path / "builds").read_text() == "x\n"


def test_a_program_that_does_not_serve_is_no_verdict(programs: Path) -> None:
    go(programs, "printf '#!/bin/sh\\necho no port is free\\n' > kfake; chmod +x kfake")
    with pytest.raises(AdapterError, match=r"^kfake did not start: no port is free$"), KfakeAdapter({}):
        pass


@pytest.mark.parametrize("key", ["bootstrap", "broker.log.retention.ms"])
def test_its_brokers_are_its_own(key: str) -> None:
    with pytest.raises(AdapterError, match=rf"^kfake has brokers of its own: {key}= is for the adapter kafka$"):
        KfakeAdapter({key: "1"})


def test_what_it_heeds_is_a_setting_of_clusters_for_testing() -> None:
    assert set(HEEDED) <= for_testing(3, {}).keys()


@pytest.mark.kfake
def test_a_check_ends_with_verdicts_and_leaves_nothing_behind(tmp_path: Path) -> None:
    options = ("--max-time", "20", "--shrink-time", "5", "--out", str(tmp_path / "run"))
    result = CliRunner().invoke(check, ["kfake", "--settings", "without=transactions", *options])
    report = json.loads((tmp_path / "run" / "report.json").read_text())
    verdicts = {verdict["invariant"]: verdict["status"] for verdict in report["verdicts"]}
    assert result.exit_code == report["exit_code"], result.output
    assert report["description"]["name"] == "kfake"
    assert report["description"]["version"] == build.version()
    assert verdicts["ordering.offsets-increase"] == verdicts["durability.acked-survives"] == "pass"
    assert verdicts["durability.min-isr-refuses"] == verdicts["transactions.atomic"] == "not claimed"


@pytest.mark.kfake
def test_it_has_short_timeouts_and_ends_when_it_is_stopped() -> None:
    adapter = KfakeAdapter({})
    with adapter:
        process, told = adapter._program, adapter.describe().settings
    assert told["group.consumer.session.timeout.ms"] == "1500"
    assert process is not None and process.returncode == 0
