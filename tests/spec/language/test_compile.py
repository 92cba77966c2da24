"""Compile: the same counts, traces and steps as run, for every protocol and for small nasty ones."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from brokerlaw.spec.language import (
    Bool,
    Enum,
    Model,
    Off,
    Ordered,
    Protocol,
    SearchResult,
    Sort,
    Spec,
    SpecError,
    State,
    Stopped,
    Var,
    action,
    exists,
    forall,
    implies,
    init,
    invariant,
    ite,
    none,
    require,
    search,
    values,
    witness,
)
from brokerlaw.spec.language.compiler import Native, explore
from brokerlaw.spec.language.symmetry import Symmetry
from brokerlaw.spec.protocols.registry import PROTOCOLS, load, variants
from brokerlaw.spec.protocols.two_phase_commit import TwoPhaseCommit


class Node(Sort):
    pass


class Slot(Ordered):
    pass


class Mode(Enum):
    idle, busy, broken = values(3)


class Wide(Protocol):
    """Several words; cells of different widths; a cell that no bits are needed for."""

    bounds = {Node: 3, Slot: 37}
    at = Var(Slot, Node)
    seen = Var(Slot | None, Node, Node)
    mode = Var(Mode, Node)
    alone = Var(Bool)

    @action
    def step(s, n: Node) -> None:
        require(s.mode[n] != Mode.broken)
        s.at[n] = s.at[n] + 18
        s.mode[n] = Mode.busy

    @action
    def tell(s, n: Node, m: Node, i: Slot) -> None:
        require(s.at[n] == i, s.mode[n] == Mode.busy, n != m, s.seen[m, n] == none)
        s.seen[m, n] = i

    @action
    def fail(s, n: Node) -> None:
        require(exists(Node, lambda m: (m != n) & (s.seen[n, m] != none)))
        s.mode[n] = Mode.broken
        s.seen[n, :] = none

    @witness
    def all_broken(s) -> Any:
        return forall(Node, lambda n: s.mode[n] == Mode.broken)


class Edges(Protocol):
    """Steps that leave the bound on either side, alone and in rows; indices that coincide; written indices."""

    bounds = {Slot: 4, Node: 2}
    n = Var(Slot)
    row = Var(Slot, Slot)
    of = Var(Slot, Node)

    @action
    def up(s) -> None:
        s.n = s.n + 2

    @action
    def down(s) -> None:
        require(s.n >= 2)
        s.n = s.n - 3

    @action
    def write(s, i: Slot, j: Slot) -> None:
        require(i <= j, j < i + 2)
        s.row[i] = s.row[j] + 1
        s.row[j] = 0

    @action
    def push(s, k: Slot) -> None:
        require(s.row[k] == s.n)
        s.row[s.n + 1] = 1

    @action
    def shift(s) -> None:
        s.row[:] = lambda i: ite(i == s.n, s.row[i] - 1, s.row[i])

    @action
    def spread(s, v: Node) -> None:
        require(forall(Slot, lambda i: exists(Slot, lambda j: implies(s.row[i] == 1, s.row[j] != s.row[i]))))
        s.of[v] = s.n

    @invariant
    def never_all_three(s) -> Any:
        return ~forall(Node, lambda v: s.of[v] == 3)


class Starts(Protocol):
    """Many initial states, some of them equal, one of them bad."""

    bounds = {Node: 3, Slot: 4}
    leader = Var(Node | None)
    term = Var(Slot, Node)

    @init
    def start(s, n: Node, i: Slot) -> None:
        require(i < 2)
        s.leader = n
        s.term[n] = i

    @action
    def move(s, n: Node, m: Node) -> None:
        require(s.leader == n, s.term[m] <= s.term[n])
        s.leader = m
        s.term[m] = s.term[n] + 1

    @action
    def leave(s) -> None:
        require(s.leader != none)
        s.leader = none

    @invariant
    def low(s, n: Node) -> Any:
        return s.term[n] < 3


class Still(Protocol):
    """One state, one bit of none, no choice."""

    bounds = {Slot: 1}
    n = Var(Slot)

    @action
    def rest(s) -> None:
        s.n = s.n

    @action
    def rise(s) -> None:
        s.n = s.n + 1

    @action
    def sink(s) -> None:
        s.n = s.n - 1


NASTY: list[Spec] = [Wide.spec, Edges.spec, Starts.spec, Still.spec]
SMALL: Mapping[str, Mapping[str, int]] = {
    "two_phase_commit": {"RM": 4},
    "delivery": {"Worker": 2, "Offset": 3, "Attempt": 2},
    "queue": {"Message": 2, "Consumer": 2, "Group": 2, "Key": 1, "Count": 2, "Place": 2},
    "groups_classic": {"Member": 2, "Partition": 1, "Instance": 2, "Generation": 3},
    "groups_next": {"Member": 2, "Partition": 1, "Epoch": 4},
    "replication": {"Replica": 2, "Epoch": 3, "Offset": 2},
    "idempotence": {"Number": 3},
    "transactions": {"Partition": 2, "Transaction": 2, "Epoch": 2},
}
WALKED = {name: Model(load(name).spec, SMALL.get(name)) for name in PROTOCOLS}
ALL = [*WALKED, *(spec.name for spec in NASTY)]


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


def model_of(name: str) -> Model:
    return WALKED.get(name) or next(Model(spec) for spec in NASTY if spec.name == name)


def both(model: Model, **options: Any) -> tuple[SearchResult, SearchResult]:
    limits = {"max_states": 30_000} | options
    return explore(model, engine="python", **limits), explore(model, engine="c", **limits)


@pytest.mark.parametrize("every", [False, True])
@pytest.mark.parametrize("name", ALL)
def test_both_searches_give_the_same_result(name: str, every: bool) -> None:
    interpreted, compiled = both(model_of(name), every=every)
    assert interpreted == compiled
    assert compiled.engine == "compiled" and compiled.distinct > 0


@pytest.mark.parametrize("name", PROTOCOLS)
def test_variants_violate_the_same_by_the_same_traces(name: str) -> None:
    for variant in list(variants(load(name)).values())[:2]:
        interpreted, compiled = both(Model(variant.spec, _bounds(variant.spec, name)))
        assert interpreted == compiled


def _bounds(spec: Spec, name: str) -> Mapping[str, int]:
    sorts = {sort.__name__ for sort in spec.sorts}
    return {sort: size for sort, size in SMALL.get(name, {}).items() if sort in sorts}


@pytest.mark.parametrize("spec", NASTY, ids=lambda spec: spec.name)
def test_every_early_end_is_the_same(spec: Spec) -> None:
    model = Model(spec)
    for most in range(1, min(search(model, every=True).distinct, 40) + 2):
        interpreted, compiled = both(model, every=True, max_states=most)
        assert interpreted == compiled


def test_wide_states_take_several_words() -> None:
    assert Native(Model(Wide.spec)).packing.words == 2
    assert Native(Model(Wide.spec, {"Slot": 1000, "Node": 4})).packing.words == 4


def test_a_packed_state_is_unpacked() -> None:
    packing = Native(Model(Wide.spec)).packing
    state = tuple(cell.size - 1 for cell in Model(Wide.spec).layout.cells)
    assert packing.unpack(packing.pack(state)) == state


def test_faults_below_zero_are_found_with_their_traces() -> None:
    result = explore(Model(Edges.spec), engine="c", every=True)
    falls = {violation.name: violation.trace for violation in result.violations}
    assert {"down: below 0", "shift: below 0"} <= falls.keys()
    assert falls["shift: below 0"].steps[-1].target is Off.BELOW


@settings(max_examples=15, deadline=None, derandomize=True, database=None)
@given(data=st.data())
@pytest.mark.parametrize("name", ALL)
def test_random_walks_agree_step_by_step(name: str, data: st.DataObject) -> None:
    model = model_of(name)
    native = NATIVES.setdefault(name, Native(model))
    state = data.draw(st.sampled_from(model.initial()))
    for _ in range(12):
        steps = [step for step in model.successors(state) if not isinstance(step.target, Off)]
        found, fired = native.successors(state)
        assert found == [step.target for step in steps if step.target != state]
        assert fired == [sum(step.action == name for step in steps) for name in model.spec.actions]
        for each in model.spec.properties:
            assert native.holds(each, state) == bool(model.holds(each, state))
        if not found:
            break
        state = data.draw(st.sampled_from(found))


NATIVES: dict[str, Native] = {}


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(data=st.data())
@pytest.mark.parametrize("spec", NASTY, ids=lambda spec: spec.name)
def test_properties_and_steps_agree_on_states_that_are_not_reachable(spec: Spec, data: st.DataObject) -> None:
    model = Model(spec)
    native = NATIVES.setdefault(spec.name, Native(model))
    state: State = data.draw(st.tuples(*(st.integers(0, cell.size - 1) for cell in model.layout.cells)))
    targets = [s.target for s in model.successors(state) if not isinstance(s.target, Off) and s.target != state]
    assert native.successors(state)[0] == targets
    for each in model.spec.properties:
        assert native.holds(each, state) == bool(model.holds(each, state))


@pytest.mark.parametrize("name", ["two_phase_commit", "replication", "Wide", "Edges", "Starts"])
@pytest.mark.parametrize("threads", [2, 3])
def test_threads_count_the_same_and_traces_stay_shortest(name: str, threads: int) -> None:
    model = model_of(name)
    one = explore(model, engine="c", every=True)
    many = explore(model, engine="c", every=True, threads=threads)
    again = explore(model, engine="c", every=True, threads=threads)
    assert many == again
    assert replace(many, violations=one.violations, witnesses=one.witnesses) == one
    assert [(f.name, len(f.trace.steps)) for f in many.violations] == [
        (f.name, len(f.trace.steps)) for f in one.violations
    ]
    assert {n: t and len(t.steps) for n, t in many.witnesses.items()} == {
        n: t and len(t.steps) for n, t in one.witnesses.items()
    }


def test_threads_share_levels_that_are_large() -> None:
    model = Model(TwoPhaseCommit.spec, {"RM": 7})
    one, two = (explore(model, engine="c", threads=threads) for threads in (1, 2))
    assert (two.distinct, two.generated, two.depth) == (296_448, 2_744_706, 22)
    assert replace(two, witnesses=one.witnesses) == one


@pytest.mark.parametrize("threads", [0, 9])
def test_threads_are_bounded(threads: int) -> None:
    with pytest.raises(SpecError, match="1 to 8 threads"):
        explore(Model(Still.spec), threads=threads)


def test_memory_ends_a_search_as_incomplete() -> None:
    model = Model(TwoPhaseCommit.spec, {"RM": 7})
    result = explore(model, engine="c", max_bytes=2 << 20)
    assert result.outcome == "incomplete"
    assert result.incomplete == "stopped at the limit of 2 MB of memory"
    assert 50_000 < result.distinct < 100_000 and result.bytes <= 2 << 20


def test_a_state_takes_at_most_24_bytes_besides_itself() -> None:
    result = explore(Model(TwoPhaseCommit.spec, {"RM": 7}), engine="c")
    assert result.bytes / result.distinct - 8 <= 24


def test_progress_may_stop_a_search() -> None:
    def tell(depth: int, distinct: int, level: int) -> None:
        if distinct > 100:
            raise Stopped("interrupted")

    for engine in ("c", "python"):
        result = explore(Model(TwoPhaseCommit.spec, {"RM": 5}), engine=engine, progress=tell)
        assert (result.incomplete, result.outcome) == ("interrupted", "incomplete")
        assert 100 < result.distinct < 8832


def test_auto_interprets_what_is_small_and_compiles_what_is_large(tmp_path: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    small, large = (Model(TwoPhaseCommit.spec, {"RM": n}) for n in (3, 6))
    assert explore(small).engine == "interpreted: it is small"
    assert explore(large).engine == "compiled"
    assert explore(large, max_states=50).engine == "compiled"
    assert explore(small) == explore(small, engine="c") == explore(small, engine="python")
    assert explore(small).engine == "compiled"


def test_symmetry_needs_a_sort_that_is_interchangeable() -> None:
    with pytest.raises(SpecError, match="no interchangeable sort: it has no Sort"):
        Symmetry(Model(Still.spec))
