"""A trace, told: its steps numbered, the operations that show the violation marked, the command that runs it again."""

import shlex
from collections.abc import Iterator
from pathlib import Path

from brokerlaw.conformance import own_clients
from brokerlaw.conformance.overrides import sort
from brokerlaw.conformance.plan import describe, show
from brokerlaw.conformance.result import ReportedViolation, RunResult
from brokerlaw.conformance.trace import SavedTrace
from brokerlaw.spec.history.operation import Opening
from brokerlaw.spec.history.operations import name_of
from brokerlaw.spec.history.outcomes import Fail, Ok, Unknown
from brokerlaw.spec.history.rows import Complete, Invoke, Observe, Row
from brokerlaw.spec.history.values import Placed, Record, snake_case
from brokerlaw.spec.text import printable

MARK = "▶"


def narrate(trace: SavedTrace) -> Iterator[str]:
    """One line for each step of the plan, then one for each witness, in the order in which they were seen."""
    for number, step in enumerate(trace.plan.steps, 1):
        yield printable(f"{number:>3}  {describe(step)}")
    yield "     then: every fault undone, every log read from its beginning"
    began = trace.history[0].time if trace.history else 0
    outcomes = {row.op: row for row in trace.history if isinstance(row, Complete)}
    for index in trace.witnesses:
        row = trace.history[index]
        yield printable(f"  {MARK}  {(row.time - began) / 1e9:8.3f} s  {_tell(row, outcomes)}")
    processes = (
        row.process for row in map(trace.history.__getitem__, trace.witnesses) if not isinstance(row, Complete)
    )
    for name in dict.fromkeys(processes):
        if (what := own_clients.told(name)) is not None and name not in _named(trace):
            yield printable(f"     {name}, of the suite, {what}")


def _named(trace: SavedTrace) -> set[str]:
    """The clients of the plan."""
    return {step.client for step in trace.plan.steps if isinstance(step, Opening)}


def told(found: ReportedViolation, result: RunResult, folder: Path) -> list[str]:
    """A violation after its reason: how far it was reduced, its steps and witnesses, the command to see it again."""
    origin = f"from {found.original_steps} of {found.plan}"
    size = f"{found.steps} steps ({origin}), {_how_often(found)}"
    notes = [f"judged under {setting}, which the broker does not promise this for" for setting in found.unpromised]
    if found.also:
        notes.append(f"by the same cause: {', '.join(found.also)}")
    return [size, *notes, *found.lines, f"again: {replay_command(folder / found.trace, result)}"]


def _how_often(found: ReportedViolation) -> str:
    again = f"reproduced {found.reproduced}/{found.runs}"
    if found.runs and not found.reproduced:
        again = f"which never came back in {found.runs} runs more"
    return f"{again}; broken in {found.broken} of {found.cases} cases" if found.cases else again


def replay_command(path: Path, result: RunResult) -> str:
    """The command line that runs a trace file of this run again. Whoever made the run trusts what it ran."""
    runs_more = result.adapter.startswith(("py:", "cmd:")) or sort(result.settings).adapter
    return f"brokerlaw replay {shlex.quote(str(path))}{' --yes' if runs_more else ''}"


def _tell(row: Row, outcomes: dict[int, Complete]) -> str:
    match row:
        case Invoke():
            told = describe(row.value) if row.process in describe(row.value) else f"{row.process} {name_of(row.value)}"
            return f"{told} → {_outcome(outcomes.get(row.op))}"
        case Observe():
            fields = {name: getattr(row.value, name) for name in row.value.__struct_fields__}
            said = " ".join(f"{name}={show(value)}" for name, value in fields.items())
            return f"{row.process} saw {snake_case(type(row.value).__name__)} {said}"
        case Complete():
            return f"operation {row.op} → {_outcome(row)}"


def _outcome(row: Complete | None) -> str:
    match row.outcome if row else None:
        case None:
            return "no outcome"
        case Ok(value=value):
            return f"ok {_value(value)}".rstrip()
        case Fail(error=error):
            return f"fail {error}"
        case Unknown(error=error):
            return f"unknown {error}"


def _value(value: object) -> str:
    match value:
        case None:
            return ""
        case Placed():
            return f"{value.topic}/{value.partition}@{value.offset}"
        case Record():
            return f"{value.topic}/{value.partition}@{value.offset}={show(value.value or b'')}"
        case tuple() if not hasattr(value, "_fields"):
            return ", ".join(_value(item) for item in value) or "nothing"
        case _ if hasattr(value, "__struct_fields__"):
            return " ".join(f"{name}={show(getattr(value, name))}" for name in value.__struct_fields__)
        case _:
            return show(value)
