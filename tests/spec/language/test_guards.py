"""Guards: each is dropped in turn, and what then happens is told for what it is."""

from functools import cache
from typing import Any

import pytest

from brokerlaw.spec.language import (
    Bool,
    Guards,
    Model,
    Off,
    Ordered,
    Protocol,
    Sort,
    SpecError,
    Var,
    action,
    eventually,
    guards,
    invariant,
    require,
)
from brokerlaw.spec.language.guards import places
from brokerlaw.spec.protocols.registry import PROTOCOLS, load


class Count(Ordered):
    pass


class Worker(Sort):
    pass


class Shop(Protocol):
    """Workers take one tool, spend what there is, and close; each guard is there for a reason of its own."""

    bounds = {Count: 3, Worker: 2}
    left = Var(Count)
    stocked = Var(Bool)
    holds = Var(Bool, Worker)
    lost = Var(Bool)
    closed = Var(Bool)

    @action
    def stock(s) -> None:
        require(~s.stocked)
        s.left, s.stocked = s.left + 1, True

    @action
    def spend(s) -> None:
        require(s.left > 0)
        s.left = s.left - 1

    @action
    def take(s, a: Worker, b: Worker) -> None:
        require(a != b, ~s.holds[b], ~s.closed, ~s.closed)
        s.holds[a] = True

    @action(fair=False)
    def lose(s) -> None:
        require(s.lost)
        s.lost = True

    @action
    def close(s) -> None:
        require(~s.lost)
        s.closed = True

    @invariant
    def exclusive(s, a: Worker, b: Worker) -> Any:
        return ~(s.holds[a] & s.holds[b]) | (a == b)

    @eventually
    def closes(s) -> Any:
        return s.closed


class Reckless(Shop):
    @action
    def take(s, a: Worker) -> None:
        require(~s.closed)
        s.holds[a] = True


class Endless(Shop):
    @action
    def close(s) -> None:
        require(s.lost)
        s.closed = True


@cache
def told() -> Guards:
    return guards(Shop.spec)


def test_every_guard_has_a_row_in_the_order_of_the_text() -> None:
    assert [(row.action, row.number) for row in told().rows] == list(places(Shop.spec))
    assert [row.guard.text for row in told().rows][2:5] == ["a != b", "~s.holds[b]", "~s.closed"]
    assert told().outcome == "told"


def test_each_guard_is_told_for_what_it_is() -> None:
    assert {(row.action, row.number): row.effect for row in told().rows} == {
        ("stock", 0): "widens",
        ("spend", 0): "breaks",
        ("take", 0): "breaks",
        ("take", 1): "breaks",
        ("take", 2): "idle",
        ("take", 3): "idle",
        ("lose", 0): "stalls",
        ("close", 0): "idle",
    }


def test_a_number_below_0_and_a_violation_are_told_apart_with_their_shortest_traces() -> None:
    spend, take = (next(row for row in told().rows if row.action == name) for name in ("spend", "take"))
    (violation,) = spend.violations
    assert violation.name == "spend: below 0" and [step.target for step in violation.trace.steps] == [Off.BELOW]
    (violation,) = take.violations
    assert violation.name == "exclusive" and len(violation.trace.steps) == 2


def test_what_stalls_has_a_lasso() -> None:
    (row,) = (row for row in told().rows if row.effect == "stalls")
    assert list(row.lassos) == ["closes"]
    assert [step.action for step in row.lassos["closes"].prefix.steps][-1] == "lose"


def test_every_tells_all_that_breaks() -> None:
    class Grabbing(Shop):
        @action
        def grab(s, a: Worker) -> None:
            require(s.lost)
            s.holds[a] = True

        @invariant
        def stocked_first(s, a: Worker) -> Any:
            return ~s.holds[a] | s.stocked

        @action
        def take(s, a: Worker, b: Worker) -> None:
            require(a != b, ~s.holds[b], s.stocked)
            s.holds[a] = True

    def broken(*, every: bool) -> list[tuple[str, int]]:
        (row,) = (row for row in guards(Grabbing.spec, every=every).rows if row.action == "grab")
        return [(violation.name, len(violation.trace.steps)) for violation in row.violations]

    assert broken(every=False) == [("stocked_first", 1)]
    assert broken(every=True) == [("stocked_first", 1), ("exclusive", 2)]


def test_a_broken_protocol_has_no_rows() -> None:
    found = guards(Reckless.spec)
    assert (found.outcome, found.rows, found.live) == ("violated", (), None)
    assert [violation.name for violation in found.whole.violations] == ["exclusive"]


def test_a_search_that_does_not_end_leaves_the_guard_unknown() -> None:
    found = guards(Shop.spec, max_states=9)
    assert found.outcome == "incomplete"
    effects = {(row.action, row.number): row.effect for row in found.rows}
    assert effects["spend", 0] == "breaks" and effects["take", 2] == "incomplete"


def test_liveness_is_asked_only_of_a_protocol_that_keeps_it_and_fits() -> None:
    for found in (guards(Endless.spec), guards(Shop.spec, stored=3)):
        assert found.live is not None and found.live.outcome != "kept"
        assert "stalls" not in {row.effect for row in found.rows}
    assert guards(Shop.spec, stored=0).live is None


def test_progress_is_told_of_each_row() -> None:
    seen: list[tuple[str, int]] = []
    guards(Shop.spec, progress=lambda row: seen.append((row.action, row.number)))
    assert seen == list(places(Shop.spec))


def test_bounds_that_make_no_sense_are_refused() -> None:
    with pytest.raises(SpecError, match="no sort 'Broker'"):
        guards(Shop.spec, {"Broker": 2})


@pytest.mark.parametrize("name", ["two_phase_commit", "idempotence"])
def test_a_trace_without_the_guard_is_a_run_of_the_protocol_that_only_this_guard_forbids(name: str) -> None:
    spec = load(name).spec
    for row in guards(spec, stored=0).rows:
        model, without = Model(spec), Model(spec.without(row.action, row.number))
        for violation in row.violations:
            state, stopped = violation.trace.start, set[str]()
            for step in violation.trace.steps:
                assert step in without.successors(state)
                stopped |= {guard.text for guard in model.blocked(state, step.action, *step.params)}
                state = step.target if not isinstance(step.target, Off) else state
            assert stopped == {row.guard.text}
            if not violation.name.endswith("below 0"):
                assert not model.holds(violation.name, state)


def test_the_guards_of_two_phase_commit() -> None:
    spec = load("two_phase_commit").spec
    rows = {(row.action, row.number): row for row in guards(spec).rows}
    assert {place for place, row in rows.items() if row.effect == "breaks"} == {
        ("rm_choose_to_abort", 0),
        ("tm_receive_prepared", 1),
        ("tm_commit", 0),
        ("tm_commit", 1),
        ("tm_abort", 0),
        ("rm_receive_commit", 0),
        ("rm_receive_abort", 0),
    }
    assert rows["rm_prepare", 0].effect == "stalls"
    assert rows["tm_receive_prepared", 0].effect == "widens"


@pytest.mark.parametrize("name", PROTOCOLS)
def test_every_conjunct_has_the_text_of_the_author(name: str) -> None:
    spec = load(name).spec
    for action_, number in places(spec):
        assert "\n" not in spec.actions[action_].guards[number].text
