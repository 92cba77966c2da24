"""The lock holds all that pyproject.toml asks for, in one exact version for each Python."""

import tomllib
from itertools import chain
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
EXTRAS = PROJECT["project"]["optional-dependencies"]
ASKED = [*PROJECT["build-system"]["requires"], *PROJECT["project"]["dependencies"], *chain(*EXTRAS.values())]
PYTHONS = ["3.11.0", "3.12.0", "3.13.0"]


def pins(text: str) -> list[Requirement]:
    return [Requirement(line) for line in text.splitlines() if line and not line.startswith("#")]


LOCK = pins((ROOT / "constraints.txt").read_text())


def applies(pin: Requirement, python: str) -> bool:
    environment = {**default_environment(), "python_full_version": python, "python_version": python.rpartition(".")[0]}
    return pin.marker is None or pin.marker.evaluate(environment)


def unlocked(asked: str, lock: list[Requirement], python: str) -> str | None:
    """Why the lock does not give a version for what is asked, if it does not."""
    wanted = Requirement(asked)
    found = [pin for pin in lock if pin.name == wanted.name and applies(pin, python)]
    if len(found) != 1:
        return f"{wanted.name} has {len(found)} versions: run .ci/lock"
    (version,) = found[0].specifier
    return None if wanted.specifier.contains(version.version) else f"{found[0]} is not {wanted}: run .ci/lock"


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("asked", [name for name in ASKED if not name.startswith("brokerlaw[")])
def test_all_that_is_asked_for_has_a_version(asked: str, python: str) -> None:
    assert unlocked(asked, LOCK, python) is None


def test_each_version_is_exact_and_no_extra_is_named() -> None:
    """Pip refuses constraints with extras."""
    for pin in LOCK:
        assert [part.operator for part in pin.specifier] == ["=="], pin
        assert not pin.extras and pin.url is None, pin


@pytest.mark.parametrize(
    ("lock", "python", "reason"),
    [
        ("", "3.11.0", "numpy has 0 versions"),
        ("numpy==1.25.0", "3.11.0", "numpy==1.25.0 is not numpy>=1.26"),
        ("numpy==2.4.0 ; python_full_version < '3.12'", "3.12.0", "numpy has 0 versions"),
        ("numpy==2.4.0\nnumpy==2.5.0 ; python_full_version >= '3.12'", "3.12.0", "numpy has 2 versions"),
    ],
)
def test_what_the_lock_lacks_is_named(lock: str, python: str, reason: str) -> None:
    assert (unlocked("numpy>=1.26", pins(lock), python) or "").startswith(reason)
