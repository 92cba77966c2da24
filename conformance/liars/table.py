"""Every liar, from the table of operations: what nobody has thought of is here as soon as it has a field."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final, TypeAlias

import msgspec

from brokerlaw.adapters.contract import Adapter, Description
from brokerlaw.conformance.liars import conduct, fields
from brokerlaw.conformance.liars.alterations import alterations
from brokerlaw.conformance.liars.lie import Liar, Lie, Place
from brokerlaw.conformance.liars.memory import ADDRESS
from brokerlaw.spec.history.observations import Assigned, Lost, Observation, Revoked
from brokerlaw.spec.history.operation import FaultOperation, LifeOperation, Operation
from brokerlaw.spec.history.operations import OPERATIONS
from brokerlaw.spec.history.roles import hints
from brokerlaw.spec.history.values import snake_case

Maker: TypeAlias = Callable[[Adapter, Lie, object], Liar]
"""From a true adapter, the lie and a seed."""
TOLD_BY_ADAPTERS: Final[tuple[type[Observation], ...]] = (Assigned, Revoked, Lost)
ASKING: Final = ("client", "awaited")
"""The fields that say who asks, and whether it waits: no part of what is asked."""


def liars(description: Description) -> dict[Lie, Maker]:
    """The liars about all that a broker of this description is asked for."""
    found: dict[Lie, Maker] = {}
    for word, kind in OPERATIONS.items():
        if description.has(*kind.needs):
            found |= of_operation(word, kind)
    for observation in TOLD_BY_ADAPTERS:
        found |= of_observation(observation)
    return found


def of_operation(word: str, kind: type[Operation]) -> dict[Lie, Maker]:
    """The liars about one operation."""
    return {Lie(word, place, field, how): maker for place, field, how, maker in _of_operation(kind)}


def _of_operation(kind: type[Operation]) -> Iterator[tuple[Place, str, str, Maker]]:
    for info in msgspec.structs.fields(kind):
        if info.name not in ASKING:
            for field, how, maker in _of_request(kind, info):
                yield "request", field, how, maker
    for field, how, maker in _of_answer(kind):
        yield "answer", field, how, maker
    for how, maker in _of_outcome(kind):
        yield "outcome", "", how, maker


def _of_request(kind: type[Operation], info: msgspec.structs.FieldInfo) -> Iterator[tuple[str, str, Maker]]:
    """A field ignored, the previous one's, or altered in a way of its type."""
    if not info.required:
        default = info.default if info.default_factory is msgspec.NODEFAULT else info.default_factory()
        yield info.name, "ignored", _field(fields.RequestLiar, info.name, lambda *_: default)
    yield info.name, "the previous one's", _field(fields.PreviousLiar, info.name)
    for path, how, alter in alterations(hints(kind)[info.name], info.name, told=False):
        place = info.name + (path if path.startswith("[]") else f".{path}" if path else "")
        yield place, how, _field(fields.RequestLiar, info.name, alter)


def _of_answer(kind: type[Operation]) -> Iterator[tuple[str, str, Maker]]:
    """What asks of nothing in particular is answered alike wherever it is asked."""
    if kind.returns is None:
        return
    yield "", "stale", _field(fields.StaleLiar)
    if any(field in ADDRESS for field in kind.__struct_fields__):
        yield "", "of elsewhere", _field(fields.ElsewhereLiar)
    for path, how, alter in alterations(kind.returns, "answers", told=True):
        yield path, how, _field(fields.AnswerLiar, "", alter)


def _field(kind: type[fields.FieldLiar], field: str = "", alter: Any = None) -> Maker:
    return partial(_make, kind, field, alter)


def _make(
    kind: type[fields.FieldLiar], field: str, alter: Any, adapter: Adapter, lie: Lie, seed: object
) -> fields.FieldLiar:
    return kind(adapter, lie, seed, field, alter)


def _of_outcome(kind: type[Operation]) -> Iterator[tuple[str, Maker]]:
    """What is in flight may be in doubt; a question has no effect.

    A fault that is refused is one that is not done, and one that is done late is another plan.
    """
    means = issubclass(kind, FaultOperation | LifeOperation)
    if not means:
        yield "ok for refused", conduct.OkForRefused
    if kind.repeated != "nothing":
        yield "fail for done", conduct.FailForDone
        yield "not done", conduct.NotDone
    if kind.repeated != "nothing" and not means:
        yield "done late", conduct.DoneLate
    if kind.repeated == "again":
        yield "done twice", conduct.DoneTwice
    if "awaited" in kind.__struct_fields__:
        yield "ok for unknown", conduct.OkForUnknown
        yield "fail for unknown", conduct.FailForUnknown
        yield "unanswered", conduct.Unanswered


def of_observation(kind: type[Observation]) -> dict[Lie, Maker]:
    """The liars about one observation."""
    word = snake_case(kind.__name__)
    found: dict[Lie, Maker] = {
        Lie(word, "observation", "", "dropped"): conduct.Dropped,
        Lie(word, "observation", "", "repeated"): conduct.Repeated,
        Lie(word, "observation", "", "told of another"): conduct.OfAnother,
    }
    for field in kind.__struct_fields__:
        for path, how, alter in alterations(hints(kind)[field], field, told=False):
            place = field + (path if path.startswith("[]") else f".{path}" if path else "")
            found[Lie(word, "observation", place, how)] = _field(fields.ObservationLiar, field, alter)
    return found
