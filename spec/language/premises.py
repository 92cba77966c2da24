"""What the implications of an invariant assume: one whose premise never holds says nothing."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlaw.spec.language.fold import show
from brokerlaw.spec.language.spec import Property
from brokerlaw.spec.language.term import Bool, Term, formula, node


def premises(claim: Property) -> Iterator[Bool]:
    """Give, of each implication that an invariant states, that its premise holds for some values."""
    yield from dict.fromkeys(_premises(claim.term, (), None))


def said(premise: Bool) -> str:
    """Write a premise as its author would, without the values that it is asked for."""
    return show(premise.args[-1] if premise.op == "exists" else premise)


def _premises(term: Term, bound: tuple[Term, ...], held: Bool | None) -> Iterator[Bool]:
    if term.op in ("forall", "exists"):
        yield from _premises(term.args[-1], (*bound, *term.args[:-1]), held)
    elif term.op in ("and", "or"):
        for part in term.args:
            yield from _premises(part, bound, held)
    elif term.op == "ite":
        condition, *branches = map(formula, term.args)
        for case, branch in zip((condition, ~condition), branches, strict=True):
            yield from _premises(branch, bound, case if held is None else held & case)
    elif term.op == "implies":
        premise, conclusion = map(formula, term.args)
        both = premise if held is None else held & premise
        yield node(Bool, "exists", *bound, both) if bound else both
        yield from _premises(conclusion, bound, both)
