"""Proofs: what is proved holds for every step, whatever its name."""

from typing import Any

import pytest

from brokerlaw.spec.language import Bool, Enum, Ordered, Protocol, Sort, Var, action, init, invariant, require, values
from brokerlaw.spec.language.prover import INIT, ObligationResult, prove


class Node(Sort):
    pass


class Session(Protocol):
    """Its first step is called as what all protocols have."""

    bounds = {Node: 2}
    on = Var(Bool, Node)
    begun = Var(Bool)

    @action
    def init(s, n: Node) -> None:
        require(s.begun)
        s.on[n] = True

    @action
    def begin(s) -> None:
        s.begun = True

    @invariant
    def begun_first(s, n: Node) -> Any:
        return ~s.on[n] | s.begun


class Hasty(Session):
    @action
    def init(s, n: Node) -> None:
        s.on[n] = True


class BornWrong(Session):
    @init
    def start(s, n: Node) -> None:
        s.on[n] = True


class Place(Enum):
    shore, bridge, boat, water = values(4)


class Walk(Protocol):
    """Nobody ever boards the boat, but a single step does not tell."""

    at = Var(Place)

    @action
    def set_out(s) -> None:
        require(s.at == Place.shore)
        s.at = Place.bridge

    @action
    def turn_back(s) -> None:
        require(s.at == Place.bridge)
        s.at = Place.shore

    @action
    def fall(s) -> None:
        require(s.at == Place.boat)
        s.at = Place.water

    @invariant
    def dry(s) -> Any:
        return s.at != Place.water


class Boards(Walk):
    @action
    def board(s) -> None:
        require(s.at == Place.bridge)
        s.at = Place.boat


class Rocks(Walk):
    @action
    def rock(s) -> None:
        require(s.at == Place.boat)
        s.at = Place.boat


class BornOnTheBoat(Walk):
    @init
    def start(s) -> None:
        s.at = Place.boat


class Carries(Protocol):
    """The parameters of two steps have one name."""

    bounds = {Node: 2}
    has = Var(Bool, Node)
    ill = Var(Bool)

    @init
    def start(s, n: Node) -> None:
        s.has[n] = True

    @action
    def carry(s, n: Node, m: Node) -> None:
        require(s.has[n])
        s.has[n] = False
        s.has[m] = True

    @action
    def two(s, n: Node, m: Node) -> None:
        require(s.has[n], s.has[m], n != m)
        s.ill = True

    @invariant
    def well(s) -> Any:
        return ~s.ill


class Slot(Ordered):
    pass


class ReadsAPlace(Protocol):
    """It cannot be said with fewer than two places."""

    bounds = {Slot: 3}
    full = Var(Bool, Slot)

    @action
    def fill(s, p: Slot) -> None:
        s.full[p] = True

    @invariant
    def second_is_empty(s) -> Any:
        return ~s.full[Slot(1)]


def test_a_counterexample_is_made_no_smaller_than_the_text_allows() -> None:
    result = prove(ReadsAPlace.spec)
    assert result.status == "violated"
    (found,) = [each.counterexample for each in result.results if each.counterexample]
    assert found.bounds == {"Slot": 2}


def failed(protocol: type[Protocol]) -> dict[str, ObligationResult]:
    return {each.obligation.action: each for each in prove(protocol.spec).results if each.status != "proved"}


def test_an_action_called_init_is_a_step_like_others() -> None:
    assert failed(Session) == {}
    broken = failed(Hasty)
    assert list(broken) == ["init"]
    found = broken["init"].counterexample
    assert found is not None and found.before is not None


def test_the_initial_states_are_an_obligation_of_their_own() -> None:
    broken = failed(BornWrong)
    assert list(broken) == [INIT]
    found = broken[INIT].counterexample
    assert found is not None and found.before is None


def test_what_one_step_does_not_prove_two_may() -> None:
    assert prove(Walk.spec).status == "unproved"
    proved = prove(Walk.spec, depth=2)
    assert proved.status == "proved"
    assert {each.obligation.action for each in proved.results if each.depth == 2} == {"fall"}


@pytest.mark.parametrize("protocol", [Boards, BornOnTheBoat])
def test_no_depth_proves_what_is_false(protocol: type[Protocol]) -> None:
    assert prove(protocol.spec, depth=3).status == "violated"


def test_a_step_that_changes_nothing_defeats_every_depth() -> None:
    assert prove(Rocks.spec, depth=3).status == "unproved"


def test_the_parameters_of_two_steps_are_two() -> None:
    """From a state with two that carry, whoever stands where, a step before leads to another with two."""
    assert prove(Carries.spec, depth=3).status == "unproved"
