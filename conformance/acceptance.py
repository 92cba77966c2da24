"""`--update-baseline`: what a run found becomes known, what it could not bring back is known no more."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from brokerlaw.conformance import trace as traces
from brokerlaw.conformance.baseline import Entry, Known, place, write
from brokerlaw.conformance.known import told
from brokerlaw.conformance.result import ReportedViolation, RunResult, Verdict
from brokerlaw.spec.text import shown

_REASON: Final = 500
"""The most characters of a reason, until people write a better one."""


class Update(NamedTuple):
    """The result as it is under the new baseline, and what changed there, a line for each entry."""

    result: RunResult
    changes: tuple[str, ...]


def update(path: Path, baseline: Sequence[Known], result: RunResult, folder: Path, today: date) -> Update:
    """Write the baseline as the run has it: `folder` holds its traces. Raises `OSError`.

    A run that ended in a fault, or was interrupted, changes nothing. Traces come before the file that names them, and
    go after it, so that the file is true at every moment.
    """
    if result.fault or result.interrupted:
        return Update(result, (f"{path} is left as it was: the run did not come to its end",))
    gone = {each.trace for each in result.known if each.status == "gone"}
    added = tuple(_keep(path, found, folder, today) for found in result.found)
    kept = tuple(known.entry for known in baseline if known.entry.trace not in gone)
    if added or gone or not path.exists():
        write(path, (*kept, *added))
    for trace in sorted(gone - {entry.trace for entry in (*kept, *added)}):
        (path.parent / trace).unlink(missing_ok=True)
    changes = [f"{path}: added {entry.promise} ({entry.trace}): {shown(entry.reason)}" for entry in added]
    changes += [
        f"{path}: removed {known.entry.promise} ({known.entry.trace}): it no longer comes back"
        for known in baseline
        if known.entry.trace in gone
    ]
    return Update(_accepted(result, added), tuple(changes) or (f"{path} is as it was: nothing changed",))


def _keep(path: Path, found: ReportedViolation, folder: Path, today: date) -> Entry:
    """Copy a violation's trace beside the baseline."""
    saved = traces.read(folder / found.trace)
    known = Known(Entry(found.invariant, shown(found.reason, _REASON), today, ""), saved)
    name = place(path, found.invariant, known.way)
    (path.parent / name).parent.mkdir(parents=True, exist_ok=True)
    (path.parent / name).write_bytes((folder / found.trace).read_bytes())
    return msgspec.structs.replace(known.entry, trace=name)


def _accepted(result: RunResult, added: Sequence[Entry]) -> RunResult:
    known = (*(each for each in result.known if each.status != "gone"), *(told(entry, "comes back") for entry in added))
    return msgspec.structs.replace(result, verdicts=tuple(map(_known, result.verdicts)), found=(), known=known)


def _known(verdict: Verdict) -> Verdict:
    if not verdict.violations:
        return verdict
    status = "undecided" if verdict.undecided else "known"
    return msgspec.structs.replace(verdict, status=status, violations=0, known=verdict.known + verdict.violations)
