"""Judging by dask: the same findings, by parts of the book or file by file."""

import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from histories import HistoryBuilder

from brokerlaw.cli.judging import MISSING, Outcome, Task, by_dask, done, parts_of, together
from brokerlaw.cli.main import main
from brokerlaw.spec.history import column_files, rows
from brokerlaw.spec.history.fold import folded
from brokerlaw.spec.history.rows import Recording
from brokerlaw.spec.invariants import INVARIANTS

BOOK = tuple(INVARIANTS)


def guilty() -> Recording:
    """A record that nobody sent is read."""
    told = HistoryBuilder()
    told.topic()
    told.producer()
    told.send(b"a", 0)
    told.consumer()
    told.assign()
    told.poll("c", (0, b"b"))
    return told.recording


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    rows.write(tmp_path / "h.jsonl", guilty())
    return tmp_path / "h.jsonl"


@pytest.fixture
def columns(tmp_path: Path) -> Path:
    column_files.write(tmp_path / "columns", folded(guilty()))
    return tmp_path / "columns"


def run(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["judge", *map(str, arguments)])
    return result.exit_code, result.output


def test_a_history_in_columns_is_judged_by_parts_of_the_book(columns: Path) -> None:
    whole = Task(columns, BOOK, 0)
    parts = parts_of(whole, 3)
    assert [name for part in parts for name in part.book] == list(BOOK)
    assert [part.weak for part in parts] == [True, False, False]
    assert together(list(map(done, parts))) == done(whole)
    assert any(finding.violations for finding in done(whole).findings.values())


def test_other_histories_are_judged_as_a_whole(lines: Path) -> None:
    assert parts_of(Task(lines, BOOK, 0), 3) == [Task(lines, BOOK, 0)]


def test_what_failed_in_any_part_is_told() -> None:
    told = together([Outcome({}, "this", ()), Outcome({}, "", ()), Outcome({}, "that", ())])
    assert told.failure == "this; that"


def test_without_dask_the_extra_is_named(lines: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dask.distributed", None)
    assert run(lines, "--engine", "dask") == (2, f"Error: {MISSING}\n")


def test_standard_input_is_not_for_workers() -> None:
    code, output = run("-", "--engine", "dask")
    assert (code, "no standard input" in output) == (2, True)


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_a_cluster_of_processes_finds_the_same(lines: Path, columns: Path, tmp_path: Path) -> None:
    for given in ([columns], [lines], [lines, columns]):
        assert run(*given, "--engine", "dask") == run(*given)
    (tmp_path / "broken.jsonl").write_bytes(b"{}\n")
    assert run(tmp_path / "broken.jsonl", "--engine", "dask") == run(tmp_path / "broken.jsonl")


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_a_cluster_that_was_there_before_stays(columns: Path) -> None:
    from dask.distributed import Client, LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        engine = by_dask(cluster.scheduler_address)
        assert [*engine([Task(columns, BOOK, 0)])] == [done(Task(columns, BOOK, 0))]
        with Client(cluster) as client:
            assert client.submit(len, "abc").result() == 3
