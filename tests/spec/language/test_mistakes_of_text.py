"""More mistakes of an author: of the text as a whole, of Python's words on terms, of sorts, bounds and names."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from brokerlaw.cli.main import main
from brokerlaw.spec.language import Protocol, SpecError
from brokerlaw.spec.protocols.registry import load

HEAD = """from brokerlaw.spec.language import *

class Broker(Sort): pass
class Record(Sort): pass
class Epoch(Ordered): pass
class Role(Enum): follower, leader = values(2)
"""
BODY = """
class P(Protocol):
    bounds = {Broker: 2, Record: 2, Epoch: 3}
    leader = Var(Broker | None)
    epoch = Var(Epoch)
    before = Var(Epoch | None)
    live = Var(Bool, Broker)
    role = Var(Role, Broker)
    of = Var(Epoch, Broker)

    def forever(s, n): return s.forever(n)

    def down(s, n): return s.epoch == n if n == 0 else s.down(n - 1)

"""
ACT = HEAD + BODY + "    @action\n    def act(s, b: Broker, c: Broker, e: Epoch):\n        LINE\n"


def loaded(text: str, folder: Path) -> type[Protocol]:
    """The protocol P of a file, as a command loads it."""
    path = folder / "mine.py"
    path.write_text(text, encoding="utf-8")
    return load(f"{path}:P")


GUILTY_LINES = {
    "require(sum(s.of[b]) > e)": r"nor given to sum, min",
    "require(sum([s.of[b], s.of[c]]) > e)": "only an integer constant can be added",
    "require(sum(s.live[x] for x in Broker) > e)": r"the values of Broker cannot be listed: write forall\(Broker",
    "require(min(s.of[b], e) == 1)": r"ite\(a < b, a, b\) for min",
    "require(max(s.of[b], e) == 1)": r"ite\(a < b, a, b\) for min",
    "require(min(s.of[b]) == 1)": r"ite\(a < b, a, b\) for min",
    "require(len(s.live) > 1)": r"has no len",
    "require(len(s.of[b]) > 1)": r"no length: write count\(",
    "require(len(Broker) > 1)": r"write size\(Broker\)",
    "require(s.epoch % 2 == 0)": "no such arithmetic",
    "require(2 % s.epoch == 0)": "no such arithmetic",
    "require(s.epoch // 2 == 0)": "no such arithmetic",
    "require(s.epoch / 2 == 0)": "no such arithmetic",
    "require(s.epoch ** 2 == 0)": "no such arithmetic",
    "require(s.epoch * 2 == 0)": "only an integer constant can be added",
    "require(2 * s.epoch == 0)": "only an integer constant can be added",
    "require(-s.epoch == 0)": "only an integer constant can be added",
    "require(5 - s.epoch == 0)": "only an integer constant can be added",
    "require(s.epoch - e == 0)": "only an integer constant can be added",
    "require(abs(s.epoch) == 0)": "only an integer constant can be added",
    "require(int(s.epoch) == 0)": "has no number yet",
    "require(range(s.epoch) == 0)": "has no number yet",
    "require([1, 2][s.epoch] == 0)": "has no number yet",
    "require(round(s.epoch) == 0)": "has no number yet",
    "require(sorted([s.epoch, e])[0] == 0)": r"ite\(a < b, a, b\) for min",
    "require(sorted(s.epoch) == 0)": "cannot be iterated",
    "require(any([s.live[b], s.live[c]]))": r"exists\(...\) for any",
    "require(all([s.live[b], s.live[c]]))": r"forall\(...\) for all",
    "require(any(s.live[x] for x in Broker))": "the values of Broker cannot be listed",
    "require(all(s.live))": "the cells of `s.live` cannot be listed",
    "require(any(s.role[x] == Role.leader for x in s.leader))": "cannot be iterated",
    "for x in Broker: s.live[x] = True": "the values of Broker cannot be listed",
    "for x in s.live: pass": "the cells of `s.live` cannot be listed",
    "for x in Role: pass": "the values of Role cannot be listed",
    "require(b in Broker)": "every value of Broker is in Broker",
    "while s.live[b]: pass": r"ite\(...\) or implies\(...\)",
    "assert s.live[b]": r"ite\(...\) or implies\(...\)",
    "require(s.epoch == 1 | s.epoch == 2)": r"`\|` binds tighter than a comparison: write \(a == b\) \| \(c == d\)",
    "require(s.leader == b | s.leader == c)": r"`\|` binds tighter than a comparison",
    "require(s.role[b] == Role.leader & s.live[c])": r"`&` binds tighter than a comparison",
    "require(s.live[b] == s.live[c] | s.live[b])": r"`\|` binds tighter than a comparison",
    "require(s.live[b] | s.live[c] != s.live[b])": r"`\|` binds tighter than a comparison",
    "require(s.epoch < 2 & s.live[b])": r"`&` binds tighter than a comparison",
    "require(forall(Broker, lambda x: s.leader == x | s.live[x]))": r"`\|` binds tighter than a comparison",
    "require(s.live[b] ^ s.live[c])": "write a != b",
    "require(~b == c)": "`~` is for formulas",
    "require(b < c)": "it compares numbers",
    "require(s.before < e)": r"of X \| None ask exists",
    "require(s.before <= e)": r"of X \| None ask exists",
    "require(s.role[b] > s.role[c])": "it compares numbers",
    "require(s.leader.epoch == e)": r"a value has no parts.*s.epoch\[b\]",
    "s.leader.epoch = e": "a value has no parts",
    "s.live.add(b)": r"`s.live` has no `add`: a cell is read and written as s.live\[Broker\]",
    "require(s.live(b))": r"square brackets, as in s.live\[b\]",
    "require(b(c))": "square brackets",
    "require(s.epoch[0] == 1)": "not subscriptable",
    "del s.epoch": "cannot be deleted: write what it becomes",
    "del s.live[b]": "cannot be deleted: write what it becomes",
    "require()": r"require\(...\) of nothing",
    "require(None)": "lack its `return`",
    "require([s.live[b], s.live[c]])": "join them with `&`",
    "require((s.live[b], s.live[c]))": "join them with `&`",
    "require(distinct(b))": "two terms or more",
    "require(s.leader is none)": r"`==`, not `is`",
    "require(s.forever(3))": "calls itself without end",
    "require(forall(Broker, lambda Broker: s.live[Broker]))": "`Broker` is a sort: give the parameter a name",
    "require(forall(Broker, lambda Epoch: s.live[Epoch]))": "`Epoch` is a sort, and a parameter of act",
}
INNOCENT_LINES = [
    "require((s.epoch == 1) | (s.epoch == 2))",
    "require(s.live[b] == (s.live[c] | s.live[b]))",
    "require((s.live[b] | s.live[c]) != (s.live[b] & s.live[c]))",
    "require(((s.live[b] | s.live[c])) != s.live[b], s.live[b] | (s.epoch == 2) & s.live[c])",
    "require(forall(Broker, lambda x: (s.leader == x) | s.live[x]))",
    "require(s.down(3))",
    "require(sum([1, 2]) == s.epoch, s.epoch == max(1, 2), s.epoch == [0, 1][1] % 2)",
    "for x in (b, c): require(s.live[x])",
    "require(forall(Broker, lambda broker: s.live[broker]))",
]


@pytest.mark.parametrize(("line", "message"), GUILTY_LINES.items())
def test_a_guilty_line_is_named_with_its_mend(line: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=rf"(?s)mine.py:\d+: in act: .*{message}|{message}") as caught:
        loaded(ACT.replace("LINE", line), tmp_path)
    assert "\n" not in str(caught.value)
    at = len(ACT.splitlines())
    if "is a sort, and a parameter" not in message and "calls itself" not in message:
        assert f"mine.py:{at}:" in str(caught.value)


@pytest.mark.parametrize("line", INNOCENT_LINES)
def test_an_innocent_line_passes(line: str, tmp_path: Path) -> None:
    assert loaded(ACT.replace("LINE", line), tmp_path).spec.actions["act"].guards


ONE_ACTION = "    @action\n    def act(s, b: Broker):\n        s.live[b] = True\n"
GUILTY_TEXTS = {
    BODY + ONE_ACTION + ONE_ACTION: "`act` is defined twice",
    BODY
    + ONE_ACTION
    + "    @invariant\n    def act(s, b: Broker):\n        return s.live[b]\n": "`act` is defined twice",
    BODY + "    @invariant\n    def live(s, b: Broker):\n        return s.epoch == 0\n": "`live` is defined twice",
    BODY + "    epoch = Var(Bool)\n": "`epoch` is defined twice",
    BODY + "    def half(s): return s.epoch == 1\n    def half(s): return s.epoch == 2\n": "`half` is defined twice",
    BODY + ONE_ACTION + "    act = None\n": "`act` is defined twice",
    BODY + "    @action\n    @invariant\n    def act(s): return s.epoch == 0\n": "marked twice, as @invariant and",
    BODY + "    @action\n    class Act: pass\n": "@action marks a function",
    BODY + "    @invariant(3)\n    def inv(s): return s.epoch == 0\n": "@invariant marks a function",
    BODY + "    @action\n    def act(b: Broker):\n        pass\n": r"its first parameter is the state.*def act\(s",
    BODY + "    @action\n    def act():\n        pass\n": r"its first parameter is the state.*def act\(s",
    BODY + "    @action\n    def act(s, b: Broker = 0):\n        pass\n": "`b` is a choice among all values",
    BODY + "    @action\n    def act(s, *b: Broker):\n        pass\n": "`b` is a choice among all values",
    BODY + "    @action\n    def act(s, *, b: Broker):\n        pass\n": "`b` is a choice among all values",
    BODY + "    @action\n    def act(s, Broker: Broker):\n        pass\n": "`Broker` is a sort: give the parameter",
    BODY + "    @action\n    def act(s, Epoch: Broker):\n        pass\n": "`Epoch` is a sort, and a parameter of act",
    BODY + "    @action\n    def act(s, b: Brokr):\n        pass\n": "Brokr",
    BODY + "    @action\n    async def act(s):\n        pass\n": "neither `async` nor `yield`",
    BODY + "    @invariant\n    def inv(s):\n        yield s.epoch == 0\n": "neither `async` nor `yield`",
    BODY + "    spec = Var(Bool)\n": "P.spec: the name is one of the language's own",
    BODY + "    @action\n    def bounds(s): pass\n": "`bounds` is defined twice",
    BODY + "    a = Var()\n": r"write Var\(Sort\)",
    BODY + "    a = Var('Bool')\n": "'Bool'` is not a sort",
    BODY + "    a = Var(Bool, 3)\n": "`3` is not a sort",
    BODY + "    breaks = 'inv'\n": "breaks names 'inv', which is no invariant",
    BODY.replace("{Broker: 2,", "{'Broker': 2,"): "'Broker' is no Sort and not Ordered",
    BODY.replace("Broker: 2", "Broker: 0"): "Broker has 1 value or more, not 0",
    BODY.replace("Broker: 2", "Broker: '2'"): "Broker has 1 value or more, not '2'",
    BODY.replace("Broker: 2", "Broker: True"): "Broker has 1 value or more, not True",
    BODY.replace("{Broker: 2, Record: 2, Epoch: 3}", "3"): "bounds is a dict of sorts",
    "class Mode(Enum): size, label = values(2)\n": "Mode.size: the name is one of the language's own",
    "class Sub(Broker): pass\nclass P(Protocol):\n    a = Var(Sub)\n": "`Sub` is made from another sort",
    "class Big(Sort):\n    size = 3\nclass P(Protocol):\n    a = Var(Big)\n": "`Big.size`: the name is one of the",
    BODY + "class Q(P):\n    @invariant\n    def epoch(s): return s.live == 0\n": "Q.epoch overrides a Var: rename one",
    BODY + ONE_ACTION + "class Q(P):\n    act = Var(Bool)\n": "Q.act overrides an action: rename one",
    BODY + ONE_ACTION + "class Q(P):\n    @invariant\n    def act(s): return s.epoch == 0\n": "an action: rename",
    BODY + ONE_ACTION + "class Q(P):\n    def act(s): pass\n": "overrides an action: decorate it with @action",
}
INNOCENT_TEXTS = [
    BODY + "    @action()\n    def act(s): s.epoch = 1\n    @invariant()\n    def inv(s): return s.epoch == 0\n",
    BODY + ONE_ACTION + "class Q(P):\n    act = None\n",
    BODY + ONE_ACTION + "class Q(P):\n    @action\n    def act(s): s.epoch = 1\n",
    BODY + ONE_ACTION + "class Q(P):\n    epoch = Var(Epoch)\n",
    BODY + "    @invariant\n    def inv(s): return s.epoch == 0\nclass Q(P):\n    breaks = 'inv'\n",
    BODY + "    for _ in range(2): pass\n",
]


@pytest.mark.parametrize(("text", "message"), GUILTY_TEXTS.items())
def test_a_guilty_text_is_named_with_its_place(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=message) as caught:
        loaded(HEAD + text, tmp_path)
    assert "mine.py" in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("text", INNOCENT_TEXTS)
def test_an_innocent_text_passes(text: str, tmp_path: Path) -> None:
    assert loaded(HEAD + text, tmp_path).spec.name == "P"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("import sys\nsys.exit(0)\n", "SystemExit: 0"),
        ("x = 1 / 0\n", r"mine.py:1: ZeroDivisionError"),
        ("def f(:\n", "SyntaxError"),
        ("import no_such_module_at_all\n", "mine.py:1: ModuleNotFoundError"),
    ],
)
def test_a_file_that_does_not_load_is_one_line(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=message) as caught:
        loaded(text, tmp_path)
    assert "\n" not in str(caught.value)


ARGUMENTS = {
    "Broker=99999999999": "the bound of Broker must be 1,000,000 at most, not 99999999999",
    f"Broker={'9' * 5000}": "the bound of Broker must be",
    "Epoch=999999": "",
    "Broker=999999": "P with Broker=999999, Epoch=3 has 3,000,000 cells, more than 100,000: set less",
}


@pytest.mark.parametrize(("given", "message"), ARGUMENTS.items())
@pytest.mark.parametrize("command", ["explore", "trace", "guards", "print --to murphi"])
def test_a_bound_that_is_too_large_is_one_clear_line(given: str, message: str, command: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(HEAD + BODY + "    @invariant\n    def inv(s): return s.epoch == 0\n", encoding="utf-8")
    name, *options = command.split()
    done = CliRunner().invoke(main, [name, str(path), *options, "--set", given])
    assert (done.exit_code == 2) is bool(message), done.output
    if message:
        assert message in done.output and len(done.output.splitlines()) == 1
