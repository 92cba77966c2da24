"""Each promise about records, and about what becomes of them, says what its oracle says, on thousands of histories."""

from collections import Counter
from random import Random

from oracles import records, shedding
from oracles.told import Told
from random_records import drawn

from brokerlaw.spec.invariants import INVARIANTS

ORACLES = records.ORACLES | shedding.ORACLES


def test_the_judges_say_what_their_oracles_say(histories_drawn: int) -> None:
    guilty = Counter[str]()
    for seed in range(histories_drawn):
        told = drawn(Random(seed))
        plain, history = Told(told.recording), told.history
        for name, oracle in ORACLES.items():
            finding = INVARIANTS[name].judge(history)
            assert (finding.exercised, len(finding.violations)) == oracle(plain), (seed, name)
            guilty[name] += bool(finding.violations)
    assert guilty.keys() == ORACLES.keys()
    assert min(guilty.values()) >= histories_drawn // 100, guilty
