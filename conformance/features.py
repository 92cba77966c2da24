"""What a plan uses: its kinds of steps, and its settings that are not the default. It tells one way to break a promise
from another.

A feature is a kind of step (`send`, `inject_fault kill leader`), or one of its fields that says how and is not the
default: an alternative (`open_producer.acks=1`, `send.awaited=false`), a name that changes what a client is
(`open_producer.transactional_id`), a size or a time of something that is created or opened (`create_topic.partitions`).
Which topics, keys, values and offsets a plan names is no feature, and neither is how often or in which order it does
something.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, Literal, get_args, get_origin

import msgspec

from brokerlaw.conformance.model import normalise
from brokerlaw.conformance.plan import Attempt, Step, Steps
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.values import snake_case

_CREATED: Final = (ops.CreateTopic, ops.CreateQueue, ops.OpenProducer, ops.OpenConsumer)
"""Steps of which each field but a name is a setting."""
_IDENTITY: Final = frozenset({"client", "topic", "queue"})


def features(steps: Iterable[Step]) -> frozenset[str]:
    """All that these steps use."""
    return frozenset(name for step in steps for name in _of(step))


def without(steps: Iterable[Step], feature: str) -> Steps:
    """The steps that make sense without it: a kind of step is left out, a setting becomes the default."""
    plainer = (_plainer(step, feature) for step in steps if _kind(step) != feature)
    return normalise(plainer)


def only(steps: Steps, allowed: frozenset[str]) -> Steps:
    """The steps that make sense with these features and no others."""
    for feature in sorted(features(steps) - allowed):
        steps = without(steps, feature)
    return steps


def _of(step: Step) -> Iterator[str]:
    yield _kind(step)
    for name, _ in _options(step):
        yield name


def _kind(step: Step) -> str:
    """The step's word, with the alternatives that it must name; of an attempt, what is attempted."""
    if isinstance(step, Attempt):
        return f"attempt {_kind(step.op)}"
    required = (str(getattr(step, info.name)) for info in _fields(step) if info.required and _alternative(info.type))
    return " ".join([snake_case(type(step).__name__), *required])


def _options(step: Step) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each feature of the step beside its kind, and the fields that are to be changed to be without it."""
    word = snake_case(type(step).__name__)
    for info in _fields(step):
        value = getattr(step, info.name)
        if info.required or info.name in _IDENTITY or value == default_of(info):
            continue
        if isinstance(value, dict):
            for key in sorted(value):
                rest = {other: value[other] for other in value if other != key}
                yield f"{word}.{key}{_said(value[key])}", {info.name: rest}
        elif _alternative(info.type):
            yield f"{word}.{info.name}{_said(value)}", {info.name: default_of(info)}
        elif isinstance(step, _CREATED):
            yield f"{word}.{info.name}", {info.name: default_of(info)}


def _plainer(step: Step, feature: str) -> Step:
    for name, change in _options(step):
        if name == feature:
            return msgspec.structs.replace(step, **change)
    return step


def _said(value: object) -> str:
    """Which alternative it is; a number may be any."""
    if isinstance(value, bool):
        return f"={str(value).lower()}"
    return "" if isinstance(value, int) else f"={value}"


def _fields(step: Step) -> tuple[msgspec.structs.FieldInfo, ...]:
    return msgspec.structs.fields(step)


def _alternative(kind: Any) -> bool:
    """Whether a field of this type says which of a few."""
    return kind is bool or get_origin(kind) is Literal or any(map(_alternative, get_args(kind)))


def default_of(info: msgspec.structs.FieldInfo) -> Any:
    """The value of a field that is not given."""
    factory: Callable[[], Any] | Any = info.default_factory
    return factory() if callable(factory) else info.default
