"""The README stays true: its commands exist, its main job runs, and the output that it shows is the one that comes."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

from brokerlaw.cli.main import main

README = (Path(__file__).parent.parent / "README.md").read_text()


def blocks(language: str) -> list[str]:
    """The code blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


def commands() -> list[list[str]]:
    """Every call of brokerlaw in the README, split as a shell would."""
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    calls = [shlex.split(part, comments=True) for line in lines for part in line.split("&&")]
    return [words[1:] for words in calls if words and Path(words[0]).name == "brokerlaw"]


def stable(output: str) -> str:
    """Output without counts, seconds and folders: which plans Hypothesis draws depends on its version too."""
    return re.sub(r"report in \S+|[\d.]+|[ \t-]+", " ", output).replace(" \n", "\n").strip()


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_every_command_is_one_that_brokerlaw_has(words: list[str]) -> None:
    group: click.Group = main
    name, *rest = words
    command = group.get_command(click.Context(group), name)
    assert command is not None, f"there is no command {name}"
    while isinstance(command, click.Group):
        name, *rest = rest
        command = command.get_command(click.Context(command), name)
        assert command is not None, f"there is no command {name}"
    command.make_context(name, list(rest))


def test_the_main_job_runs_and_prints_what_the_readme_shows(tmp_path: Path) -> None:
    arguments = next(words for words in commands() if words[:2] == ["check", "reference"])
    arguments = [str(tmp_path / "run") if word.startswith("$(") else word for word in arguments]
    done = subprocess.run(
        [sys.executable, "-m", "brokerlaw", *arguments], capture_output=True, text=True, timeout=180, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    printed, shown = stable(done.stdout).splitlines(), stable(blocks("text")[0]).splitlines()
    places = [printed.index(line) for line in shown if line.strip() not in ("", "…")]
    assert places == sorted(places)
    assert (places[0], places[-1]) == (0, len(printed) - 1)
