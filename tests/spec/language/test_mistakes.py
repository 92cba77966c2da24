"""Every mistake of an author is caught when the class is made, with the file, the line and the mend."""

from typing import Any

import pytest

import brokerlaw.spec.language
from brokerlaw.spec.language import Bool, Enum, Ordered, Protocol, Sort, SpecError, Var, action, init, invariant, values

HEAD = """
class Broker(Sort): pass
class Record(Sort): pass
class Epoch(Ordered): pass
class Offset(Ordered): pass
class Role(Enum): follower, leader = values(2)

class P(Protocol):
    bounds = {{Broker: 2, Record: 2, Epoch: 3, Offset: 3}}
    leader = Var(Broker | None)
    epoch = Var(Epoch)
    before = Var(Epoch | None)
    end = Var(Offset, Broker)
    live = Var(Bool, Broker)
    role = Var(Role, Broker)
    log = Var(Record | None, Broker, Offset)
"""
ACT = HEAD + "    @action\n    def act(s, b: Broker, c: Broker, e: Epoch, i: Offset, r: Record):\n        {}\n"
INV = HEAD + "    @invariant\n    def inv(s, b: Broker, e: Epoch, i: Offset):\n        {}\n"


def define(text: str) -> Any:
    scope = {name: value for name, value in vars(brokerlaw.spec.language).items() if name[0] != "_"}
    scope["__name__"] = "mine"
    exec(compile(text, "mine.py", "exec"), scope)
    return scope["P"]


GUILTY_ACTIONS = {
    "require(s.live[b] and s.live[c])": "write `&` for and",
    "require(not s.live[b])": "write `&` for and, `|` for or, `~` for not",
    "require(s.leader in (b, c))": r"`\(a == x\) \| \(a == y\)` for in",
    "require(b in s.live)": r"it is s.live\[Broker\]",
    "require(s.epoch in e)": "membership is",
    "require(0 < e < s.epoch)": "for a chain",
    "if s.live[b]: s.epoch = e": r"ite\(...\) or implies\(...\)",
    "require(~True)": "a bare Python -2 where a formula is needed",
    "require(b is c)": "a bare Python False where a formula is needed",
    "require(s.live[b] & True)": "a bare Python True where a formula is needed",
    "require(b)": r"`b` is of sort Broker, where a formula \(Bool\) is needed",
    "require(s.live)": r"`s.live` needs an index",
    "require('live')": "'live' where a formula is needed",
    "require(s.live == c)": r"it is s.live\[Broker\]",
    "require(~s.live)": r"it is s.live\[Broker\]",
    "require(s.epoch == b)": "`b` is of sort Broker, where Epoch is needed",
    "require(s.epoch < i)": "`i` is of sort Offset, where Epoch is needed",
    "require(b < c)": "'<' not supported between instances of 'Broker' and 'Broker'",
    "require(s.epoch == -1)": "-1 is not a value of sort Epoch",
    "require(s.epoch == none)": "none is not a value of sort Epoch",
    "require(s.leader == 'broker0')": "'broker0' is not a value of sort Broker",
    "require(s.role[b] == Role.boss)": "has no attribute 'boss'",
    "require(s.live[e])": "`e` is of sort Epoch, where Broker is needed",
    "require(s.live[s.leader])": r"of sort Broker \| None, where Broker is needed",
    "require(s.log[b] == r)": r"has 1 indices here; it is s.log\[Broker, Offset\]",
    "require(s.leader[b] == c)": "not subscriptable",
    "require(s.log[b, :] == r)": "a row cannot be read",
    "require(s.log[b, i + 1] == r)": r"the index `i \+ 1` is arithmetic.* require j == i \+ 1",
    "require(s.eopch == e)": "P has no variable `eopch`; did you mean `epoch`",
    "require(s.zzz == e)": "P has no variable `zzz`: declare it, `zzz = Var",
    "s.eopch = e": "did you mean `epoch`",
    "s.act = e": "P has no variable `act`",
    "s.live = True": r"has 0 indices here; it is s.live\[Broker\]",
    "s.epoch = b": "`b` is of sort Broker, where Epoch is needed",
    "s.before = e - 1": r"arithmetic cannot become Epoch \| None: take a parameter and require it to equal it",
    "s.epoch = e + e": "only an integer constant can be added to a Epoch",
    "s.epoch = e - True": "only an integer constant can be added",
    "s.live[b] = s.live": "needs an index for each of its sorts",
    "s.live[b] = lambda x: True": "a function is the value of a row",
    "s.live[:] = lambda x, y: True": r"takes \(x, y\), but is given one argument each of: Broker",
    "s.log[b, 1:2] = none": "a row is written with a bare `:`",
    "s.epoch = ite(s.live[b], 1, 2)": "both Python values: give one its sort",
    "s.epoch = e; require(s.epoch == 0)": "`s.epoch` is read after it was written",
    "s.live[b] = True; require(s.live[c])": "`s.live` is read after it was written",
    "s.epoch = 1; s.epoch = 2": "`s.epoch` is written twice in the same cell",
    "require(forall(lambda x: s.live[x]))": r"write forall\(Sort, ..., lambda x, ...: formula\)",
    "require(forall(Broker, s.live[b]))": r"write forall\(Sort, ..., lambda x, ...: formula\)",
    "require(exists(Broker, lambda x, y: s.live[x]))": r"takes \(x, y\), but is given one argument each of: Broker",
    "require(forall(Broker, lambda x: True))": "a bare Python True",
    "require(forall(bool, lambda x: s.live[b]))": "`bool` is not a sort: use Bool",
    "require(nonsense)": "name 'nonsense' is not defined",
}
GUILTY_FORMULAS = {
    "s.live[b]": "nothing is returned: return the formula",
    "return True": "a bare Python True where a formula is needed",
    "return s.epoch": "of sort Epoch, where a formula",
    "s.epoch = e; return s.live[b]": "written in a formula",
    "require(s.live[b]); return s.live[b]": r"require\(...\) belongs in an action or init",
}
INNOCENT_ACTIONS = [
    "require(s.live[b] & ~s.live[c] | (b == c))",
    "require((s.leader == b) | (s.leader == none), (0 < e) & (e < s.epoch + 1))",
    "s.leader, s.epoch = b, s.epoch + 1",
    "s.epoch += 1",
    "s.before = e",
    "s.before = 2",
    "s.live[b] = False; s.live[c] = True",
    "s.live[b] = s.live[c]",
    "s.log[b, :] = lambda k: ite(k < s.end[c], s.log[c, k], s.log[b, k])",
    "s.log[:, :] = none",
    "s.log[b, s.end[b]] = r; s.end[b] = s.end[b] + 1",
    "s.log[b, s.end[b] + 1] = r",
    "s.end[b] = ite(i < 2, 0, s.end[b])",
    "require(s.log[b, 2] == r)",
    "s.role[:] = lambda x: ite(x == b, Role.leader, Role.follower)",
    "require(forall(Broker | None, lambda x: (x == none) | s.live[b]))",
    "pass",
]


