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


def modules() -> dict[str, Path]:
    """Every module of ours, as `room.module`, and its file."""
    found: dict[str, Path] = {}
    for folder, room in [
        *((ROOT / room, (room,)) for room in ("spec", "adapters", "reference", "conformance")),
        (PACKAGE, ()),
    ]:
        for path in sorted(folder.rglob("*.py")):
            parts = (*room, *path.relative_to(folder).with_suffix("").parts)
            if "templates" not in parts:
                found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def circles(imports: dict[str, set[str]]) -> list[set[str]]:
    """Groups of modules each of which imports, in some steps, every other of the group."""

    def reached(module: str) -> set[str]:
        found: set[str] = set()
        ahead = [module]
        while ahead:
            new = imports.get(ahead.pop(), set()) - found
            found |= new
            ahead += new
        return found

    reach = {module: reached(module) for module in imports}
    groups = {frozenset(other for other in reach[module] if module in reach[other]) for module in imports}
    return [set(group) for group in groups if len(group) > 1]


def test_no_circle_of_imports_outside_the_reference() -> None:
    """Imports inside of functions count. The reference's own circle goes when all of it talks over its network."""
    known = modules()
    imports: dict[str, set[str]] = {}
    for module, path in known.items():
        named = set(imports_of(path.read_text()))
        exact = {name for name in named if name in known}
        imports[module] = exact - {module} - packages_of(exact)
    assert [group for group in circles(imports) if any(not name.startswith("reference.") for name in group)] == []


def packages_of(names: set[str]) -> set[str]:
    """Packages that are named only on the way to a module in them."""
    return {name for name in names if any(other.startswith(name + ".") for other in names)}


def test_a_circle_is_seen() -> None:
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == [{"a", "b", "c"}]
    assert circles({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []
