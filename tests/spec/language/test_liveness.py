"""Liveness: a fair run that never comes to it is shown; what comes to it in every fair run is cleared."""

from typing import Any

import pytest

from brokerlaw.spec.language import (
    Bool,
    Lasso,
    Model,
    Ordered,
    Protocol,
    Sort,
    Step,
    Trace,
    Var,
    action,
    eventually,
    liveness,
    require,
)
from brokerlaw.spec.language.liveness import components, replay
from brokerlaw.spec.language.printers.markdown import markdown
from brokerlaw.spec.language.printers.tla import tla
from brokerlaw.spec.protocols.groups_classic import GroupsClassic
from brokerlaw.spec.protocols.groups_next import GroupsNext
from brokerlaw.spec.protocols.queue import Queue
from brokerlaw.spec.protocols.registry import PROTOCOLS, load
from brokerlaw.spec.protocols.two_phase_commit import TwoPhaseCommit


class Count(Ordered):
    pass


class Node(Sort):
    pass


class Job(Protocol):
    """A job is worked on until it is done."""

    bounds = {Count: 4}
    busy = Var(Bool)
    done = Var(Bool)

    @action
    def begin(s) -> None:
        require(~s.busy, ~s.done)
        s.busy = True

    @action
    def finish(s) -> None:
        require(s.busy)
        s.busy, s.done = False, True

    @eventually
    def gets_done(s) -> Any:
        return s.done


class NobodyFinishes(Job):
    @action(fair=False)
    def finish(s) -> None:
        require(s.busy)
        s.busy, s.done = False, True


class GivesUp(Job):
    """A livelock: whoever begins may give up and begin again; finishing is possible again and again, never for ever."""

    @action
    def give_up(s) -> None:
        require(s.busy)
        s.busy = False


class Restless(Job):
    """A fair step that changes nothing goes on for ever; finishing still stays possible, and so happens."""

    @action
    def look(s) -> None:
        require(s.busy)
        s.busy = True


class RestlessAndIdle(Restless):
    """Looking is all that is fair: a run that only looks is fair."""

    finish = NobodyFinishes.finish


class Reopens(Job):
    @action(fair=False)
    def reopen(s) -> None:
        require(s.done)
        s.done = False


class Starved(Protocol):
    """Each node may serve itself; fairness is for each choice of parameters, so that nobody starves."""

    bounds = {Node: 2}
    served = Var(Bool, Node)

    @action
    def serve(s, n: Node) -> None:
        s.served[n] = ~s.served[n]

    @eventually(together=True)
    def all_are_served(s, n: Node) -> Any:
        return s.served[n]


class ServedInTurn(Starved):
    """Each is served again and again, though never two at one time."""

    all_are_served = None

    @eventually
    def each_is_served(s, n: Node) -> Any:
        return s.served[n]


class OneLeftOut(ServedInTurn):
    """Nobody need serve a node, so that each of them may be left out."""

    @action(fair=False)
    def serve(s, n: Node) -> None:
        s.served[n] = ~s.served[n]


class Cut(Protocol):
    """The bound cuts the only step off: a run that rests there is not fair, and says nothing."""

    bounds = {Count: 3}
    n = Var(Count)

    @action
    def up(s) -> None:
        s.n = s.n + 1

    @eventually
    def gets_to_nine(s) -> Any:
        return s.n == 9


class Modest(Cut):
    @action
    def up(s) -> None:
        require(s.n < 1)
        s.n = s.n + 1


def lasso(protocol: type[Protocol], **bounds: int) -> Lasso | None:
    (found,) = liveness(Model(protocol.spec, bounds), max_states=None).promises.values()
    return found


def names(steps: tuple[Step, ...]) -> list[str]:
    return [step.action for step in steps]


@pytest.mark.parametrize("protocol", [Job, Restless, Reopens, Cut])
def test_the_innocent_are_cleared(protocol: type[Protocol]) -> None:
    result = liveness(Model(protocol.spec))
    assert result.outcome == "kept" and not any(result.promises.values())


def test_a_run_rests_where_nothing_fair_is_possible() -> None:
    found = lasso(NobodyFinishes)
    assert found is not None
    assert (names(found.prefix.steps), found.cycle) == (["begin"], ())
    assert found.entry == (1, 0)


def test_a_run_rests_at_a_deadlock() -> None:
    found = lasso(Modest)
    assert found is not None
    assert (names(found.prefix.steps), found.cycle, found.entry) == (["up"], (), (1,))


def test_a_livelock_goes_round() -> None:
    found = lasso(GivesUp)
    assert found is not None
    assert sorted(names(found.cycle)) == ["begin", "give_up"]


def test_a_step_that_changes_nothing_is_taken_all_the_same() -> None:
    found = lasso(RestlessAndIdle)
    assert found is not None
    assert (names(found.prefix.steps), names(found.cycle)) == (["begin"], ["look"])


def test_the_cycle_answers_every_choice_of_parameters() -> None:
    found = lasso(Starved)
    assert found is not None
    assert {step.params for step in found.cycle} == {(0,), (1,)}


