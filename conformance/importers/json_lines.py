"""Logs of JSON lines, as Kafka's tools write them: an object a line, with what is no object between them."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import msgspec

from brokerlaw.conformance.importers.timeline import ForeignError
from brokerlaw.spec.history.numbers import INT32, MOST
from brokerlaw.spec.text import quoted


class Line(NamedTuple):
    """An object, and where it stands."""

    place: str
    fields: dict[str, Any]

    def wrong(self, why: str) -> ForeignError:
        """What is wrong with it."""
        return ForeignError(f"{self.place}: {why}")

    def number(self, name: str, most: int = MOST) -> int:
        """A field that is a number from 0 on. Raises `ForeignError`."""
        value = self.fields.get(name)
        if type(value) is not int or not 0 <= value <= most:
            raise self.wrong(f"{name} is {value!r}, not a number from 0 on")
        return value

    def time(self, name: str) -> int:
        """A field in milliseconds since 1970, in ns. Raises `ForeignError`."""
        return self.number(name, 2**42) * 1_000_000

    def text(self, name: str) -> str:
        """A field that is text. Raises `ForeignError`."""
        value = self.fields.get(name)
        if not isinstance(value, str) or not value:
            raise self.wrong(f"{name} is {value!r}, not a text")
        return value

    def bytes(self, name: str) -> bytes | None:
        """A field that is text, or null, as bytes. Raises `ForeignError`."""
        value = self.fields.get(name)
        if value is not None and not isinstance(value, str):
            raise self.wrong(f"{name} is {value!r}, neither a text nor null")
        return None if value is None else value.encode("utf-8", "surrogatepass")

    def partition(self) -> int:
        """Raises `ForeignError`."""
        return self.number("partition", INT32)

    def parts(self, name: str) -> list["Line"]:
        """A field that is a list of objects. Raises `ForeignError`."""
        value = self.fields.get(name)
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            raise self.wrong(f"{name} is no list of objects")
        return [Line(self.place, each) for each in value]


def objects(name: str, lines: Iterable[bytes]) -> Iterator[Line]:
    """Each line that is an object; what begins otherwise is passed over. Raises `ForeignError`."""
    decoder = msgspec.json.Decoder()
    for number, line in enumerate(lines, 1):
        if not line.startswith(b"{"):
            continue
        try:
            found = decoder.decode(line)
        except (msgspec.DecodeError, RecursionError) as error:
            raise ForeignError(f"{name}:{number}: {error}: {quoted(line.rstrip(), 80)}") from error
        yield Line(f"{name}:{number}", found)
