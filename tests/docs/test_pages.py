"""The pages in docs/protocols are those of the protocols as they are."""

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from brokerlaw.cli import pages
from brokerlaw.cli.main import main
from brokerlaw.render import page
from brokerlaw.spec.protocols.registry import PROTOCOLS, load
from brokerlaw.spec.protocols.two_phase_commit import TwoPhaseCommit

FOLDER = Path(__file__).parent.parent.parent / "docs" / "protocols"
MEND = "run `brokerlaw protocols --write docs/protocols`"


def test_every_protocol_has_a_page_and_no_page_is_of_nothing() -> None:
    assert {path.stem for path in FOLDER.glob("*.md")} == set(PROTOCOLS), MEND


@pytest.mark.parametrize("name", PROTOCOLS)
def test_what_a_page_tells_is_current(name: str) -> None:
    text = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
    assert text.startswith(pages.told(name)), MEND


@pytest.mark.parametrize("name", PROTOCOLS)
def test_a_page_names_every_guard_and_every_claim(name: str) -> None:
    text = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
    measured = text.split("## What each guard is for")[1]
    spec = load(name).spec
    assert measured.count("\n| `") >= sum(len(each.guards) for each in spec.actions.values()), MEND
    assert all(f"| `{each.name}` |" in measured for each in spec.of_kind("invariant")), MEND


@pytest.mark.slow
@pytest.mark.parametrize("name", PROTOCOLS)
def test_what_a_page_measures_is_current(name: str) -> None:
    text = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
    assert text == pages.told(name) + pages.measured(name), MEND


def test_another_guard_makes_another_page() -> None:
    spec = TwoPhaseCommit.spec
    less = spec.without("tm_commit", 1)
    assert page.told(spec, (), ()) != page.told(replace(less, name=spec.name), (), ())


def test_the_command_writes_the_pages_that_are_wanted(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["protocols", "two-phase-commit", "--write", str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert (tmp_path / "two_phase_commit.md").read_bytes() == (FOLDER / "two_phase_commit.md").read_bytes()
    assert len(list(tmp_path.iterdir())) == 1


def test_a_name_that_is_no_protocol_is_refused(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["protocols", "quue", "--write", str(tmp_path)])
    assert done.exit_code == 2
    assert "did you mean queue?" in done.output
    assert list(tmp_path.iterdir()) == []