def test_a_parameter_is_promised_each_value_on_its_own_unless_it_says_together() -> None:
    assert lasso(ServedInTurn) is None
    together, left_out = lasso(Starved), lasso(OneLeftOut)
    assert together is not None and together.values == ()
    assert left_out is not None and left_out.values == (0,) and left_out.cycle == ()


def test_both_readings_are_printed_as_they_are_judged() -> None:
    each, together = ServedInTurn.spec, Starved.spec
    assert "\\A n \\in Node : []<>(served[n])" in tla(each)
    assert "[]<>(\\A n \\in Node : served[n])" in tla(together)
    assert "Promised for each n ∈ Node on its own, not for all at one time." in markdown(each)
    assert "on its own" not in markdown(together)


def test_a_lasso_of_one_value_is_replayed_for_that_value() -> None:
    model, left_out = Model(OneLeftOut.spec), lasso(OneLeftOut)
    assert left_out is not None
    served = Step("serve", (0,), (1, 0))
    with pytest.raises(AssertionError):
        replay(model, "each_is_served", Lasso(Trace((0, 0), (served,)), (), (0,)))
    replay(model, "each_is_served", Lasso(Trace((0, 0), (served,)), (), (1,)))


def test_what_the_bound_cuts_off_is_counted() -> None:
    assert liveness(Model(Cut.spec)).cut == 1
    assert liveness(Model(Job.spec)).cut == 0


def test_an_incomplete_graph_clears_nobody_but_still_accuses() -> None:
    kept = liveness(Model(Reopens.spec), max_states=2)
    assert (kept.outcome, kept.incomplete) == ("incomplete", "stopped at the limit of 2 states")
    assert liveness(Model(NobodyFinishes.spec), max_states=2).outcome == "violated"


def test_progress_and_names() -> None:
    told: list[tuple[int, int]] = []
    result = liveness(Model(Job.spec), [], progress=lambda *each: told.append(each))
    assert result.promises == {} and told[0] == (0, 2)


START = Trace((0, 0), ())


@pytest.mark.parametrize(
    "wrong",
    [
        Lasso(START, ()),  # begin stays possible
        Lasso(START, (Step("begin", (), (1, 0)),)),  # does not come back
        Lasso(START, (Step("give_up", (), (0, 0)),)),  # is no step
        Lasso(Trace((1, 1), ()), ()),  # is no start
        Lasso(Trace((0, 0), (Step("begin", (), (1, 0)), Step("finish", (), (0, 1)))), ()),  # it is done
    ],
)
def test_what_is_no_lasso_is_not_believed(wrong: Lasso) -> None:
    right = lasso(GivesUp)
    assert right is not None
    replay(Model(GivesUp.spec), "gets_done", right)
    with pytest.raises(AssertionError):
        replay(Model(GivesUp.spec), "gets_done", wrong)


def test_components_are_strongly_connected() -> None:
    edges = {0: [1], 1: [2, 3], 2: [0], 3: [4], 4: [5], 5: [4, 6], 6: []}
    found = components(range(7), lambda at: iter(edges[at]))
    assert sorted(map(sorted, found)) == [[0, 1, 2], [4, 5]]


def test_components_of_a_long_chain_need_no_deep_stack() -> None:
    size = 20_000
    (found,) = components(range(size), lambda at: iter([(at + 1) % size]))
    assert len(found) == size


SMALL = {
    "queue": {"Message": 2, "Consumer": 2, "Group": 2, "Key": 1, "Count": 3, "Place": 3},
    "groups_classic": {"Member": 2, "Partition": 1, "Instance": 2, "Generation": 4},
    "groups_next": {"Member": 2, "Partition": 1, "Epoch": 5},
    "two_phase_commit": {"RM": 3},
    "transactions": {"Partition": 1, "Transaction": 2, "Epoch": 3},
}


def test_every_protocol_that_promises_liveness_is_judged_here() -> None:
    assert {name for name in PROTOCOLS if load(name).spec.of_kind("eventually")} == set(SMALL)


@pytest.mark.parametrize("name", SMALL)
def test_the_promises_are_kept(name: str) -> None:
    assert liveness(Model(load(name).spec, SMALL[name])).outcome == "kept"


def test_groups_next_keeps_its_promise_when_a_partition_is_meant_back_for_its_owner() -> None:
    assert liveness(Model(load("groups_next").spec, {"Member": 2, "Partition": 1, "Epoch": 6})).outcome == "kept"


class NoTimeout(Queue):
    visibility_ends = None


class NeverGivenBack(GroupsNext):
    release = None


class NobodyAsksAgain(GroupsClassic):
    next_round = None


class CannotAbort(TwoPhaseCommit):
    tm_abort = None


@pytest.mark.parametrize(
    ("name", "broken"),
    [
        ("queue", NoTimeout),
        ("groups_next", NeverGivenBack),
        ("groups_classic", NobodyAsksAgain),
        ("two_phase_commit", CannotAbort),
    ],
)
def test_without_the_step_that_moves_things_on_a_fair_run_stalls(name: str, broken: type[Protocol]) -> None:
    assert lasso(broken, **SMALL[name]) is not None
