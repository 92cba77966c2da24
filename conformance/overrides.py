"""The user's settings: those that name a client's or topic's setting override every plan, the rest are the adapter's.

`acks=1` opens every producer with acks=1; `unclean.leader.election.enable=true` creates every topic so; `bootstrap=…`
goes to the adapter. A promise is then judged under the settings that the user chose, and the verdict says so.
"""

import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import msgspec

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.operations import AnyOperation

_FIXED: Final = frozenset({"client", "group", "topic", "partitions", "settings", "transactional_id", "instance_id"})


def _fields(kind: type[msgspec.Struct]) -> dict[str, msgspec.structs.FieldInfo]:
    return {info.name: info for info in msgspec.structs.fields(kind) if info.name not in _FIXED}


_CLIENT: Final = {kind: _fields(kind) for kind in (ops.OpenProducer, ops.OpenConsumer)}
_TOPIC: Final = _fields(ops.CreateTopic)
_TOPIC_CONFIG: Final = frozenset(
    {
        "cleanup.policy",
        "max.message.bytes",
        "message.timestamp.type",
        "min.insync.replicas",
        "retention.bytes",
        "retention.ms",
        "segment.bytes",
        "segment.ms",
        "unclean.leader.election.enable",
    }
)
"""Kafka's topic settings that a user may want to set for a whole run."""


_SECRET: Final = re.compile(r"password|passwd|secret|token|credential|jaas|api.?key|private|username", re.IGNORECASE)
"""Settings whose values never leave the process."""


class SettingsError(Exception):
    """A setting cannot be meant as it is written; the message names the mend."""


class UserSettings(NamedTuple):
    """What the user set, sorted by whom it is for."""

    overrides: dict[str, str]
    adapter: dict[str, str]

    def apply(self, op: AnyOperation) -> AnyOperation:
        """The operation under the user's overrides."""
        match op:
            case ops.OpenProducer():
                return self._producer(op)
            case ops.OpenConsumer():
                return msgspec.structs.replace(op, **self._typed(_CLIENT[ops.OpenConsumer]))
            case ops.CreateTopic():
                chosen = {key: value for key, value in self.overrides.items() if key in _TOPIC_CONFIG}
                return msgspec.structs.replace(op, **self._typed(_TOPIC), settings=op.settings | chosen)
            case _:
                return op

    def _producer(self, op: ops.OpenProducer) -> ops.OpenProducer:
        """An idempotent producer needs acks=all (KIP-679): weaker acks switch idempotence off, but for transactions."""
        changes = self._typed(_CLIENT[ops.OpenProducer])
        if changes.get("acks", "all") != "all":
            if op.transactional_id is not None:
                del changes["acks"]
            else:
                changes["idempotent"] = False
        return msgspec.structs.replace(op, **changes)

    def _typed(self, fields: Mapping[str, msgspec.structs.FieldInfo]) -> dict[str, Any]:
        return {name: _convert(name, text, fields[name]) for name, text in self.overrides.items() if name in fields}


def sort(pairs: Mapping[str, str]) -> UserSettings:
    """Tell overrides from adapter settings. Raises `SettingsError` on a value that an override cannot have."""
    known = {name: info for fields in (*_CLIENT.values(), _TOPIC) for name, info in fields.items()}
    overrides = {key: value for key, value in pairs.items() if key in known or key in _TOPIC_CONFIG}
    for key, value in overrides.items():
        if key in known:
            _convert(key, value, known[key])
    return UserSettings(overrides, {key: value for key, value in pairs.items() if key not in overrides})


def redacted(settings: UserSettings) -> dict[str, str]:
    """All settings, as a report may show them."""
    pairs = settings.overrides | settings.adapter
    return {key: "***" if _SECRET.search(key) else value for key, value in sorted(pairs.items())}


def _convert(name: str, text: str, info: msgspec.structs.FieldInfo) -> Any:
    try:
        return msgspec.convert(text, type=info.type, strict=False)
    except msgspec.ValidationError as error:
        raise SettingsError(f"--settings {name}={text}: {error}") from error
