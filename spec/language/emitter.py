"""The lowered form as Python, over a state `s`. Only text that is made here, from terms, is ever executed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from brokerlaw.spec.language.layout import Off
from brokerlaw.spec.language.lowered import Path, Spelling, infix


class _OffBound(Exception):
    pass


def _fit(code: int, size: int) -> int:
    if 0 <= code < size:
        return code
    raise _OffBound(Off.ABOVE if code >= size else Off.BELOW)


def _over(function: str) -> Callable[..., str]:
    return lambda sizes, body: f"{function}({body} {' '.join(f'for {x} in range({n})' for x, n in sizes.items())})"


PYTHON: Final[Spelling] = {
    "const": str,
    "local": str,
    "cell": lambda _, first, place: f"s[{first} + {place}]",
    "not": lambda a: f"(not {a})",
    **infix({"and": "and", "or": "or", "eq": "==", "lt": "<", "le": "<=", "plus": "+", "times": "*"}),
    "ite": lambda c, a, b: f"({a} if {c} else {b})",
    "forall": _over("all"),
    "exists": _over("any"),
    "count": _over("sum"),
    "loop": lambda x, _: f"for {x} in {x}in:",
    "let": lambda x, _, value: f"if ({x} := {value}) in {x}in:",
    "when": lambda *tests: f"if {' and '.join(tests)}:",
    "row": lambda x, size: f"for {x} in range({size}):",
    "fit": lambda x, size, value: f"{x} = _fit({value}, {size})",
    "set": lambda place, _, value: f"t[{place}] = {value}",
}


def step(sizes: Mapping[str, int], path: Path, writes: Iterable[Path]) -> Any:
    """Give a generator of parameters and targets; `x_in` are the codes to try for the parameter x."""
    nest, chosen = [_head((), sizes), *path], f"({''.join(f'{x}, ' for x in sizes)})"
    lines = [*_nested([*nest, "try:", "t = list(s)"])]
    lines += (line for write in writes for line in _nested(write, len(nest) + 1))
    lines += _nested(["except _OffBound as off:", f"yield {chosen}, off.args[0]"], len(nest))
    lines += _nested(["else:", f"yield {chosen}, tuple(t)"], len(nest))
    return _execute(lines)


def test(params: Iterable[str], sizes: Mapping[str, int], path: Path, found: bool) -> Any:
    """Give a function that tells whether a formula is true."""
    return _execute([*_nested([_head(params, sizes), *path, f"return {found}"]), f" return {not found}"])


def _head(params: Iterable[str], sizes: Mapping[str, int]) -> str:
    return f"def compiled({', '.join(['s', *params, *(f'{x}in=range({n})' for x, n in sizes.items())])}):"


def _nested(lines: Iterable[str], depth: int = 0) -> Iterator[str]:
    for line in lines:
        yield " " * depth + line
        depth += line.endswith(":")


def _execute(lines: Iterable[str]) -> Any:
    """Execute text made above, and give the one function that it defines."""
    scope: dict[str, Any] = {"_fit": _fit, "_OffBound": _OffBound}
    exec("\n".join(lines), scope)
    return scope["compiled"]
