"""Search: all states, shortest traces, honest counts and an honest end."""

from typing import Any

import pytest

from brokerlaw.spec.language import (
    ActionCounts,
    Bool,
    Model,
    Off,
    Ordered,
    Protocol,
    Sort,
    SpecError,
    Trace,
    Var,
    action,
    implies,
    init,
    invariant,
    ite,
    require,
    search,
    witness,
)
from brokerlaw.spec.language.compiler import explore


class Count(Ordered):
    pass


class Thing(Sort):
    pass


class Counter(Protocol):
    bounds = {Count: 5}
    n = Var(Count)

    @action
    def up(s) -> None:
        s.n = s.n + 1

    @action
    def leap(s) -> None:
        require(s.n == 1)
        s.n = s.n + 2

    @action
    def never(s, k: Count) -> None:
        require(s.n < 0)
        s.n = k

    @invariant
    def small(s) -> Any:
        return s.n < 5

    @witness
    def three(s) -> Any:
        return s.n == 3


class Low(Counter):
    @invariant
    def small(s) -> Any:
        return s.n < 3

    @invariant
    def not_four(s) -> Any:
        return s.n != 4


class Falling(Counter):
    @action
    def leap(s) -> None:
        require(s.n == 1)
        s.n = s.n - 2


class Vacuous(Counter):
    @witness
    def three(s) -> Any:
        return s.n == 9


def names(trace: Trace) -> list[str]:
    return [step.action for step in trace.steps]


def test_counts_are_exact() -> None:
    result = search(Model(Counter.spec))
    assert (result.distinct, result.generated, result.depth, result.outcome) == (5, 6, 3, "vacuous")
    assert result.actions == {
        "up": ActionCounts(5, 4, 1),
        "leap": ActionCounts(5, 1, 0),
        "never": ActionCounts(25, 0, 0),
    }
    assert result.incomplete == "" and result.bounds == {"Count": 5}


def test_a_larger_bound_is_another_search() -> None:
    result = search(Model(Counter.spec, {"Count": 8}))
    assert [violation.name for violation in result.violations] == ["small"]
    assert names(result.violations[0].trace) == ["up", "leap", "up", "up"]


def test_the_first_violation_is_the_shortest_and_ends_the_search() -> None:
    result = search(Model(Low.spec))
    assert result.outcome == "violated"
    assert [(violation.name, names(violation.trace)) for violation in result.violations] == [("small", ["up", "leap"])]
    assert [step.target for step in result.violations[0].trace.steps] == [(1,), (3,)]
    assert result.distinct < 5


def test_every_violation_has_its_shortest_trace() -> None:
    result = search(Model(Low.spec), every=True)
    assert {violation.name: len(violation.trace.steps) for violation in result.violations} == {
        "small": 2,
        "not_four": 3,
    }
    assert result.distinct == 5


def test_a_violated_initial_state_has_an_empty_trace() -> None:
    class Wrong(Counter):
        @invariant
        def small(s) -> Any:
            return s.n != 0

    assert search(Model(Wrong.spec)).violations[0].trace == Trace((0,), ())


def test_below_zero_is_a_fault_with_its_trace() -> None:
    violation = search(Model(Falling.spec)).violations[0]
    assert (violation.name, names(violation.trace)) == ("leap: below 0", ["up", "leap"])
    assert violation.trace.steps[-1].target is Off.BELOW


def test_witnesses_are_reached_or_the_result_is_vacuous() -> None:
    reached = search(Model(Counter.spec)).witnesses["three"]
    assert reached is not None and names(reached) == ["up", "leap"]
    result = search(Model(Vacuous.spec))
    assert (result.witnesses, result.outcome) == ({"three": None}, "vacuous")


class Exercised(Counter):
    """All of it is put to the test."""

    never = None

    @invariant
    def late(s, k: Count) -> Any:
        return implies(s.n == k, implies(k >= 3, s.n != 2) & (ite(k == 4, s.n != 1, s.n == k)))


class NeverAsked(Exercised):
    """Of two premises one never holds, and a third holds where it is never asked."""

    @invariant
    def late(s, k: Count) -> Any:
        inner = implies(k == 4, s.n == 9)
        three = implies(s.n == 3, implies(s.n == k, ite(k < 3, inner, k == 3)))
        return implies(s.n == k, s.n <= k) & implies(s.n > 4, s.n == 0) & three


LATE = "(s.n == 3) & (s.n == k) & (k < 3) & (k == 4)"


class NothingStated(Exercised):
    small = None
    late = None


def test_what_is_exercised_is_kept() -> None:
    result = search(Model(Exercised.spec))
    assert (result.outcome, result.never_fired, result.unreached, result.stated) == ("kept", (), (), 2)


@pytest.mark.parametrize("engine", ["c", "python"])
def test_what_was_not_put_to_the_test_is_named(engine: Any) -> None:
    unasked = explore(Model(NeverAsked.spec), engine=engine)
    assert unasked.outcome == "vacuous"
    assert unasked.unreached == (("late", "4 < s.n"), ("late", LATE))
    still = explore(Model(Counter.spec), engine=engine)
    assert (still.outcome, still.never_fired) == ("vacuous", ("never",))
    nothing = explore(Model(NothingStated.spec), engine=engine)
    assert (nothing.outcome, nothing.stated) == ("vacuous", 0)


def test_a_search_that_ends_early_says_nothing_of_what_it_did_not_see() -> None:
    assert search(Model(NeverAsked.spec), max_states=2).outcome == "incomplete"
    assert search(Model(Low.spec)).outcome == "violated"


class StartsBelow(Counter):
    @init
    def start(s, k: Count) -> None:
        s.n = k - 1


def test_a_start_below_0_is_named() -> None:
    with pytest.raises(SpecError, match="StartsBelow starts with a value below 0: its @init, start"):
        search(Model(StartsBelow.spec))


@pytest.mark.parametrize("limit", [{"max_states": 3}, {"max_bytes": 400}])
def test_a_limit_ends_the_search_as_incomplete(limit: dict[str, int]) -> None:
    result = search(Model(Counter.spec), **limit)  # type: ignore[arg-type]  # mypy cannot match names here
    assert result.outcome == "incomplete"
    assert result.incomplete.startswith("stopped at the limit of ")
    assert result.distinct < 5


def test_a_limit_that_is_not_reached_changes_nothing() -> None:
    assert search(Model(Counter.spec), max_states=100) == search(Model(Counter.spec))


def test_progress_is_told_for_each_level() -> None:
    told: list[tuple[int, int, int]] = []
    search(Model(Counter.spec), progress=lambda *level: told.append(level))
    assert told == [(0, 1, 1), (1, 2, 1), (2, 4, 2), (3, 5, 1)]


class Toggle(Protocol):
    bounds = {Thing: 3}
    on = Var(Bool, Thing)

    @action
    def switch(s, t: Thing) -> None:
        s.on[t] = ~s.on[t]

    @action
    def swap(s, t: Thing, u: Thing) -> None:
        require(s.on[t], ~s.on[u])
        s.on[t] = False
        s.on[u] = True


def test_all_states_of_a_cube() -> None:
    result = search(Model(Toggle.spec))
    assert (result.distinct, result.depth) == (8, 3)
    assert result.actions == {"switch": ActionCounts(24, 24, 0), "swap": ActionCounts(72, 12, 0)}
