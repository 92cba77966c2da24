"""What a program may import from `brokerlaw`: each name is there, for the interpreter and for type checkers."""

import ast
import subprocess
import sys
import textwrap
from importlib import import_module
from pathlib import Path

import pytest

import brokerlaw
from brokerlaw import Ok, operations, rows, values

SOURCE = Path(brokerlaw.__file__).read_text()


def checked() -> dict[str, str]:
    """The imports that type checkers see: name → where it lives."""
    return {
        str(alias.asname): f"{node.module}.{alias.name}".removeprefix("brokerlaw.")
        for node in ast.walk(ast.parse(SOURCE))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("brokerlaw.")
        for alias in node.names
    }


def test_type_checkers_see_the_same_names() -> None:
    assert checked() == brokerlaw.PUBLIC
    assert set(brokerlaw.PUBLIC) <= set(dir(brokerlaw))


@pytest.mark.parametrize("name", brokerlaw.PUBLIC)
def test_each_name_can_be_imported(name: str) -> None:
    module, _, attribute = f"brokerlaw.{brokerlaw.PUBLIC[name]}".rpartition(".")
    assert getattr(brokerlaw, name) is getattr(import_module(module), attribute)
    assert attribute == name


def test_what_is_not_public_is_not_there() -> None:
    with pytest.raises(AttributeError, match="module 'brokerlaw' has no attribute 'nothing'"):
        _ = brokerlaw.nothing  # type: ignore[attr-defined]


def test_the_package_itself_is_imported_at_once() -> None:
    program = "import sys, brokerlaw; print([name for name in sys.modules if name.startswith('brokerlaw.')])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "[]\n"


def test_the_example_judges_a_history(tmp_path: Path) -> None:
    """As the docstring has it: two records that were acknowledged at one offset."""
    placed = Ok(values.Placed("orders", 0, 7))
    done = [
        (operations.OpenProducer("producer"), Ok()),
        (operations.Send("producer", "orders", b"a"), placed),
        (operations.Send("producer", "orders", b"b"), placed),
    ]
    lines = [
        row
        for number, (asked, outcome) in enumerate(done)
        for row in (rows.Invoke(number, 2 * number, "c", asked), rows.Complete(number, 2 * number + 1, outcome))
    ]
    rows.write(tmp_path / "history.jsonl", rows.Recording(rows.Header(), tuple(lines)))
    example = textwrap.dedent((brokerlaw.__doc__ or "").partition("without a broker:\n\n")[2].partition("\nEach")[0])
    printed = subprocess.run(
        [sys.executable, "-c", example], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True
    )
    broken = [line for line in printed.stdout.splitlines() if not line.endswith("[]")]
    assert "ordering.one-record-per-offset" in [line.split()[0] for line in broken]
