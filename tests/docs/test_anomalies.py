"""docs/jepsen.md is true: each history is accused by the promise of its row, and each innocent one by none."""

import re
from pathlib import Path

import pytest
from jepsen_files import FOLDER, accusations, imported

from brokerlaw.spec.invariants import INVARIANTS

PAGE = (Path(__file__).parent.parent.parent / "docs" / "jepsen.md").read_text()
ROWS = re.findall(r"^\| (`.*) \| .* \| (.*) \| \[.*\]\(\.\./tests/jepsen/(.*)\.edn\) \|$", PAGE, re.MULTILINE)
"""The anomaly, the promise, and the history."""
GUILTY = [(promise.strip("`"), name) for _, promise, name in ROWS if promise != "none: lawful"]
CLEARED = sorted(path.stem for path in FOLDER.glob("*.edn") if not path.stem.endswith(".guilty"))
ANOMALIES = {
    "duplicate",
    "external-nonmonotonic-send",
    "G0",
    "G0-process",
    "G0-realtime",
    "G1a",
    "G1b",
    "G1c",
    "G1c-process",
    "G1c-realtime",
    "inconsistent-offsets",
    "int-nonmonotonic-poll",
    "int-nonmonotonic-send",
    "int-poll-skip",
    "int-send-skip",
    "lost-write",
    "nonmonotonic-poll",
    "nonmonotonic-send",
    "poll-skip",
    "precommitted-read",
    "unseen",
}
"""What Jepsen's checker reports by name, but for summaries of cycles (PL-1-cycle-exists, …)."""


def judged(name: str) -> set[str]:
    return set(accusations(imported((FOLDER / f"{name}.edn").read_text(), isolation="read_committed")))


@pytest.mark.parametrize(("promise", "name"), GUILTY, ids=[name for _, name in GUILTY])
def test_the_history_is_accused_by_the_promise(promise: str, name: str) -> None:
    assert promise in INVARIANTS
    assert promise in judged(name)


@pytest.mark.parametrize("name", CLEARED)
def test_the_innocent_and_the_lawful_are_cleared(name: str) -> None:
    assert judged(name) == set()


def test_each_anomaly_has_its_row_and_each_row_its_history() -> None:
    named = {word for anomaly, _, _ in ROWS for word in re.findall(r"`([^`]*)`", anomaly)}
    assert named == ANOMALIES
    assert {name for _, name in GUILTY} <= {path.stem for path in FOLDER.glob("*.guilty.edn")}


def test_beside_each_guilty_history_stands_an_innocent_one() -> None:
    for path in FOLDER.glob("*.guilty.edn"):
        assert path.with_name(path.name.replace(".guilty.", ".innocent.")).exists(), path
