"""Each mutant is accused by the invariants that must catch it, over its reduced plans (`brokerlaw power mutants`)."""

from pathlib import Path

import msgspec
import pytest

from brokerlaw.adapters.contract import AdapterError
from brokerlaw.conformance.execute import execute
from brokerlaw.conformance.judge import judge
from brokerlaw.conformance.model import normalise
from brokerlaw.conformance.overrides import UserSettings
from brokerlaw.conformance.plan import Plan
from brokerlaw.reference.adapter import ReferenceAdapter
from brokerlaw.reference.mutants import MUTANTS
from brokerlaw.reference.mutants.beyond import BEYOND
from brokerlaw.spec.history.history import History
from brokerlaw.spec.invariants import INVARIANTS

CORPUS = Path(__file__).parent / "corpus"
LONG = ("redpanda-3039", "batch-offset", "KAFKA-7128", "never-out-of-range", "pause-outlives-rebalance")
CATCHES = [(mutant, invariant) for mutant, entry in MUTANTS.items() for invariant in entry.caught_by]


def plan_of(mutant: str, invariant: str) -> Plan:
    return msgspec.json.decode((CORPUS / f"{mutant}.{invariant}.json").read_bytes(), type=Plan)


def broken(plan: Plan, **settings: str) -> set[str]:
    adapter = ReferenceAdapter(settings)
    recording = execute(plan, adapter, adapter.describe(), UserSettings({}, {}), "")
    findings = judge(History(recording), INVARIANTS.values())
    return {name for name, finding in findings.items() if finding.violations}


@pytest.mark.parametrize(("mutant", "invariant"), CATCHES)
def test_the_mutant_is_accused_and_the_reference_is_not(mutant: str, invariant: str) -> None:
    plan = plan_of(mutant, invariant)
    assert invariant in broken(plan, mutant=mutant)
    assert not broken(plan)


@pytest.mark.parametrize(("mutant", "invariant"), CATCHES)
def test_the_plan_is_short_and_makes_sense(mutant: str, invariant: str) -> None:
    """Where an answer must get lost, or a moment be met, which chance decides, or patience end, a plan is longer."""
    plan = plan_of(mutant, invariant)
    assert normalise(plan.steps) == plan.steps
    assert len(plan.steps) <= (30 if mutant in LONG else 12)


def test_table_and_book_agree() -> None:
    for invariant in INVARIANTS.values():
        assert invariant.mutants == tuple(name for name, entry in MUTANTS.items() if invariant.id in entry.caught_by)


def test_every_invariant_catches_a_mutant_or_is_meant_for_liars() -> None:
    assert {invariant for _, invariant in CATCHES} | {name for name, it in INVARIANTS.items() if it.liars} == set(
        INVARIANTS
    )


def test_a_mutant_is_caught_or_it_is_said_why_not() -> None:
    for name, entry in MUTANTS.items():
        assert bool(entry.caught_by) != bool(entry.unseen), name
    assert not set(MUTANTS) & set(BEYOND)


def test_each_mutant_takes_the_place_of_something() -> None:
    sound = ReferenceAdapter({})._parts
    for name, entry in MUTANTS.items():
        assert entry.parts != sound, name


def test_the_corpus_has_no_plan_too_many() -> None:
    assert {path.name for path in CORPUS.iterdir()} == {f"{mutant}.{invariant}.json" for mutant, invariant in CATCHES}


def test_an_unknown_mutant_is_refused_with_the_nearest() -> None:
    with pytest.raises(AdapterError, match="did you mean dirty-read"):
        ReferenceAdapter({"mutant": "dirty-reed"})
