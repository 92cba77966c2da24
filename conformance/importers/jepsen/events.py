"""The operations of a Jepsen history, as they stand in the file: invoked, and completed by the same process."""

from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple, TypeAlias

from brokerlaw.conformance.importers import edn
from brokerlaw.conformance.importers.timeline import ForeignError
from brokerlaw.spec.history.values import TopicPartition

Key: TypeAlias = int | str
"""Stands for one partition of one topic."""
TRANSACTIONS: Final = (":txn", ":send", ":poll")
"""The operations whose value is a list of sends and polls."""
_TYPES: Final = (":invoke", ":ok", ":fail", ":info")


class Event(NamedTuple):
    """One line: `type` is `:invoke`, `:ok`, `:fail` or `:info`, `f` what is done.

    `parts` are the sends and polls of a transaction, `more` all that the line has.
    """

    place: str
    type: str
    f: str
    process: int | str
    time: int
    value: Any
    more: dict[str, Any]
    parts: tuple["Sent | Polled", ...] = ()

    @property
    def sends(self) -> tuple["Sent", ...]:
        return tuple(part for part in self.parts if isinstance(part, Sent))

    @property
    def polls(self) -> tuple["Polled", ...]:
        return tuple(part for part in self.parts if isinstance(part, Polled))

    def wrong(self, why: str) -> ForeignError:
        """What is wrong with it."""
        return ForeignError(f"{self.place}: {why}")


class Sent(NamedTuple):
    """`[:send k v]`, or `[:send k [offset v]]` once it has been answered; `offset` is -1 where none was told."""

    key: Key
    value: bytes
    answered: bool
    offset: int


class Polled(NamedTuple):
    """`[:poll]`, or `[:poll {k [[offset v] …]}]` once it has come back. `unplaced`: keys with records of no offset."""

    answered: bool
    records: dict[Key, list[tuple[int, bytes | None]]]
    unplaced: frozenset[Key]


def events(name: str, lines: Iterable[bytes]) -> Iterator[Event]:
    """Raises `ForeignError`."""
    for at, (number, form) in enumerate(edn.forms(name, lines)):
        place = f"{name}:{number}"
        if not isinstance(form, dict) or not {":type", ":f", ":process"} <= form.keys():
            raise ForeignError(f"{place}: this is no operation of Jepsen's: a map with :process, :type and :f")
        found = Event(
            place, form[":type"], form[":f"], form[":process"], form.get(":time", at), form.get(":value"), form
        )
        if found.type not in _TYPES:
            raise found.wrong(f":type is {found.type}, not one of {', '.join(_TYPES)}")
        if type(found.time) is not int or found.time < 0:
            raise found.wrong(f":time is {found.time}, not a number of nanoseconds")
        yield found._replace(parts=_parts(found)) if found.f in TRANSACTIONS else found


def _parts(event: Event) -> tuple[Sent | Polled, ...]:
    """The sends and polls of an operation, in their order."""
    value = event.value if isinstance(event.value, list) else []
    try:
        return tuple(_part(part) for part in value)
    except (TypeError, ValueError, IndexError, AttributeError) as error:
        shape = "[:send key value], [:send key [offset value]], [:poll] or [:poll {key [[offset value] …]}]"
        raise event.wrong(f"a part of :value is none of {shape}") from error


def keys(event: Event, value: object) -> list[Key]:
    """A list of keys, as `:assign` and `:subscribe` have it. Raises `ForeignError`."""
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(key, int | str) for key in value):
        raise event.wrong("this is no list of keys")
    return list(dict.fromkeys(value))


def partition(key: Key, partitions: int) -> TopicPartition:
    """Where a key is: number 5 in partition 1 of topic `t2`, if topics have 2; what is no number has its own topic."""
    if isinstance(key, int):
        return TopicPartition(f"t{key // partitions}", key % partitions)
    return TopicPartition(key.removeprefix(":"), 0)


def text(value: object) -> bytes | None:
    """A record's value: the decimal text of a number, the name of a keyword."""
    return None if value is None else str(value).removeprefix(":").encode()


def _part(part: list[Any]) -> Sent | Polled:
    match part:
        case [":send", key, [offset, value]]:
            return Sent(_key(key), text(value) or b"", True, -1 if offset is None else _offset(offset))
        case [":send", key, value]:
            return Sent(_key(key), text(value) or b"", False, -1)
        case [":poll"] | [":poll", None]:
            return Polled(False, {}, frozenset())
        case [":poll", dict() as found]:
            return _polled(found)
    raise ValueError


def _polled(found: dict[Any, list[tuple[Any, Any]]]) -> Polled:
    records: dict[Key, list[tuple[int, bytes | None]]] = {}
    unplaced: set[Key] = set()
    for key, pairs in found.items():
        records[_key(key)] = [(_offset(at), text(value)) for at, value in pairs if at is not None]
        if any(at is None for at, _ in pairs):
            unplaced.add(_key(key))
    return Polled(True, records, frozenset(unplaced))


def _key(key: object) -> Key:
    if not isinstance(key, int | str) or isinstance(key, bool) or (isinstance(key, int) and key < 0):
        raise ValueError
    return key


def _offset(offset: object) -> int:
    if type(offset) is not int or not 0 <= offset < 2**62:
        raise ValueError
    return offset
