"""The lowered form, spelled as itself: where loops, tests and checks stand, whatever the language."""

from typing import Any

import pytest

from brokerlaw.spec.language import Model, Off, Ordered, Protocol, Sort, Var, action, invariant, require
from brokerlaw.spec.language.compiler.emitter import C
from brokerlaw.spec.language.emitter import PYTHON
from brokerlaw.spec.language.layout import Layout
from brokerlaw.spec.language.lowered import FORM, Lowering


class Broker(Sort):
    pass


class Epoch(Ordered):
    pass


class Terms(Protocol):
    bounds = {Broker: 2, Epoch: 3}
    epoch = Var(Epoch)
    leader = Var(Broker | None)
    at = Var(Epoch, Broker)

    @action
    def elect(s, new: Broker, e: Epoch) -> None:
        require(s.leader != new, e == s.epoch + 1, s.at[new] < e)
        s.epoch = e
        s.leader = new

    @action
    def follow(s, b: Broker) -> None:
        require(s.leader == b)
        s.at[b] = s.at[b] + 1
        s.at[:] = s.epoch

    @action
    def back(s) -> None:
        s.epoch = s.epoch - 1

    @invariant
    def below(s, b: Broker) -> Any:
        return s.at[b] <= s.epoch


LITERAL = {op: lambda *args, op=op: f"{op}({', '.join(map(str, args))})" for op in FORM}
LOWERED = Lowering(Layout(Terms.spec), LITERAL | {"const": str, "local": str})


def test_a_test_stands_as_far_out_as_its_locals_allow_and_determines_a_local() -> None:
    path, _ = LOWERED.step(Terms.spec.actions["elect"])
    leader, epoch = "cell(leader, 1, 0)", "cell(epoch, 0, 0)"
    assert path == [
        "loop(new_, 2)",
        f"when(not(eq({leader}, plus(new_, 1))))",
        f"let(e_, 3, plus({epoch}, 1))",
        f"when(eq(e_, plus({epoch}, 1)), lt(cell(at, 2, new_), e_))",
    ]


def test_what_is_in_an_optional_cell_determines_a_local() -> None:
    path, _ = LOWERED.step(Terms.spec.actions["follow"])
    assert path[0] == "let(b_, 2, plus(cell(leader, 1, 0), -1))"


def test_a_value_that_could_leave_its_sort_is_checked_and_a_row_is_a_loop() -> None:
    _, (cell, row) = LOWERED.step(Terms.spec.actions["follow"])
    assert cell == ["fit(fit0, 3, plus(cell(at, 2, b_), 1))", "set(plus(2, b_), 3, fit0)"]
    local = row[0].removeprefix("row(").removesuffix(", 2)")
    assert row == [f"row({local}, 2)", f"set(plus(2, {local}), 3, cell(epoch, 0, 0))"]


def test_an_invariant_is_a_search_for_what_breaks_it() -> None:
    sizes, path, found = LOWERED.test(Terms.spec.properties["below"].term)
    assert (sizes, found) == ({"b_": 2}, False)
    assert path == ["loop(b_, 2)", "when(not(le(cell(at, 2, b_), cell(epoch, 0, 0))))"]


def test_a_determined_parameter_is_tried_only_among_the_codes_asked_for() -> None:
    fires, state = Model(Terms.spec).fires, Layout(Terms.spec).default
    assert [params for params, _ in fires["elect"](state)] == [(0, 1), (1, 1)]
    assert [params for params, _ in fires["elect"](state, (1,), (1,))] == [(1, 1)]
    assert list(fires["elect"](state, (1,), (2,))) == []


def test_a_step_below_0_leads_nowhere() -> None:
    assert list(Model(Terms.spec).fires["back"](Layout(Terms.spec).default)) == [((), Off.BELOW)]


@pytest.mark.parametrize("spelling", [PYTHON, C])
def test_each_emitter_spells_the_whole_form_and_no_more(spelling: Any) -> None:
    assert spelling.keys() == FORM.keys()
    with pytest.raises(AssertionError, match="ite"):
        Lowering(Layout(Terms.spec), {op: spelled for op, spelled in spelling.items() if op != "ite"})
