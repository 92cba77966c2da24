"""Run and layout: the meaning of a protocol over plain tuples."""

from typing import Any

import pytest

from brokerlaw.spec.language import (
    Bool,
    Enum,
    Layout,
    Model,
    Off,
    Ordered,
    Protocol,
    Sort,
    SpecError,
    Step,
    Var,
    action,
    distinct,
    exists,
    forall,
    iff,
    implies,
    init,
    invariant,
    ite,
    none,
    require,
    values,
)


class Broker(Sort):
    pass


class Record(Sort):
    pass


class Offset(Ordered):
    pass


class Role(Enum):
    follower, leader = values(2)


class Log(Protocol):
    bounds = {Broker: 2, Record: 2, Offset: 3}
    end = Var(Offset, Broker)
    log = Var(Record | None, Broker, Offset)
    role = Var(Role, Broker)

    @init
    def start(s, b: Broker) -> None:
        s.role[b] = Role.leader

    @action
    def append(s, b: Broker, r: Record) -> None:
        require(s.role[b] == Role.leader)
        s.log[b, s.end[b]] = r
        s.end[b] = s.end[b] + 1

    @action
    def copy(s, b: Broker, c: Broker) -> None:
        require(s.role[b] == Role.leader, b != c)
        s.log[c, :] = lambda i: ite(i < s.end[b], s.log[b, i], none)
        s.end[c] = s.end[b]

    @action
    def pop(s, b: Broker) -> None:
        s.end[b] = s.end[b] - 1

    @invariant
    def clean_above_the_end(s, b: Broker, i: Offset) -> Any:
        return implies(s.end[b] <= i, s.log[b, i] == none)


@pytest.fixture
def model() -> Model:
    return Model(Log.spec)


def test_cells_lie_in_the_order_of_the_text_row_by_row(model: Model) -> None:
    layout = model.layout
    assert [(cell.variable, cell.index, cell.size) for cell in layout.cells[:5]] == [
        ("end", (0,), 3),
        ("end", (1,), 3),
        ("log", (0, 0), 3),
        ("log", (0, 1), 3),
        ("log", (0, 2), 3),
    ]
    assert layout.strides == {"end": (1,), "log": (3, 1), "role": (1,)}
    places = [layout.position(cell.variable, *cell.index) for cell in layout.cells]
    assert places == list(range(10)) == list(range(len(layout.default)))


def test_a_view_is_in_names(model: Model) -> None:
    state = model.step(model.initial()[0], "append", 0, 1)
    assert model.layout.view(state) == {
        "end": {"broker0": "1", "broker1": "0"},
        "log": {"broker0": {"0": "record1", "1": "none", "2": "none"}, "broker1": dict.fromkeys("012", "none")},
        "role": {"broker0": "leader", "broker1": "follower"},
    }


def test_a_parameter_of_init_gives_an_initial_state_for_each_choice(model: Model) -> None:
    assert model.initial() == [(0,) * 8 + (1, 0), (0,) * 8 + (0, 1)]


def test_a_row_is_written_at_once_from_the_old_state(model: Model) -> None:
    state = model.initial()[0]
    for step in (("append", 0, 1), ("append", 0, 0), ("copy", 0, 1)):
        state = model.step(state, *step)
    assert state == (2, 2, 2, 1, 0, 2, 1, 0, 1, 0)


def test_successors_are_in_the_order_of_the_text(model: Model) -> None:
    start = model.initial()[0]
    assert model.enabled(start) == [
        ("append", (0, 0)),
        ("append", (0, 1)),
        ("copy", (0, 1)),
        ("pop", (0,)),
        ("pop", (1,)),
    ]
    assert next(model.successors(start)) == Step("append", (0, 0), (1, 0, 1, 0, 0, 0, 0, 0, 1, 0))


def test_above_the_bound_is_cut_and_below_zero_is_a_fault(model: Model) -> None:
    state = model.initial()[0]
    targets = {step.action: step.target for step in model.successors(state)}
    assert targets["pop"] is Off.BELOW
    with pytest.raises(SpecError, match=r"pop\(b=broker0\) writes a value below 0"):
        model.step(state, "pop", 0)
    for _ in range(2):
        state = model.step(state, "append", 0, 0)
    assert {step.target for step in model.successors(state) if step.action == "append"} == {Off.ABOVE}
    with pytest.raises(SpecError, match=r"append\(b=broker0, r=record0\) writes a value above the bound"):
        model.step(state, "append", 0, 0)


