"""`brokerlaw print`: to the terminal, into files, and one line for each mistake."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from brokerlaw.cli.main import main


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["print", *words])


@pytest.mark.parametrize(
    ("language", "first"),
    [("md", "# Queue"), ("tla", "-------------------------------- MODULE Queue"), ("murphi", "-- Queue")],
)
def test_a_protocol_in_each_language(language: str, first: str) -> None:
    done = run("queue", "--to", language)
    assert done.exit_code == 0
    assert done.output.startswith(first)


def test_bounds_reach_what_is_printed() -> None:
    assert "searched with 5" in run("two_phase_commit", "--set", "RM=5").output
    assert "RM: 0 .. 4;" in run("two_phase_commit", "--to", "murphi", "--set", "RM=5").output
    assert "RM = {rm0, rm1, rm2, rm3, rm4}" in run("two_phase_commit", "--to", "tla", "--set", "RM=5").output


def test_a_module_is_written_with_its_configuration(tmp_path: Path) -> None:
    assert run("queue", "--to", "tla", "--out", str(tmp_path)).exit_code == 0
    assert {path.name for path in tmp_path.iterdir()} == {"Queue.tla", "Queue.cfg"}


def test_a_model_is_written_where_it_is_wanted(tmp_path: Path) -> None:
    assert run("queue", "--to", "murphi", "--variant", "drops-the-dead", "--out", str(tmp_path / "q.m")).exit_code == 0
    assert (tmp_path / "q.m").read_text().startswith("-- DropsTheDead")


def test_variants_are_listed_with_what_they_break() -> None:
    assert "| `DropsTheDead` |" in run("queue").output
    assert "A variant of Queue, known to break `nothing_vanishes`." in run("queue", "--variant", "DropsTheDead").output


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("quue",), "did you mean queue?"),
        (("queue", "--variant", "nothing"), "has no variant 'nothing'"),
        (("queue", "--set", "Cont=2"), "has no sort 'Cont'"),
        (("queue", "--to", "murphi", "--set", "Message"), "write SORT=N"),
        (("queue", "--to", "latex"), "'latex' is not one of"),
        (("queue", "--to", "tla", "--out", "there/q.tla"), "write there/Queue.tla"),
        (("queue", "--out", "no/such/folder/q.md"), "No such file or directory"),
    ],
)
def test_a_mistake_is_one_line(words: tuple[str, ...], told: str) -> None:
    done = run(*words)
    assert done.exit_code == 2
    assert told in done.output.splitlines()[-1]
