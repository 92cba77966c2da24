"""Symmetry: classes of states are counted exactly, and what is shown is a real run."""

import itertools
from typing import Any

import pytest

from brokerlaw.spec.language import (
    Bool,
    Model,
    Off,
    Ordered,
    Protocol,
    SearchResult,
    Sort,
    SpecError,
    State,
    Trace,
    Var,
    action,
    init,
    invariant,
    ite,
    none,
    reachable,
    require,
    search,
    witness,
)
from brokerlaw.spec.language.compiler import Native, explore
from brokerlaw.spec.language.symmetry import Symmetry, moved
from brokerlaw.spec.protocols.registry import PROTOCOLS, load, variant
from brokerlaw.spec.protocols.two_phase_commit import TwoPhaseCommit


class Node(Sort):
    pass


class Key(Sort):
    pass


class Slot(Ordered):
    pass


class Graph(Protocol):
    """Any graph over a few nodes: classes are graphs up to isomorphism, which no colour tells apart alone."""

    bounds = {Node: 4}
    edge = Var(Bool, Node, Node)

    @action
    def draw(s, a: Node, b: Node) -> None:
        require(a != b, ~s.edge[a, b])
        s.edge[a, b] = True
        s.edge[b, a] = True


class Claims(Protocol):
    """Two sorts, each held in cells of the other; an order beside them."""

    bounds = {Node: 3, Key: 2, Slot: 3}
    owner = Var(Node | None, Key)
    wants = Var(Key | None, Node)
    age = Var(Slot, Node)

    @action
    def want(s, n: Node, k: Key) -> None:
        require(s.wants[n] == none)
        s.wants[n] = k

    @action
    def take(s, n: Node, k: Key) -> None:
        require(s.wants[n] == k, s.owner[k] == none)
        s.owner[k] = n
        s.age[n] = s.age[n] + 1

    @action
    def give(s, n: Node, m: Node, k: Key) -> None:
        require(s.owner[k] == n, s.wants[m] == k, n != m)
        s.owner[k] = m
        s.wants[n] = none

    @invariant
    def young(s, n: Node, k: Key) -> Any:
        return ~((s.age[n] == 2) & (s.owner[k] == n))

    @witness
    def old(s, n: Node) -> Any:
        return s.age[n] == 2


class Named(Protocol):
    """It starts with the first value of a sort."""

    bounds = {Node: 3}
    leader = Var(Node)

    @action
    def move(s, n: Node) -> None:
        s.leader = n


class Elected(Named):
    """It starts with any."""

    @init
    def start(s, n: Node) -> None:
        s.leader = n


class Rows(Protocol):
    """A row of numbers may leave the bound on either side: which cell comes first would count."""

    bounds = {Node: 2, Slot: 3}
    n = Var(Slot, Node)

    @action
    def shift(s, v: Node) -> None:
        s.n[:] = lambda w: ite(w == v, s.n[w] - 1, s.n[w] + 1)


class RowsWithNone(Protocol):
    """The same, with a row for none."""

    bounds = {Node: 2, Slot: 3}
    n = Var(Slot, Node | None)

    @action
    def shift(s, v: Node) -> None:
        s.n[:] = lambda w: ite(w == v, s.n[w] - 1, s.n[w] + 1)


class Columns(Protocol):
    """A row of numbers may leave the bound above, where its place leaves it below."""

    bounds = {Node: 2, Slot: 3}
    k = Var(Slot)
    n = Var(Slot, Node, Slot)

    @action
    def rise(s, v: Node) -> None:
        s.n[v, s.k] = s.n[v, s.k] + 1

    @action
    def shift(s) -> None:
        s.n[:, s.k - 1] = lambda w: s.n[w, 0] + 1


def orbits(model: Model, symmetry: Symmetry, states: list[State]) -> set[frozenset[State]]:
    """Classes, by trying every permutation."""
    sizes = [b - a for a, b in itertools.pairwise(symmetry.firsts)]
    group = [
        [*itertools.chain(*each)] for each in itertools.product(*(itertools.permutations(range(n)) for n in sizes))
    ]
    return {frozenset(moved(symmetry.places, to, state) for to in group) for state in states}


MODELS = {
    "graph": Model(Graph.spec),
    "claims": Model(Claims.spec),
    "elected": Model(Elected.spec),
    "two_phase_commit": Model(TwoPhaseCommit.spec),
    "replication": Model(load("replication").spec, {"Replica": 3, "Epoch": 2, "Offset": 2}),
    "groups_next": Model(load("groups_next").spec, {"Member": 2, "Partition": 2, "Epoch": 3}),
}


