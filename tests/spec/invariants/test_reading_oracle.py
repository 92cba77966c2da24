"""Promises of reading, of offsets told and of deletions find what their oracles find, in 2,000 random histories.

Guilty ones are among them, for each promise.
"""

from collections import Counter
from collections.abc import Sequence

from oracles import lookups, out_of_range, reading
from random_readers import Readers

from brokerlaw.spec.history.history import History
from brokerlaw.spec.invariants import INVARIANTS
from brokerlaw.spec.invariants.invariant import Violation


def same(history: History, violations: Sequence[Violation], broken: Counter[int]) -> bool:
    """As many breaches, and each operation at fault is shown by as many of them at least."""
    row = history.operations.row.tolist()
    shown = Counter(witness for violation in violations for witness in violation.witnesses)
    return len(violations) == broken.total() and all(shown[row[op]] >= count for op, count in broken.items())


def test_judges_and_oracles_agree(histories_drawn: int) -> None:
    guilty = Counter[str]()
    for seed in range(histories_drawn):
        recording = Readers(seed).told.recording
        history, expected = History(recording), reading.judge(recording) | lookups.judge(recording)
        expected |= out_of_range.judge(recording)
        for name, verdict in expected.items():
            finding = INVARIANTS[name].judge(history)
            assert finding.exercised == verdict.exercised, (seed, name)
            broken = Counter[int]()
            for (number, _), count in verdict.broken.items():
                broken[number] += count
            assert same(history, finding.violations, broken), (seed, name, finding)
            guilty[name] += bool(finding.violations)
    assert len(guilty) == 10 and min(guilty.values()) > 0, guilty
