"""What is proved of protocols drawn at random is never violated, and what a proof calls impossible never happens."""

import pytest
from drawn import defined, drawn

from brokerlaw.spec.language import Model, SearchResult, SpecError, search
from brokerlaw.spec.language.prover import ProofResult, prove

HALF, MANY = range(16), range(16, 300)


def contradictions(result: ProofResult, searched: SearchResult) -> list[str]:
    """Where the search shows what the proof denies."""
    proved = {claim for claim in result.total if claim not in result.open}
    found = [violation.name for violation in searched.violations if violation.name in proved]
    if not result.open:  # else all invariants together need not hold anywhere
        fired = {name for name, counts in searched.actions.items() if counts.fired}
        impossible = [each.context for each in result.contexts if each.status == "impossible" and not each.bounds]
        found += [each.subject for each in impossible if each.subject in fired and each.formula is None]
    return found


def agree(number: int) -> str:
    spec = defined(drawn(number)).spec
    try:
        searched = search(Model(spec), every=True, max_states=20_000)
    except SpecError:
        with pytest.raises(SpecError):
            prove(spec, timeout=1, max_states=0)
        return "refused"
    result = prove(spec, timeout=1, max_states=0)
    assert contradictions(result, searched) == [], drawn(number)
    return result.status


def test_proofs_and_search_agree() -> None:
    assert {"proved", "unproved"} <= set(map(agree, HALF))


@pytest.mark.slow
def test_hundreds_of_proofs_and_searches_agree() -> None:
    assert {"proved", "unproved", "vacuous"} <= set(map(agree, MANY))


def test_a_false_proof_would_be_noticed() -> None:
    for number in HALF:
        spec = defined(drawn(number)).spec
        searched = search(Model(spec), every=True, max_states=20_000)
        if any(each.name in spec.properties for each in searched.violations):
            claimed = ProofResult(spec, {}, (), ())
            vars(claimed)["open"] = {}
            assert contradictions(claimed, searched)
            return
    raise AssertionError("no drawn protocol violates anything")
