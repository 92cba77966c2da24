"""Symmetry against the full search, on protocols drawn at random: one verdict, and every trace shown is a real run."""

import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from brokerlaw.spec.language import Model, Off, SearchResult, SpecError, State, Trace, reachable, search
from brokerlaw.spec.language.compiler import Native
from brokerlaw.spec.language.symmetry import Symmetry, moved

from drawn import defined, drawn  # isort: skip  # beside this file

LARGEST = 1_500
"""States; a protocol with more of them is left out, as every permutation of each is tried."""


def models(count: int) -> Iterator[tuple[str, Model, Symmetry, SearchResult]]:
    """So many drawn protocols that have a choice to make and an interchangeable sort, with the full search of each."""
    found = 0
    for number in itertools.count():
        text = drawn(number)
        model = Model(defined(text).spec)
        try:
            symmetry = Symmetry(model)
        except SpecError as why:
            assert "no interchangeable sort" in str(why)
            continue
        full = search(model, every=True, max_states=LARGEST)
        if full.incomplete or full.distinct == 1:
            continue
        yield text, model, symmetry, full
        found += 1
        if found == count:
            return


def agree(text: str, model: Model, symmetry: Symmetry, full: SearchResult) -> None:
    """Hold the search of classes to the search of states."""
    classes = search(model, every=True, symmetry=symmetry)
    states = list(reachable(model))
    assert len(states) == full.distinct, text
    orbits = {frozenset(orbit(symmetry, state)) for state in states}
    assert set().union(*orbits) == set(states), text
    assert classes.distinct == len(orbits) == len({symmetry.canonical(state) for state in states}), text
    assert (classes.outcome, classes.depth) == (full.outcome, full.depth), text
    assert lengths(classes) == lengths(full), text
    for name, trace in shown(classes).items():
        assert is_run(model, trace), text
        if name in model.spec.properties:
            assert model.holds(name, trace.states[-1]) is (name in classes.witnesses), text
        else:
            assert trace.steps[-1].target is Off.BELOW, text


def shown(result: SearchResult) -> dict[str, Trace]:
    """Every trace of a result, by what it shows."""
    found = {each.name: each.trace for each in result.violations}
    return found | {name: trace for name, trace in result.witnesses.items() if trace}


def lengths(result: SearchResult) -> dict[str, int]:
    return {name: len(trace.steps) for name, trace in shown(result).items()}


def is_run(model: Model, trace: Trace) -> bool:
    """Whether it starts as the protocol does, and every step is one of its own."""
    before = [trace.start, *(step.target for step in trace.steps)]
    steps = zip(before, trace.steps, strict=False)
    return trace.start in model.initial() and all(step in list(model.successors(at)) for at, step in steps)  # type: ignore[arg-type]  # only the last step leads to no state


def orbit(symmetry: Symmetry, state: State) -> Iterator[State]:
    """What every permutation of every interchangeable sort makes of a state."""
    sizes = [b - a for a, b in itertools.pairwise(symmetry.firsts)]
    for each in itertools.product(*(itertools.permutations(range(n)) for n in sizes)):
        yield moved(symmetry.places, [*itertools.chain(*each)], state)


@pytest.fixture(autouse=True)
def cache(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def test_symmetric_and_full_search_agree() -> None:
    for each in models(150):
        agree(*each)


def test_the_draw_has_everything_in_it() -> None:
    """Optional sorts as indices, as values and as rows; several interchangeable sorts; every verdict; real savings."""
    drawn_ = list(models(150))
    classes = [search(model, every=True, symmetry=symmetry).distinct for _, model, symmetry, _ in drawn_]
    assert sum(n < full.distinct for n, (_, _, _, full) in zip(classes, drawn_, strict=True)) > 50
    assert {full.outcome for *_, full in drawn_} == {"kept", "violated", "vacuous"}
    assert sum(len(symmetry.sorts) > 1 for _, _, symmetry, _ in drawn_) > 30
    optional = [model for _, model, symmetry, _ in drawn_ if any(_optional_index(model, s) for s in symmetry.sorts)]
    assert len(optional) > 50


def _optional_index(model: Model, sort: Any) -> bool:
    return any(getattr(each, "of", None) is sort for v in model.spec.variables.values() for each in v.indices)


def test_the_compiled_search_agrees_with_the_interpreted_one() -> None:
    for _, model, symmetry, full in itertools.islice(models(126), 0, None, 25):
        both_engines(model, symmetry, full)


def both_engines(model: Model, symmetry: Symmetry, full: SearchResult) -> None:
    whole, classes = Native(model), Native(model, symmetry)
    options: dict[str, Any] = {"every": True, "threads": 1, "max_states": None, "max_bytes": None, "progress": None}
    assert whole.search(**options) == full
    assert classes.search(**options) == search(model, every=True, symmetry=symmetry)


@pytest.mark.slow
def test_a_thousand_drawn_protocols_agree() -> None:
    for number, each in enumerate(models(1_000)):
        agree(*each)
        if number % 5 == 0:
            both_engines(*each[1:])
