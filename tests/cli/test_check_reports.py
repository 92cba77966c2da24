"""`check --junit --summary`: both are written after every end, and what cannot be written costs the verdict nothing."""

import os
import shlex
import signal
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from brokerlaw.cli.check import check

ROGUE = Path(__file__).parent.parent / "adapters" / "rogue.py"


def run(tmp_path: Path, *arguments: str, adapter: str = "reference") -> Result:
    files = ("--junit", str(tmp_path / "junit.xml"), "--summary", str(tmp_path / "summary.md"))
    return CliRunner().invoke(check, [adapter, "-q", "--out", str(tmp_path / "run"), *files, *arguments])


def outcomes(path: Path) -> dict[str, str]:
    """Each test case of a file, and what it has inside."""
    cases = ET.parse(path).getroot().iter("testcase")
    return {case.get("name", ""): case[0].tag if len(case) else "passed" for case in cases}


def test_kept(tmp_path: Path) -> None:
    result = run(tmp_path, "--examples", "0", "--select", "transactions.*")
    assert result.exit_code == 0, result.output
    assert set(outcomes(tmp_path / "junit.xml").values()) == {"passed"}
    assert result.output.splitlines()[-1] in (tmp_path / "summary.md").read_text()


def test_broken(tmp_path: Path) -> None:
    select = ("--select", "transactions.*", "--settings", "mutant=dirty-read")
    assert run(tmp_path, "--examples", "0", *select).exit_code == 1
    found = outcomes(tmp_path / "junit.xml")
    assert found == {"transactions.committed-only": "failure", "transactions.atomic": "passed"}
    again = f"again: brokerlaw replay {tmp_path}/run/trace-1-transactions.committed-only.json"
    assert again in (tmp_path / "junit.xml").read_text()
    assert again in (tmp_path / "summary.md").read_text()


@pytest.mark.parametrize(
    ("adapter", "words"),
    [
        (f"cmd:{sys.executable} -I -S {shlex.quote(str(ROGUE))} exit", "no verdict"),
        ("py:no.such.module:Broker", "No module named"),
        ("refrence", "did you mean reference?"),
    ],
)
def test_an_adapter_at_fault_whenever_that_is_seen(adapter: str, words: str, tmp_path: Path) -> None:
    assert run(tmp_path, "--examples", "0", adapter=adapter).exit_code == 2
    assert "error" in outcomes(tmp_path / "junit.xml").values()
    assert words in ET.parse(tmp_path / "junit.xml").getroot().findtext(".//error", "")
    assert "no verdict" in (tmp_path / "summary.md").read_text()


def test_what_was_not_exercised_is_skipped_and_the_file_is_red(tmp_path: Path) -> None:
    result = run(tmp_path, "--examples", "0", "--settings", "brokers=1", "--select", "durability")
    assert result.exit_code == 3, result.output
    found = outcomes(tmp_path / "junit.xml")
    assert found["durability.min-isr-refuses"] == "skipped"
    assert "error" in found.values()


def test_an_interrupt(tmp_path: Path) -> None:
    files = ("--junit", str(tmp_path / "junit.xml"), "--summary", str(tmp_path / "summary.md"))
    command = [sys.executable, "-m", "brokerlaw", "check", "reference", "--examples", "1000000"]
    process = subprocess.Popen(
        [*command, "--out", str(tmp_path / "run"), *files], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    next(line for line in process.stderr if "cases" in line)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert "error" in outcomes(tmp_path / "junit.xml").values()
    assert "interrupted" in (tmp_path / "summary.md").read_text()


def test_a_summary_is_appended_and_a_junit_file_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "summary.md").write_text("# of another step\n")
    (tmp_path / "junit.xml").write_text("of an earlier run")
    assert run(tmp_path, "--examples", "0", "--select", "ordering").exit_code == 0
    assert (tmp_path / "summary.md").read_text().startswith("# of another step\n")
    assert outcomes(tmp_path / "junit.xml")


@pytest.mark.parametrize("option", ["--junit", "--summary"])
@pytest.mark.parametrize("place", ["/dev/full", "{folder}", "{file}/inside"])
def test_what_cannot_be_written_is_one_line_after_the_verdict(option: str, place: str, tmp_path: Path) -> None:
    if place == "/dev/full" and not os.access(place, os.W_OK):
        pytest.skip("this system has no /dev/full")
    (tmp_path / "file").write_text("")
    path = place.format(folder=tmp_path, file=tmp_path / "file")
    command = [
        "reference",
        "-q",
        "--out",
        str(tmp_path / "run"),
        "--examples",
        "0",
        "--select",
        "ordering",
        option,
        path,
    ]
    result = CliRunner().invoke(check, command)
    assert result.exit_code == 2
    verdict, error = result.output.splitlines()[-2:]
    assert verdict.startswith("kept")
    assert error.startswith(f"Error: {path} cannot be written: ")


def test_folders_are_made_for_the_files(tmp_path: Path) -> None:
    path = tmp_path / "test-results" / "brokerlaw" / "junit.xml"
    assert run(tmp_path, "--examples", "0", "--select", "ordering", "--junit", str(path)).exit_code == 0
    assert outcomes(path)
