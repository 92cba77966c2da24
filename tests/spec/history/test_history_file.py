"""A history file is read strictly: what is cut short, edited or not of this format is named by its line."""

import json
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner
from histories import HistoryBuilder

from brokerlaw.cli.judge import judge
from brokerlaw.spec.history import schema
from brokerlaw.spec.history.rows import Header, HistoryError, Recording, read, write

Edit = Callable[[list[str]], list[str]]


def recorded() -> Recording:
    """A record that is sent, acknowledged and read by a group member, bytes that are no text among it."""
    told = HistoryBuilder()
    told.topic()
    told.producer()
    told.send(b"\xff\x00", 0)
    told.consumer()
    told.assign()
    told.poll("c", (0, b"\xff\x00"))
    told.drain([(0, b"\xff\x00")], end=1)
    return Recording(Header(broker="a broker", overrides={"acks": "1"}), tuple(told.rows))


@pytest.fixture
def lines(tmp_path: Path) -> list[str]:
    write(tmp_path / "written.jsonl", recorded())
    return (tmp_path / "written.jsonl").read_text().splitlines()


def changed(tmp_path: Path, lines: list[str]) -> Path:
    path = tmp_path / "changed.jsonl"
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def test_what_is_written_comes_back(tmp_path: Path) -> None:
    write(tmp_path / "h.jsonl", recorded())
    assert read(tmp_path / "h.jsonl") == recorded()


@pytest.mark.parametrize(
    ("edit", "complaint"),
    [
        (lambda lines: lines[:-1], "no footer: the file was cut short after"),
        (lambda lines: lines[:3] + lines[4:], r"the footer counts \d+ rows, the file has \d+"),
        (lambda lines: lines[1:], "the first line is no brokerlaw.history header"),
        (lambda lines: [], "the first line is no brokerlaw.history header"),
        (lambda lines: [lines[0], "{", *lines[1:]], r"changed\.jsonl:2: "),
        (lambda lines: [lines[0], lines[1].replace('"invoke"', '"invoked"'), *lines[2:]], r"changed\.jsonl:2: Invalid"),
        (lambda lines: [lines[0].replace('"version":1', '"version":2'), *lines[1:]], "brokerlaw.history 1 can be read"),
        (lambda lines: [*lines, lines[-1]], r"changed\.jsonl:\d+: a line after the footer"),
        (lambda lines: [lines[0], *lines], r"changed\.jsonl:2: a header among the rows"),
    ],
    ids=[
        "cut",
        "row-gone",
        "no-header",
        "empty",
        "no-json",
        "unknown-type",
        "later-version",
        "two-footers",
        "two-headers",
    ],
)
def test_a_damaged_file_is_named_with_what_is_wrong(
    tmp_path: Path, lines: list[str], edit: Edit, complaint: str
) -> None:
    with pytest.raises(HistoryError, match=complaint):
        read(changed(tmp_path, edit(lines)))


def test_judge_says_so_in_one_line(tmp_path: Path, lines: list[str]) -> None:
    done = CliRunner().invoke(judge, [str(changed(tmp_path, lines[:-1]))])
    assert done.exit_code == 2
    assert len(done.output.splitlines()) == 1
    assert "cut short" in done.output


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    done = CliRunner().invoke(judge, [str(tmp_path / "none.jsonl")])
    assert (done.exit_code, done.output) == (2, f"Error: {tmp_path}/none.jsonl: No such file or directory\n")


def test_judge_clears_a_sound_history_and_accuses_another(tmp_path: Path, lines: list[str]) -> None:
    assert CliRunner().invoke(judge, [str(changed(tmp_path, lines))]).exit_code == 0
    invented = [line.replace("/wA=", "aGk=") if '"records"' in line or '"offset":0' in line else line for line in lines]
    invented = [lines[k] if '"f":"send"' in lines[k] else line for k, line in enumerate(invented)]
    done = CliRunner().invoke(judge, [str(changed(tmp_path, invented))])
    assert done.exit_code == 1
    assert "integrity.nothing-invented" in done.output


def test_the_shipped_schema_is_current() -> None:
    """To mend: `.ci/derive`."""
    assert schema.HISTORY.read_text() == schema.history()


def test_the_schema_and_the_reader_agree(lines: list[str]) -> None:
    validator = jsonschema.Draft202012Validator(json.loads(schema.HISTORY.read_text()))
    assert all(validator.is_valid(json.loads(line)) for line in lines)
    assert not validator.is_valid(json.loads(lines[1].replace('"invoke"', '"invoked"')))
    assert not validator.is_valid({"type": "footer"})


def test_judge_prints_the_schema() -> None:
    done = CliRunner().invoke(judge, ["--schema"])
    assert done.exit_code == 0
    assert json.loads(done.output) == json.loads(schema.HISTORY.read_text())
