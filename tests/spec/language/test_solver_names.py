"""A name of the author's is a name: however it is called, Z3 reads it as that one thing and as nothing else."""

from pathlib import Path

import pytest

from brokerlaw.spec.language import Protocol
from brokerlaw.spec.language.prover import prove
from brokerlaw.spec.language.prover.domains import symbol
from brokerlaw.spec.protocols.registry import load

TEXT = """
from brokerlaw.spec.language import *

class {sort}(Sort):
    pass

class Count(Ordered):
    pass

class First(Enum):
    {word}, other = values(2)

class Second(Enum):
    other, {word} = values(2)

Kind = {sort}

class P(Protocol):
    bounds = {{Kind: 2, Count: 3}}
    {word} = Var(Bool, Kind)
    last = Var(Kind | None)
    count = Var(Count)
    first = Var(First)
    second = Var(Second)

    @init
    def begin(s, {local}: Kind):
        s.first, s.last = First.other, {local}

    @action
    def take(s, {local}: Kind, other: Kind):
        require(s.first == First.other, s.second == Second.other, {local} != other{guard})
        s.{word}[{local}], s.last, s.count = True, {local}, s.count + 1

    @action
    def release(s, {local}: Kind):
        require(s.{word}[{local}])
        s.{word}[{local}] = False

    @invariant
    def {word}_claim(s, {local}: Kind, other: Kind):
        return implies(s.{word}[{local}] & s.{word}[other], {local} == other)

    @invariant
    def last_known(s):
        return exists(Kind, lambda {local}: s.last == {local})
"""
GUARD = ", forall(Kind, lambda {local}: ~s.{word}[{local}])"
WORDS = (
    "node",
    "Int",
    "Bool_",
    "Array",
    "assert_",
    "check",
    "sat",
    "let",
    "forall_",
    "distinct_",
    "ite_",
    "as_",
    "push",
)
OURS = ("sort", "value", "local", "cell", "lemma", "define", "s0", "s1", "start", "step0", "at")
ODD = ("né", "Ωμέγα", "經紀人", "ª", "x_", "_", "__x")


def named(word: str, folder: Path, *, guard: str = GUARD, of_a_local: bool = False) -> type[Protocol]:
    """A lock of which a variable, values, and either the sort or all locals have this name."""
    names = {"word": word, "sort": "Lockable" if of_a_local else word, "local": word if of_a_local else "mine"}
    path = folder / "named.py"
    path.write_text(TEXT.format(**names, guard=guard.format(**names)), encoding="utf-8")
    return load(str(path))


@pytest.mark.parametrize("of_a_local", [True, False])
@pytest.mark.parametrize("word", WORDS + OURS + ODD)
def test_a_name_is_only_a_name(word: str, of_a_local: bool, tmp_path: Path) -> None:
    assert prove(named(word, tmp_path, of_a_local=of_a_local).spec, workers=1).status == "proved"


@pytest.mark.parametrize("of_a_local", [True, False])
@pytest.mark.parametrize("word", ["node", "Int", "at", "Ωμέγα"])
def test_what_is_false_is_false_under_any_name(word: str, of_a_local: bool, tmp_path: Path) -> None:
    result = prove(named(word, tmp_path, guard="", of_a_local=of_a_local).spec, workers=1, max_states=0)
    assert [each.obligation.action for each in result.results if each.counterexample] == ["take"]


def test_names_that_differ_are_written_differently() -> None:
    parts = ["a", "a.b", "a b", "a|b", "a~b", "a~2e~b", 'a"b', "A", "é", "e"]
    assert len({symbol("sort", part) for part in parts}) == len(parts)
    assert symbol("local", "a", "b") != symbol("local", "a.b")
    assert all(symbol("sort", part).isascii() and "|" not in symbol("sort", part) for part in parts)
