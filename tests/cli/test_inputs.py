"""What `judge` and `replay` are given: what is wrong with it is one line that says where; what is right is judged."""

import gzip
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner, Result
from histories import HistoryBuilder

from brokerlaw.cli.judge import judge
from brokerlaw.cli.replay import replay
from brokerlaw.conformance import trace as traces
from brokerlaw.conformance.plan import Plan
from brokerlaw.spec.history.operations import CreateTopic
from brokerlaw.spec.history.rows import Header, Recording, write

Rows = list[dict[str, Any]]
Edit = Callable[[Rows], None]


def recorded() -> Recording:
    told = HistoryBuilder()
    told.topic()
    told.producer()
    told.send(b"a", 0)
    told.consumer()
    told.assign()
    told.poll("c", (0, b"a"))
    told.member("m")
    told.assigned("m", 0)
    told.drain([(0, b"a")], end=1)
    return Recording(Header(), tuple(told.rows))


def saved(recording: Recording) -> traces.SavedTrace:
    plan = Plan("mine", (CreateTopic("t"),))
    facts = ("ordering.offsets-increase", "because", (0, 1), 5, 5, "reference", "a broker", {}, 0)
    return traces.SavedTrace(*facts, plan, recording.header, recording.rows)


@pytest.fixture
def history(tmp_path: Path) -> Path:
    write(tmp_path / "history.jsonl", recorded())
    return tmp_path / "history.jsonl"


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    traces.write(tmp_path / "trace.json", saved(recorded()))
    return tmp_path / "trace.json"


def run(*arguments: object, command: Any = judge) -> Result:
    return CliRunner().invoke(command, [str(each) for each in arguments])


def row(rows: Rows, kind: str, word: str = "") -> dict[str, Any]:
    """The first row of a kind, about an operation or an observation, or with such an answer."""
    return next(each for each in rows if each["type"] == kind and word in json.dumps(each))


def answer(rows: Rows, field: str, value: object) -> None:
    outcome = row(rows, "complete", field)["outcome"]["value"]
    (outcome[0] if isinstance(outcome, list) else outcome)[field] = value


def record(rows: Rows) -> dict[str, Any]:
    """The first record that was read."""
    records: Rows = row(rows, "complete", '"value": [{')["outcome"]["value"]
    return records[0]


def settings(value: str) -> Edit:
    return lambda rows: row(rows, "invoke", "create_topic")["value"].update(settings={"min.insync.replicas": value})


def move(rows: Rows, number: int, place: int) -> None:
    rows.insert(place, rows.pop(number))


def repeat(rows: Rows, kind: str) -> None:
    rows.insert(rows.index(row(rows, kind)) + 1, row(rows, kind))
    rows[-1]["rows"] += 1


