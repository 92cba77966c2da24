"""Another solver decides every question of every proof, and denies none."""

import importlib.util
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from brokerlaw.spec.language import Spec
from brokerlaw.spec.language.prover import prove
from brokerlaw.spec.language.prover.export import smtlib
from brokerlaw.spec.protocols.registry import PROTOCOLS
from brokerlaw.spec.protocols.two_phase_commit import TwoPhaseCommit

ROOT = Path(__file__).parents[3]
SLOW = {"delivery", "replication", "transactions", "idempotence"}
"""Where cvc5 takes a minute."""


def loaded() -> ModuleType:
    """The script, which belongs to no package."""
    spec = importlib.util.spec_from_file_location("second_solver", ROOT / "benchmarks" / "second_solver.py")
    assert spec is not None and spec.loader is not None
    module = sys.modules["second_solver"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


second = loaded()


def obligations(spec: Spec) -> Iterator[tuple[str, str]]:
    """Each obligation and its script."""
    result = prove(spec, {}, timeout=20, max_states=0)
    scripts = list(smtlib(result))[: len(result.results)]
    assert len(scripts) == len(result.results)
    names = (f"{each.obligation.action} {each.status}" for each in result.results)
    return zip(names, (text for _, text in scripts), strict=True)


@pytest.mark.cvc5
@pytest.mark.parametrize("name", [pytest.param(n, marks=pytest.mark.slow) if n in SLOW else n for n in PROTOCOLS])
def test_cvc5_denies_nothing_and_confirms_every_obligation(name: str) -> None:
    row = second.measured(name)
    assert (row["denied"], row["impossible"]) == (0, 0)
    assert row["confirmed"] == row["obligations"]


@pytest.mark.cvc5
@pytest.mark.parametrize(("action", "guard"), [("tm_commit", 1), ("rm_choose_to_abort", 0), ("tm_abort", 0)])
def test_both_deny_what_is_false(action: str, guard: int) -> None:
    false = TwoPhaseCommit.spec.without(action, guard)
    said = {name: second.decide(text) for name, text in obligations(false)}
    assert said[f"{action} counterexample"] == "sat"
    assert {answer for name, answer in said.items() if name.endswith(" proved")} == {"unsat"}


@pytest.mark.cvc5
def test_an_obligation_that_was_wrongly_called_proved_is_denied() -> None:
    """As if Z3 had been wrong: the script says unsat, and is not."""
    result = prove(TwoPhaseCommit.spec.without("tm_commit", 1), {}, max_states=0)
    results = tuple(replace(each, status="proved", lemmas=("consistent",)) for each in result.results)
    counts = second.counted(smtlib(replace(result, results=results)))
    assert counts["unsat", "sat"] > 0


def test_the_report_is_of_these_texts() -> None:
    rows = json.loads((ROOT / "reports" / "second_solver.json").read_text("utf-8"))
    proofs = json.loads((ROOT / "reports" / "proofs.json").read_text("utf-8"))
    assert [row["protocol"] for row in rows] == list(PROTOCOLS)
    assert {row["protocol"]: row["obligations"] for row in rows} == {
        row["protocol"]: row["obligations"] for row in proofs
    }
    assert all(row["denied"] == row["impossible"] == 0 for row in rows)
    assert (ROOT / "reports" / "second_solver.md").read_text("utf-8") == second.page(rows)
