"""The table of exit codes: command line, circumstances, code, and the one line that says what is wrong.

1 is a broken promise (or invariant) and nothing else; 2 is everything that says nothing about the broker.
"""

import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest
from click.testing import CliRunner
from histories import HistoryBuilder

from brokerlaw.cli.check import check
from brokerlaw.cli.main import main
from brokerlaw.spec.history.rows import Header, Recording, write
from brokerlaw.spec.invariants import INVARIANTS

PYTHON: Final = shlex.quote(sys.executable)
ROGUE: Final = f"cmd:{PYTHON} -I -S {shlex.quote(str(Path(__file__).parent.parent / 'adapters' / 'rogue.py'))}"
FAST: Final = "--quiet --examples 0 --select ordering --out out"
BROKEN: Final = "--quiet --examples 0 --settings mutant=dirty-read --select transactions.committed-only --out out"
MAIN: Final = f"{PYTHON} -m brokerlaw"


class Row(NamedTuple):
    """`line` is in what is said: on standard error where the code is 2 and nothing else says so."""

    command: str
    code: int
    line: str = ""


def test_help_and_version_are_no_verdict() -> None:
    for words in (
        ["--help"],
        ["--version"],
        ["check", "--help"],
        ["adapter", "init", "-h"],
        ["cluster", "kafka", "-h"],
    ):
        assert CliRunner().invoke(main, words).exit_code == 0, words


IN_PROCESS: Final = [
    # what is kept, broken, incomplete
    Row(f"check reference {FAST}", 0, f"kept: 4 of {len(INVARIANTS)} promises"),
    Row(f"check reference {BROKEN}", 1, "violated: transactions.committed-only"),
    Row(f"check reference {FAST} --max-time 0.000001", 3, "the budget of 1e-06 s ended"),
    Row("judge kept.jsonl", 0),
    Row("judge broken.jsonl", 1, "integrity.nothing-invented: "),
    Row("judge kept.jsonl --select commits.fenced", 3),
    Row("judge trace.json", 1, "transactions.committed-only"),
    Row("replay trace.json --runs 1", 1, "reproduced 1/1 on reference"),
    Row("replay trace.json --runs 1 --settings mutant=torn-markers", 0, "reproduced 0/1 on reference"),
    Row("explore two_phase_commit --set RM=2 --quiet", 0),
    Row("explore replication --variant TruncateToHighWatermark --set Replica=2 --set Offset=2 --quiet", 1, "violated"),
    Row("explore two_phase_commit --set RM=6 --max-states 10 --quiet", 3, "incomplete"),
    Row("trace replication --variant TruncateToHighWatermark --set Replica=2 --set Offset=2", 1),
    Row("explain ordering", 0),
    Row("print queue", 0),
    Row("protocols queue", 0),
    Row("adapter list", 0),
    # usage
    Row("", 2, "Usage: brokerlaw"),
    Row("chek reference", 2, "No such command 'chek'"),
    Row("check", 2, "Missing argument 'ADAPTER'"),
    Row("check reference --nothing", 2, "--nothing"),
    Row("check reference --examples many", 2, "'many' is not a valid integer"),
    Row("check nobody", 2, "no adapter 'nobody'"),
    Row(r"check $'no\x1b[31mbody'", 2, r"no\x1b[31mbody"),
    Row("check py:nowhere:Adapter", 2, "nowhere"),
    Row("check cmd:", 2, "names no program"),
    Row("check cmd:./nowhere --out out", 2, "No such file or directory"),
    Row("check reference --select nothing", 2, "no invariant of the profile log has such an id"),
    Row("check reference --profile nothing", 2, "nothing"),
    Row("check reference --settings acks=7", 2, "acks=7"),
    Row("check reference --settings min.insync.replicas=two", 2, "a whole number from -1 on is needed"),
    Row("check reference --settings mutant=nothing", 2, "no mutant 'nothing'"),
    Row("check reference --out kept.jsonl/out", 2, "Not a directory"),
    Row("check reference --out used", 2, "holds an earlier run"),
    Row(f"check {shlex.quote(f'{ROGUE} exit')} {FAST}", 2, "exited with code 3"),
    Row("judge", 2, "Missing argument 'HISTORY...'"),
    Row("judge nowhere.jsonl", 2, "nowhere.jsonl: No such file or directory"),
    Row("judge empty", 2, "empty is empty"),
    Row("judge bytes", 2, "bytes:1: JSON is malformed"),
    Row("judge cut.jsonl", 2, "no footer: the file was cut short"),
    Row("judge .", 2, ". is a folder without histories/: name a file, or a run that was told --keep all"),
    Row("judge kept.jsonl broken.jsonl", 1, "integrity.nothing-invented: "),
    Row("judge kept.jsonl nowhere.jsonl", 2, "nowhere.jsonl: No such file or directory"),
    Row("judge kept.jsonl --clock-tolerance -1", 2, "-1.0 is not in the range"),
    Row("judge kept.jsonl --select nothing", 2, "no invariant of the profile log has such an id"),
    Row("judge -- --out", 2, "--out: No such file or directory"),
    Row("replay kept.jsonl", 2, "this is a history, not a trace"),
    Row("replay empty", 2, "empty is empty"),
    Row("replay trace.json --adapter nobody", 2, "no adapter 'nobody'"),
    Row("replay trace.json --runs 0", 2, "--runs"),
    Row("smoke nobody", 2, "no adapter 'nobody'"),
    Row("explain nothing-like-this", 2, "no invariant or protocol is called 'nothing-like-this'"),
    Row("explore nothing", 2, "nothing"),
    Row("explore bytes.py:Mine", 2, "bytes.py"),
    Row("explore two_phase_commit --set RM=many", 2, "write SORT=N"),
    Row("explore two_phase_commit --memory lots", 2, "write a size as in 512M or 8G"),
    Row("trace queue --drop nothing", 2, "write ACTION:K"),
    Row("guards queue --set Nothing=2", 2, "Nothing"),
    Row("prove queue --action nothing", 2, "no action 'nothing'"),
    Row("print queue --out nowhere/queue.md", 2, "No such file or directory"),
    Row("protocols nothing", 2, "nothing"),
    Row("adapter init mine --out kept.jsonl", 2, "kept.jsonl"),
    Row("cluster kafka up --settings nonsense", 2, "is not of the form KEY=VALUE"),
]

