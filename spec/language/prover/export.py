"""The questions of a proof as files of SMT-LIB 2, for another solver to decide."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from brokerlaw.spec.language.prover.contexts import ContextChecker
from brokerlaw.spec.language.prover.obligations import INIT, Scripts, paths
from brokerlaw.spec.language.prover.proof import ObligationResult, ProofResult

EXPECTED: Final = {
    "proved": "unsat",
    "counterexample": "sat",
    "possible": "sat",
    "impossible": "unsat",
    "unknown": "unknown",
}
"""What a solver must answer, by what Z3 said."""


def smtlib(proof: ProofResult) -> Iterator[tuple[str, str]]:
    """Give the name and the text of each script, as it was put to Z3 last: of each obligation, then of each context."""
    scripts = Scripts(proof.spec, proof.sizes)
    number = 0
    for result in proof.results:
        for lines in _obligation(proof, result, scripts):
            number += 1
            action, claim = result.obligation.action, result.obligation.claim
            said = f"{action} establishes {claim}" if action == INIT else f"{action} keeps {claim}"
            yield _file(proof, number, action, claim), _script(f"{said}, if this is unsat", result.status, lines)
    checker = ContextChecker(scripts, 0.0)
    for context in proof.contexts:
        number += 1
        only = context.bounds if context.status == "possible" else None
        bounded = Scripts(proof.spec, only) if only else None
        said = f"{context.context} is possible, if this is sat"
        lines = checker.script(context.context, bounded)
        yield _file(proof, number, "possible", context.context.subject), _script(said, context.status, lines)


def _obligation(proof: ProofResult, result: ObligationResult, scripts: Scripts) -> Iterator[list[str]]:
    """Give the scripts that together discharge an obligation: one, or one for each way to a step at the depth."""
    for before in paths(proof.spec, result.depth):
        lemmas = result.lemmas if result.status == "proved" else None
        yield scripts.of(result.obligation.action, before).against(result.obligation.claim, lemmas)


def _file(proof: ProofResult, number: int, *about: str) -> str:
    words = (proof.spec.name, f"{number:03}", *about)
    return "-".join("".join(c if c.isalnum() or c in "@_" else "_" for c in word) for word in words) + ".smt2"


def _script(said: str, status: str, lines: Iterable[str]) -> str:
    head = ["(set-info :smt-lib-version 2.6)", f"(set-info :status {EXPECTED[status]})", "(set-logic ALL)"]
    return "\n".join([f"; {' '.join(said.split())}", *head, *lines, "(check-sat)", ""])
