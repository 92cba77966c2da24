"""A wheel and an editable install, each in an environment of its own, run the main job from an empty folder."""

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
KEPT = 0


def run(*command: str | Path, cwd: Path) -> str:
    """What a command that must succeed prints."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=600)
    assert done.returncode == KEPT, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A copy of the sources, so that building leaves nothing behind."""
    ignored = shutil.ignore_patterns(".*", "build", "*.egg-info", "brokerlaw-runs", "__pycache__")
    return Path(shutil.copytree(ROOT, tmp_path / "source", ignore=ignored))


@pytest.fixture
def python(tmp_path: Path) -> Path:
    """The interpreter of a fresh environment."""
    venv.create(tmp_path / "venv", with_pip=True)
    return tmp_path / "venv" / "bin" / "python"


def verdicts(python: Path, folder: Path) -> str:
    """What `brokerlaw check reference` prints from an empty folder, without the line that says how long it took."""
    folder.mkdir()
    command = python.with_name("brokerlaw")
    told = run(command, "check", "reference", "--quiet", "--examples", "40", cwd=folder)
    assert "kept: every promise" in told
    assert "brokerlaw-runs" in [path.name for path in folder.iterdir()]
    return "\n".join(line for line in told.splitlines() if " operations in " not in line)


def test_a_wheel_and_an_editable_install_say_the_same(source: Path, python: Path, tmp_path: Path) -> None:
    """The same verdicts and counts: one seed draws the same plans in both."""
    run(sys.executable, "-m", "build", "--wheel", "--outdir", tmp_path / "dist", source, cwd=tmp_path)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    run(python, "-m", "pip", "install", "--quiet", wheel, cwd=tmp_path)
    installed = verdicts(python, tmp_path / "from-the-wheel")
    run(python, "-m", "pip", "install", "--quiet", "--editable", source, cwd=tmp_path)
    assert verdicts(python, tmp_path / "editable") == installed
