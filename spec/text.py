"""Text for people: the name that was perhaps meant; what somebody else wrote, made plain and short."""

import difflib
from collections.abc import Iterable
from typing import Final

CUT: Final = 200
"""The most characters that are shown of what somebody else wrote."""


def did_you_mean(name: str, known: Iterable[str], otherwise: str = "") -> str:
    """`did you mean elect or expire?`, of the names that are near, whatever their case, - and _; or `otherwise`."""
    by_plain = {_plain(each): each for each in known}
    close = difflib.get_close_matches(_plain(name), by_plain, 3)
    return f"did you mean {' or '.join(by_plain[each] for each in close)}?" if close else otherwise


def _plain(name: str) -> str:
    return name.replace("-", "").replace("_", "").lower()


def shown(text: str, limit: int = CUT) -> str:
    r"""Somebody else's text on one line: what cannot be printed is escaped (`\x1b`), what is too long is cut."""
    plain = printable(text[: limit + 1])
    return plain if len(plain) <= limit else plain[:limit] + "…"


def printable(text: str, keep: str = "") -> str:
    r"""Somebody else's text, whole: what cannot be printed is escaped (`\x1b`, `\n`), but for what is to be kept."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() or char in keep else _escape(char) for char in text)


def _escape(char: str) -> str:
    return char.encode("unicode_escape", "backslashreplace").decode("ascii")


def quoted(data: bytes, limit: int = CUT) -> str:
    """Somebody else's bytes, most likely text, as a quotation."""
    return f"«{shown(data[: limit + 1].decode('utf-8', 'backslashreplace'), limit)}»"