@pytest.fixture(autouse=True, scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.mark.parametrize("name", MODELS)
def test_distinct_counts_classes_of_the_reachable_states(name: str) -> None:
    model = MODELS[name]
    symmetry = Symmetry(model)
    states = list(itertools.islice(reachable(model), 6_000))
    full = search(model, every=True, max_states=6_000)
    if full.incomplete:
        pytest.skip("too large to try every permutation")
    classes = orbits(model, symmetry, states)
    result = search(model, every=True, symmetry=symmetry)
    assert result.distinct == len(classes) < full.distinct
    assert (result.depth, result.outcome) == (full.depth, full.outcome)
    representatives = {each: {symmetry.canonical(state) for state in each} for each in classes}
    assert all(len(found) == 1 and found <= each for each, found in representatives.items())


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("options", [{}, {"every": True}, {"max_states": 20}])
def test_both_searches_give_the_same_result(name: str, options: dict[str, Any]) -> None:
    limits = {"max_states": 3_000} | options
    interpreted = explore(MODELS[name], engine="python", symmetry=True, **limits)
    assert interpreted == explore(MODELS[name], engine="c", symmetry=True, **limits)
    assert interpreted.symmetry


def test_graphs_are_counted_up_to_isomorphism() -> None:
    counts = {n: explore(Model(Graph.spec, {"Node": n}), engine="c", symmetry=True).distinct for n in (2, 3, 4, 5, 6)}
    assert counts == {2: 2, 3: 4, 4: 11, 5: 34, 6: 156}  # OEIS A000088


def test_both_find_the_same_representative() -> None:
    for model in MODELS.values():
        symmetry = Symmetry(model)
        native = Native(model, symmetry)
        for state in itertools.islice(reachable(model), 300):
            assert native.canonical(state) == symmetry.canonical(state)


def real(model: Model, trace: Trace) -> bool:
    """Whether every step of a trace is one of run's."""
    state = trace.start
    assert state in model.initial()
    for step in trace.steps:
        assert step in list(model.successors(state))
        if isinstance(step.target, Off):
            return True
        state = step.target
    return True


@pytest.mark.parametrize("engine", ["c", "python"])
def test_traces_are_real_runs_that_show_it_and_are_shortest(engine: Any) -> None:
    for model in (Model(Claims.spec), Model(variant(load("replication"), "TruncateToHighWatermark").spec)):
        full: SearchResult = explore(model, engine="c", every=True, max_states=100_000)
        found = explore(model, engine=engine, every=True, symmetry=True, max_states=20_000)
        assert found.violations
        for violation in found.violations:
            assert real(model, violation.trace)
            assert not model.holds(violation.name, violation.trace.states[-1])
        lengths = {violation.name: len(violation.trace.steps) for violation in full.violations}
        assert {violation.name: len(violation.trace.steps) for violation in found.violations}.items() <= lengths.items()
        for name, trace in found.witnesses.items():
            assert trace is None or (real(model, trace) and model.holds(name, trace.states[-1]))


def test_threads_count_the_same_classes() -> None:
    model = Model(TwoPhaseCommit.spec, {"RM": 6})
    counts = [explore(model, engine="c", symmetry=True, threads=threads).distinct for threads in (1, 2, 3)]
    assert counts == [553, 553, 553]


FIRST = "the first number that does not fit decides"


@pytest.mark.parametrize(
    ("protocol", "why"),
    [(Named, "the initial states tell one Node from another"), (Rows, FIRST), (RowsWithNone, FIRST), (Columns, FIRST)],
)
def test_a_sort_whose_values_differ_is_kept_apart(protocol: type[Protocol], why: str) -> None:
    with pytest.raises(SpecError, match=why):
        Symmetry(Model(protocol.spec))


def test_a_sort_of_which_any_value_may_come_first_is_interchangeable() -> None:
    assert search(MODELS["elected"], symmetry=Symmetry(MODELS["elected"])).distinct == 1


@pytest.mark.parametrize("name", PROTOCOLS)
def test_every_protocol_is_judged(name: str) -> None:
    model = Model(load(name).spec)
    sorts = [each.__name__ for each in model.spec.sorts if issubclass(each, Sort)]
    if not sorts:
        return
    try:
        symmetry = Symmetry(model)
    except SpecError:
        return
    assert [*symmetry.names, *symmetry.kept_apart] and {*symmetry.names, *symmetry.kept_apart} == {*sorts}
