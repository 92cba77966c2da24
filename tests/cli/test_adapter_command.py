"""`brokerlaw adapter list|init|schemas`."""

import json
import shlex
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from brokerlaw.adapters import schema
from brokerlaw.cli.main import main
from brokerlaw.cli.smoke import smoke

needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="there is no node on this machine")
EXAMPLE = Path(__file__).parent.parent.parent / "examples" / "node" / "adapter.mjs"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["adapter", *arguments])


@pytest.mark.parametrize("language", ["python", pytest.param("node", marks=needs_node)])
def test_a_skeleton_passes_smoke_by_the_name_that_init_tells(language: str, tmp_path: Path) -> None:
    folder = tmp_path / "a new adapter"
    result = run("init", "night-queue", "--language", language, "--out", str(folder))
    assert result.exit_code == 0, result.output
    (told,) = [line.split("#")[0] for line in result.output.splitlines() if "brokerlaw smoke" in line]
    name = shlex.split(told)[2]
    assert "NightQueue" in name or language == "node"
    assert all("MyBroker" not in path.read_text() for path in folder.iterdir())
    smoked = CliRunner().invoke(smoke, [name])
    assert smoked.exit_code == 0, smoked.output


@needs_node
def test_the_node_skeleton_waits_to_the_end_though_timers_fire_early(tmp_path: Path) -> None:
    assert run("init", "early", "--language", "node", "--out", str(tmp_path)).exit_code == 0
    early = "const timer = globalThis.setTimeout; globalThis.setTimeout = (f, ms) => timer(f, ms / 2);\n"
    (tmp_path / "adapter.mjs").write_text((tmp_path / "adapter.mjs").read_text() + early)
    smoked = CliRunner().invoke(smoke, [f"cmd:node {shlex.quote(str(tmp_path / 'adapter.mjs'))}"])
    assert smoked.exit_code == 0, smoked.output
    assert "pass                              Waiting takes as long as it should" in smoked.output


def test_a_skeleton_overwrites_nothing(tmp_path: Path) -> None:
    assert run("init", "mine", "--out", str(tmp_path)).exit_code == 0
    (tmp_path / "adapter.py").write_text("precious")
    result = run("init", "mine", "--out", str(tmp_path))
    assert result.exit_code == 2
    assert "adapter.py is there already: choose another --out, or remove it" in result.output
    assert (tmp_path / "adapter.py").read_text() == "precious"


@pytest.mark.parametrize("name", ["1st", "my broker", "", "../up"])
def test_a_name_must_be_one(name: str, tmp_path: Path) -> None:
    result = run("init", name, "--out", str(tmp_path / "new"))
    assert result.exit_code == 2
    assert "is no name for an adapter" in result.output
    assert not (tmp_path / "new").exists()


def test_schemas_are_written_or_printed(tmp_path: Path) -> None:
    assert run("schemas", "--out", str(tmp_path)).exit_code == 0
    written = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert written == schema.schemas()
    printed = json.loads(run("schemas").output)
    assert printed == {name.removesuffix(".json"): json.loads(text) for name, text in written.items()}


def test_the_list_has_the_projects_own() -> None:
    result = run("list")
    assert result.exit_code == 0
    assert all(name in result.output for name in ("reference", "kafka-mock", "cmd:PROGRAM"))


@needs_node
def test_the_example_in_node_is_sound() -> None:
    result = CliRunner().invoke(smoke, [f"cmd:node {shlex.quote(str(EXAMPLE))}"])
    assert result.exit_code == 0, result.output


@needs_node
def test_the_example_in_node_takes_no_settings() -> None:
    result = CliRunner().invoke(smoke, [f"cmd:node {shlex.quote(str(EXAMPLE))}", "--settings", "bootstrap=here"])
    assert result.exit_code == 2
    assert "gave up: there is no setting bootstrap: this broker needs none" in result.output
