"""Text of brokers and users in GitHub's Markdown: shown as it is, never read as Markdown or HTML."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from tabulate import tabulate

from brokerlaw.spec.text import shown

_LINE: Final = 1_000
"""The most characters of one line."""
_HTML: Final = {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;"}
_ACTIVE: Final = re.compile(r"[\\`*\[\]~|#$]|(?<![^\W_])_|_(?![^\W_])|(?<!\w)@|@(?=[\w-]+\.)|:(?=//)|(?<=www)\.", re.I)
"""What begins emphasis, code, links, mathematics, headings, mentions; an underscore inside a word begins nothing."""
_BLOCK: Final = re.compile(r"[-+](?=\s|$)|[-=](?=[-=]*\s*$)|\d+[.)](?=\s|$)")
"""What makes a list or a rule of a line that begins with it."""


def text(written: str) -> str:
    """One line, for a paragraph or a cell."""
    escaped = _ACTIVE.sub(r"\\\g<0>", shown(" ".join(written.split("\n")), _LINE)).translate(_HTML)
    block = _BLOCK.match(escaped)
    return escaped if block is None else f"{escaped[: block.end() - 1]}\\{escaped[block.end() - 1 :]}"


def code(written: str) -> str:
    """One line in a code span, that may stand in a cell: its fence is longer than any that it holds."""
    plain = shown(written, _LINE)
    fence = "`" * (_longest(plain) + 1)
    pad = " " if plain.startswith("`") or plain.endswith("`") else ""
    return f"{fence}{pad}{plain}{pad}{fence}".replace("|", "\\|")


def block(lines: Iterable[str], language: str = "text") -> str:
    """Lines as they are, in a fence longer than any that they hold."""
    plain = [shown(line, _LINE) for line in lines]
    fence = "`" * max(3, _longest("\n".join(plain)) + 1)
    return "\n".join([f"{fence}{language}", *plain, fence])


def table(rows: Sequence[Sequence[object]], headers: Sequence[str], numbers: int = 0) -> str:
    """A table of cells that are Markdown already; the last `numbers` columns stand to the right."""
    cells = [[str(cell) for cell in row] for row in rows]
    sides = ["left"] * (len(headers) - numbers) + ["right"] * numbers
    return tabulate(cells, headers, tablefmt="pipe", disable_numparse=True, colalign=sides if cells else None)


def _longest(plain: str) -> int:
    return max(map(len, re.findall("`+", plain)), default=0)
