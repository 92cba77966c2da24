"""The user's settings: those that name a client's or topic's setting override every plan, the rest are the adapter's.

`acks=1` opens every producer with acks=1; `unclean.leader.election.enable=true` creates every topic so; `bootstrap=…`
goes to the adapter. A promise is then judged under the settings that the user chose, and the verdict says so.
"""

import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple, TypeVar

import msgspec

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.operation import Operation
from brokerlaw.spec.history.roles import Role, fields, hints
from brokerlaw.spec.history.validate import HistoryError, check_setting

Op = TypeVar("Op", bound=Operation)

_TYPES: Final = {
    kind: {name: hints(kind)[name] for name in fields(kind, Role.SETTING)} for kind in ops.OPERATIONS.values()
}
"""The settings of each operation (`roles.Setting`), with their types."""
_KNOWN: Final = {name: kind for settings in _TYPES.values() for name, kind in settings.items()}
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

    def apply(self, op: Op) -> Op:
        """The operation under the user's overrides."""
        types = _TYPES[type(op)]
        changes = {name: _convert(name, text, types[name]) for name, text in self.overrides.items() if name in types}
        match op:
            case ops.OpenProducer():
                changes |= _idempotence(op, changes)
            case ops.CreateTopic():
                chosen = {key: value for key, value in self.overrides.items() if key in _TOPIC_CONFIG}
                changes["settings"] = op.settings | chosen
        return msgspec.structs.replace(op, **changes) if changes else op


def _idempotence(op: ops.OpenProducer, changes: Mapping[str, Any]) -> dict[str, Any]:
    """An idempotent producer needs acks=all (KIP-679): weaker acks switch idempotence off, but for transactions."""
    if changes.get("acks", "all") == "all":
        return {}
    return {"idempotent": False} if op.transactional_id is None else {"acks": op.acks}


def sort(pairs: Mapping[str, str]) -> UserSettings:
    """Tell overrides from adapter settings. Raises `SettingsError` on a value that an override cannot have."""
    overrides = {key: value for key, value in pairs.items() if key in _KNOWN or key in _TOPIC_CONFIG}
    for key, value in overrides.items():
        if key in _KNOWN:
            _convert(key, value, _KNOWN[key])
        try:
            check_setting(key, value)
        except HistoryError as error:
            raise SettingsError(f"--settings {key}={value}: {error}") from error
    return UserSettings(overrides, {key: value for key, value in pairs.items() if key not in overrides})


def redacted(settings: UserSettings) -> dict[str, str]:
    """All settings, as a report may show them."""
    pairs = settings.overrides | settings.adapter
    return {key: "***" if _SECRET.search(key) else value for key, value in sorted(pairs.items())}


def _convert(name: str, text: str, kind: Any) -> Any:
    try:
        return msgspec.convert(text, type=kind, strict=False)
    except msgspec.ValidationError as error:
        raise SettingsError(f"--settings {name}={text}: {error}") from error
