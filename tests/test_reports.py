"""The pages in reports/ are what the JSON files say, and every cell of the table can be measured again."""

import importlib.util
import json
import re
import shutil
import sys
from pathlib import Path
from types import ModuleType

import pytest
from click.testing import CliRunner

from brokerlaw.cli.check import check
from brokerlaw.conformance import trace as traces
from brokerlaw.spec.invariants import INVARIANTS

REPORTS = Path(__file__).parent.parent / "reports"


def load(path: Path) -> ModuleType:
    """The script, which belongs to no package."""
    spec = importlib.util.spec_from_file_location("collect", path)
    assert spec is not None and spec.loader is not None
    module = sys.modules["collect"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


collect = load(REPORTS / "collect.py")


def test_every_page_is_what_the_measurements_say() -> None:
    for path, text in collect.pages().items():
        name = path.relative_to(REPORTS)
        assert path.read_text("utf-8") == text, f"reports/{name} is stale: python reports/collect.py render"


@pytest.mark.parametrize("name", sorted(collect.runs_of()))
def test_every_verdict_of_a_column_is_a_cell_of_its_own(name: str) -> None:
    """Read back from the page, not from what made it."""
    told = json.loads((REPORTS / "runs" / f"{name}.json").read_text("utf-8"))
    columns = [column.run for column in collect.about().columns if column.run in collect.runs_of()]
    if name not in columns:
        return
    lines = (REPORTS / "README.md").read_text("utf-8").splitlines()
    cells = {
        row[0].strip("` "): row for row in (line.strip("|").split("|") for line in lines if line.startswith("| `"))
    }
    words = {"pass": "kept, ", "violated": "**broken**", "not exercised": "not exercised", "not claimed": "not claimed"}
    for verdict in told["result"]["verdicts"]:
        cell = cells[verdict["invariant"]][1 + columns.index(name)].strip()
        assert cell.startswith(words[verdict["status"]]), verdict
        assert str(verdict["exercised"]) in cell or verdict["status"].startswith("not"), verdict


def test_every_finding_has_its_trace_and_no_trace_is_left_over() -> None:
    named = {found.trace for run in collect.runs_of().values() for found in run.result.found}
    there = {path.relative_to(REPORTS.parent).as_posix() for path in (REPORTS / "traces").rglob("*.json")}
    assert named == there
    for place in named:
        saved = traces.read(REPORTS.parent / place)
        assert saved.invariant in INVARIANTS
        assert saved.witnesses


def test_no_report_knows_the_machine_it_was_made_on() -> None:
    for path in REPORTS.rglob("*"):
        if path.is_file() and path.suffix in (".json", ".md"):
            assert not re.search(r"/(home|root|tmp|work|Users)/", path.read_text("utf-8")), path


def test_a_run_is_taken_and_its_page_rendered(tmp_path: Path) -> None:
    reports = tmp_path / "reports"
    reports.mkdir()
    for name in ("collect.py", "about.json"):
        shutil.copy(REPORTS / name, reports / name)
    own = load(reports / "collect.py")
    options = ["--examples", "0", "--select", "ordering", "--out", str(tmp_path / "run")]
    assert CliRunner().invoke(check, ["reference", *options]).exit_code == 0
    command = "brokerlaw check reference --examples 0 --select ordering"
    for arguments in (["add", str(tmp_path / "run"), "reference", "--command", command], ["render"]):
        result = CliRunner().invoke(own.main, arguments)
        assert result.exit_code == 0, result.output
    page = (reports / "README.md").read_text("utf-8")
    assert "| `ordering.offsets-increase` | kept, " in re.sub(" +", " ", page)
    assert command in page
    run = (reports / "runs" / "reference.md").read_text("utf-8")
    assert f"kept: 4 of {len(INVARIANTS)} promises were put to the test" in run
