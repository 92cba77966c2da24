"""The nearest miss: one guard alone stood in the run."""

from typing import Any

from brokerlaw.spec.language import (
    Model,
    Ordered,
    Protocol,
    Var,
    action,
    invariant,
    misses,
    nearest,
    reachable,
    require,
    search,
    witness,
)


class Count(Ordered):
    pass


class Steps(Protocol):
    bounds = {Count: 4}
    n = Var(Count)

    @action
    def up(s) -> None:
        require(s.n < 2)
        s.n = s.n + 1

    @action
    def leap(s, k: Count) -> None:
        require(s.n == 1, k == 3, s.n == 2)
        s.n = k

    @witness
    def three(s) -> Any:
        return s.n == 3

    @witness
    def four(s) -> Any:
        return s.n == 4

    @invariant
    def small(s) -> Any:
        return s.n < 2


MODEL = Model(Steps.spec)


def test_reachable_states_come_nearest_first() -> None:
    assert list(reachable(MODEL)) == [(0,), (1,), (2,)]


def test_a_step_that_two_guards_stop_is_no_miss() -> None:
    found = [(each.state, each.action, each.params, each.guard.text) for each in misses(MODEL, reachable(MODEL))]
    assert found == [
        ((1,), "leap", (3,), "s.n == 2"),
        ((2,), "up", (), "s.n < 2"),
        ((2,), "leap", (3,), "s.n == 1"),
    ]


def test_the_nearest_leads_to_what_is_looked_for() -> None:
    found = nearest(MODEL, reachable(MODEL), lambda state: MODEL.holds("three", state))
    assert found is not None
    assert (found.after, found.state, found.action, found.guard.text, found.target) == (
        1,
        (1,),
        "leap",
        "s.n == 2",
        (3,),
    )


def test_what_no_single_guard_stops_has_no_nearest_miss() -> None:
    assert nearest(MODEL, reachable(MODEL), lambda state: MODEL.holds("four", state)) is None


def test_a_violation_could_have_been_nearer_but_for_a_guard() -> None:
    trace = search(MODEL).violations[0].trace
    found = nearest(MODEL, trace.states, lambda state: not MODEL.holds("small", state))
    assert found is not None and (found.after, found.guard.text) == (1, "s.n == 2")
