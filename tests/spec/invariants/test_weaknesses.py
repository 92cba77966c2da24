"""What Kafka documents as a weakness is told, and is no breach."""

import pytest
from jepsen_files import FOLDER, accusations, imported

from brokerlaw.spec.history.history import History
from brokerlaw.spec.invariants.weaknesses import weaknesses


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("G0.lawful", "G0"),
        ("G1c-write-edges.lawful", "G1c with writes"),
        ("G1c.guilty", None),
        ("G1c.innocent", None),
        ("int-send-skip.lawful", "G0"),
        ("lost-write.innocent", None),
    ],
)
def test_circles_with_writes_are_told(name: str, told: str | None) -> None:
    recording = imported((FOLDER / f"{name}.edn").read_text(), isolation="read_committed")
    assert [each.name for each in weaknesses(History(recording))] == ([told] if told else [])
    assert bool(accusations(recording)) == name.endswith("guilty")


def test_the_circle_is_told_step_by_step() -> None:
    recording = imported((FOLDER / "G0.lawful.edn").read_text())
    ((_, example, count),) = weaknesses(History(recording))
    assert count == 1
    assert example.reason == (
        "producer-0 wrote t0/0@0 before the next of them did, and producer-1 wrote t0/1@0 before the next of them did"
    )
