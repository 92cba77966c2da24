"""A proof adds lemmas and history variables, and changes nothing: what alters a protocol is no proof of it."""

from dataclasses import replace
from typing import Any

import pytest

from brokerlaw.spec.language import (
    Bool,
    Ordered,
    Protocol,
    Sort,
    Spec,
    SpecError,
    Var,
    action,
    forall,
    init,
    invariant,
    require,
)
from brokerlaw.spec.language.extension import check_extends, differences
from brokerlaw.spec.protocols.registry import PROTOCOLS, load, proof, variants


class Node(Sort):
    pass


class Number(Ordered):
    pass


class Ring(Protocol):
    bounds = {Node: 2, Number: 3}
    held = Var(Bool, Node)
    count = Var(Number, Node)

    @init
    def start(s, n: Node) -> None:
        s.held[n] = True

    @action
    def hand(s, a: Node, b: Node) -> None:
        require(s.held[a], forall(Node, lambda x: (x == a) | ~s.held[x]))
        s.held[a] = False
        s.held[b] = True
        s.count[:] = lambda x: s.count[x] + 1

    @action
    def rest(s, n: Node) -> None:
        require(s.held[n])
        s.count[n] = 0

    @invariant
    def one(s, a: Node, b: Node) -> Any:
        return ~s.held[a] | ~s.held[b] | (a == b)


class Same(Ring):
    """Written out again under other names, with a lemma, and with a history variable that every action writes."""

    was = Var(Bool, Node, doc="history: has held")

    @init
    def start(s, first: Node) -> None:
        s.held[first] = True
        s.was[first] = True

    @action
    def hand(s, one: Node, other: Node) -> None:
        require(s.held[one], forall(Node, lambda y: (y == one) | ~s.held[y]))
        s.was[other] = True
        s.held[one] = False
        s.held[other] = True
        s.count[:] = lambda z: s.count[z] + 1

    @invariant
    def holds_now(s, n: Node) -> Any:
        return ~s.held[n] | s.was[n]


class DropsAction(Ring):
    rest = None


class AddsAction(Ring):
    @action
    def lose(s, n: Node) -> None:
        s.held[n] = False


class DropsGuard(Ring):
    @action
    def rest(s, n: Node) -> None:
        s.count[n] = 0


class AddsGuard(Ring):
    @action
    def rest(s, n: Node) -> None:
        require(s.count[n] > 0)
        super().rest(n)


class Disables(Ring):
    @action
    def rest(s, n: Node) -> None:
        require(Bool(False))
        super().rest(n)


class ReadsHistory(Ring):
    was = Var(Bool, Node)

    @action
    def rest(s, n: Node) -> None:
        require(~s.was[n])
        super().rest(n)


class WritesByHistory(Ring):
    was = Var(Number, Node)

    @action
    def rest(s, n: Node) -> None:
        require(s.held[n])
        s.count[n] = s.was[n]


class DropsUpdate(Ring):
    @action
    def rest(s, n: Node) -> None:
        require(s.held[n])


class AddsUpdate(Ring):
    @action
    def rest(s, n: Node) -> None:
        super().rest(n)
        s.held[n] = False


class ChangesUpdate(Ring):
    @action
    def hand(s, a: Node, b: Node) -> None:
        require(s.held[a], forall(Node, lambda x: (x == a) | ~s.held[x]))
        s.held[a] = False
        s.held[b] = False
        s.count[:] = lambda x: s.count[x] + 1


class SwapsNames(Ring):
    @action
    def hand(s, a: Node, b: Node) -> None:
        require(s.held[b], forall(Node, lambda x: (x == b) | ~s.held[x]))
        s.held[a] = False
        s.held[b] = True
        s.count[:] = lambda x: s.count[x] + 1


class OtherParameters(Ring):
    @action
    def rest(s, n: Node, m: Node) -> None:
        require(s.held[n])
        s.count[n] = 0


class OtherStart(Ring):
    @init
    def start(s, n: Node) -> None:
        pass


class DropsClaim(Ring):
    one = None


