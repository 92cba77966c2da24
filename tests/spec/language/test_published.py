"""Published protocols have the counts that their authors give; with symmetry, as many classes as there are orbits."""

import math
from collections import Counter
from itertools import pairwise
from typing import Any

import pytest

from brokerlaw.spec.language import Model, Protocol, reachable, search
from brokerlaw.spec.language.compiler import Engine, explore
from brokerlaw.spec.language.symmetry import Symmetry

from published import ChangRoberts, Ewd840, Memo, Misremembered, Paxos, SimpleRegular  # isort: skip  # beside this file

COUNTS = [(Ewd840, 302, None), (ChangRoberts, 137, 227), (Paxos, 3_921, None), (Memo, 896, None)]
SYMMETRIC = [(Paxos, 3_921), (Memo, 896)]


@pytest.fixture(autouse=True, scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.mark.parametrize("engine", ["c", "python"])
@pytest.mark.parametrize(("protocol", "distinct", "generated"), COUNTS)
def test_the_counts_are_the_authors(
    protocol: type[Protocol], distinct: int, generated: int | None, engine: Engine
) -> None:
    result = explore(Model(protocol.spec), engine=engine)
    assert (result.outcome, result.distinct) == ("kept", distinct)
    assert generated in (None, result.generated)


def test_regular_registers_of_eight() -> None:
    result = explore(Model(SimpleRegular.spec), engine="c")
    assert (result.outcome, result.distinct) == ("kept", 277_726)


@pytest.mark.parametrize("engine", ["c", "python"])
@pytest.mark.parametrize(("protocol", "distinct"), SYMMETRIC)
def test_with_symmetry_the_verdict_is_the_same_and_classes_hold_all_states(
    protocol: type[Protocol], distinct: int, engine: Engine
) -> None:
    model = Model(protocol.spec)
    symmetry = Symmetry(model)
    classes = Counter(symmetry.canonical(state) for state in reachable(model))
    result = explore(model, engine=engine, symmetry=True)
    assert (result.outcome, result.distinct) == ("kept", len(classes))
    assert sum(classes.values()) == distinct
    group = math.prod(math.factorial(end - first) for first, end in pairwise(symmetry.firsts))
    assert all(group % size == 0 for size in classes.values())


@pytest.mark.parametrize("engine", ["c", "python"])
def test_what_is_violated_is_violated_with_symmetry_by_a_real_run(engine: Engine) -> None:
    model = Model(Misremembered.spec)
    (violation,) = explore(model, engine=engine, symmetry=True).violations
    assert len(violation.trace.steps) == len(search(model).violations[0].trace.steps) == 1
    assert violation.trace.steps[0] in list(model.successors(violation.trace.start))
    assert not model.holds(violation.name, violation.trace.states[-1])
