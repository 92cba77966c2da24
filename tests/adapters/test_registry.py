"""From names to adapters, and what is said when there is none."""

import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from brokerlaw.adapters import registry
from brokerlaw.adapters.checked import Checked
from brokerlaw.adapters.command import CommandAdapter
from brokerlaw.adapters.contract import AdapterError, Description

TOY = Path(__file__).with_name("toy.py")
INSIDE = {"adapter.process": "inside"}


def entries(**targets: str) -> dict[str, EntryPoint]:
    return {name: EntryPoint(name, target, registry.GROUP) for name, target in targets.items()}


@pytest.fixture
def two_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    known = entries(
        toy="toy:Toy", wire="brokerlaw.adapters.wire:Nothing", kafkaesque="needs_confluent:Adapter", exits="exits:A"
    )
    monkeypatch.setattr(registry, "_entries", lambda: known)


@pytest.mark.usefixtures("two_installed")
@pytest.mark.parametrize("name", ["toy", "py:toy:Toy", f"py:{TOY}:Toy"])
def test_a_class_by_any_name(name: str) -> None:
    with registry.resolve(name, {"key": "value", **INSIDE}) as adapter:
        assert adapter.describe() == Description("toy", "1", {"topics": 1}, settings={"key": "value"})


@pytest.mark.parametrize("where", [{}, {"adapter.process": "own"}, INSIDE])
def test_a_class_runs_in_a_process_of_its_own_or_inside(where: dict[str, str]) -> None:
    with registry.resolve(f"py:{TOY}:Toy", {"key": "value", "adapter.timeout": "20000", **where}) as adapter:
        assert adapter.describe() == Description("toy", "1", {"topics": 1}, settings={"key": "value"})
        assert isinstance(adapter, Checked if where is INSIDE else CommandAdapter)


def test_the_projects_own_adapters_stay_inside() -> None:
    assert isinstance(registry.resolve("reference", {}), Checked)
    assert isinstance(registry.resolve("reference", {"adapter.process": "own"}), CommandAdapter)


@pytest.mark.usefixtures("two_installed")
def test_an_installed_adapter_of_others_does_not() -> None:
    assert isinstance(registry.resolve("toy", {}), CommandAdapter)


def test_a_program() -> None:
    adapter = registry.resolve("cmd:./program 'one argument' two", {"key": "value", "adapter.timeout": "250"})
    assert isinstance(adapter, CommandAdapter)
    assert adapter.settings == {"key": "value"}
    assert adapter._argv == ["./program", "one argument", "two"]
    assert adapter._patience == 0.25


WRONG = {
    "tyo": "no adapter 'tyo' (did you mean toy?); installed: exits, kafkaesque, toy, wire; or py:MODULE:CLASS",
    "wire": "wire: brokerlaw.adapters.wire has no Nothing",
    "kafkaesque": "which is not installed: pip install '.[kafka]' in a checkout of brokerlaw",
    "py:toy": "py:toy names no class: write py:package.module:Class or py:path/to/file.py:Class",
    "py:no.such:Toy": "py:no.such:Toy cannot be imported: ModuleNotFoundError: No module named 'no'",
    "py:nowhere.py:Toy": "there is no file nowhere.py",
    f"py:{TOY}:Tyo": "has no Tyo (did you mean Toy?); adapters there: Toy",
    "py:pathlib:Path": "is no adapter: it must be a class derived from brokerlaw.adapters.contract.Adapter",
    "cmd:": "names no program",
    "cmd:'open": "No closing quotation",
}


@pytest.mark.usefixtures("two_installed")
@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_with_a_name(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "needs_confluent.py").write_text("raise ModuleNotFoundError('no', name='confluent_kafka.admin')")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(AdapterError) as caught:
        registry.resolve(name, {} if name.startswith("cmd:") else INSIDE)
    assert WRONG[name] in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_is_wrong_is_told_the_same_from_a_process_of_its_own() -> None:
    name = f"py:{TOY}:Tyo"
    with pytest.raises(AdapterError, match=r"has no Tyo \(did you mean Toy\?\)") as outside:
        registry.resolve(name, {}).start()
    with pytest.raises(AdapterError) as inside:
        registry.resolve(name, INSIDE)
    assert str(outside.value) == str(inside.value)


@pytest.mark.parametrize(
    ("name", "where", "words"),
    [
        (f"py:{TOY}:Toy", "elsewhere", "adapter.process=elsewhere: write inside or own"),
        ("cmd:./program", "inside", "a program has a process of its own"),
    ],
)
def test_where_it_cannot_run(name: str, where: str, words: str) -> None:
    with pytest.raises(AdapterError, match=words):
        registry.resolve(name, {"adapter.process": where})


def test_an_adapter_in_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "beside_me.py").write_text("from toy import Toy\nclass Mine(Toy): pass\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", [path for path in sys.path if path])
    adapter = registry.resolve("py:beside_me:Mine", INSIDE)
    assert isinstance(adapter, Checked)
    assert type(adapter._adapter).__name__ == "Mine"


def test_an_adapter_in_the_current_folder_in_a_process_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "beside_me.py").write_text(TOY.read_text())
    for shadow in ("json", "copy", "click"):
        (tmp_path / f"{shadow}.py").write_text("raise SystemExit('the folder shadows what is installed')")
    monkeypatch.chdir(tmp_path)
    with registry.resolve("py:beside_me:Toy", {}) as adapter:
        assert adapter.describe().name == "toy"


@pytest.mark.parametrize("text", ["0", "-1", "soon", ""])
def test_a_timeout_is_a_positive_number(text: str) -> None:
    with pytest.raises(AdapterError, match=r"adapter\.timeout=.*: this is no positive number of milliseconds"):
        registry.resolve("cmd:./program", {"adapter.timeout": text})


@pytest.mark.usefixtures("two_installed")
def test_the_list_says_what_can_be_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "toy.py").write_text(TOY.read_text())
    (tmp_path / "needs_confluent.py").write_text("raise ModuleNotFoundError('no', name='confluent_kafka.admin')")
    (tmp_path / "exits.py").write_text("import os; os._exit(0)")
    monkeypatch.chdir(tmp_path)
    assert {each.name: each.fault is None for each in registry.installed()} == {
        "exits": False,
        "kafkaesque": False,
        "toy": True,
        "wire": False,
    }
    assert registry.installed()[2].about.startswith("Whatever happens")


def test_the_projects_own_adapters_are_installed() -> None:
    assert {"reference", "kafka", "kafka-mock", "kfake"} <= {each.name for each in registry.installed()}


def test_a_program_describes_itself_once_it_runs() -> None:
    adapter = registry.resolve(f"cmd:{sys.executable} {TOY}", {"a": "b"})
    with pytest.raises(AdapterError, match="before it was started"):
        adapter.describe()
    with adapter:
        assert adapter.describe() == Description("toy", "1", {"topics": 1}, settings={"a": "b"})
