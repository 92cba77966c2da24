"""The law of dependence: spec ← reference, adapters ← conformance ← render ← cli; nothing points the other way."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src" / "brokerlaw"
MAY_IMPORT = {
    "spec": {"spec"},
    "adapters": {"adapters", "spec"},
    "reference": {"reference", "adapters", "spec"},
    "conformance": {"conformance", "adapters", "spec"},
    "render": {"render", "conformance", "adapters", "spec"},
    "cli": {"cli", "render", "conformance", "adapters", "reference", "spec"},
}
CONTRACT_ONLY = {"reference": {"adapters.contract"}, "conformance": {"adapters.contract"}}


def imports_of(source: str) -> Iterator[str]:
    """Every module of ours that the source imports, as `room.module`."""
    for node in ast.walk(ast.parse(source)):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)][: 1 if node.level else None]
        for name in names:
            if name.startswith("brokerlaw."):
                yield name.removeprefix("brokerlaw.")


def trespasses(room: str, source: str) -> list[str]:
    """Imports that the law forbids in this room."""
    found = []
    for name in imports_of(source):
        other = name.split(".")[0]
        only = CONTRACT_ONLY.get(room, set()) if other == "adapters" else set()
        beyond_contract = bool(only) and not any(name == path or name.startswith(path + ".") for path in only)
        if (other in MAY_IMPORT and other not in MAY_IMPORT[room]) or (beyond_contract and name != "adapters"):
            found.append(name)
    return found


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_rooms_import_only_what_they_may(room: str) -> None:
    sources = sorted((PACKAGE if room in ("cli", "render") else ROOT).joinpath(room).rglob("*.py"))
    assert sources, f"the room {room} is empty"
    wrong = {str(path.relative_to(ROOT)): bad for path in sources if (bad := trespasses(room, path.read_text()))}
    assert wrong == {}


def test_a_trespass_is_seen() -> None:
    assert trespasses("spec", "from brokerlaw.adapters.contract import Adapter") != []
    assert trespasses("conformance", "from brokerlaw.reference.adapter import ReferenceAdapter") != []
    assert trespasses("conformance", "import brokerlaw.adapters.kafka.adapter") != []
    assert trespasses("conformance", "from brokerlaw.adapters.contract import Adapter") == []


def test_the_spec_does_no_io_and_knows_no_hypothesis() -> None:
    for path in sorted((ROOT / "spec").rglob("*.py")):
        tree = ast.parse(path.read_text())
        imported = {
            alias.name.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
        }
        imported |= {
            node.module.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module
        }
        assert not imported & {"hypothesis", "time", "datetime", "random", "socket", "click", "rich"}, path
