"""The lowered form as C, over the packed old state `s`, its cells `c`, and the new state `t`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from brokerlaw.spec.language.lowered import Path, Spelling, infix

_LARGEST: Final = 2**31


class Uncompilable(Exception):
    """The protocol can be run, but not compiled; the message says why."""


def _constant(number: int) -> str:
    """Write a number; arithmetic on 64 bits is exact as long as no constant is enormous."""
    if abs(number) >= _LARGEST:
        raise Uncompilable(f"the constant {number} does not fit into 32 bits")
    return str(number) if number >= 0 else f"((i64){number})"


def _loop(local: str, size: int, also: str = "") -> str:
    return f"for (int {local} = 0; {also}{local} < {size}; {local}++)"


def _quantifier(wanted: str) -> Callable[..., str]:
    """Write a GNU statement expression: look for the value that decides, and stop there."""

    def spell(sizes: Mapping[str, int], body: str) -> str:
        loops = " ".join(_loop(x, n, "!found && ") for x, n in sizes.items())
        return f"({wanted}({{ int found = 0; {loops} found = {wanted}{body}; found; }}))"

    return spell


def _count(sizes: Mapping[str, int], body: str) -> str:
    return f"({{ i64 total = 0; {' '.join(_loop(x, n) for x, n in sizes.items())} total += {body}; total; }})"


def mask(size: int) -> str:
    """Give the bits of a cell of so many values."""
    return f"{(1 << (size - 1).bit_length()) - 1}ull"


C: Final[Spelling] = {
    "const": _constant,
    "local": str,
    "cell": lambda variable, _, place: f"c->{variable}_[{place}]",
    "not": lambda a: f"(!{a})",
    **infix({"and": "&&", "or": "||", "eq": "==", "lt": "<", "le": "<="}),
    "plus": lambda a, b: f"((i64){a} + {b})",
    "times": lambda a, b: f"((i64){a} * {b})",
    "ite": lambda c, a, b: f"({c} ? {a} : {b})",
    "forall": _quantifier("!"),
    "exists": _quantifier(""),
    "count": _count,
    "loop": lambda x, size: f"{_loop(x, size)} {{",
    "let": lambda x, size, value: f"{{ i64 {x} = {value}; if (0 <= {x} && {x} < {size}) {{",
    "when": lambda *tests: f"if ({' && '.join(tests)}) {{",
    "row": lambda x, size: f"{_loop(x, size)} {{",
    "fit": lambda x, size, value: f"{{ FIT({x}, {value}, {size});",
    "set": lambda place, size, value: f"set(t, {place}, {mask(size)}, {value});",
}


def step(at: int, path: Path, writes: Iterable[Path]) -> Iterator[str]:
    """Write an action, by its number, as a function."""
    body = ["u64 t[W];", "copy(t, s);", *(line for write in writes for line in _closed(write))]
    body += [f"emit(o, s, t, {at});", f"if (0) {{ above: above(o, {at}); }}", f"if (0) {{ below: below(o, {at}); }}"]
    head = f"static void action_{at}(const u64 *s, const Cells *c, Out *o) {{"
    return _indented(_closed([head, *path, *body]))


def test(at: int, path: Path, found: bool) -> Iterator[str]:
    """Write a formula, by its number, as a function."""
    search = _closed([*path, f"return {int(found)};"])
    return _indented(_closed([f"static int property_{at}(const Cells *c) {{", *search, f"return {int(not found)};"]))


def _opens(line: str) -> int:
    return line.count("{") - line.count("}")


def _closed(lines: list[str]) -> list[str]:
    return [*lines, *["}"] * sum(map(_opens, lines))]


def _indented(lines: Iterable[str]) -> Iterator[str]:
    depth = 0
    for line in lines:
        yield "  " * (depth - (line == "}")) + line
        depth += _opens(line)
