"""The wheel is ready to be published, and it and an editable install run the main job from an empty folder."""

import os
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest
from packaging.metadata import Metadata

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "constraints.txt"
KEPT = 0
SUBPACKAGES = ("spec", "reference", "adapters", "conformance")


def run(*command: str | Path, cwd: Path) -> str:
    """What a command that must succeed prints."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=600)
    assert done.returncode == KEPT, done.stdout + done.stderr
    return done.stdout


def copied(to: Path) -> Path:
    """A copy of the sources, so that building leaves nothing behind."""
    ignored = shutil.ignore_patterns(".[!c]*", "build", "*.egg-info", "brokerlaw-runs", "__pycache__")
    return Path(shutil.copytree(ROOT, to, ignore=ignored))


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the source distribution, and the wheel that is built from it."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--outdir", folder, copied(folder / "source"), cwd=folder)
    return folder


@pytest.fixture(scope="module")
def wheel(dist: Path) -> Path:
    (found,) = dist.glob("*.whl")
    return found


@pytest.fixture
def python(tmp_path: Path) -> Path:
    """The interpreter of a fresh environment."""
    venv.create(tmp_path / "venv", with_pip=True)
    return tmp_path / "venv" / "bin" / "python"


def packed(wheel: Path) -> dict[str, bytes]:
    """File name → contents."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_wheel_of_the_source_distribution_is_the_wheel_of_the_sources(dist: Path, wheel: Path) -> None:
    """`dist` has built its wheel from the source distribution: here is one from the checkout itself."""
    run(sys.executable, "-m", "build", "--wheel", "--outdir", dist / "direct", dist / "source", cwd=dist)
    (direct,) = (dist / "direct").glob("*.whl")
    assert packed(wheel) == packed(direct)


def test_the_wheel_has_every_file_of_the_package(wheel: Path) -> None:
    inside = {"src/brokerlaw/": "brokerlaw/"} | {f"{room}/": f"brokerlaw/{room}/" for room in SUBPACKAGES}
    tracked = run("git", "ls-files", cwd=ROOT).splitlines()
    wanted = {to + name.removeprefix(room) for room, to in inside.items() for name in tracked if name.startswith(room)}
    assert {name for name in packed(wheel) if ".dist-info/" not in name} == wanted


def test_its_metadata_is_what_an_index_takes(wheel: Path) -> None:
    (raw,) = (text for name, text in packed(wheel).items() if name.endswith(".dist-info/METADATA"))
    metadata = Metadata.from_email(raw, validate=True)
    assert metadata.description_content_type == "text/markdown"
    assert metadata.description == (ROOT / "README.md").read_text()
    assert metadata.license_expression == "Apache-2.0"
    assert metadata.license_files == ["LICENSE"]
    assert {"kafka", "prove", "test", "dev"} <= set(metadata.provides_extra or ())
    assert str(metadata.requires_python) == ">=3.11"


def test_the_source_distribution_is_the_checkout(dist: Path) -> None:
    (archive,) = dist.glob("*.tar.gz")
    with tarfile.open(archive) as sources:
        names = {name.partition("/")[2] for name in sources.getnames()}
    assert set(run("git", "ls-files", cwd=ROOT).splitlines()) - names <= {".gitattributes", ".gitignore"}


def verdicts(python: Path, folder: Path) -> str:
    """What `brokerlaw check reference` prints from an empty folder, without the line that says how long it took."""
    folder.mkdir()
    command = python.with_name("brokerlaw")
    told = run(command, "check", "reference", "--quiet", "--examples", "40", cwd=folder)
    assert "kept: " in told
    assert "brokerlaw-runs" in [path.name for path in folder.iterdir()]
    return "\n".join(line for line in told.splitlines() if " operations in " not in line)


def test_the_wheel_and_an_editable_install_say_the_same(wheel: Path, python: Path, tmp_path: Path) -> None:
    """The same verdicts and counts: one seed draws the same plans in both."""
    install = (python, "-m", "pip", "install", "--quiet", "-c", LOCK)
    run(*install, wheel, cwd=tmp_path)
    installed = verdicts(python, tmp_path / "from-the-wheel")
    run(*install, "--editable", copied(tmp_path / "source"), cwd=tmp_path)
    assert verdicts(python, tmp_path / "editable") == installed
