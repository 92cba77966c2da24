"""What the implications of an invariant assume: one whose premise never holds says nothing."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlaw.spec.language.spec import Property
from brokerlaw.spec.language.term import Bool, Term, formula, node


def premises(claim: Property) -> Iterator[Bool]:
    """Give, of each implication that an invariant states, that its premise holds for some values."""
    yield from dict.fromkeys(_premises(claim.term, (), None))


def _premises(term: Term, bound: tuple[Term, ...], held: Bool | None) -> Iterator[Bool]:
    if term.op == "forall":
        yield from _premises(term.args[-1], (*bound, *term.args[:-1]), held)
    elif term.op == "and":
        for part in term.args:
            yield from _premises(part, bound, held)
    elif term.op == "implies":
        premise, conclusion = map(formula, term.args)
        both = premise if held is None else held & premise
        yield node(Bool, "exists", *bound, both) if bound else both
        yield from _premises(conclusion, bound, both)
