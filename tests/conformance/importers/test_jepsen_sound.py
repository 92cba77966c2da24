"""What a sound broker does under Jepsen's clients accuses nobody; what an unsound one does is seen."""

from collections import Counter

import pytest
from jepsen_files import imported
from jepsen_simulation import Run

from brokerlaw.spec.history.history import History
from brokerlaw.spec.invariants import INVARIANTS

LIES = {
    "beyond the last stable offset": {"transactions.committed-only", "cycles.write-read"},
    "aborted is visible": {"transactions.committed-only"},
    "a record is left out": {"reading.leaves-nothing-out", "durability.acked-survives", "transactions.atomic"},
}
"""By lie of the simulated broker, the promises that see it."""
TESTED = {
    "cycles.write-read",
    "durability.acked-survives",
    "idempotence.no-duplicates",
    "integrity.nothing-invented",
    "ordering.ack-precedes-send",
    "ordering.offsets-increase",
    "ordering.producer-order",
    "ownership.exclusive",
    "reading.begins-at-position",
    "reading.leaves-nothing-out",
    "transactions.atomic",
    "transactions.committed-only",
}


def judged(seed: int, *lies: str) -> tuple[Counter[str], dict[str, str]]:
    """By promise, how often it was put to the test, and why it was broken."""
    run = Run(seed, frozenset(lies))
    text = run.text()
    history = History(imported(text, transactions=run.transactional, **run.settings))
    findings = {name: each.judge(history) for name, each in INVARIANTS.items()}
    broken = {name: found.violations[0].reason for name, found in findings.items() if found.violations}
    return Counter({name: found.exercised for name, found in findings.items()}), broken


def test_nobody_is_accused() -> None:
    tested: Counter[str] = Counter()
    for seed in range(60):
        exercised, broken = judged(seed)
        assert broken == {}, seed
        tested += exercised
    assert {name for name in TESTED if not tested[name]} == set()


@pytest.mark.parametrize(("lie", "promises"), LIES.items(), ids=LIES)
def test_a_lie_is_seen(lie: str, promises: set[str]) -> None:
    found = set().union(*(judged(seed, lie)[1] for seed in range(60)))
    assert found >= promises
