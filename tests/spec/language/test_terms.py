"""Terms: sorts as classes, literals that take a sort, operators, and the folds that come with them."""

from typing import Any

import pytest

from brokerlaw.spec.language import (
    OPERATORS,
    Bool,
    Enum,
    Option,
    Ordered,
    Sort,
    SpecError,
    conjuncts,
    distinct,
    exists,
    fold,
    forall,
    free,
    iff,
    implies,
    ite,
    leaves,
    none,
    show,
    subterms,
    values,
)
from brokerlaw.spec.language.term import lift, node, sort_of


class Broker(Sort):
    pass


class Epoch(Ordered):
    pass


class Role(Enum):
    follower, leader = values(2)


b, c = node(Broker, "local", data="b"), node(Broker, "local", data="c")
e, f = node(Epoch, "local", data="e"), node(Epoch, "local", data="f")
p, q = node(Bool, "local", data="p"), node(Bool, "local", data="q")
maybe = node(sort_of(Broker | None), "local", data="maybe")


def test_terms_that_look_the_same_are_the_same() -> None:
    assert (b == c) is (b == c)
    assert (b == c) is not (c == b)
    assert forall(Broker, lambda x: x == b) is forall(Broker, lambda x: x == b)
    assert Epoch(3) is Epoch(3)
    assert len({id(Epoch(0)), id(Bool(False)), id(Role.follower)}) == 3


def test_a_sort_is_the_class_of_its_terms() -> None:
    assert type(e + 1) is Epoch
    assert type(e < f) is Bool
    assert isinstance(maybe, Option) and maybe.of is Broker
    assert type(Role.leader) is Role and Role.names == ("follower", "leader")
    assert sort_of(Broker | None) is sort_of(Broker | None)


def test_codes_labels_and_sizes() -> None:
    bounds = {"Broker": 3, "Epoch": 4}
    assert [sort.size(bounds) for sort in (Bool, Broker, Epoch, Role, type(maybe))] == [2, 3, 4, 2, 4]
    assert [Bool.label(1), Broker.label(2), Epoch.label(3), Role.label(1)] == ["True", "broker2", "3", "leader"]
    assert [type(maybe).label(k) for k in range(2)] == ["none", "broker0"]
    assert lift(none, type(maybe)).data == 0


def test_literals_take_the_sort_of_what_they_meet() -> None:
    assert (e == 2) is (e == Epoch(2))
    assert (maybe == none).args[1].data == 0
    assert (maybe == b).args[1].op == "some"
    assert (b == maybe).args[0].op == "some"
    assert (e > 0) is (Epoch(0) < e)
    assert (1 + e) is (e + 1)


@pytest.mark.parametrize(
    ("term", "text"),
    [
        ((b == c) & ~p | q, "((b == c) & ~p) | q"),
        (b != c, "b != c"),
        (~((p == q) == iff(q, p)), "(p == q) != (q == p)"),
        (e + 1 + 1 < f - 1, "(e + 2) < (f - 1)"),
        (f >= e, "e <= f"),
        (implies(p, ~(p & q)), "implies(p, ~(p & q))"),
        (ite(p, e, 0), "ite(p, e, 0)"),
        (ite(p, True, q), "ite(p, True, q)"),
        (maybe == none, "maybe == none"),
        (lift(Role.leader, Role), "Role.leader"),
        (
            exists(Broker, Epoch, lambda x, y: (x == b) & (y < e)),
            "exists(Broker, Epoch, lambda x, y: (x == b) & (y < e))",
        ),
        (distinct(b, c), "b != c"),
    ],
)
def test_a_term_shows_as_its_author_would_write_it(term: Any, text: str) -> None:
    assert show(term) == repr(term) == text


def test_nested_quantifiers_of_one_name_do_not_capture() -> None:
    def someone_else(than: Broker) -> Bool:
        return exists(Broker, lambda x: x != than)

    assert show(forall(Broker, lambda x: someone_else(x))) == (
        "forall(Broker, lambda x: exists(Broker, lambda x_2: x_2 != x))"
    )


def test_distinct_is_pairwise() -> None:
    assert len(distinct(b, c, node(Broker, "local", data="d")).args) == 3


def test_and_or_are_flat_and_double_negation_vanishes() -> None:
    assert [show(arg) for arg in (p & (q & p)).args] == ["p", "q", "p"]
    assert ~~p is p


def test_conjuncts_takes_a_formula_apart() -> None:
    assert list(map(show, conjuncts((p & ~(p | q)) & ~implies(p, q)))) == ["p", "~p", "~q", "p", "~q"]
    assert list(map(show, conjuncts(p | q))) == ["p | q"]


def test_free_locals() -> None:
    assert free(exists(Broker, lambda x: (x == b) & (e < f))) == {"b", "e", "f"}


def test_subterms_visits_each_once() -> None:
    seen = list(subterms((b == c) & (b == c)))
    assert [show(t) for t in seen] == ["(b == c) & (b == c)", "b == c", "b", "c"]


def test_a_fold_reads_each_distinct_term_once_and_must_be_complete() -> None:
    calls: list[str] = []

    def count(term: Any, *args: int) -> int:
        calls.append(term.op)
        return 1 + sum(args)

    assert fold(dict.fromkeys(OPERATORS, count))((b == c) & (b == c)) == 7
    assert sorted(calls) == ["and", "eq", "local", "local"]
    with pytest.raises(AssertionError, match="forall"):
        fold({op: count for op in OPERATORS if op != "forall"})


def test_what_can_leave_its_bound() -> None:
    assert leaves(e + 1) and leaves(ite(p, e, e - 1)) and leaves(Epoch(5))
    assert not leaves(e) and not leaves(Epoch(0)) and not leaves(ite(p, e, f)) and not leaves(b)


def test_an_enum_without_values_is_refused() -> None:
    with pytest.raises(SpecError, match="Empty has no values"):
        type("Empty", (Enum,), {})
