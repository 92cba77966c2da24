"""EDN, the notation of Clojure's data, as Jepsen writes its histories: one form a line, or over several."""

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final

from brokerlaw.conformance.importers.timeline import ForeignError
from brokerlaw.spec.text import shown

BATCH: Final = 500
"""Forms that are read at once: the library makes itself ready anew for each text."""
_TAG: Final = re.compile(r"#([A-Za-z][\w.$/-]*)")
_Chunk = tuple[int, str]
"""A line number from 1, and the text from there."""


def forms(name: str, lines: Iterable[bytes]) -> Iterator[tuple[int, Any]]:
    """Each form of the text, with the line where it begins; lists and vectors of forms are taken apart.

    Keywords are `":word"`. Raises `ForeignError`.
    """
    chunks = _chunks(name, lines)
    while batch := list(islice(chunks, BATCH)):
        yield from _read(name, batch)


def _chunks(name: str, lines: Iterable[bytes]) -> Iterator[_Chunk]:
    """Texts that begin at the start of a line: what is indented goes on with the line before."""
    begun, parts = 1, list[str]()
    for number, line in enumerate(lines, 1):
        try:
            text = line.decode()
        except UnicodeDecodeError as error:
            raise ForeignError(f"{name}:{number}: this is no UTF-8") from error
        if text[:1] not in ("", " ", "\t", "\r", "\n", "]", ")", "}", ",") and parts:
            yield begun, "".join(parts)
            begun, parts = number, []
        parts.append(text)
    if parts:
        yield begun, "".join(parts)


def _read(name: str, batch: list[_Chunk]) -> Iterator[tuple[int, Any]]:
    """All at once; where something is wrong, or a chunk has not just one form, one by one, so that lines are known."""
    found = _parsed("\n".join(text for _, text in batch))
    if isinstance(found, list) and len(found) == len(batch):
        pairs = zip(batch, ([form] for form in found), strict=True)
    else:
        pairs = zip(batch, (_alone(name, chunk) for chunk in batch), strict=True)
    for (number, _), each in pairs:
        for form in each:
            if isinstance(form, list):
                yield from ((number, part) for part in form)
            else:
                yield number, form


def _alone(name: str, chunk: _Chunk) -> list[Any]:
    number, text = chunk
    found = _parsed(text)
    if isinstance(found, Exception):
        why = "the text ends within a form" if str(found) == "EOF Reached" else shown(str(found))
        raise ForeignError(f"{name}:{number}: {why}: «{shown(text.strip(), 80)}»") from found
    return found


def _parsed(text: str) -> list[Any] | Exception:
    """The forms in a text, or what is wrong with it."""
    edn = _library()
    for tag in set(_TAG.findall(text)):  # what stands under a tag is taken as it is
        edn.add_tag(tag, _itself)
    try:
        return [_plain(form) for form in edn.loads_all(text, write_ply_tables=False)]
    except (edn.EDNDecodeError, NotImplementedError, ValueError, OverflowError) as error:
        return error
    except RecursionError:
        return ValueError("nested too deep")


def _itself(value: Any) -> Any:
    return value


def _plain(form: Any) -> Any:
    """The form in Python's own types: keywords and symbols are text, sequences lists."""
    edn = _library()
    if isinstance(form, edn.Keyword):
        return f":{form.name}"
    if isinstance(form, dict | edn.ImmutableDict):
        return {_key(key): _plain(value) for key, value in form.items()}
    if isinstance(form, list | tuple | edn.ImmutableList):
        return [_plain(each) for each in form]
    return form


def _key(form: Any) -> Any:
    plain = _plain(form)
    return str(plain) if isinstance(plain, list | dict) else plain


def _library() -> Any:
    try:
        import edn_format
    except ModuleNotFoundError as error:
        mend = "pip install '.[import]' in a checkout of brokerlaw"
        raise ForeignError(f"EDN is read with edn_format, which is not installed: {mend}") from error
    return edn_format
