"""The tutorial works: its pieces make a protocol of forty lines, and its commands print what it says that they do."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from brokerlaw.cli.main import main

TUTORIAL = (Path(__file__).parent.parent.parent / "docs" / "tutorial.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def blocks() -> list[tuple[str, str]]:
    """Language and text of each code block, in order."""
    return BLOCK.findall(TUTORIAL)


def told(output: str) -> Iterator[str]:
    """What a command says, without times, the widths that depend on them, and Z3's choice of a counterexample."""
    for line in output.splitlines():
        if not re.match(r"  (before|step|after) ", line) and not line.startswith("---"):
            yield " ".join(re.sub(r"(\d/\d).*|\(\d+ obligations, .*", r"\1", line).split())


def test_the_commands_print_what_the_tutorial_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    output, compared = "", 0
    for language, text in blocks():
        if language == "python":
            with Path("two_phase.py").open("a", encoding="utf-8") as file:
                file.write(text)
        elif language == "text":
            assert list(told(output)) == list(told(text))
            compared += 1
        elif text.startswith("brokerlaw "):
            output = CliRunner().invoke(main, shlex.split(text)[1:]).output
    assert compared == len([text for _, text in blocks() if text.startswith("brokerlaw ")]) > 5


def test_the_protocol_has_forty_lines() -> None:
    lines = [line for language, text in blocks() if language == "python" for line in text.splitlines()]
    assert len([line for line in lines if line and not line.startswith("from ")]) <= 40


def test_another_output_is_noticed() -> None:
    assert list(told("✓ proved  a  6/6  0.01 init")) == list(told("✓ proved    a  6/6  0.23 obey"))
    assert list(told("✓ proved  a  6/6  0.01 init")) != list(told("✗ not proved  a  5/6  0.01 init"))
    assert list(told("  1. give_up(d=database0)")) != list(told("  1. obey(d=database0)"))
