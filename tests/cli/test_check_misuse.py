"""`brokerlaw check` of a program that misbehaves: exit 2 and the cause, never a verdict about the broker."""

import json
import shlex
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from brokerlaw.cli.check import check

ROGUE = Path(__file__).parent.parent / "adapters" / "rogue.py"
CAUSES = {
    "hang": "did not complete send",
    "exit": "exited with code 3",
    "exit_at_start": "no such broker",
    "garbage": "is not JSON",
    "observation_flood": "more than 10000 observations",
    "twice": "twice: «{",
    "refuse": "claims a capability that needs send, and refuses it: no",
    "wrong_value": "at `$.outcome.value.partition`",
}


@pytest.mark.parametrize("kind", CAUSES)
def test_no_verdict(kind: str, tmp_path: Path) -> None:
    adapter = f"cmd:{sys.executable} -I -S {shlex.quote(str(ROGUE))} {kind}"
    out = tmp_path / "run"
    patience = ["--settings", "adapter.timeout=5000"] if kind == "hang" else []
    result = CliRunner().invoke(check, [adapter, *patience, "--examples", "0", "--quiet", "--out", str(out)])
    assert result.exit_code == 2, result.output
    assert "no verdict: the adapter or the suite is at fault, not the broker" in result.output
    assert CAUSES[kind] in result.output
    report = json.loads((out / "report.json").read_text())
    assert CAUSES[kind] in report["fault"]
    assert not any(verdict["violations"] for verdict in report["verdicts"])
