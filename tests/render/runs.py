"""Finished runs, made by hand: each way in which a run can end, and one whose every text is hostile."""

from pathlib import Path
from typing import Final

import msgspec

from brokerlaw.adapters.contract import Description
from brokerlaw.conformance.judge import VerdictStatus
from brokerlaw.conformance.result import ReportedViolation, RunResult, Verdict

HOSTILE: Final = (
    "]]><!-- & </failure> \x00\x07\x1b[31m red \r\n second | line \ud800 \ufffe \x85 "
    "<script>alert(1)</script> `code` ``` *bold* _it_ [link](http://x.y) ![i](j) ~~s~~ # $x$ @who \\ \u202e end"
)
FOLDER: Final = Path("brokerlaw-runs") / "a folder"


def verdict(status: VerdictStatus, name: str = "ordering.offsets-increase") -> Verdict:
    tested = int(status in ("pass", "violated"))
    return Verdict(name, status, 7 * tested, tested, int(status == "violated"))


def violation(name: str = "ordering.offsets-increase", text: str = "offset 3 came after 4") -> ReportedViolation:
    return ReportedViolation(name, text, "logs", 2, 20, 4, 5, f"trace-1-{name}.json", ("  1  send p0", f"  2  {text}"))


def run(*verdicts: Verdict, found: tuple[ReportedViolation, ...] = ()) -> RunResult:
    description = Description("toy", "1.2", {"topics": None})
    facts = ("toy", description, 3, "log", {"acks": "1", "sasl.password": "***"}, 4, 99, 12.3456)
    return RunResult(*facts, verdicts, found)


KEPT: Final = run(verdict("pass"), verdict("not claimed", "commits.fenced"))
BROKEN: Final = run(verdict("violated"), verdict("pass", "commits.fenced"), found=(violation(),))
UNTESTED: Final = run(verdict("pass"), verdict("not exercised", "commits.fenced"))
EARLY: Final = msgspec.structs.replace(KEPT, early="the budget of 1 s ended after 4 cases")
FAULTY: Final = msgspec.structs.replace(KEPT, fault="the adapter died")
NOTHING: Final = msgspec.structs.replace(FAULTY, verdicts=(), cases=0, operations=0)
INTERRUPTED: Final = msgspec.structs.replace(KEPT, interrupted=True)
WITHOUT_A_TRACE: Final = msgspec.structs.replace(BROKEN, found=(), interrupted=True)
"""Interrupted while the violation was reduced."""
ALL_HOSTILE: Final = msgspec.structs.replace(
    run(verdict("violated"), found=(violation(text=HOSTILE),)),
    adapter=HOSTILE,
    description=Description(HOSTILE, HOSTILE, {"topics": None}),
    settings={HOSTILE: HOSTILE},
)
HOSTILE_FAULT: Final = msgspec.structs.replace(ALL_HOSTILE, fault=HOSTILE, verdicts=())
ENDS: Final = {
    "kept": KEPT,
    "broken": BROKEN,
    "untested": UNTESTED,
    "early": EARLY,
    "faulty": FAULTY,
    "nothing": NOTHING,
    "interrupted": INTERRUPTED,
    "without a trace": WITHOUT_A_TRACE,
    "hostile": ALL_HOSTILE,
    "hostile fault": HOSTILE_FAULT,
}
