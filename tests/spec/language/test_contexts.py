"""A proof of what never happens proves nothing: actions that can never happen, premises that never hold."""

from typing import Any

import pytest

from brokerlaw.spec.language import (
    Bool,
    Ordered,
    Protocol,
    Sort,
    Spec,
    Var,
    action,
    exists,
    forall,
    implies,
    invariant,
    require,
)
from brokerlaw.spec.language.premises import premises
from brokerlaw.spec.language.prover import prove
from brokerlaw.spec.protocols.registry import PROTOCOLS, load, proof


class Node(Sort):
    pass


class Number(Ordered):
    pass


class Lock(Protocol):
    bounds = {Node: 2, Number: 3}
    held = Var(Bool, Node)
    term = Var(Number)

    @action
    def take(s, n: Node) -> None:
        require(forall(Node, lambda m: ~s.held[m]))
        s.held[n] = True
        s.term = s.term + 1

    @action
    def release(s, n: Node) -> None:
        require(s.held[n])
        s.held[n] = False

    @invariant
    def exclusive(s, a: Node, b: Node) -> Any:
        return implies(s.held[a] & s.held[b], a == b)

    @invariant
    def counted(s) -> Any:
        return implies(exists(Node, lambda n: s.held[n]), s.term > 0)


class Disabled(Lock):
    """Its guards contradict each other."""

    @action
    def release(s, n: Node) -> None:
        require(s.held[n], ~s.held[n])
        s.held[n] = False


class DisabledByInvariants(Lock):
    """Its guards are what an invariant excludes."""

    @action
    def release(s, n: Node, m: Node) -> None:
        require(s.held[n], s.held[m], n != m)
        s.held[n] = False


class NoPremise(Lock):
    """What it says of two holders is true, for there are none."""

    @invariant
    def of_two(s, a: Node, b: Node) -> Any:
        return implies(s.held[a] & s.held[b] & (a != b), s.term > 7)


class NoInnerPremise(Lock):
    @invariant
    def of_two(s, a: Node) -> Any:
        return implies(s.held[a], (s.term > 0) & forall(Node, lambda b: implies(s.held[b] & (a != b), s.term > 7)))


def impossible(spec: Spec) -> dict[str, str]:
    result = prove(spec)
    assert result.status == "vacuous" and not result.open
    return {each.context.subject: str(each.context) for each in result.contexts if each.status == "impossible"}


def test_a_proof_of_something_is_proved() -> None:
    result = prove(Lock.spec)
    assert result.status == "proved"
    assert {each.status for each in result.contexts} == {"possible"}
    assert [each.context.subject for each in result.contexts] == ["@init", "take", "release", "exclusive", "counted"]


@pytest.mark.parametrize("protocol", [Disabled, DisabledByInvariants])
def test_an_action_that_can_never_happen_is_told(protocol: type[Protocol]) -> None:
    assert impossible(protocol.spec) == {"release": "release"}


@pytest.mark.parametrize("protocol", [NoPremise, NoInnerPremise])
def test_a_premise_that_never_holds_is_told(protocol: type[Protocol]) -> None:
    found = impossible(protocol.spec)
    assert list(found) == ["of_two"] and "a != b" in found["of_two"]


class WaitsForTheLast(Lock):
    """There is no last number, unless numbers are bounded."""

    @action
    def finish(s, n: Number) -> None:
        require(forall(Number, lambda m: m <= n))
        s.term = n


def test_what_is_possible_within_bounds_alone_is_told_with_them() -> None:
    result = prove(WaitsForTheLast.spec, only=lambda each: each.action == "finish")
    found = {each.context.subject: each for each in result.contexts if each.status == "impossible"}
    assert list(found) == ["finish"] and found["finish"].bounds == {"Node": 2, "Number": 3}
    bounded = prove(WaitsForTheLast.spec, {"Number": 3})
    assert next(each.status for each in bounded.contexts if each.context.subject == "finish") == "possible"


def test_what_is_not_known_to_be_possible_is_not_proved() -> None:
    """In so little time Z3 knows nothing."""
    result = prove(Lock.spec, timeout=1e-4)
    assert {each.status for each in result.contexts} != {"possible"}
    assert result.status != "proved"


def test_the_premises_are_those_of_every_implication() -> None:
    (claim,) = [each for each in NoInnerPremise.spec.of_kind("invariant") if each.name == "of_two"]
    assert list(map(str, premises(claim))) == [
        "exists(Node, lambda a: s.held[a])",
        "exists(Node, Node, lambda a, b: s.held[a] & s.held[b] & (a != b))",
    ]


@pytest.mark.parametrize("name", PROTOCOLS)
def test_nothing_that_a_shipped_proof_assumes_is_impossible(name: str) -> None:
    result = prove(proof(load(name)).spec, only=lambda each: each.action == "@init" or each.framed)
    assert {each.status for each in result.contexts} == {"possible"}
