"""`count` means the same in every reading: run, compiled, proved, printed."""

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from brokerlaw.cli.main import main
from brokerlaw.spec.language import (
    Bool,
    Model,
    Protocol,
    Spec,
    SpecError,
    Var,
    action,
    count,
    invariant,
    require,
    search,
    show,
    size,
)
from brokerlaw.spec.language.compiler import Native, explore
from brokerlaw.spec.language.printers.markdown import markdown
from brokerlaw.spec.language.printers.murphi import murphi
from brokerlaw.spec.language.printers.tla import tla
from brokerlaw.spec.language.prover import prove
from brokerlaw.spec.language.symmetry import Symmetry

from votes import Half, Term, Voter, Votes  # isort: skip

MODEL = Model(Votes.spec)
VOTES = Path(__file__).parents[2] / "votes.py"


@pytest.fixture(autouse=True, scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


def few(shown: dict[str, Any]) -> bool:
    """The invariant `few_are_away`, in Python."""
    away, present = sum(each == "True" for each in shown["away"].values()), int(shown["present"])
    return away <= 1 and present <= away and (0 if present == 0 else away) == present


def test_a_count_is_that_of_python() -> None:
    draw = random.Random(0)
    for _ in range(200):
        state = tuple(draw.randrange(cell.size) for cell in MODEL.layout.cells)
        shown = MODEL.layout.view(state)
        assert MODEL.holds("few_are_away", state) == few(shown)
        assert MODEL.holds("two_terms", state) == all(state[MODEL.layout.position("leader", t)] for t in range(2))


@pytest.mark.parametrize("spec", [Votes.spec, Half.spec], ids=lambda spec: spec.name)
@pytest.mark.parametrize("symmetry", [False, True])
def test_both_searches_agree(spec: Spec, symmetry: bool) -> None:
    model = Model(spec, {"Voter": 4, "Term": 1} if spec is Half.spec else None)
    both = [explore(model, engine=each, every=True, symmetry=symmetry, max_states=20_000) for each in ("python", "c")]  # type: ignore[arg-type]
    assert both[0] == both[1]
    assert {each.name for each in both[0].violations} == set(spec.breaks)


def test_compiled_properties_agree_on_any_state() -> None:
    native, draw = Native(MODEL), random.Random(1)
    for _ in range(300):
        state = tuple(draw.randrange(cell.size) for cell in MODEL.layout.cells)
        for name in MODEL.spec.properties:
            assert native.holds(name, state) == bool(MODEL.holds(name, state))


def test_a_majority_is_proved_for_a_given_size_and_its_half_is_not() -> None:
    assert prove(Votes.spec, {"Voter": 3, "Term": 2}).status == "proved"
    half = prove(Half.spec, {"Voter": 4, "Term": 1})
    assert half.status == "violated"


def test_what_is_counted_has_a_size_in_a_proof(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"counts over Voter.*--set Voter=3"):
        prove(Votes.spec, {"Term": 2})
    done = CliRunner().invoke(main, ["prove", f"{VOTES}:Votes", "--set", "Term=2"])
    assert done.exit_code == 2 and "--set Voter=3" in done.output, done.output


def test_it_is_printed_as_it_is_said_elsewhere() -> None:
    page, module, model = markdown(Votes.spec), tla(Votes.spec), murphi(Votes.spec)
    assert "#Voter < 2 · #{w ∈ Voter: vote[w, t] = v}" in page
    assert "EXTENDS Integers, FiniteSets" in module
    assert "Cardinality(Voter) < 2 * Cardinality({w \\in Voter : vote[w, t] = v})" in module
    assert "1 <= Cardinality({<<v, t>> \\in Voter \\X Term : vote[v, t] = v})" in module
    assert "3 < 2 * ((vote[0][t] = v + 1 ? 1 : 0) + (vote[1][t] = v + 1 ? 1 : 0) + " in model
    assert "FiniteSets" not in tla(replace(Votes.spec, actions={}, properties={}))


def test_it_is_shown_as_it_is_written() -> None:
    guards = Votes.spec.actions["leave"].guards
    assert show(guards[0].term) == "(((count(Voter, lambda w: s.away[w]) * 2) + 2) < size(Voter))"[1:-1]


def test_symmetry_sees_through_a_count() -> None:
    assert Symmetry(MODEL).names == ("Voter",)
    assert explore(MODEL, symmetry=True).distinct < explore(MODEL).distinct


GUILTY = {
    "s.n = count(Voter, lambda v: s.on[v])": "is compared, not kept: take a parameter n of sort Term",
    "require(count(Voter, lambda v: s.on[v]))": "of sort Number, where a formula",
    "require(count(Voter, lambda v: s.on[v]) * size(Voter) > 1)": "multiplied by an integer constant",
    "require(count(Voter, lambda v: s.on[v]) % 2 == 0)": "no such arithmetic",
    "require(count(Voter) > 1)": r"write count\(Sort, ..., lambda",
    "require(count(lambda v: s.on[v]) > 1)": r"write count\(Sort, ..., lambda",
    "require(count(Voter, lambda v: s.n) > 1)": "of sort Term, where a formula",
    "require(count(Voter, lambda v: s.on[v]) == True)": "True is not a value of sort Number",
    "require(count(Voter, lambda v: s.on[v]) > v)": "of sort Voter, where Number is needed",
    "require(size(3) > 1)": "`3` is not a sort",
}


@pytest.mark.parametrize(("line", "message"), GUILTY.items())
def test_a_count_that_is_misused_is_named(line: str, message: str) -> None:
    text = "class P(Protocol):\n    on = Var(Bool, Voter)\n    n = Var(Term)\n    @action\n    def act(s, v: Voter):\n"
    names: dict[str, Any] = {
        each.__name__: each for each in (Bool, Protocol, Term, Var, Voter, action, count, require, size)
    }
    with pytest.raises(SpecError, match=f"mine.py:6: in act: .*{message}"):
        exec(compile(f"{text}        {line}\n", "mine.py", "exec"), names | {"__name__": "mine"})


def test_no_variable_holds_a_number() -> None:
    from brokerlaw.spec.language import Number

    with pytest.raises(SpecError, match="computed, not kept"):
        Var(Number)


@pytest.mark.parametrize("sort", [Voter | None, Bool])
def test_any_finite_sort_is_counted(sort: Any) -> None:
    class Counts(Protocol):
        bounds = {Voter: 3}
        on = Var(Bool, sort)

        @action
        def flip(s, v: sort) -> None:  # type: ignore[valid-type]
            s.on[v] = ~s.on[v]

        @invariant
        def all_at_most(s) -> Any:
            return count(sort, lambda v: s.on[v]) <= size(sort)

        @invariant
        def not_all(s) -> Any:
            return count(sort, lambda v: s.on[v]) < size(sort)

    (found,) = search(Model(Counts.spec), every=True).violations
    assert found.name == "not_all"
    assert len(found.trace.steps) == (4 if sort is not Bool else 2)
