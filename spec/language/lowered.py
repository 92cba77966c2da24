"""The lowered form of guards, updates and formulas: what they mean over codes, said once, and spelled by two emitters.

Encodings, the places of cells, the order of loops and of tests are decided here; a spelling only writes them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import reduce
from typing import Final

from brokerlaw.spec.language.fold import conjuncts, fold, free
from brokerlaw.spec.language.layout import Layout
from brokerlaw.spec.language.spec import Action, Update
from brokerlaw.spec.language.term import BINDERS, Bool, Term, formula, leaves

_SAME: Final = ("not", "and", "or", "eq", "lt", "le", "ite")
FORM: Final = {
    **dict.fromkeys(_SAME, "as of terms; `and` and `or` leave out what no longer counts"),
    "const": "(integer)",
    "local": "(name)",
    "cell": "(variable, its first cell, place from there on): of the old state",
    **dict.fromkeys(("plus", "times"), "(a, b); exact, never wrapped"),
    **dict.fromkeys(BINDERS, "(name and size of each local, body)"),
    "loop": "(local, size): for each code of a parameter or bound local, counted up",
    "let": "(local, size, value): for the one code that a test determines, if it is one",
    "when": "(*tests): if they hold, asked in this order",
    "row": "(local, size): for each code of an update's local",
    "fit": "(local, size, value): name a value; outside 0..size-1 the step leads to no state",
    "set": "(place, size, value): of the new state",
}
"""Expressions, whose values are codes and numbers; then what a path consists of, each within the one before."""
Spelling = Mapping[str, Callable[..., str]]
Path = list[str]


def infix(symbols: Mapping[str, str]) -> Spelling:
    """Give the spelling of operators whose symbol stands between their arguments."""
    return {op: lambda *args, between=f" {symbol} ": f"({between.join(args)})" for op, symbol in symbols.items()}


class Lowering:
    """Terms, actions and formulas under the bounds of a layout, lowered and spelled."""

    def __init__(self, layout: Layout, spelling: Spelling) -> None:
        assert spelling.keys() == FORM.keys(), spelling.keys() ^ FORM.keys()
        self.layout, self.spell = layout, spelling
        self.expr: Callable[[Term], str] = fold(
            {
                **dict.fromkeys(_SAME, lambda t, *args: spelling[t.op](*args)),
                "const": lambda t: spelling["const"](t.data),
                "local": lambda t: spelling["local"](f"{t.data}_"),
                "read": lambda t, *at: spelling["cell"](t.data, layout.base[t.data], self._place(t.data, at, 0)),
                "implies": lambda _, a, b: spelling["or"](spelling["not"](a), b),
                "add": lambda t, a: spelling["plus"](a, spelling["const"](t.data)),
                "sum": lambda _, a, b: spelling["plus"](a, b),
                "scale": lambda t, a: spelling["times"](a, spelling["const"](t.data)),
                "number": lambda _, a: a,
                "some": lambda _, a: spelling["plus"](a, spelling["const"](1)),
                **dict.fromkeys(BINDERS, lambda t, *args: spelling[t.op](self.sizes(t.args[:-1]), args[-1])),
            }
        )

    def step(self, action: Action) -> tuple[Path, list[Path]]:
        """Give the path to a choice of parameters, and one for each update."""
        path = self._path((), action.params, (guard.term for guard in action.guards))
        return path, list(map(self._write, action.updates))

    def test(self, term: Bool, *params: Term) -> tuple[dict[str, int], Path, bool]:
        """Give the path to what decides a formula, which makes an `exists` true or a `forall` false."""
        found = term.op != "forall"
        bound, body = (term.args[:-1], formula(term.args[-1])) if term.op in ("forall", "exists") else ((), term)
        return self.sizes(bound), self._path(params, bound, conjuncts(body if found else ~body)), found

    def sizes(self, locals_: Iterable[Term]) -> dict[str, int]:
        """Give each local's name with the number of its values."""
        return {self.expr(local): self.layout.size(type(local)) for local in locals_}

    def _place(self, variable: str, index: Iterable[str], first: int) -> str:
        plus, times, const = (self.spell[op] for op in ("plus", "times", "const"))
        strides = zip(index, self.layout.strides[variable], strict=True)
        parts = [times(at, const(stride)) if stride > 1 else at for at, stride in strides]
        return reduce(plus, parts if parts and not first else [const(first), *parts])

    def _path(self, known: Iterable[Term], bound: Sequence[Term], tests: Iterable[Term]) -> Path:
        """Open a loop for each bound local, with each test as far out as its locals allow.

        A local that a test sets equal to what is known by then is computed, not looked for.
        """
        path, waiting, seen = Path(), list(tests), frozenset(local.data for local in known)
        for locals_ in (bound[:0], *zip(bound, strict=True)):
            now = seen.union(local.data for local in locals_)
            ready = [test for test in waiting if free(test) <= now]
            waiting = [test for test in waiting if not free(test) <= now]
            for local, (name, size) in zip(locals_, self.sizes(locals_).items(), strict=True):
                value = next(filter(None, (self._solved(test, local, seen) for test in ready)), None)
                path.append(self.spell["let"](name, size, value) if value else self.spell["loop"](name, size))
            if ready:
                path.append(self.spell["when"](*map(self.expr, ready)))
            seen = now
        assert not waiting, waiting
        return path

    def _solved(self, test: Term, local: Term, known: frozenset[str]) -> str | None:
        """Give the value of a local that a test of the form `local == value` determines."""
        for one, other in (test.args, test.args[::-1]) if test.op == "eq" else ():
            if one is local and free(other) <= known:
                return self.expr(other)
            if one.op == "some" and one.args[0] is local and free(other) <= known:
                return self.spell["plus"](self.expr(other), self.spell["const"](-1))
        return None

    def _write(self, update: Update) -> Path:
        """Set a cell, or a row; value and index are named and checked where they could lie outside their sorts."""
        path = [self.spell["row"](name, size) for name, size in self.sizes(update.locals).items()]

        def fit(term: Term, size: int) -> str:
            if not leaves(term):
                return self.expr(term)
            path.append(self.spell["fit"](f"fit{len(path)}", size, self.expr(term)))
            return self.spell["local"](f"fit{len(path) - 1}")

        size = self.layout.size(self.layout.spec.variables[update.variable].sort)
        value = fit(update.value, size)
        index = [fit(term, self.layout.size(type(term))) for term in update.indices]
        place = self._place(update.variable, index, self.layout.base[update.variable])
        return [*path, self.spell["set"](place, size, value)]
