"""Judges and their oracles, compared on random histories."""

from collections import Counter
from collections.abc import Callable, Mapping
from random import Random
from typing import TypeVar

from histories import HistoryBuilder
from oracles.progress import Told

from brokerlaw.spec.history.rows import Recording
from brokerlaw.spec.invariants import INVARIANTS

T = TypeVar("T")


def agree(
    oracles: Mapping[str, Callable[[T], tuple[int, int]]],
    drawn: Callable[[Random], HistoryBuilder],
    seed: int,
    count: int,
    reading: Callable[[Recording], T] = Told,  # type: ignore[assignment]  # what most oracles read
) -> None:
    """They say the same of each history, and of each promise one in a hundred is guilty at least.

    An oracle says how often its promise was put to the test, and how often broken.
    """
    random, broken = Random(seed), Counter[str]()
    for number in range(count):
        told = drawn(random)
        history, read = told.history, reading(told.recording)
        for promise, says in oracles.items():
            finding = INVARIANTS[promise].judge(history)
            assert (finding.exercised, len(finding.violations)) == says(read), (promise, number, told.recording)
            broken[promise] += bool(finding.violations)
    assert min(broken[promise] for promise in oracles) > count // 100, broken
