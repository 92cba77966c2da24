"""Configuration: which values of a topic's setting may have been in force, and from when until when.

A topic has the value that it was created with, or the broker's own, until an administrator changes it. Brokers learn of
a change some time after it was confirmed, so that for a while either value may be in force.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.derived import derived
from brokerlaw.spec.history.evidence.operations import of_kind
from brokerlaw.spec.history.evidence.outages import outages
from brokerlaw.spec.history.evidence.relations import NEVER
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.tables import OK

SPREAD: Final = 10_000_000_000
"""Time (ns) in which all brokers certainly have learned of a change, while none of them is disturbed."""
CLEANUP: Final = ops.CLEANUP
RETENTION_MS, RETENTION_BYTES = ops.RETENTION
SEGMENT_MS: Final = "segment.ms"
TOMBSTONES_MS: Final = "delete.retention.ms"
COMPACTION_LAG: Final = "min.compaction.lag.ms"
TIMESTAMP_TYPE: Final = "message.timestamp.type"
MOST_BYTES: Final = "max.message.bytes"
DAYS: Final = 86_400_000


class Default(NamedTuple):
    """What holds where a topic says nothing: the broker's settings of these names, each in its unit, else Kafka's."""

    names: tuple[tuple[str, int], ...]
    value: str


DEFAULTS: Final = {
    ops.MIN_ISR: Default((("min.insync.replicas", 1),), "1"),
    CLEANUP: Default((("log.cleanup.policy", 1),), "delete"),
    RETENTION_MS: Default(
        (("log.retention.ms", 1), ("log.retention.minutes", 60_000), ("log.retention.hours", 3_600_000)),
        str(7 * DAYS),
    ),
    RETENTION_BYTES: Default((("log.retention.bytes", 1),), "-1"),
    SEGMENT_MS: Default((("log.roll.ms", 1), ("log.roll.hours", 3_600_000)), str(7 * DAYS)),
    TOMBSTONES_MS: Default((("log.cleaner.delete.retention.ms", 1),), str(DAYS)),
    COMPACTION_LAG: Default((("log.cleaner.min.compaction.lag.ms", 1),), "0"),
    TIMESTAMP_TYPE: Default((("log.message.timestamp.type", 1),), "CreateTime"),
    MOST_BYTES: Default((("message.max.bytes", 1),), "1048588"),
}


class Setting(NamedTuple):
    """A value that may have been in force from `begun` on, until `over` at the latest (`NEVER`: no end)."""

    value: str
    begun: int
    over: int


class Change(NamedTuple):
    """An administrator's change of settings: confirmed at `done`, or `NEVER`."""

    settings: dict[str, str]
    begun: int
    done: int


def values_of(h: History, topic: str, name: str) -> list[Setting]:
    """The values that a topic's setting may have had, from its creation (or the history's beginning) on."""
    created = h.created.get(topic)
    first = created.settings.get(name) if created else None
    changes = [Change({name: default(h, name) if first is None else first}, 0, 0)]
    changes += [change for change in _changes(h).get(topic, ()) if name in change.settings]
    calm = not outages(h)
    return list(_in_force(name, changes) if calm else _for_ever(name, changes))


def numbers_of(h: History, topic: str, name: str) -> list[tuple[int, Setting]]:
    """The same of a setting that is a number, each with its number; what is none cannot have been in force."""
    told = values_of(h, topic, name)
    return [(int(each.value), each) for each in told if each.value.lstrip("-").isdecimal()]


def default(h: History, name: str) -> str:
    """What the brokers have where a topic says nothing."""
    names, value = DEFAULTS[name]
    for own, unit in names:
        told = h.broker_settings.get(own)
        if told is not None:
            return str(int(told) * unit) if unit > 1 and told.isdecimal() else told
    return value


def _for_ever(name: str, changes: list[Change]) -> Iterator[Setting]:
    """Each value without an end: a broker that is cut off may not have learned of a change."""
    return (Setting(change.settings[name], change.begun, NEVER) for change in changes)


def _in_force(name: str, changes: list[Change]) -> Iterator[Setting]:
    """Each value, until a change that came certainly after it had certainly been learned of."""
    for change in changes:
        later = [other.done for other in changes if other.done < NEVER and other.begun > change.done]
        over = min(later) + SPREAD if later else NEVER
        yield Setting(change.settings[name], change.begun, over)


@derived
def _changes(h: History) -> dict[str, list[Change]]:
    """By topic, the changes that did not fail."""
    found: dict[str, list[Change]] = {}
    for number in of_kind(h, ops.AlterTopic).tolist():
        op, operations = h.invocations[number].value, h.operations
        assert isinstance(op, ops.AlterTopic)
        sure = operations.status[number] == OK
        done = int(operations.completed[number]) if sure else NEVER
        found.setdefault(op.topic, []).append(Change(op.settings, int(operations.invoked[number]), done))
    return found
