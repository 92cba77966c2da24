"""Terms as C expressions, over the unpacked cells `c` of the old state."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from brokerlaw.spec.language.fold import fold, free
from brokerlaw.spec.language.layout import Layout
from brokerlaw.spec.language.model import staged
from brokerlaw.spec.language.term import Option, Term

Reading = Callable[[Term], str]
_LARGEST: Final = 2**31


class Uncompilable(Exception):
    """The protocol can be run, but not compiled; the message says why."""


def expressions(layout: Layout) -> Reading:
    """Give the reading of terms as C expressions; a Bool is 0 or 1."""

    def read(t: Term, *index: str) -> str:
        return f"c->{t.data}_[{place(layout, t.data, index)}]"

    def quantifier(t: Term, *args: str) -> str:
        """A GNU statement expression: look for the value that decides, and stop there."""
        wanted = "" if t.op == "exists" else "!"
        bound = zip(args[:-1], t.args[:-1], strict=True)
        loops = " ".join(f"for (int {n} = 0; !found && {n} < {layout.size(type(local))}; {n}++)" for n, local in bound)
        return f"({wanted}({{ int found = 0; {loops} found = {wanted}{args[-1]}; found; }}))"

    def count(t: Term, *args: str) -> str:
        bound = zip(args[:-1], t.args[:-1], strict=True)
        loops = " ".join(f"for (int {n} = 0; {n} < {layout.size(type(local))}; {n}++)" for n, local in bound)
        return f"({{ i64 total = 0; {loops} total += {args[-1]}; total; }})"

    return fold(
        {
            "const": lambda t: constant(t.data),
            "local": lambda t: f"{t.data}_",
            "read": read,
            "not": lambda _, a: f"(!{a})",
            "and": lambda _, *args: f"({' && '.join(args)})",
            "or": lambda _, *args: f"({' || '.join(args)})",
            "implies": lambda _, a, b: f"(!{a} || {b})",
            "eq": lambda _, a, b: f"({a} == {b})",
            "lt": lambda _, a, b: f"({a} < {b})",
            "le": lambda _, a, b: f"({a} <= {b})",
            "add": lambda t, a: f"({a} + (i64){constant(t.data)})",
            "sum": lambda _, a, b: f"({a} + {b})",
            "scale": lambda t, a: f"({a} * (i64){constant(t.data)})",
            "number": lambda _, a: f"(i64){a}",
            "ite": lambda _, c, a, b: f"({c} ? {a} : {b})",
            "some": lambda _, a: f"({a} + 1)",
            "forall": quantifier,
            "exists": quantifier,
            "count": count,
        }
    )


def constant(number: int) -> str:
    """Write a number; arithmetic on 64 bits is exact as long as no constant is enormous."""
    if abs(number) >= _LARGEST:
        raise Uncompilable(f"the constant {number} does not fit into 32 bits")
    return str(number) if number >= 0 else f"({number})"


def place(layout: Layout, variable: str, index: Iterable[str]) -> str:
    """Give the place of a cell within its variable."""
    parts = [f"{i} * {k}" if k > 1 else i for i, k in zip(index, layout.strides[variable], strict=True)]
    return " + ".join(parts) or "0"


def loops(
    known: Iterable[Term], bound: Sequence[Term], tests: Iterable[Term], layout: Layout, leave: str = "return"
) -> tuple[list[str], str]:
    """Open a loop for each bound local, and skip to its next value where a test fails, as far out as can be.

    A local that a test sets equal to what is known by then is computed, not looked for. Gives the lines, and the
    statement that goes on with the next choice: `continue`, or `leave` where there is no loop.
    """
    expr = expressions(layout)
    lines, skip, seen = [], leave, {local.data for local in known}
    for local, ready in staged(known, bound, tests):
        if local is not None:
            name, size = expr(local), layout.size(type(local))
            values = (_solved(test, local, seen, expr) for test in ready)
            if value := next(filter(None, values), None):
                lines.append(f"{{ i64 {name} = {value}; if ({name} < 0 || {name} >= {size}) {skip};")
            else:
                skip = "continue"
                lines.append(f"for (int {name} = 0; {name} < {size}; {name}++) {{")
            seen.add(local.data)
        lines += [f"if (!{expr(test)}) {skip};" for test in ready]
    return lines, skip


def _solved(test: Term, local: Term, known: set[str], expr: Reading) -> str | None:
    """Give the value of a local that a test of the form `local == value` determines."""
    if test.op != "eq":
        return None
    for one, other in (test.args, reversed(test.args)):
        if not free(other) <= known:
            continue
        if one is local:
            return expr(other)
        if one.op == "some" and one.args[0] is local and issubclass(type(one), Option):
            return f"{expr(other)} - 1"
    return None
