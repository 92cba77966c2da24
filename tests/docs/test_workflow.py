"""The workflow of docs/ci.md: every `run` of it, in order, by bash in a fresh folder; a gate that fails, too."""

import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from brokerlaw.cli.check import check
from brokerlaw.spec.invariants import INVARIANTS

ROOT = Path(__file__).parents[2]
WORKFLOW = yaml.safe_load((ROOT / "examples" / "github-workflow.yml").read_text("utf-8"))
STEPS: list[dict[str, Any]] = WORKFLOW["jobs"]["gate"]["steps"]
BROKER = "py:broker.py:Broker"
INSTALL = "Install"
CODE = """
from brokerlaw.reference.adapter import ReferenceAdapter
from brokerlaw.spec.invariants import INVARIANTS

class Broker(ReferenceAdapter):
    def __init__(self, settings):
        super().__init__({"mutant": "dirty-read"} if MUTANT else {})
"""


class Repository:
    """A folder as the first steps leave it: a repository, and brokerlaw in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {**os.environ, **WORKFLOW["env"], "BROKER": BROKER}
        self.environment["GITHUB_STEP_SUMMARY"] = str(folder / "summary.md")
        (folder / "broker-known.toml").write_text("version = 1\n")
        self.broker(sound=True)

    def broker(self, sound: bool) -> None:
        (self.folder / "broker.py").write_text(f"MUTANT = {not sound}\n{CODE}")

    def steps(self, but: tuple[str, ...] = ()) -> dict[str, int]:
        """The exit code of each step that was run, by its name."""
        codes: dict[str, int] = {}
        for step in STEPS:
            wanted = {"": not any(codes.values()), "failure()": any(codes.values()), "always()": True}[
                step.get("if", "")
            ]
            if "run" in step and wanted and step["name"] not in but:
                codes[step["name"]] = self.bash(step["run"]).returncode
        return codes

    def bash(self, script: str) -> "subprocess.CompletedProcess[str]":
        command = ["bash", "-e", "-c", script]
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=600, check=False
        )
        (self.folder / "log").write_text(done.stdout + done.stderr)
        return done

    def accept(self) -> None:
        """What docs/ci.md says to do: the gate's command, with --update-baseline."""
        gate = next(step["run"] for step in STEPS if "check" in step.get("run", ""))
        assert self.bash(gate.replace("--out", "--update-baseline --out").rstrip()).returncode == 0
        self.clean()

    def clean(self) -> None:
        """A fresh machine has no run folder."""
        shutil.rmtree(self.folder / "broker-run")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """With what is installed here in the place of the step that installs, and without random plans: quick."""
    (tmp_path / ".venv").symlink_to(sys.prefix)
    repository = Repository(tmp_path)
    repository.environment["EXAMPLES"] = "0"
    return repository


GATE = "Hold the broker to its promises"
AGAIN = "Say how to see it again"


def test_a_sound_broker_passes(repository: Repository) -> None:
    repository.environment["PROMISES"] = "transactions"
    assert repository.steps(but=(INSTALL,)) == {GATE: 0}
    assert f"kept: 2 of {len(INVARIANTS)} promises" in (repository.folder / "summary.md").read_text()
    assert (repository.folder / "broker-run" / "junit.xml").exists()


def test_the_life_of_a_known_violation(repository: Repository) -> None:
    repository.environment["PROMISES"] = "delivery.exactly-once"
    repository.broker(sound=False)
    assert repository.steps(but=(INSTALL,)) == {GATE: 1, AGAIN: 0}
    told = (repository.folder / "log").read_text()
    assert re.search(rf"brokerlaw replay broker-run/trace-\d-delivery.exactly-once.json --adapter '{BROKER}'", told)
    junit = ET.parse(repository.folder / "broker-run" / "junit.xml").getroot()
    assert junit.find(".//failure") is not None
    repository.clean()

    repository.accept()
    assert repository.steps(but=(INSTALL,)) == {GATE: 0}
    repository.clean()

    repository.broker(sound=True)
    assert repository.steps(but=(INSTALL,)) == {GATE: 3, AGAIN: 0}
    repository.clean()

    repository.accept()
    assert repository.steps(but=(INSTALL,)) == {GATE: 0}


@pytest.mark.slow
def test_the_whole_workflow_installs_what_it_needs(tmp_path: Path) -> None:
    ignored = shutil.ignore_patterns(".[!c]*", "build", "*.egg-info", "brokerlaw-runs", "__pycache__", "reports")
    shutil.copytree(ROOT, tmp_path / "brokerlaw", ignore=ignored)
    repository = Repository(tmp_path)
    assert repository.steps() == {INSTALL: 0, GATE: 0}, (tmp_path / "log").read_text()


def test_its_actions_are_pinned_to_a_release() -> None:
    for step in STEPS:
        assert re.fullmatch(
            r"actions/(checkout@v4|setup-python@v5|upload-artifact@v4)", step.get("uses", "actions/checkout@v4")
        )


def test_the_page_names_options_that_there_are() -> None:
    told = set(re.findall(r"--[a-z][a-z-]+", (ROOT / "docs" / "ci.md").read_text("utf-8")))
    known = set(re.findall(r"--[a-z][a-z-]+", CliRunner().invoke(check, ["--help"]).output)) | {"--adapter"}
    assert told <= known, told - known
