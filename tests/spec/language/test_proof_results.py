"""What a proof says of itself: proved is only what is proved whole, and leans on nothing that is not."""

from typing import Any

import pytest

from brokerlaw.spec.language import (
    Bool,
    Ordered,
    Protocol,
    Sort,
    SpecError,
    Var,
    action,
    init,
    invariant,
    require,
)
from brokerlaw.spec.language.prover import INIT, Obligation, ProofResult, prove


class Node(Sort):
    pass


class Number(Ordered):
    pass


class Chain(Protocol):
    """`c_safe` needs `b_safe`, which needs `a_safe`; `alone` needs nothing, and two_a and two_b need each other."""

    bounds = {Node: 2}
    a = Var(Bool, Node)
    b = Var(Bool, Node)
    c = Var(Bool, Node)
    left = Var(Bool)
    right = Var(Bool)
    other = Var(Bool)

    @action
    def to_b(s, n: Node) -> None:
        require(s.a[n])
        s.b[n] = True

    @action
    def to_c(s, n: Node) -> None:
        require(s.b[n])
        s.c[n] = True

    @action
    def swap(s) -> None:
        s.left, s.right = s.right, s.left

    @action
    def nothing(s) -> None:
        s.other = False

    @invariant
    def a_safe(s, n: Node) -> Any:
        return ~s.a[n]

    @invariant
    def b_safe(s, n: Node) -> Any:
        return ~s.b[n]

    @invariant
    def c_safe(s, n: Node) -> Any:
        return ~s.c[n]

    @invariant
    def two_a(s) -> Any:
        return ~s.left

    @invariant
    def two_b(s) -> Any:
        return ~s.right

    @invariant
    def alone(s) -> Any:
        return ~s.other


class Broken(Chain):
    @action
    def begin(s, n: Node) -> None:
        s.a[n] = True


class BrokenCircle(Chain):
    @action
    def begin(s) -> None:
        s.left = True


class Counts(Protocol):
    """Something falls below 0 at the start, if its guard is dropped."""

    bounds = {Number: 3}
    count = Var(Number)

    @init
    def start(s, n: Number) -> None:
        require(n > 0)
        s.count = n - 1

    @action
    def add(s) -> None:
        s.count = s.count + 1

    @invariant
    def counted(s) -> Any:
        return s.count >= 0


class StartsBelow(Counts):
    @init
    def start(s, n: Number) -> None:
        s.count = n - 1


class StartsFarBelow(Counts):
    """Within the bounds nothing is wrong."""

    @init
    def start(s, n: Number) -> None:
        require(n > 5)
        s.count = n - 8


class NeverStarts(Counts):
    @init
    def start(s, n: Number) -> None:
        require(n < 0)
        s.count = n


class WantsTwo(Protocol):
    """It starts with two nodes, and with more."""

    bounds = {Node: 2}
    on = Var(Bool, Node)

    @init
    def start(s, a: Node, b: Node) -> None:
        require(a != b)
        s.on[a] = True

    @action
    def more(s, n: Node) -> None:
        s.on[n] = True

    @invariant
    def fine(s, n: Node) -> Any:
        return s.on[n] | ~s.on[n]


class Claimless(Protocol):
    bounds = {Node: 2}
    on = Var(Bool, Node)

    @action
    def turn(s, n: Node) -> None:
        s.on[n] = True


def unproved(result: ProofResult) -> set[str]:
    return set(result.open)


def test_what_is_proved_whole_is_proved() -> None:
    result = prove(Counts.spec)
    assert (result.status, unproved(result)) == ("proved", set())


def test_the_sound_chain_is_proved_and_says_what_it_leans_on() -> None:
    class Proved(Chain):
        to_b = None
        to_c = None

    assert prove(Proved.spec).status == "proved"
    result = prove(Chain.spec)
    assert result.status == "vacuous"  # a_safe says it: to_b can never happen
    assert not result.open
    assert (result.lemmas("c_safe"), result.lemmas("b_safe"), result.lemmas("alone")) == (("b_safe",), ("a_safe",), ())
    assert (result.lemmas("two_a"), result.lemmas("two_b")) == (("two_b",), ("two_a",))


def test_a_claim_is_not_proved_if_what_it_leans_on_is_not() -> None:
    result = prove(Broken.spec)
    assert result.status == "violated"
    assert unproved(result) == {"a_safe", "b_safe", "c_safe"}
    assert all(each.status == "proved" for each in result.of("c_safe"))
    assert result.open["c_safe"] == ("b_safe",)


def test_claims_that_lean_on_each_other_fall_together() -> None:
    assert unproved(prove(BrokenCircle.spec)) == {"two_a", "two_b"}


def test_a_part_is_incomplete() -> None:
    def of_action(each: Obligation) -> bool:
        return each.action == "add"

    result = prove(Counts.spec, only=of_action)
    assert (result.status, unproved(result)) == ("incomplete", {"counted", "never below 0"})
    nothing = prove(Counts.spec, only=lambda _: False)
    assert (nothing.status, nothing.results) == ("incomplete", ())
    both = prove(Counts.spec, only=lambda each: each.action in (INIT, "add"))
    assert both.status == "proved"


def test_one_invariant_is_incomplete_and_leans_on_what_was_not_asked() -> None:
    result = prove(Chain.spec, only=lambda each: each.claim == "b_safe")
    assert result.status in ("incomplete", "vacuous")
    assert result.open["b_safe"] == ("a_safe",)
    assert "alone" in result.open
    result = prove(Chain.spec, only=lambda each: each.claim == "alone")
    assert "alone" not in result.open and "a_safe" in result.open


def test_a_part_that_is_violated_is_violated() -> None:
    assert prove(Broken.spec, only=lambda each: each.action == "begin").status == "violated"


def test_without_invariants_nothing_is_proved() -> None:
    with pytest.raises(SpecError, match="Claimless has no invariant"):
        prove(Claimless.spec)


@pytest.mark.parametrize("protocol", [StartsBelow, StartsFarBelow])
def test_a_start_below_0_is_refused(protocol: type[Protocol]) -> None:
    with pytest.raises(SpecError, match=f"{protocol.__name__} starts with a value below 0"):
        prove(protocol.spec)
    with pytest.raises(SpecError, match=f"{protocol.__name__} starts with a value below 0"):
        prove(protocol.spec, only=lambda each: each.action == "add")


def test_a_protocol_that_cannot_start_is_refused() -> None:
    with pytest.raises(SpecError, match="NeverStarts has no initial state: its @init requires what never holds"):
        prove(NeverStarts.spec)
    assert prove(WantsTwo.spec).status == "proved"
    with pytest.raises(SpecError, match="WantsTwo has no initial state with Node=1"):
        prove(WantsTwo.spec, {"Node": 1})
