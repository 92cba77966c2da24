"""What can be done to a value, by its type alone: the ways in which a field can be lied about.

Everything here follows from the types of the fields, so that a field that is new has its liars at once. A lie that
leaves the value as it is was no lie: whoever alters compares.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator, Mapping
from random import Random
from typing import Annotated, Any, Final, Literal, NamedTuple, TypeAlias, Union, get_args, get_origin

import msgspec

from brokerlaw.conformance.liars.memory import Memory
from brokerlaw.spec.history.numbers import Unit
from brokerlaw.spec.history.roles import hints
from brokerlaw.spec.history.values import Delivery, Record, RecordHeader, Struct

Alter: TypeAlias = Callable[[Any, Memory, Random], Any]
"""From a value to another of its type, or to the same where there is no other."""


class Alteration(NamedTuple):
    """One way to change a value; `path` is what is changed inside of it (`[].offset`), nothing for all of it."""

    path: str
    how: str
    alter: Alter


IN_ORDER: Final = (Record, RecordHeader, Delivery)
"""Several of these come in an order. Several of anything else are a set: asked for or seen in another order, or one of
them twice, it is the same; answered twice, it is not."""


def alterations(hint: Any, word: str, told: bool) -> Iterator[Alteration]:
    """Every way to change a value of this type; `word` is the name of its field, `told`: of an answer."""
    plain, units = _stripped(hint)
    origin = get_origin(plain)
    if origin in (Union, types.UnionType):
        yield from _of_union(get_args(plain), word, told)
    elif origin is Literal:
        yield Alteration("", "another", _within(get_args(plain)))
    elif origin is tuple:
        yield from _of_sequence(get_args(plain)[0], word, told)
    elif origin is dict:
        yield from _of_mapping()
    elif isinstance(plain, type) and issubclass(plain, Struct):
        yield from _of_fields(plain, told, msgspec.structs.replace)
    elif isinstance(plain, type) and issubclass(plain, tuple):
        yield from _of_fields(plain, told, lambda value, /, **changes: value._replace(**changes))
    elif plain is int:
        yield from _of_number(units)
    elif plain in _SIMPLE:
        yield from (Alteration("", how, alter) for how, alter in _SIMPLE[plain].items())
    elif plain is str:
        yield Alteration("", "another", lambda value, memory, _: memory.another(word, value))
    else:
        raise TypeError(f"nobody has said how to lie about {word}, a {hint}")


def _stripped(hint: Any) -> tuple[Any, tuple[Any, ...]]:
    if get_origin(hint) is Annotated:
        return hint.__origin__, hint.__metadata__
    return hint, ()


def _of_union(options: tuple[Any, ...], word: str, told: bool) -> Iterator[Alteration]:
    """None where it can be; else what each alternative can be changed to, while the value is one of it."""
    if type(None) in options:
        yield Alteration("", "none", lambda value, _memory, _random: None)
    for option in options:
        if option is not type(None):
            for path, how, alter in alterations(option, word, told):
                yield Alteration(path, how, _if_is(option, alter))


def _if_is(option: Any, alter: Alter) -> Alter:
    plain, _ = _stripped(option)
    kind = str if get_origin(plain) is Literal else get_origin(plain) or plain
    return lambda value, memory, random: alter(value, memory, random) if isinstance(value, kind) else value


def _within(choices: tuple[Any, ...]) -> Alter:
    def next_one(value: Any, _memory: Memory, _random: Random) -> Any:
        return choices[(choices.index(value) + 1) % len(choices)]

    return next_one


# --- numbers ---


def _of_number(units: tuple[Any, ...]) -> Iterator[Alteration]:
    """Off by one; a partition is another of its topic's, a duration much longer or shorter: nobody measures 1 ms."""
    unit = next((each for each in units if isinstance(each, Unit)), None)
    bounds = next(each for each in units if isinstance(each, msgspec.Meta))
    if unit is Unit.PARTITION:
        yield Alteration("", "another", lambda value, memory, _: (value + 1) % memory.partitions)
    elif unit is Unit.BROKER:
        yield Alteration("", "another", lambda value, memory, _: memory.another_broker(value))
    elif unit is Unit.MILLISECONDS:
        yield Alteration("", "tenfold", _bounded(lambda value: 10 * value, bounds))
        yield Alteration("", "a tenth", _bounded(lambda value: value // 10, bounds))
    else:
        yield Alteration("", "one more", _bounded(lambda value: value + 1, bounds))
        yield Alteration("", "one less", _bounded(lambda value: value - 1, bounds))


def _bounded(change: Callable[[int], int], bounds: msgspec.Meta) -> Alter:
    """The change where it stays within what the number can be; -1 (none, not told) is no number to count from."""

    def altered(value: int, _memory: Memory, _random: Random) -> int:
        changed = change(value)
        low, high = bounds.ge or 0, bounds.le
        possible = value >= 0 and changed >= max(low, 0) and (high is None or changed <= high)
        return changed if possible else value

    return altered


# --- texts ---


def _changed(value: bytes, _memory: Memory, _random: Random) -> bytes:
    return value[:-1] + bytes([value[-1] ^ 1]) if value else b"?"


_SIMPLE: Final[Mapping[Any, Mapping[str, Alter]]] = {
    bool: {"the other": lambda value, _memory, _random: not value},
    bytes: {
        "changed": _changed,
        "cut": lambda value, _memory, _random: value[:-1],
        "emptied": lambda _value, _memory, _random: b"",
    },
}


# --- several ---


def _of_sequence(element: Any, word: str, told: bool) -> Iterator[Alteration]:
    """Elements lost, repeated and swapped; one of them changed in each way that an element can be."""
    yield Alteration("", "first dropped", lambda value, _memory, _random: value[1:])
    yield Alteration("", "last dropped", lambda value, _memory, _random: value[:-1])
    yield Alteration("", "one dropped", _one_dropped)
    if told or element in IN_ORDER:
        yield Alteration("", "one repeated", _one_repeated)
    if element in IN_ORDER:
        yield Alteration("", "two swapped", _two_swapped)
    yield Alteration("", "emptied", lambda _value, _memory, _random: ())
    for path, how, alter in alterations(element, word.removesuffix("s"), told):
        yield Alteration(f"[].{path}" if path else "[]", how, _one_changed(alter))


def _one_dropped(value: tuple[Any, ...], _memory: Memory, random: Random) -> tuple[Any, ...]:
    """One from between the first and the last."""
    if len(value) < 3:
        return value
    at = random.randrange(1, len(value) - 1)
    return (*value[:at], *value[at + 1 :])


def _one_repeated(value: tuple[Any, ...], _memory: Memory, random: Random) -> tuple[Any, ...]:
    if not value:
        return value
    at = random.randrange(len(value))
    return (*value[: at + 1], *value[at:])


def _two_swapped(value: tuple[Any, ...], _memory: Memory, random: Random) -> tuple[Any, ...]:
    if len(value) < 2:
        return value
    at = random.randrange(len(value) - 1)
    return (*value[:at], value[at + 1], value[at], *value[at + 2 :])


def _one_changed(alter: Alter) -> Alter:
    """One of those elements that the alteration changes."""

    def changed(value: tuple[Any, ...], memory: Memory, random: Random) -> tuple[Any, ...]:
        for at in random.sample(range(len(value)), len(value)):
            new = alter(value[at], memory, random)
            if new != value[at]:
                return (*value[:at], new, *value[at + 1 :])
        return value

    return changed


def _of_mapping() -> Iterator[Alteration]:
    """Settings: lost, or with other numbers."""
    yield Alteration("", "emptied", lambda _value, _memory, _random: {})
    yield Alteration("", "first dropped", lambda value, _memory, _random: dict(list(value.items())[1:]))
    yield Alteration("", "numbers one more", lambda value, _memory, _random: _counted(value, 1))
    yield Alteration("", "numbers one less", lambda value, _memory, _random: _counted(value, -1))


def _counted(value: Mapping[str, str], step: int) -> dict[str, str]:
    return {key: str(int(text) + step) if text.isdecimal() else text for key, text in value.items()}


def _of_fields(kind: Any, told: bool, replace: Callable[..., Any]) -> Iterator[Alteration]:
    for field in kind.__struct_fields__ if issubclass(kind, Struct) else kind._fields:
        for path, how, alter in alterations(hints(kind)[field], field, told):
            yield Alteration(_joined(field, path), how, _inside(field, alter, replace))


def _inside(field: str, alter: Alter, replace: Callable[..., Any]) -> Alter:
    def changed(value: Any, memory: Memory, random: Random) -> Any:
        old = getattr(value, field)
        new = alter(old, memory, random)
        return value if new == old else replace(value, **{field: new})

    return changed


def _joined(field: str, path: str) -> str:
    return field + path if path.startswith("[]") else f"{field}.{path}" if path else field
