"""Proofs: what is proved holds for every step, whatever its name."""

from typing import Any

from brokerlaw.spec.language import Bool, Protocol, Sort, Var, action, init, invariant, require
from brokerlaw.spec.language.prove import INIT, Verdict, prove


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


def failed(protocol: type[Protocol]) -> dict[str, Verdict]:
    return {each.obligation.action: each for each in prove(protocol.spec).verdicts if each.outcome != "proved"}


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
