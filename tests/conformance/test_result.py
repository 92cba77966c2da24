from pathlib import Path

from brokerlaw.adapters.contract import Capability, Description
from brokerlaw.conformance.judge import VerdictStatus
from brokerlaw.conformance.result import ReportedViolation, RunResult, Verdict
from brokerlaw.render import json_report, markdown, terminal

FOUND = ReportedViolation("a.b", "it | went <b>wrong", "logs", 3, 20, 5, 5, "trace-1-a.b.json", ("1  send",))


def verdict(status: VerdictStatus, exercised: int = 0, violations: int = 0) -> Verdict:
    return Verdict("a.b", status, exercised, int(exercised > 0), violations)


def result(
    *verdicts: Verdict,
    capabilities: tuple[Capability, ...] = ("topics",),
    operations: int = 9,
    found: tuple[ReportedViolation, ...] = (),
    fault: str | None = None,
    early: str | None = None,
    interrupted: bool = False,
) -> RunResult:
    description = Description("toy", "1", dict.fromkeys(capabilities))
    facts = ("toy", description, 0, "log", {"acks": "1"}, 1, operations, 0.5)
    return RunResult(*facts, verdicts, found, fault, early, interrupted)


def test_kept_needs_every_owed_promise_exercised() -> None:
    assert result(verdict("pass", 3), verdict("not claimed")).exit_code == 0
    assert result(verdict("pass", 3), verdict("not exercised")).exit_code == 3
    assert result(operations=0).exit_code == 3


def test_a_violation_outweighs_what_was_not_exercised() -> None:
    assert result(verdict("violated", 3, 1), verdict("not exercised")).exit_code == 1
    assert result(verdict("violated", 3, 1), interrupted=True).exit_code == 1


def test_a_fault_is_never_a_verdict() -> None:
    broken = result(verdict("violated", 3, 1), fault="the adapter died")
    assert broken.exit_code == 2
    assert "the adapter died" in broken.conclusion


def test_what_ended_early_or_was_interrupted_says_so() -> None:
    assert result(verdict("pass", 3), early="the budget ended").exit_code == 3
    assert result(verdict("pass", 3), interrupted=True).exit_code == 130


def test_what_was_not_exercised_is_told_with_what_the_adapter_cannot_do() -> None:
    able: tuple[Capability, ...] = ("topics", "clients.crash", "clients.freeze", "faults.kill")
    without_pause = result(verdict("not exercised"), capabilities=able)
    assert without_pause.conclusion == "incomplete: not exercised: a.b (this adapter has no faults.pause)"
    with_all = result(verdict("not exercised"), capabilities=(*able, "faults.pause"))
    assert with_all.conclusion == "incomplete: not exercised: a.b"


def test_reports_show_what_was_found_and_escape_it() -> None:
    broken = result(verdict("violated", 3, 1), found=(FOUND,))
    page = markdown.render(broken)
    assert "| violated" in page
    assert "it \\| went &lt;b&gt;wrong" in page
    assert "<b>" not in page
    assert '"exit_code": 1' in json_report.render(broken)
    assert "again: brokerlaw replay 'my run/trace-1-a.b.json'" in terminal.render(broken, Path("my run"))


def test_a_run_that_never_began_is_one_line() -> None:
    assert terminal.render(result(fault="no java"), Path("run")).count("\n") == 0


def test_the_settings_stand_beside_the_verdicts() -> None:
    assert "seed 0, acks=1; report in run" in terminal.render(result(verdict("pass", 3)), Path("run"))