def test_a_blocked_action_names_its_guards(model: Model) -> None:
    state = model.initial()[0]
    assert [guard.text for guard in model.blocked(state, "copy", 1, 1)] == ["s.role[b] == Role.leader", "b != c"]
    assert model.blocked(state, "copy", 0, 1) == ()
    with pytest.raises(SpecError, match=r"copy\(b=broker0, c=broker0\) is blocked by `b != c` \(line \d+\)"):
        model.step(state, "copy", 0, 0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (("burn", 0), "no action `burn`; it has append, copy, pop"),
        (("pop", 2), r"takes codes below \[2\]"),
        (("pop", -1), r"takes codes below \[2\]"),
        (("pop",), "one for each parameter"),
    ],
)
def test_a_step_that_does_not_exist(model: Model, call: tuple[Any, ...], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        model.step(model.initial()[0], *call)


def test_a_property_holds_or_not(model: Model) -> None:
    good = model.initial()[0]
    assert model.holds("clean_above_the_end", good)
    bad = list(good)
    bad[model.layout.position("log", 1, 2)] = 1
    assert not model.holds("clean_above_the_end", tuple(bad))


@pytest.mark.parametrize(
    ("bounds", "message"),
    [
        ({"Brokr": 3}, "Log has no sort 'Brokr' to set; it has Offset, Broker, Record"),
        ({"Role": 3}, "Log has no sort 'Role' to set"),
        ({"Broker": 0}, "the bound of Broker must be 1 or more, not 0"),
    ],
)
def test_bounds_that_make_no_sense(bounds: dict[str, int], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        Layout(Log.spec, bounds)


def test_a_missing_bound_is_named() -> None:
    class Unbound(Protocol):
        end = Var(Offset)

    with pytest.raises(SpecError, match="Unbound has no bound for Offset: add it to `bounds`, or set Offset=2"):
        Layout(Unbound.spec)
    assert Layout(Unbound.spec, {"Offset": 2}).bounds == {"Offset": 2}


def test_a_constant_index_needs_its_bound() -> None:
    class Second(Protocol):
        bounds = {Offset: 1}
        log = Var(Bool, Offset)

        @invariant
        def second(s) -> Any:
            return ~s.log[1]

    with pytest.raises(SpecError, match=r"Second reads `s.log\[1\]`: the bound of Offset must be 2 or more"):
        Model(Second.spec)
    assert Model(Second.spec, {"Offset": 2}).initial() == [(0, 0)]


def test_an_init_that_cannot_start() -> None:
    class Never(Protocol):
        bounds = {Broker: 1}

        @init
        def start(s, b: Broker) -> None:
            require(b != b)

    class TooHigh(Protocol):
        bounds = {Offset: 2}
        end = Var(Offset)

        @init
        def start(s) -> None:
            s.end = 2

    with pytest.raises(SpecError, match="no initial state"):
        Model(Never.spec).initial()
    with pytest.raises(SpecError, match="TooHigh starts with a value above the bound: raise the bound"):
        Model(TooHigh.spec).initial()
    assert Model(TooHigh.spec, {"Offset": 3}).initial() == [(2,)]


def test_an_optional_value_above_the_bound_is_cut() -> None:
    class Before(Protocol):
        bounds = {Offset: 2}
        before = Var(Offset | None)

        @action
        def remember(s) -> None:
            s.before = 2

    assert [step.target for step in Model(Before.spec).successors((0,))] == [Off.ABOVE]
    assert [step.target for step in Model(Before.spec, {"Offset": 3}).successors((0,))] == [(3,)]


class Words(Protocol):
    """One formula for each operator, over p, q, n in all combinations of their values."""

    bounds = {Offset: 3, Broker: 2}
    p = Var(Bool)
    q = Var(Bool)
    n = Var(Offset)
    who = Var(Broker | None)

    @init
    def any_state(s, p: Bool, q: Bool, n: Offset, who: Broker | None) -> None:
        s.p, s.q, s.n, s.who = p, q, n, who


MEANINGS: dict[str, tuple[Any, Any]] = {
    "not_": (lambda s: ~s.p, lambda p, q, n, w: not p),
    "and_": (lambda s: s.p & s.q & (s.n == 1), lambda p, q, n, w: p and q and n == 1),
    "or_": (lambda s: s.p | s.q | (s.n == 1), lambda p, q, n, w: p or q or n == 1),
    "implies_": (lambda s: implies(s.p, s.q), lambda p, q, n, w: not p or q),
    "not_implies": (lambda s: ~implies(s.p, s.q), lambda p, q, n, w: p and not q),
    "not_or": (lambda s: ~(s.p | s.q), lambda p, q, n, w: not p and not q),
    "iff_": (lambda s: iff(s.p, s.q), lambda p, q, n, w: p == q),
    "ne": (lambda s: s.p != s.q, lambda p, q, n, w: p != q),
    "lt": (lambda s: s.n < 1, lambda p, q, n, w: n < 1),
    "ge": (lambda s: s.n >= 1, lambda p, q, n, w: n >= 1),
    "add": (lambda s: s.n + 2 > 3, lambda p, q, n, w: n + 2 > 3),
    "sub": (lambda s: s.n - 2 < 0, lambda p, q, n, w: n - 2 < 0),
    "ite_": (lambda s: ite(s.p, s.n, 2) == 2, lambda p, q, n, w: (n if p else 2) == 2),
    "ite_bool": (lambda s: ite(s.p, s.q, ~s.q), lambda p, q, n, w: q if p else not q),
    "none_": (lambda s: s.who == none, lambda p, q, n, w: w == 0),
    "some": (lambda s: exists(Broker, lambda b: s.who == b), lambda p, q, n, w: w > 0),
    "forall_": (lambda s: forall(Offset, lambda i: (i >= s.n) | s.p), lambda p, q, n, w: p or n == 0),
    "nested": (
        lambda s: forall(Broker, lambda b: exists(Broker, lambda c: (b != c) & (s.who != c))),
        lambda p, q, n, w: w == 0,
    ),
    "distinct_": (lambda s: exists(Broker, Broker, lambda a, b: distinct(a, b) & s.p), lambda p, q, n, w: p),
}


@pytest.mark.parametrize("name", MEANINGS)
def test_each_word_means_what_python_means(name: str) -> None:
    formula, meaning = MEANINGS[name]
    variant: Any = type("Variant", (Words,), {"it": invariant(_returning(formula))})
    model = Model(variant.spec)
    states = model.initial()
    assert len(states) == 2 * 2 * 3 * 3
    verdicts = [model.holds("it", state) for state in states]
    assert verdicts == [bool(meaning(*state)) for state in states]
    assert len(set(verdicts)) == 2


def _returning(formula: Any) -> Any:
    def it(s: Any) -> Any:
        return formula(s)

    return it
