"""Each promise about records, and about what becomes of them, says what its oracle says, on thousands of histories."""

from random import Random

import pytest
from oracles import records, shedding
from oracles.told import Told
from random_records import drawn

from brokerlaw.spec.history.history import History
from brokerlaw.spec.invariants import INVARIANTS

ORACLES = records.ORACLES | shedding.ORACLES


@pytest.fixture(scope="module")
def histories() -> list[tuple[Told, History]]:
    told = [drawn(Random(seed)) for seed in range(2_000)]
    return [(Told(each.recording), each.history) for each in told]


@pytest.mark.parametrize("name", sorted(ORACLES))
def test_the_judge_says_what_its_oracle_says(name: str, histories: list[tuple[Told, History]]) -> None:
    guilty = 0
    for number, (told, history) in enumerate(histories):
        finding = INVARIANTS[name].judge(history)
        assert (finding.exercised, len(finding.violations)) == ORACLES[name](told), number
        guilty += bool(finding.violations)
    assert 10 < guilty < 1_900
