"""`brokerlaw check` first asks whether the adapter is sane: a misuse ends it, a doubt is told and does not."""

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from brokerlaw.cli.check import check

ADAPTER = """
from brokerlaw.adapters.contract import Fail, Ok
from brokerlaw.adapters.templates.adapter import MyBroker

class Forgets(MyBroker):
    def send(self, op):
        super().send(op)

class Refuses(MyBroker):
    def send(self, op):
        return Fail("BROKEN", "the disk is full")
"""


def run(folder: Path, adapter: str, *arguments: str) -> tuple[Result, list[dict[str, Any]]]:
    """The command's end, and the events of its run."""
    (folder / "mine.py").write_text(ADAPTER)
    name = adapter if adapter == "reference" else f"py:{folder / 'mine.py'}:{adapter}"
    result = CliRunner().invoke(check, [name, "--examples", "0", "--out", str(folder / "run"), *arguments])
    return result, [json.loads(line) for line in (folder / "run" / "run.jsonl").read_text().splitlines()]


def test_the_first_phase_is_smoke(tmp_path: Path) -> None:
    result, events = run(tmp_path, "reference", "--select", "ordering.offsets-increase", "--quiet")
    assert result.exit_code == 0, result.output
    phases = [each.get("phase") for each in events if each["event"] == "phase_started"]
    assert phases == ["smoke", "directed", "stateful"]
    made = [each["status"] for each in events if each["event"] == "adapter_checked"]
    assert len(made) > 5
    assert set(made) == {"pass"}


def test_a_misuse_ends_the_check(tmp_path: Path) -> None:
    result, events = run(tmp_path, "Forgets", "--select", "ordering")
    assert result.exit_code == 2
    assert "Forgets returned None from send; return Ok(value), Fail(error) or Unknown(error)" in result.output
    assert result.stdout.splitlines()[-1].startswith("no verdict: the adapter or the suite is at fault")
    assert not any(each["event"] == "case_finished" for each in events)


def test_a_doubt_is_told_and_does_not(tmp_path: Path) -> None:
    result, events = run(tmp_path, "Refuses", "--select", "ordering")
    assert result.exit_code == 3
    assert any(each["event"] == "case_finished" for each in events)
    assert "unsure: An awaited send tells where the record stands: send was answered with fail BROKEN" in result.output
    assert "this is the broker's doing or the adapter's; brokerlaw smoke tells more" in result.output
    assert "send none succeeded" in result.output