@pytest.mark.parametrize(("line", "message"), GUILTY_ACTIONS.items())
def test_a_guilty_action_is_caught_at_its_line(line: str, message: str) -> None:
    with pytest.raises(TypeError, match=f"(?s)^mine.py:{len(ACT.splitlines())}: in act: .*{message}"):
        define(ACT.format(line))


def test_an_action_that_returns_is_caught_at_its_head() -> None:
    with pytest.raises(SpecError, match=f"^mine.py:{len(ACT.splitlines()) - 2}: in act: an action returns nothing"):
        define(ACT.format("return s.live[b]"))


@pytest.mark.parametrize(("line", "message"), GUILTY_FORMULAS.items())
def test_a_guilty_formula_is_caught_at_its_line(line: str, message: str) -> None:
    raised_by_the_body = ";" in line
    at = len(INV.splitlines()) - (0 if raised_by_the_body else 2)
    with pytest.raises(SpecError, match=rf"^mine.py:{at}: in inv: .*{message}"):
        define(INV.format(line))


@pytest.mark.parametrize("line", INNOCENT_ACTIONS)
def test_an_innocent_action_passes(line: str) -> None:
    assert define(ACT.format(line)).spec.actions["act"].name == "act"


def test_the_line_is_that_of_the_lambda_in_which_it_arose() -> None:
    with pytest.raises(SpecError, match=f"^mine.py:{len(ACT.splitlines()) + 1}: in act"):
        define(ACT.format("require(forall(Broker, lambda x:\n            not s.live[x]))"))


class Broker(Sort):
    pass


class Epoch(Ordered):
    pass


def test_a_parameter_without_a_sort() -> None:
    with pytest.raises(SpecError, match=r"in act: parameter `b` has no sort: write `b: Broker`"):

        class P(Protocol):
            @action
            def act(s, b) -> None:  # type: ignore[no-untyped-def]  # the mistake itself
                pass


@pytest.mark.parametrize("sort", [bool, Sort, Ordered, Enum, 3, "Broker", Broker | Epoch, None])
def test_a_variable_of_no_sort(sort: object) -> None:
    with pytest.raises(SpecError, match=r"test_mistakes\.py:\d+: in Var: .* is not a sort: use Bool"):
        Var(sort)


def test_require_outside_an_action() -> None:
    from brokerlaw.spec.language import require

    with pytest.raises(SpecError, match="in an action"):
        require(Bool(True))


def test_several_inits() -> None:
    with pytest.raises(SpecError, match=r"test_mistakes.py:\d+: in P: P has several @init: one, two; keep one"):

        class P(Protocol):
            @init
            def one(s) -> None:
                pass

            @init
            def two(s) -> None:
                pass


def test_two_sorts_of_one_name() -> None:
    other = type("Broker", (Sort,), {})
    with pytest.raises(SpecError, match="two sorts that are both called Broker: rename one"):
        type("P", (Protocol,), {"a": Var(Broker), "b": Var(other)})


def test_an_override_that_forgot_its_decorator() -> None:
    class P(Protocol):
        @action
        def act(s) -> None:
            pass

    with pytest.raises(SpecError, match=r"Q.act overrides an? action: decorate it with @action, or write `act = None`"):

        class Q(P):
            def act(s) -> None:
                pass


def test_breaks_must_name_an_invariant() -> None:
    with pytest.raises(SpecError, match=r"P\.breaks names 'nothing', which is no invariant of it"):

        class P(Protocol):
            breaks = ("nothing",)

            @invariant
            def something(s) -> Any:
                return Bool(True)


def test_values_must_be_counted() -> None:
    with pytest.raises(ValueError, match="too many values to unpack"):

        class Role(Enum):
            one, two = values(3)
