"""`brokerlaw check reference`: every exit code, and a complete run folder after each."""

import json
import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from brokerlaw.cli.check import check
from brokerlaw.cli.judge import judge
from brokerlaw.cli.replay import replay
from brokerlaw.spec.invariants import INVARIANTS

ROGUE = Path(__file__).parent.parent / "adapters" / "rogue.py"


def run(out: Path, *arguments: str, adapter: str = "reference") -> Result:
    return CliRunner().invoke(check, [adapter, "--quiet", "--out", str(out), *arguments])


def complete(out: Path, code: int) -> dict[str, object]:
    """The report of a run folder that has everything, the last event included."""
    events = [json.loads(line) for line in (out / "run.jsonl").read_text().splitlines()]
    assert events[-1]["event"] == "run_finished"
    assert (out / "report.md").read_text().startswith("# ")
    report: dict[str, object] = json.loads((out / "report.json").read_text())
    assert report["exit_code"] == code
    return report


def test_kept(tmp_path: Path) -> None:
    result = run(tmp_path / "run", "--examples", "0")
    assert result.exit_code == 0, result.output
    report = complete(tmp_path / "run", 0)
    assert isinstance(report["verdicts"], list)
    assert {verdict["status"] for verdict in report["verdicts"]} == {"pass"}
    first = json.loads((tmp_path / "run" / "run.jsonl").read_text().splitlines()[0])
    assert first["timeouts"] == report["timeouts"]
    lag = {"setting": "replica.lag.time.max.ms", "milliseconds": 1000, "told": True}
    assert lag in first["timeouts"]
    last = result.output.splitlines()[-1]
    promises = f"{len(INVARIANTS)} of {len(INVARIANTS)} promises"
    assert last.startswith(f"kept: {promises} were put to the test, on {report['operations']} operations")


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder and the output of a run that finds a violation."""
    out = tmp_path_factory.mktemp("broken") / "run"
    select = ("--select", "transactions.committed-only")
    result = run(out, "--examples", "0", "--settings", "mutant=dirty-read", *select)
    assert result.exit_code == 1, result.output
    return out, result.output


def test_a_violation_is_told_in_steps_with_its_witnesses_and_the_command_that_shows_it_again(
    broken: tuple[Path, str],
) -> None:
    out, told = broken
    complete(out, 1)
    trace = out / "trace-1-transactions.committed-only.json"
    assert f"again: brokerlaw replay {trace}" in told
    lines = [line.strip() for line in told.splitlines()]
    assert any(line.startswith("1  create_topic") for line in lines)
    witnesses = [line for line in lines if line.startswith("▶")]
    assert any("poll" in line for line in witnesses)
    assert any("abort_transaction" in line for line in witnesses)
    assert "reproduced 5/5" in told


def test_a_trace_replays_as_often_as_it_is_run(broken: tuple[Path, str]) -> None:
    trace = str(broken[0] / "trace-1-transactions.committed-only.json")
    again = CliRunner().invoke(replay, [trace, "--runs", "3"])
    assert again.exit_code == 1, again.output
    assert "reproduced 3/3" in again.output
    sound = CliRunner().invoke(replay, [trace, "--runs", "2", "--settings", "mutant=torn-markers"])
    assert sound.exit_code == 0, sound.output
    assert "reproduced 0/2" in sound.output


def test_a_trace_is_judged_without_a_broker(broken: tuple[Path, str]) -> None:
    trace = str(broken[0] / "trace-1-transactions.committed-only.json")
    judged = CliRunner().invoke(judge, [trace])
    assert judged.exit_code == 1, judged.output
    assert "transactions.committed-only" in judged.output
    untested = CliRunner().invoke(judge, [trace, "--select", "commits.fenced"])
    assert untested.exit_code == 3, untested.output


def test_an_adapter_at_fault(tmp_path: Path) -> None:
    program = f"cmd:{sys.executable} -I -S {shlex.quote(str(ROGUE))} exit"
    assert run(tmp_path / "run", "--examples", "0", adapter=program).exit_code == 2
    complete(tmp_path / "run", 2)


def test_a_budget_that_ends_early(tmp_path: Path) -> None:
    result = run(tmp_path / "run", "--max-time", "0.000001")
    assert result.exit_code == 3
    assert "the budget of 1e-06 s ended after 0 cases" in result.output
    complete(tmp_path / "run", 3)


def test_what_was_not_exercised_is_no_pass(tmp_path: Path) -> None:
    """One broker is always enough of one: min.insync.replicas is never put to the test."""
    result = run(tmp_path / "run", "--examples", "0", "--settings", "brokers=1", "--select", "durability")
    assert result.exit_code == 3, result.output
    assert "? not exercised  durability.min-isr-refuses" in result.output
    assert "not exercised: durability.min-isr-refuses (this adapter has no replication on 2 brokers)" in result.output
    assert "left out, for want of replication on 2 brokers: min-isr" in result.output
    complete(tmp_path / "run", 3)


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_leaves_a_report(ending: signal.Signals, tmp_path: Path) -> None:
    out = tmp_path / "run"
    command = [sys.executable, "-m", "brokerlaw", "check", "reference", "--examples", "1000000", "--out", str(out)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ})
    assert process.stderr is not None
    for line in process.stderr:
        if "cases" in line:
            break
    process.send_signal(ending)
    told, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted: what is reported stands" in told
    assert complete(out, 130)["interrupted"] is True


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--select", "nothing.like-this"), "no invariant of the profile log has such an id"),
        (("--profile", "queue"), "--profile queue: there is no such profile; there is log"),
        (("--settings", "acks"), "this is no KEY=VALUE"),
        (("--settings", "acks=7"), "acks=7"),
        (("--settings", "brokers=none"), "a whole number from 1 on is needed"),
        (("--settings", "broker=3"), "did you mean brokers?"),
        (("--settings", "mutant=torn-marker"), "did you mean torn-markers?"),
        (("--examples", "-1"), "-1"),
    ],
)
def test_misuse_is_one_line_and_leaves_no_folder(arguments: tuple[str, ...], words: str, tmp_path: Path) -> None:
    result = run(tmp_path / "run", *arguments)
    assert result.exit_code == 2
    assert words in result.output
    assert "Traceback" not in result.output
    assert not (tmp_path / "run").exists()


def test_an_earlier_run_is_not_written_over(tmp_path: Path) -> None:
    assert run(tmp_path / "run", "--examples", "0", "--select", "ordering").exit_code == 0
    before = (tmp_path / "run" / "report.json").read_bytes()
    again = run(tmp_path / "run", "--examples", "0")
    assert again.exit_code == 2
    assert "holds an earlier run" in again.output
    assert (tmp_path / "run" / "report.json").read_bytes() == before
