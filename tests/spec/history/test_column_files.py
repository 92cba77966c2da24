"""Histories in columns: what is judged is the same, and what is damaged is named."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, get_type_hints

import pyarrow as pa
import pytest
from click.testing import CliRunner
from histories import HistoryBuilder
from pyarrow import parquet

from brokerlaw.adapters.contract import Description
from brokerlaw.cli.main import main
from brokerlaw.conformance.execute import execute
from brokerlaw.conformance.overrides import sort
from brokerlaw.conformance.profiles import LOG
from brokerlaw.reference.adapter import ReferenceAdapter
from brokerlaw.spec.history import column_files, rows
from brokerlaw.spec.history.facts import Facts
from brokerlaw.spec.history.fold import folded
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.pools import Pools
from brokerlaw.spec.history.rows import Recording
from brokerlaw.spec.history.validate import HistoryError
from brokerlaw.spec.invariants import INVARIANTS


@pytest.fixture(scope="module")
def recordings() -> list[Recording]:
    """What a broken and a sound reference do in several schedules: transactions, groups, headers, descriptions."""
    made = []
    for mutant in ({}, {"mutant": "batch-offset"}):
        with ReferenceAdapter(mutant) as adapter:
            description: Description = adapter.describe()
            plans = LOG.directed(description)[::6]
            made += [execute(plan, adapter, description, sort({}), "", LOG) for plan in plans]
    return made


def run(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(main, [str(each) for each in arguments])
    return done.exit_code, done.output


def test_what_is_judged_is_the_same(recordings: list[Recording], tmp_path: Path) -> None:
    broken = 0
    for number, recording in enumerate(recordings):
        column_files.write(tmp_path / str(number), folded(recording))
        columns, plain = History(column_files.read(tmp_path / str(number))), History(recording)
        for name, invariant in INVARIANTS.items():
            found = invariant.judge(plain)
            assert invariant.judge(columns) == found, (number, name)
            broken += bool(found.violations)
    assert broken


def test_settings_that_no_field_can_hold_come_back_as_they_were(tmp_path: Path) -> None:
    told = HistoryBuilder()
    given = {"max.poll.interval.ms": "99999999999", "partition.assignment.strategy": "org.example.Custom"}
    told.consumer("c", "g", settings=given)
    column_files.write(tmp_path / "columns", folded(told.recording))
    ((_, client),) = History(column_files.read(tmp_path / "columns")).clients
    assert [(client.settings, client.assignor)] == [(given, "custom")]
    assert History(column_files.read(tmp_path / "columns")).clients == told.history.clients


def test_every_fact_and_every_pool_has_a_type() -> None:
    assert vars(Facts()).keys() == get_type_hints(Facts).keys()
    assert vars(Pools()).keys() == get_type_hints(Pools).keys()


@pytest.fixture
def history(recordings: list[Recording], tmp_path: Path) -> Path:
    rows.write(tmp_path / "h.jsonl", recordings[0])
    return tmp_path / "h.jsonl"


def test_convert_and_judge(history: Path, tmp_path: Path) -> None:
    code, output = run("convert", history, tmp_path / "columns")
    assert (code, output.split()[1]) == (0, "operations")
    assert run("judge", tmp_path / "columns") == run("judge", history)
    assert run("judge", tmp_path / "columns", history)[0] == run("judge", history)[0]


def test_a_folder_that_exists_is_left_alone(history: Path, tmp_path: Path) -> None:
    code, output = run("convert", history, tmp_path)
    assert (code, output) == (2, f"Error: {tmp_path} exists: name a folder that does not\n")


def _remove(name: str) -> Callable[[Path], Any]:
    return lambda folder: (folder / name).unlink()


def _write(name: str, text: bytes) -> Callable[[Path], Any]:
    return lambda folder: (folder / name).write_bytes(text)


def _table(name: str, **columns: Any) -> Callable[[Path], Any]:
    return lambda folder: parquet.write_table(pa.table(columns), folder / name)


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (_remove("sent.parquet"), "sent.parquet is missing"),
        (_write("sent.parquet", b"PAR1 and no more"), "sent.parquet: "),
        (_table("sent.parquet", op=[1]), "sent.parquet: there is no column"),
        (_table("ends.parquet", begin=["x"], end=["y"], how=["z"]), "ends.parquet: "),
        (_table("pool-keys.parquet", other=[b"k"]), "pool-keys.parquet: there is no column value"),
        (_table("pool-keys.parquet", value=[1]), "pool-keys.parquet: the column value is not of bytes"),
        (_write("pools.json", b"[]"), "pools.json: "),
        (_write("history.json", b'{"format":"brokerlaw.columns"}'), "history.json: "),
        (
            _write("history.json", b'{"format":"brokerlaw.columns","version":3,"header":{},"said":{}}'),
            "columns 3; 2 can be",
        ),
    ],
)
def test_what_is_damaged_is_named_in_one_line(
    damage: Callable[[Path], Any], told: str, history: Path, tmp_path: Path
) -> None:
    run("convert", history, tmp_path / "columns")
    damage(tmp_path / "columns")
    code, output = run("judge", tmp_path / "columns")
    assert (code, len(output.splitlines())) == (2, 1), output
    assert told in output


def test_without_pyarrow_the_extra_is_named(history: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run("convert", history, tmp_path / "columns")

    def missing() -> Any:
        raise ImportError

    monkeypatch.setattr(column_files, "_parquet", missing)
    assert "pip install 'brokerlaw[columns]'" in run("judge", tmp_path / "columns")[1]
    assert "pip install 'brokerlaw[columns]'" in run("convert", history, tmp_path / "other")[1]
    with pytest.raises(ImportError):
        column_files.read(tmp_path / "columns")


def test_a_history_error_is_raised_for_callers(history: Path, tmp_path: Path) -> None:
    run("convert", history, tmp_path / "columns")
    _write("pools.json", b"{")(tmp_path / "columns")
    with pytest.raises(HistoryError, match=r"pools\.json"):
        column_files.read(tmp_path / "columns")