class WeakensClaim(Ring):
    @invariant
    def one(s, a: Node, b: Node) -> Any:
        return Bool(True)


class OtherVariable(Ring):
    count = Var(Number | None, Node)

    @action
    def hand(s, a: Node, b: Node) -> None:
        require(s.held[a], forall(Node, lambda x: (x == a) | ~s.held[x]))
        s.held[a] = False
        s.held[b] = True


ALTERED = {
    DropsAction: "it drops the action `rest`",
    AddsAction: "it adds the action `lose`",
    DropsGuard: "its action `rest` does not require `s.held[n]`",
    AddsGuard: "its action `rest` also requires `s.count[n] > 0`",
    Disables: "its action `rest` also requires `Bool(False)`",
    ReadsHistory: "its action `rest` also requires `~s.was[n]`",
    WritesByHistory: "its action `rest` writes `count` otherwise",
    DropsUpdate: "its action `rest` writes `count` otherwise",
    AddsUpdate: "its action `rest` writes `held` otherwise",
    ChangesUpdate: "its action `hand` writes `held` otherwise",
    SwapsNames: "its action `hand` does not require `s.held[a]`",
    OtherParameters: "its action `rest` has other parameters",
    OtherStart: "its @init writes `held` otherwise",
    DropsClaim: "it does not claim the invariant `one`",
    WeakensClaim: "its invariant `one` is another",
    OtherVariable: "it redeclares the variable `count`",
}


@pytest.mark.parametrize(("altered", "difference"), ALTERED.items())
def test_what_alters_the_protocol_is_refused(altered: type[Protocol], difference: str) -> None:
    with pytest.raises(SpecError) as refused:
        check_extends(altered.spec, Ring.spec)
    assert str(refused.value) == f"{altered.__name__} is no proof of Ring: {difference}"


@pytest.mark.parametrize("innocent", [Ring, Same])
def test_what_adds_only_lemmas_and_history_is_a_proof(innocent: type[Protocol]) -> None:
    assert list(differences(innocent.spec, Ring.spec)) == []


PROVED_APART = [name for name in PROTOCOLS if proof(load(name)) is not load(name)]


def test_several_protocols_have_a_proof_of_their_own() -> None:
    assert set(PROVED_APART) == {"replication", "isr_update", "transactions"}


@pytest.mark.parametrize("name", PROTOCOLS)
def test_each_shipped_proof_is_of_its_protocol_and_of_no_variant(name: str) -> None:
    text = proof(load(name)).spec
    assert list(differences(text, load(name).spec)) == []
    for variant in variants(load(name)).values():
        if variant.breaks:
            assert list(differences(text, variant.spec)), variant


def alterations(spec: Spec) -> list[tuple[str, Spec]]:
    """The proof's text with each action dropped, each guard dropped, each update dropped."""

    def with_(name: str, **changes: Any) -> Spec:
        return replace(spec, actions={**spec.actions, name: replace(spec.actions[name], **changes)})

    found = []
    for name, each in spec.actions.items():
        found.append((f"without {name}", replace(spec, actions={k: v for k, v in spec.actions.items() if k != name})))
        found += [(f"{name} without guard {at}", spec.without(name, at)) for at in range(len(each.guards))]
        for at, update in enumerate(each.updates):
            kept = each.updates[:at] + each.updates[at + 1 :]
            if update.variable not in ("since", "opened"):
                found.append((f"{name} without update {at}", with_(name, updates=kept)))
    return found


@pytest.mark.parametrize("name", PROVED_APART)
def test_every_alteration_of_a_shipped_proof_is_seen(name: str) -> None:
    for what, altered in alterations(proof(load(name)).spec):
        assert list(differences(altered, load(name).spec)), what


def test_a_class_called_proof_is_held_to_what_it_proves() -> None:
    class RingProof(Ring):
        rest = None

    class Later(RingProof):
        pass

    for altered in (RingProof, Later, Ring):
        with pytest.raises(SpecError, match="is no proof of Ring: it drops the action `rest`"):
            proof(altered)
