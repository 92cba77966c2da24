"""What a class leaves once it is traced: guards kept apart, updates, variants, dropped guards."""

import itertools
import textwrap
from typing import Any

import pytest

from brokerlaw.spec import language
from brokerlaw.spec.language import (
    Bool,
    Model,
    Ordered,
    Protocol,
    Sort,
    SpecError,
    Var,
    action,
    eventually,
    forall,
    init,
    invariant,
    none,
    require,
    search,
    witness,
)


class Broker(Sort):
    pass


class Epoch(Ordered):
    pass


class Election(Protocol):
    """A leader, replaced by a live broker."""

    bounds = {Broker: 2, Epoch: 3}
    leader = Var(Broker | None, doc="who leads")
    epoch = Var(Epoch)
    live = Var(Bool, Broker)

    def fit(s, b: Broker) -> Any:
        return s.live[b] & (s.leader != b)

    @init
    def start(s) -> None:
        s.live[:] = True

    @action
    def elect(s, new: Broker) -> None:
        """A live broker takes over."""
        require(
            s.fit(new),
            s.leader == none,
        )
        s.leader, s.epoch = new, s.epoch + 1

    @action
    def crash(s, b: Broker) -> None:
        require(s.live[b])
        s.live[b] = False

    @invariant
    def leader_lives(s, b: Broker) -> Any:
        """Whoever leads is live."""
        return s.live[b] | (s.leader != b)

    @witness
    def led(s, b: Broker) -> Any:
        return s.leader == b

    @eventually
    def all_dead(s) -> Any:
        return forall(Broker, lambda b: ~s.live[b])


class Immortal(Election):
    crash = None


class Zombie(Election):
    """Elects the dead."""

    breaks = ("leader_lives",)

    @action
    def elect(s, new: Broker) -> None:
        require(s.leader == none)
        s.leader = new


class Eager(Election):
    @action
    def elect(s, new: Broker) -> None:
        super().elect(new)
        require(s.live[new])


def test_guards_are_kept_apart_with_their_source_text_and_line() -> None:
    guards = Election.spec.actions["elect"].guards
    assert [guard.text for guard in guards] == ["s.fit(new)", "s.leader == none"]
    assert str(guards[0].term) == "s.live[new] & (s.leader != new)"
    assert len({guard.line for guard in guards}) == 1


def test_guards_without_source_are_shown_as_terms() -> None:
    scope = {"Election": Election, "action": action, "require": require, "Broker": Broker}
    exec(
        "class Late(Election):\n @action\n def elect(s, new: Broker):\n  require(~s.live[new])\n",
        scope | {"__name__": "late"},
        scope,
    )
    late: Any = scope["Late"]
    assert [guard.text for guard in late.spec.actions["elect"].guards] == ["~s.live[new]"]


def test_a_starred_require_falls_back_to_terms() -> None:
    class Starred(Election):
        @action
        def elect(s, new: Broker) -> None:
            require(*[s.live[new], s.leader == none])

    assert [g.text for g in Starred.spec.actions["elect"].guards] == ["s.live[new]", "s.leader == none"]


def test_the_spec_is_plain_data() -> None:
    spec = Election.spec
    assert (spec.name, spec.doc) == ("Election", "A leader, replaced by a live broker.")
    assert list(spec.variables) == ["leader", "epoch", "live"]
    assert spec.variables["leader"].doc == "who leads"
    assert list(spec.actions) == ["elect", "crash"]
    assert spec.actions["elect"].doc == "A live broker takes over."
    assert [(p.name, p.kind) for p in spec.properties.values()] == [
        ("leader_lives", "invariant"),
        ("led", "witness"),
        ("all_dead", "eventually"),
    ]
    assert [sort.__name__ for sort in spec.sorts] == ["Broker", "Epoch", "Bool"]
    assert spec.bounds == {"Broker": 2, "Epoch": 3}
    assert [(u.variable, len(u.locals), str(u.value)) for u in spec.init.updates] == [("live", 1, "True")]


def test_parameters_of_a_property_are_quantified() -> None:
    assert str(Election.spec.properties["leader_lives"].term).startswith("forall(Broker, lambda b: ")
    assert str(Election.spec.properties["led"].term) == "exists(Broker, lambda b: s.leader == b)"


def test_a_variant_overrides_drops_and_extends() -> None:
    assert list(Immortal.spec.actions) == ["elect"]
    assert list(Zombie.spec.actions) == ["elect", "crash"]
    assert [g.text for g in Zombie.spec.actions["elect"].guards] == ["s.leader == none"]
    assert [g.text for g in Eager.spec.actions["elect"].guards] == ["s.fit(new)", "s.leader == none", "s.live[new]"]
    assert (Zombie.spec.variant_of, Zombie.spec.breaks, Election.spec.variant_of) == (
        "Election",
        ("leader_lives",),
        None,
    )
    assert search(Model(Immortal.spec)).outcome == "kept"
    assert [violation.name for violation in search(Model(Zombie.spec)).violations] == ["leader_lives"]


def test_a_guard_is_dropped_by_machine() -> None:
    dropped = Election.spec.without("elect", 0)
    assert [guard.text for guard in dropped.actions["elect"].guards] == ["s.leader == none"]
    assert dropped.name == "Election without `s.fit(new)` in elect"
    assert [guard.text for guard in Election.spec.actions["elect"].guards] == ["s.fit(new)", "s.leader == none"]
    for name, k in [("elect", 2), ("elect", -1), ("nothing", 0)]:
        with pytest.raises(SpecError, match=f"no guard {k} of an action `{name}`"):
            Election.spec.without(name, k)


def test_string_annotations_are_resolved() -> None:
    scope = {"Election": Election, "action": action, "require": require, "Broker": Broker}
    text = "from __future__ import annotations\nclass Late(Election):\n @action\n def elect(s, new: Broker): pass\n"
    exec(text, scope)
    late: Any = scope["Late"]
    assert type(late.spec.actions["elect"].params[0]) is Broker


def test_the_guide_is_a_protocol() -> None:
    guide = language.__doc__ or ""
    lines = itertools.takewhile(lambda line: line[:4].strip() == "", guide.split("::\n", 1)[1].splitlines())
    scope = dict(vars(language)) | {"__name__": "guide"}
    exec(textwrap.dedent("\n".join(lines)), scope)
    results = [search(Model(scope[name].spec)) for name in ("Election", "Hasty")]
    assert [result.outcome for result in results] == ["kept", "violated"]
    assert [violation.name for violation in results[1].violations] == ["one_leader"]
    assert results[0].actions["elect"].cut > 0


def test_an_action_is_fair_unless_it_says_otherwise() -> None:
    class Crashes(Election):
        @action(fair=False)
        def crash(s, b: Broker) -> None:
            """A broker dies."""
            s.live[b] = False

    class Tidy(Crashes):
        @action
        def crash(s, b: Broker) -> None:
            """A broker is shut down, as it must be in the end."""
            s.live[b] = False

    assert {name: each.fair for name, each in Crashes.spec.actions.items()} == {"elect": True, "crash": False}
    assert Crashes.spec.actions["crash"].doc == "A broker dies."
    assert Tidy.spec.actions["crash"].fair
