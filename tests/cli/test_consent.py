"""A trace of somebody else's runs no program and reaches no cluster without a yes."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from brokerlaw.cli.check import check
from brokerlaw.cli.replay import replay

ROGUE = Path(__file__).parent.parent / "adapters" / "rogue.py"


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A trace of the reference's."""
    out = tmp_path_factory.mktemp("consent") / "run"
    options = [
        "--quiet",
        "--examples",
        "0",
        "--settings",
        "mutant=dirty-read",
        "--select",
        "transactions.committed-only",
    ]
    assert CliRunner().invoke(check, ["reference", *options, "--out", str(out)]).exit_code == 1
    trace: dict[str, Any] = json.loads(next(out.glob("trace-*.json")).read_text())
    return trace


def foreign(folder: Path, trace: dict[str, Any], **changes: Any) -> Path:
    path = folder / "foreign.json"
    path.write_text(json.dumps(trace | changes))
    return path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(replay, [str(each) for each in arguments])


def test_a_program_is_not_run_unasked(own: dict[str, Any], tmp_path: Path) -> None:
    touched = tmp_path / "touched"
    trace = foreign(tmp_path, own, adapter=f"cmd:touch {touched}", settings={})
    refused = run(trace)
    assert refused.exit_code == 2
    assert f"the trace runs cmd:touch {touched}: give --yes if you trust it" in refused.output
    assert not touched.exists()
    trusted = run(trace, "--yes")
    assert trusted.exit_code == 2
    assert touched.exists()


def test_a_class_is_not_imported_unasked(own: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "evil.py").write_text(f"open({str(tmp_path / 'imported')!r}, 'w')")
    refused = run(foreign(tmp_path, own, adapter=f"py:{tmp_path}/evil.py:Adapter", settings={}))
    assert refused.exit_code == 2
    assert not (tmp_path / "imported").exists()


def test_what_the_user_names_needs_no_yes(own: dict[str, Any], tmp_path: Path) -> None:
    trace = foreign(tmp_path, own, adapter="cmd:touch x", settings={"secret": "of theirs"})
    assert run(trace, "--adapter", "reference", "--runs", "1").exit_code == 0
    named = run(trace, "--adapter", f"cmd:{sys.executable} {ROGUE} exit", "--runs", "1")
    assert "exited with code 3" in named.output


def test_a_cluster_of_somebody_elses_is_not_talked_to_unasked(own: dict[str, Any], tmp_path: Path) -> None:
    trace = foreign(tmp_path, own, adapter="kafka", settings={"bootstrap": "203.0.113.1:9092"})
    refused = run(trace)
    assert refused.exit_code == 2
    assert "the trace has its adapter use bootstrap=203.0.113.1:9092: give --yes" in refused.output


def test_settings_of_clients_need_a_yes_too(own: dict[str, Any], tmp_path: Path) -> None:
    steps = [dict(step) for step in own["plan"]["steps"]]
    next(step for step in steps if step["f"] == "open_producer")["settings"] = {"plugin.library.paths": "evil\x1b[31m"}
    refused = run(foreign(tmp_path, own, adapter="kafka", settings={}, plan=own["plan"] | {"steps": steps}))
    assert refused.exit_code == 2
    assert r"the trace opens clients with plugin.library.paths=evil\x1b[31m" in refused.output


def test_the_reference_needs_none(own: dict[str, Any], tmp_path: Path) -> None:
    done = run(foreign(tmp_path, own), "--runs", "1")
    assert done.exit_code == 1
    assert "reproduced 1/1 on reference" in done.output


@pytest.mark.parametrize(("answer", "ran"), [(b"y\n", True), (b"n\n", False), (b"\x04", False)])
def test_on_a_terminal_it_is_asked(answer: bytes, ran: bool, own: dict[str, Any], tmp_path: Path) -> None:
    trace = foreign(tmp_path, own, adapter=f"cmd:touch {tmp_path}/touched", settings={})
    command = [sys.executable, "-m", "brokerlaw", "replay", str(trace)]
    ours, theirs = pty.openpty()
    with subprocess.Popen(command, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        os.write(ours, answer)
        _, told = process.communicate(timeout=60)
    os.close(ours)
    os.close(theirs)
    assert process.returncode == 2
    assert "Do you trust it?" in told
    assert (tmp_path / "touched").exists() is ran
