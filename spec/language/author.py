"""The author's text, where it is there: the words of a `require`, and comparisons that Python reads otherwise."""

from __future__ import annotations

import ast
import inspect
import itertools
import linecache
import textwrap
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

from brokerlaw.spec.language.term import SpecError


def arguments(frame: FrameType, count: int) -> list[str]:
    """Give the text of each argument of the call that the frame is at; nothing if the source is not there."""
    positions = next(itertools.islice(frame.f_code.co_positions(), frame.f_lasti // 2, None))
    first, last, start, end = positions
    if first is None or last is None or start is None or end is None:
        return []
    lines = linecache.getlines(frame.f_code.co_filename, frame.f_globals)[first - 1 : last]
    if not lines:
        return []
    lines[-1] = lines[-1].encode()[:end].decode()
    lines[0] = lines[0].encode()[start:].decode()
    call = "".join(lines)
    try:
        parsed = ast.parse(call, mode="eval").body
    except SyntaxError:  # the file has changed since it was loaded
        return []
    args = parsed.args if isinstance(parsed, ast.Call) else []
    texts = [" ".join((ast.get_source_segment(call, arg) or "").split()) for arg in args]
    return texts if len(texts) == count else []


def check_precedence(fn: Callable[..., Any]) -> None:
    """Refuse `a == b | c` without parentheses, which is `a == (b | c)`: of formulas, nothing else would tell."""
    try:
        lines, first = inspect.getsourcelines(fn)
        text = textwrap.dedent("".join(lines))
        tree = ast.parse(text)
    except (OSError, SyntaxError):  # there is no text, or it is a part of something else
        return
    for operand in _operands(tree):
        if not _in_parentheses(text, operand):
            symbol = "|" if isinstance(operand.op, ast.BitOr) else "&"
            error = SpecError(
                f"`{symbol}` binds tighter than a comparison: write (a == b) {symbol} (c == d), or put parentheses "
                f"around `{ast.get_source_segment(text, operand)}` if that is what is compared"
            )
            error.where = f"{fn.__code__.co_filename}:{first + operand.lineno - 1}: in {fn.__name__}"
            raise error


def _operands(tree: ast.AST) -> Iterator[ast.BinOp]:
    """Give what is compared and is itself an `&` or `|`."""
    for node in ast.walk(tree):
        for each in (node.left, *node.comparators) if isinstance(node, ast.Compare) else ():
            if isinstance(each, ast.BinOp) and isinstance(each.op, (ast.BitOr, ast.BitAnd)):
                yield each


def _in_parentheses(text: str, node: ast.expr) -> bool:
    assert node.end_lineno is not None and node.end_col_offset is not None
    starts = [0, *itertools.accumulate(len(line.encode()) for line in text.splitlines(keepends=True))]
    begin, end = starts[node.lineno - 1] + node.col_offset, starts[node.end_lineno - 1] + node.end_col_offset
    before, after = text.encode()[:begin].rstrip(), text.encode()[end:].lstrip()
    return before.endswith(b"(") and after.startswith(b")")