IN_A_SHELL: Final = [
    Row(f"{MAIN} explain > /dev/full", 2, "standard output cannot be written: No space left on device"),
    Row(f"{MAIN} check reference {FAST} > /dev/full", 2, "standard output cannot be written: No space left on device"),
    Row(f"{MAIN} check reference {BROKEN} > /dev/full", 2, "standard output cannot be written"),
    Row(f"{MAIN} judge broken.jsonl > /dev/full", 2, "standard output cannot be written"),
    Row(f"{MAIN} check reference {BROKEN} >&-", 2, "standard output is closed"),
    Row(f"{MAIN} judge kept.jsonl 2>&-", 0),
    Row(f"{MAIN} judge nowhere 2>&-", 2),
    Row(f"{MAIN} check reference {BROKEN} 2>/dev/full", 1),
    Row(f"{MAIN} judge - <&-", 2, "standard input is"),
    Row(f"{MAIN} judge - < kept.jsonl", 0),
    Row(f"{MAIN} replay - --runs 1 < trace.json", 1),
    Row(f"exec 3> >(exit); wait $!; {MAIN} judge broken.jsonl >&3", 2, "the reader of standard output left"),
    Row(f"exec 3> >(exit); wait $!; {MAIN} print queue >&3", 2, "the reader of standard output left"),
    Row(f"PYTHONIOENCODING=cp1252 {MAIN} check reference {FAST}", 0),
    Row(f"PYTHONIOENCODING=ascii {MAIN} check reference {BROKEN}", 1),
    Row(f"PYTHONIOENCODING=latin-1 {MAIN} guards two_phase_commit --set RM=2", 0),
    Row(f"PYTHONIOENCODING=ascii {MAIN} explain $'\\xff'", 2, "no invariant or protocol"),
    Row(f"{MAIN} nothing | cat; exit ${{PIPESTATUS[0]}}", 2, "No such command 'nothing'"),
]


@pytest.fixture(scope="module")
def things(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that the commands name."""
    folder = tmp_path_factory.mktemp("things")
    options = ["--quiet", "--examples", "0", "--settings", "mutant=dirty-read"]
    out = ["--select", "transactions.committed-only", "--out", str(folder / "used")]
    assert CliRunner().invoke(check, ["reference", *options, *out]).exit_code == 1
    next((folder / "used").glob("trace-*.json")).rename(folder / "trace.json")
    _history(folder / "kept.jsonl", b"a")
    _history(folder / "broken.jsonl", b"b")
    (folder / "cut.jsonl").write_text("".join((folder / "kept.jsonl").read_text().splitlines(keepends=True)[:-1]))
    (folder / "empty").touch()
    (folder / "bytes").write_bytes(bytes(range(256)))
    (folder / "bytes.py").write_bytes(bytes(range(1, 256)))
    return folder


def _history(path: Path, value: bytes) -> None:
    """What one reader reads, and what another does at the same offset."""
    told = HistoryBuilder()
    told.topic()
    told.producer()
    told.send(b"a", 0)
    told.consumer()
    told.assign()
    told.poll("c", (0, b"a"))
    told.consumer("d")
    told.assign("d")
    told.poll("d", (0, value))
    write(path, Recording(Header(), tuple(told.rows)))


@pytest.fixture
def here(things: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh folder with all of them."""
    for each in things.iterdir():
        (tmp_path / each.name).symlink_to(each)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _name(value: Any) -> str | None:
    return value.command.replace(MAIN, "brokerlaw").replace(PYTHON, "python")[:60] if isinstance(value, Row) else None


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("row", IN_PROCESS, ids=_name)
def test_a_command_line(row: Row) -> None:
    words = row.command.replace(r"$'no\x1b[31mbody'", "'no\x1b[31mbody'")
    done = CliRunner().invoke(main, shlex.split(words))
    assert done.exit_code == row.code, done.output
    assert row.line in done.output
    assert "Traceback" not in done.output.partition("last words")[0] and "\x1b" not in done.output


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("row", IN_A_SHELL, ids=_name)
def test_a_command_line_of_a_shell(row: Row) -> None:
    done = subprocess.run(["bash", "-c", row.command], capture_output=True, timeout=60, check=False)
    told = done.stderr.decode(errors="replace")
    assert done.returncode == row.code, told
    assert row.line in told
    assert "Traceback" not in told and "Exception" not in told
    if row.code == 2 and row.line:
        assert sum(line.startswith("Error: ") for line in told.splitlines()) == 1


def test_the_table_is_long_enough() -> None:
    assert len(IN_PROCESS) + len(IN_A_SHELL) >= 40
