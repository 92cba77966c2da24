from pathlib import Path
from typing import Any

import msgspec

from brokerlaw.adapters.contract import Capability, Description
from brokerlaw.conformance.coverage import Failure, NeverDone
from brokerlaw.conformance.judge import VerdictStatus
from brokerlaw.conformance.result import LeftOut, ReportedViolation, RunResult, Verdict
from brokerlaw.conformance.timeouts import Timeout
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
    **more: Any,
) -> RunResult:
    description = Description("toy", "1", dict.fromkeys(capabilities))
    facts = ("toy", description, 0, "log", {"acks": "1"}, 1, operations, 0.5)
    return RunResult(*facts, verdicts, found, fault, early, interrupted, **more)


def test_kept_needs_every_owed_promise_exercised() -> None:
    assert result(verdict("pass", 3), verdict("not claimed")).exit_code == 0
    assert result(verdict("pass", 3), verdict("not exercised")).exit_code == 3
    assert result(operations=0).exit_code == 3


def test_a_violation_outweighs_what_was_not_exercised() -> None:
    assert result(verdict("violated", 3, 1), verdict("not exercised")).exit_code == 1
    ended = result(verdict("violated", 3, 1), interrupted=True)
    assert ended.exit_code == 130
    assert ended.conclusion.endswith("; violated: a.b"), "what was found before is told"


def test_a_fault_is_never_a_verdict() -> None:
    broken = result(verdict("violated", 3, 1), fault="the adapter died")
    assert broken.exit_code == 2
    assert "the adapter died" in broken.conclusion


def test_what_ended_early_or_was_interrupted_says_so() -> None:
    assert result(verdict("pass", 3), early="the budget ended").exit_code == 3
    assert result(verdict("pass", 3), interrupted=True).exit_code == 130


def test_the_conclusion_says_how_many_promises_of_how_many_on_how_many_operations() -> None:
    told = result(verdict("pass", 3), verdict("not claimed"), promises=26).conclusion
    assert told == (
        "kept: 1 of 26 promises was put to the test, on 9 operations (24 not selected, 1 not claimed), "
        "and none was broken"
    )
    violated = result(verdict("violated", 3, 1), verdict("pass", 2), promises=2).conclusion
    assert violated == "violated: a.b; 2 of 2 promises were put to the test, on 9 operations"


def test_a_run_that_put_nothing_to_the_test_is_not_kept() -> None:
    nothing_owed = result(verdict("not claimed"), promises=26)
    assert nothing_owed.exit_code == 3
    assert "the broker owes nothing of what was selected" in nothing_owed.conclusion


def test_what_is_claimed_and_untested_is_named_and_counted() -> None:
    run = result(verdict("pass", 3), promises=1, untested=("timestamps",))
    assert run.exit_code == 0
    assert run.conclusion.endswith("and none was broken; 1 claimed capability was not tested")
    for page in (terminal.render(run, Path("run")), markdown.render(run), json_report.render(run)):
        assert "timestamps" in page


def test_each_promise_that_was_not_exercised_is_told_with_what_it_wants_itself() -> None:
    untested = verdict("not exercised")
    wanting = msgspec.structs.replace(untested, invariant="c.d", wants=("clients.freeze",))
    either = msgspec.structs.replace(untested, invariant="e.f", wants=("clients.crash", "faults.kill and faults.pause"))
    told = result(untested, wanting, either, promises=3).conclusion
    assert told == (
        "incomplete: not exercised: a.b; c.d (this adapter has no clients.freeze); "
        "e.f (this adapter has no clients.crash or faults.kill and faults.pause); "
        "0 of 3 promises were put to the test, on 9 operations"
    )


def test_an_operation_that_never_succeeded_is_the_reason_where_nothing_is_wanting() -> None:
    never = (NeverDone("send", 812, (Failure("info", "ConnectionError", "re\x1bfused", 812),)),)
    wanting = msgspec.structs.replace(verdict("not exercised"), wants=("clients.freeze",))
    reason = "of 812 send none succeeded: 812 x info ConnectionError (re\\x1bfused)"
    failing = result(verdict("not exercised"), never_done=never)
    assert f"not exercised: a.b; {reason}; " in failing.conclusion
    assert reason not in result(wanting, never_done=never).conclusion
    assert reason in terminal.render(result(wanting, never_done=never), Path("run"))


def test_schedules_left_out_are_told_by_what_they_want() -> None:
    left = (LeftOut("one", ("clients.freeze",)), LeftOut("two", ("clients.freeze",)), LeftOut("three", ("a", "b")))
    told = terminal.render(result(verdict("pass", 3), left_out=left), Path("run"))
    assert "left out, for want of clients.freeze: one, two\n" in told
    assert "left out, for want of a, b: three\n" in told


def test_sessions_that_the_broker_made_longer_are_told_and_others_are_not() -> None:
    def told(milliseconds: int) -> str:
        timeouts = (Timeout("group.min.session.timeout.ms", milliseconds, told=True),)
        return terminal.render(result(verdict("pass", 3), timeouts=timeouts), Path("run"))

    assert "sessions of classic members were raised to 6000 ms: the broker's group.min.session.timeout.ms" in told(
        6_000
    )
    assert "sessions" not in told(500)


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


def test_nothing_that_others_wrote_reaches_a_terminal_as_it_is() -> None:
    """Neither an escape sequence, nor a line that passes for the conclusion."""
    evil = msgspec.structs.replace(FOUND, reason="\x1b[2J\nkept: all is well", lines=("\x1b]0;x\x07",))
    told = terminal.render(result(verdict("violated", 3, 1), found=(evil,)), Path("run"))
    assert "\x1b" not in told and "\x07" not in told
    assert not any(line.startswith("kept: all") for line in told.splitlines())
    fault = terminal.render(result(verdict("pass", 3), fault="no\nkept: all is \x1b[1mwell"), Path("run"))
    assert fault.splitlines()[-1].startswith("no verdict: ") and "\x1b" not in fault
