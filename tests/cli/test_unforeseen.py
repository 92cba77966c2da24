"""What nobody foresaw in a check: the verdict so far, the report files, exit code 2, and what is needed to find out."""

import json
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from brokerlaw.cli.check import check
from brokerlaw.cli.judge import judge
from brokerlaw.conformance.execute import Case
from brokerlaw.reference.adapter import ReferenceAdapter
from brokerlaw.spec.history.history import History
from brokerlaw.spec.invariants import INVARIANTS
from brokerlaw.spec.invariants.invariant import Finding

FAILS = "durability.acked-survives"
SMALL = ("check", "reference", "--quiet", "--examples", "0", "--select", "durability.acked-*")


def run(out: Path, *arguments: str) -> Result:
    few = ("--select", "durability.acked-*")
    return CliRunner().invoke(check, ["reference", "--quiet", "--examples", "0", *few, "--out", str(out), *arguments])


def report(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / "report.json").read_text())
    assert json.loads((out / "run.jsonl").read_text().splitlines()[-1])["event"] == "run_finished"
    assert (out / "report.md").exists()
    return found


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A book in which one judge raises."""

    def fails(history: History) -> Finding:
        raise ZeroDivisionError("by \x1b[31mnought")

    monkeypatch.setitem(INVARIANTS, FAILS, INVARIANTS[FAILS]._replace(judge=fails))


@pytest.mark.usefixtures("failing")
def test_a_judge_that_fails_is_named_the_others_judge_and_the_history_is_kept(tmp_path: Path) -> None:
    done = run(tmp_path / "run")
    assert done.exit_code == 2, done.output
    assert ["!", "not", "judged", FAILS] in [line.split()[:4] for line in done.output.splitlines()]
    assert ["✓", "pass", "durability.acked-at-offset"] in [line.split()[:3] for line in done.output.splitlines()]
    kept = tmp_path / "run" / "history-1.jsonl"
    last = done.output.splitlines()[-1]
    assert last.startswith("no verdict: the adapter or the suite is at fault, not the broker: ")
    assert rf"the judge of {FAILS} failed: ZeroDivisionError: by \x1b[31mnought; its history is in {kept}" in last
    assert report(tmp_path / "run")["exit_code"] == 2
    again = CliRunner().invoke(judge, [str(kept)])
    assert again.exit_code == 2
    assert f"the judge of {FAILS} failed: ZeroDivisionError" in again.output
    assert "durability.acked-at-offset" in again.output


def test_judges_that_do_not_fail_keep_no_history(tmp_path: Path) -> None:
    assert run(tmp_path / "run").exit_code == 0
    assert not list((tmp_path / "run").glob("history-*"))


@pytest.mark.parametrize(
    "error", [AssertionError("x"), RecursionError(), MemoryError(), SystemExit(0), GeneratorExit()]
)
def test_whatever_is_raised_is_no_verdict(
    error: BaseException, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fails(*_: object) -> None:
        raise error

    monkeypatch.setattr(Case, "run", fails)
    done = run(tmp_path / "run")
    assert done.exit_code == 2
    assert f"at fault, not the broker: {type(error).__name__} in test_unforeseen.py" in done.output.splitlines()[-1]
    assert report(tmp_path / "run")["exit_code"] == 2


def test_numbers_beyond_all_bounds_are_the_adapters_fault(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(ReferenceAdapter, "now", lambda _: 2**80)
    assert run(tmp_path / "run").exit_code == 2
    assert report(tmp_path / "run")["exit_code"] == 2


def limited(size: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command where no file may have more than `size` bytes, as on a disk that is full."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    command = [sys.executable, "-m", "brokerlaw", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, preexec_fn=limit)


def test_on_a_full_disk_the_verdict_is_printed(tmp_path: Path) -> None:
    """No file is left that says something else."""
    out = tmp_path / "run"
    done = limited(4_000, *SMALL, "--out", str(out))
    assert done.returncode == 2, done.stderr
    assert ["✓", "pass", "durability.acked-survives"] in [line.split()[:3] for line in done.stdout.splitlines()]
    assert done.stdout.splitlines()[-1].endswith(f"{out}/run.jsonl cannot be written: File too large")
    assert not (out / "report.json").exists()


def test_a_violation_whose_trace_cannot_be_written_is_told_all_the_same(tmp_path: Path) -> None:
    out, broken = tmp_path / "run", ("--settings", "mutant=dirty-read", "--select", "transactions.committed-only")
    done = limited(1_000, *SMALL[:5], *broken, "--out", str(out))
    assert done.returncode == 2, done.stderr
    assert "transactions.committed-only is broken" in done.stdout
    assert " 1  create_topic" in done.stdout


def test_where_there_is_room_nothing_is_said_of_it(tmp_path: Path) -> None:
    done = limited(10_000_000, *SMALL, "--out", str(tmp_path / "run"))
    assert done.returncode == 0, done.stdout + done.stderr
