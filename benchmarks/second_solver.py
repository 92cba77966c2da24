"""What another solver says of our proofs: every question that Z3 decided, as SMT-LIB 2, put to cvc5.

python benchmarks/second_solver.py [NAME ...] [--out FOLDER]    writes FOLDER/second_solver.md and .json

It needs cvc5: pip install 'brokerlaw[second-solver]'.
"""

import argparse
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from tabulate import tabulate

from brokerlaw.spec.language.prover import prove
from brokerlaw.spec.language.prover.export import smtlib
from brokerlaw.spec.protocols.registry import PROTOCOLS, load, proof

LIMIT: Final = 5.0
"""Seconds for each way of looking at a question."""
WAYS: Final[dict[str, tuple[dict[str, str], ...]]] = {
    "unsat": ({}, {"enum-inst": "true"}, {"mbqi": "true"}, {"finite-model-find": "true"}),
    "sat": ({"finite-model-find": "true"}, {"mbqi": "true"}, {}, {"enum-inst": "true"}),
}
"""cvc5's options, tried until it knows. What Z3 said decides which are tried first, and nothing else."""
HEAD = """# What another solver says of the proofs

`python benchmarks/second_solver.py`, with cvc5 {version}. Every question of every proof, as `brokerlaw prove NAME
--smt FOLDER` writes it. An obligation is confirmed if cvc5, too, finds that it cannot fail (unsat), and denied if cvc5
finds a counterexample. A context is possible if cvc5, too, finds a state for it (sat). Not known is what cvc5 does not
decide in {limit:.0f} s, in none of {ways} ways of looking.
"""
COLUMNS = (
    "protocol",
    "obligations",
    "confirmed",
    "unknown",
    "denied",
    "contexts",
    "possible",
    "not known",
    "impossible",
)


def decide(text: str, limit: float = LIMIT) -> str:
    """Say sat, unsat or unknown of a script."""
    expected = re.search(r"\(set-info :status (\w+)\)", text)
    for options in WAYS.get(expected[1] if expected else "", WAYS["unsat"]):
        said = _ask(text, limit, options)
        if said != "unknown":
            return said
    return "unknown"


def _ask(text: str, limit: float, options: dict[str, str]) -> str:
    import cvc5

    solver = cvc5.Solver()
    for name, value in {**options, "tlimit-per": str(int(limit * 1000))}.items():
        solver.setOption(name, value)
    parser = cvc5.InputParser(solver)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, re.sub(r"\(set-info :status \w+\)", "", text), "question")
    said = ""
    while not (command := parser.nextCommand()).isNull():
        said += command.invoke(solver, parser.getSymbolManager())
    answer = said.strip()
    assert answer in ("sat", "unsat", "unknown"), answer
    return answer


def counted(questions: Iterable[tuple[str, str]]) -> Counter[tuple[str, str]]:
    """Count what Z3 said and what cvc5 says, over all questions; name each that is not confirmed."""
    counts: Counter[tuple[str, str]] = Counter()
    for name, text in questions:
        match = re.search(r"\(set-info :status (\w+)\)", text)
        assert match, name
        said = decide(text)
        counts[match[1], said] += 1
        if said != match[1]:
            print(f"{name}: {match[1]} by Z3, {said} by cvc5", file=sys.stderr, flush=True)
    return counts


def measured(name: str) -> dict[str, Any]:
    """Prove one protocol, and put its questions to cvc5."""
    import cvc5

    proved = prove(proof(load(name)).spec, {}, timeout=20)
    assert proved.status == "proved", name
    began = time.perf_counter()
    counts = counted(smtlib(proved))
    return {
        "protocol": name,
        "cvc5": cvc5.__version__,
        "obligations": len(proved.results),
        "confirmed": counts["unsat", "unsat"],
        "unknown": counts["unsat", "unknown"],
        "denied": counts["unsat", "sat"],
        "contexts": len(proved.contexts),
        "possible": counts["sat", "sat"],
        "not known": counts["sat", "unknown"],
        "impossible": counts["sat", "unsat"],
        "seconds": round(time.perf_counter() - began, 1),
    }


def page(rows: Sequence[Mapping[str, Any]]) -> str:
    """Give the report of what was measured."""
    total = ("all", *(sum(row[each] for row in rows) for each in COLUMNS[1:]))
    table = [*([row[each] for each in COLUMNS] for row in rows), total]
    head = HEAD.format(version=rows[0]["cvc5"], limit=LIMIT, ways=len(WAYS["unsat"]))
    return head + "\n" + tabulate(table, COLUMNS, tablefmt="github") + "\n"


def main() -> None:
    """Measure all, and write both reports."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("names", nargs="*", default=list(PROTOCOLS), metavar="NAME", help="a protocol [all]")
    parser.add_argument("--out", type=Path, default=Path("reports"), help="the folder of the reports [reports]")
    asked = parser.parse_args()
    rows = [measured(name) for name in asked.names]
    text = page(rows)
    asked.out.mkdir(parents=True, exist_ok=True)
    (asked.out / "second_solver.md").write_text(text)
    (asked.out / "second_solver.json").write_text(json.dumps(rows, indent=2) + "\n")
    print(text)
    sys.exit(any(row["denied"] or row["impossible"] for row in rows))


if __name__ == "__main__":
    main()
