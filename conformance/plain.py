"""Plain arguments: what is left of a plan with a field at its default, in all steps of a kind first, then in each."""

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from brokerlaw.conformance.features import default_of
from brokerlaw.conformance.plan import Step, Steps
from brokerlaw.spec.history import operations as ops

UNIQUE: Final = b":"
"""Ends the part of a value that no other send has (`p0-3:`); what follows it is there for its bytes alone."""
FIRST: Final = 0
"""The partition that is as good as any."""


def plainer(steps: Steps) -> Iterator[Steps]:
    """The steps with less said in them."""
    for kind, field in dict.fromkeys((type(step), field) for step in steps for field in _changes(step)):
        chosen = [number for number, step in enumerate(steps) if type(step) is kind and field in _changes(step)]
        yield _changed(steps, field, chosen)
        if len(chosen) > 1:
            yield from (_changed(steps, field, [number]) for number in chosen)


def weight(steps: Steps) -> int:
    """How much the steps say: smaller is plainer."""
    return sum(1 + _length(getattr(step, field)) for step in steps for field in _changes(step))


def _changed(steps: Steps, field: str, chosen: list[int]) -> Steps:
    changed = list(steps)
    for number in chosen:
        changed[number] = msgspec.structs.replace(steps[number], **{field: _changes(steps[number])[field]})
    return tuple(changed)


def _changes(step: Step) -> dict[str, Any]:
    """The fields of a step that can be plainer, each with what it would be."""
    found = {
        info.name: default_of(info)
        for info in msgspec.structs.fields(step)
        if not info.required and getattr(step, info.name) != default_of(info)
    }
    if isinstance(step, ops.Send) and step.value is not None and (short := _unique(step.value)) != step.value:
        found["value"] = short
    if "partition" not in found and getattr(step, "partition", None):
        found["partition"] = FIRST
    return found


def _unique(value: bytes) -> bytes:
    head, mark, _ = value.partition(UNIQUE)
    return head + mark if mark else value


def _length(value: Any) -> int:
    return len(value) if isinstance(value, bytes | tuple | dict) else 0
