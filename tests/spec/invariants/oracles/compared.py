"""Judges and their oracles, compared on random histories."""

from collections import Counter
from collections.abc import Callable, Mapping
from random import Random

from histories import HistoryBuilder
from oracles.progress import Told

from brokerlaw.spec.invariants import INVARIANTS

Oracle = Callable[[Told], tuple[int, int]]
"""How often a promise was put to the test, and how often broken."""


def agree(oracles: Mapping[str, Oracle], drawn: Callable[[Random], HistoryBuilder], seed: int, count: int) -> None:
    """They say the same of each history, and of each promise one in a hundred is guilty at least."""
    random, broken = Random(seed), Counter[str]()
    for number in range(count):
        told = drawn(random)
        history, read = told.history, Told(told.recording)
        for promise, says in oracles.items():
            finding = INVARIANTS[promise].judge(history)
            assert (finding.exercised, len(finding.violations)) == says(read), (promise, number, told.recording)
            broken[promise] += bool(finding.violations)
    assert min(broken[promise] for promise in oracles) > count // 100, broken