WRONG: Final[dict[str, tuple[Edit, str]]] = {
    "time-beyond": (lambda rows: rows[3].update(time=2**70), ":4: Expected `int` <= "),
    "time-below": (lambda rows: rows[1].update(time=-1), ":2: Expected `int` >= 0 - at `$.time`"),
    "time-back": (lambda rows: rows[5].update(time=0), ":6: time 0 is before that of the row before it"),
    "offset-beyond": (lambda rows: answer(rows, "offset", 2**63), "Expected `int` <= "),
    "offset-below": (lambda rows: answer(rows, "offset", -2), "Expected `int` >= -1 - at `$.offset`"),
    "read-below": (lambda rows: record(rows).update(offset=-5), "Expected `int` >= 0 - at `$[0].offset`"),
    "timestamp": (lambda rows: record(rows).update(timestamp=-2), "Expected `int` >= -1 - at `$[0].timestamp`"),
    "partition": (lambda rows: row(rows, "invoke", "send")["value"].update(partition=-7), "at `$.value.partition`"),
    "drain": (lambda rows: row(rows, "observe", "drained")["value"].update(start=10, end=3), "from 10 to 3: the end"),
    "drain-below": (lambda rows: row(rows, "observe", "drained")["value"].update(end=-3), "at `$.value.end`"),
    "generation": (lambda rows: row(rows, "observe", "assigned")["value"].update(generation=-2), "generation`"),
    "settings": (settings("two"), ":2: the setting min.insync.replicas is 'two': a whole number"),
    "settings-beyond": (settings("9" * 30), "a whole number"),
    "isolation": (lambda rows: row(rows, "observe", "drained")["value"].update(isolation="none"), "Invalid enum value"),
    "number": (lambda rows: rows[1].update(op=7), ":2: operation 7 is out of turn: the next is 0"),
    "completed-twice": (lambda rows: repeat(rows, "complete"), "completes without being invoked, or twice"),
    "never-opened": (lambda rows: row(rows, "invoke", "send")["value"].update(client="x"), "a producer that was never"),
    "header-again": (lambda rows: rows.__setitem__(2, rows[0]), ":3: a header among the rows"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_is_named_with_its_line(name: str, history: Path) -> None:
    edit, words = WRONG[name]
    rows = [json.loads(line) for line in history.read_text().splitlines()]
    edit(rows)
    history.write_text("".join(f"{json.dumps(each)}\n" for each in rows))
    done = run(history)
    assert (done.exit_code, done.output.count("\n")) == (2, 1), done.output
    assert done.output.startswith(f"Error: {history}:")
    assert words in done.output


Bytes = Callable[[bytes], bytes]
NO_HISTORY: Final[dict[str, tuple[Bytes, str]]] = {
    "empty": (lambda data: b"", "is empty"),
    "blank-line": (lambda data: data.replace(b"\n", b"\n\n", 1), ":2: the line is blank"),
    "array": (lambda data: b"[" + b",".join(data.splitlines()) + b"]", "is a JSON array: a history has one object on"),
    "indented": (lambda data: json.dumps(json.loads(data.splitlines()[0]), indent=1).encode(), "is a JSON object: a"),
    "utf-16": (lambda data: data.decode().encode("utf-16"), "is UTF-16, not UTF-8: iconv"),
    "bzip2": (lambda data: b"BZh91AY&SY", "compressed by bzip2"),
    "cut-gzip": (lambda data: gzip.compress(data)[:-20], "Compressed file ended"),
    "bytes": (lambda data: bytes(range(256)), r":1: JSON is malformed: invalid character (byte 0): «\x00\x01"),
    "escapes": (lambda data: b"\x1b[31mred", r"«\x1b[31mred»"),
    "deep-line": (lambda data: data.splitlines()[0] + b'\n{"type":' + b"[" * 100_000, ":2: "),
    "deep": (lambda data: b"[" * 100_000, "recursion"),
}


@pytest.mark.parametrize("name", NO_HISTORY)
def test_what_is_no_history_is_told_with_the_mend(name: str, history: Path) -> None:
    edit, words = NO_HISTORY[name]
    history.write_bytes(edit(history.read_bytes()))
    done = run(history)
    assert (done.exit_code, done.output.count("\n")) == (2, 1), done.output
    assert words in done.output
    assert "\x1b" not in done.output


def test_a_folder_is_none(tmp_path: Path) -> None:
    mend = "name a file, or a run that was told --keep all"
    assert run(tmp_path).output == f"Error: {tmp_path} is a folder without histories/: {mend}\n"


@pytest.mark.parametrize("edit", [lambda data: data, gzip.compress, lambda data: b"\xef\xbb\xbf" + data])
def test_what_is_right_is_judged_however_it_is_packed(edit: Bytes, history: Path) -> None:
    plain = run(history)
    history.write_bytes(edit(history.read_bytes()))
    done = run(history)
    assert (done.exit_code, done.output) == (0, plain.output)


def test_what_may_be_none_or_untold_stays_lawful(history: Path) -> None:
    rows = [json.loads(line) for line in history.read_text().splitlines()]
    row(rows, "complete", '"offset": 0')["outcome"]["value"]["offset"] = -1
    row(rows, "observe", "assigned")["value"]["generation"] = -1
    record(rows)["timestamp"] = -1
    settings("1")(rows)
    history.write_text("".join(f"{json.dumps(each)}\n" for each in rows))
    assert run(history).exit_code == 0


@pytest.mark.parametrize("how", ["judge - < {}", "cat {} | {{}} judge -", "gzip -c {} | {{}} judge -", "pipe"])
def test_standard_input_and_pipes(how: str, history: Path, tmp_path: Path) -> None:
    program = f"{sys.executable} -m brokerlaw"
    if how == "pipe":
        os.mkfifo(tmp_path / "fifo")
        command = f"cat {history} > {tmp_path}/fifo & {program} judge {tmp_path}/fifo"
    else:
        command = how.format(shlex.quote(str(history)))
        command = command.format(program) if "|" in command else f"{program} {command}"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")


Document = Callable[[dict[str, Any]], None]
NO_TRACE: Final[dict[str, tuple[Document, str]]] = {
    "cut": (lambda trace: trace.update(history=trace["history"][:1]), "row 1 is to show the violation, and"),
    "witness": (lambda trace: trace.update(witnesses=[-1]), "row -1 is to show the violation"),
    "version": (lambda trace: trace.update(version=9), "trace version 9; version 1 can be read"),
    "row": (lambda trace: trace["history"][3].update(time=0), "history[3]: time 0 is before"),
    "answer": (lambda trace: row(trace["history"], "complete")["outcome"].update(value="\x1b"), "history[1]: Expected"),
    "plan": (lambda trace: trace["plan"]["steps"][0].update(settings={"min.insync.replicas": "two"}), "'two'"),
    "fold": (lambda trace: trace["history"][0].update(op=4), "history[0]: operation 4 is out of turn"),
}  # fmt: skip


@pytest.mark.parametrize("name", NO_TRACE)
def test_a_trace_is_read_as_strictly(name: str, trace: Path) -> None:
    assert run(trace).exit_code == 0
    edit, words = NO_TRACE[name]
    document = json.loads(trace.read_text())
    edit(document)
    trace.write_text(json.dumps(document))
    done = run(trace)
    assert (done.exit_code, done.output.count("\n")) == (2, 1), done.output
    assert words in done.output
    if name != "fold":
        assert run(trace, command=replay).output == done.output


def test_a_history_is_no_trace(history: Path) -> None:
    done = run(history, command=replay)
    assert done.exit_code == 2
    assert "this is a history, not a trace" in done.output
