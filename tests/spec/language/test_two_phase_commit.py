"""Two-phase commit: the counts that TLC gives for TwoPhase.tla, and the guards that keep it consistent."""

import pytest

from brokerlaw.spec.language import Model, search
from brokerlaw.spec.protocols.two_phase_commit import TwoPhaseCommit

TLC = {1: 12, 2: 56, 3: 288, 5: 8832}


@pytest.mark.parametrize("managers", TLC)
def test_distinct_states_are_those_of_tlc(managers: int) -> None:
    result = search(Model(TwoPhaseCommit.spec, {"RM": managers}))
    assert result.distinct == TLC[managers]
    assert result.violations == ()
    assert result.outcome == ("kept" if managers > 1 else "vacuous")


def test_generated_states_and_depth_of_three_managers() -> None:
    result = search(Model(TwoPhaseCommit.spec))
    assert (result.generated, result.depth) == (1146, 10)
    assert all(counts.fired for counts in result.actions.values())


@pytest.mark.slow
def test_seven_managers() -> None:
    result = search(Model(TwoPhaseCommit.spec, {"RM": 7}))
    assert (result.distinct, result.generated, result.outcome) == (296_448, 2_744_706, "kept")


NEEDED = {
    ("rm_prepare", 0): False,
    ("rm_choose_to_abort", 0): True,
    ("tm_receive_prepared", 0): False,
    ("tm_receive_prepared", 1): True,
    ("tm_commit", 0): True,
    ("tm_commit", 1): True,
    ("tm_abort", 0): True,
    ("rm_receive_commit", 0): True,
    ("rm_receive_abort", 0): True,
}


@pytest.mark.parametrize(("action", "guard"), NEEDED)
def test_what_each_guard_is_for(action: str, guard: int) -> None:
    result = search(Model(TwoPhaseCommit.spec.without(action, guard), {"RM": 2}))
    assert bool(result.violations) is NEEDED[action, guard]


def test_the_table_names_every_guard() -> None:
    actions = TwoPhaseCommit.spec.actions.values()
    assert list(NEEDED) == [(action.name, k) for action in actions for k in range(len(action.guards))]
