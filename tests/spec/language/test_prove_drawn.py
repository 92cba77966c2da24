"""What is proved of protocols drawn at random is never violated, and what a proof calls impossible never happens."""

import pytest
from drawn import defined, drawn

from brokerlaw.spec.language import Model, SearchResult, Spec, SpecError, search
from brokerlaw.spec.language.fold import subterms
from brokerlaw.spec.language.prover import ProofResult, prove
from brokerlaw.spec.language.term import plain

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


def counted(spec: Spec) -> set[str]:
    """Sorts that the protocol counts over: a proof needs their sizes."""
    terms = [term for action in (spec.init, *spec.actions.values()) for term in action.terms]
    terms += [each.term for each in spec.properties.values()]
    counts = [term for term in subterms(*terms) if term.op == "count"]
    return {plain(type(bound)).__name__ for term in counts for bound in term.args[:-1]}


def agree(number: int) -> str:
    spec = defined(drawn(number)).spec
    try:
        searched = search(Model(spec), every=True, max_states=20_000)
    except SpecError:
        with pytest.raises(SpecError):
            prove(spec, timeout=1, max_states=0)
        return "refused"
    sizes = {name: size for name, size in searched.bounds.items() if name in counted(spec)}
    result = prove(spec, sizes, timeout=1, max_states=0)
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
