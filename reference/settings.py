"""What a user may set on the reference (`--settings KEY=VALUE`), and what clients may."""

from collections.abc import Mapping
from typing import Final, NamedTuple, Self

from brokerlaw.adapters.contract import AdapterError
from brokerlaw.reference.errors import BrokerError
from brokerlaw.spec.history.numbers import MILLISECOND
from brokerlaw.spec.text import did_you_mean

LARGEST: Final = 2**31 - 1
"""Of what a client can set."""
MINUTE: Final = 60_000 * MILLISECOND
DEFAULTS: Final = {
    "auto.create.topics.enable": "false",
    "message.max.bytes": "1048588",
    "log.retention.ms": "-1",
    "log.retention.bytes": "-1",
}
"""What holds for topics that set nothing else, and that there is none unless somebody creates it."""


class Settings(NamedTuple):
    """Times are ns. `loss` is one in how many produce requests whose answer is lost with its connection; 0: none."""

    seed: int = 0
    brokers: int = 3
    loss: int = 50
    mutant: str | None = None
    broker_session_timeout: int = 1_000 * MILLISECOND
    replica_lag_time_max: int = 1_000 * MILLISECOND
    retention_check_interval: int = 1_000 * MILLISECOND
    offsets_retention: int = 10_080 * MINUTE

    @classmethod
    def of(cls, pairs: Mapping[str, str]) -> Self:
        """From text. Raises `AdapterError` naming what is wrong."""
        for key in pairs:
            if key not in _READ:
                mend = did_you_mean(key, _READ, f"it has {', '.join(_READ)}")
                raise AdapterError(f"the reference has no setting {key!r}; {mend}")
        read = {_READ[key][0]: _whole(key, text, *_READ[key][1:]) for key, text in pairs.items() if key != "mutant"}
        return cls()._replace(**read, mutant=pairs.get("mutant"))

    def told(self) -> dict[str, str]:
        """What the suite waits for, and what records and offsets are kept by, under Kafka's names."""
        times = {key: (field, unit) for key, (field, _, unit) in _READ.items() if unit > 1}
        told = {key: str(getattr(self, field) // unit) for key, (field, unit) in times.items()}
        return told | {"log.cleaner.backoff.ms": told["log.retention.check.interval.ms"]} | DEFAULTS


_READ: Final = {
    "seed": ("seed", 0, 1),
    "brokers": ("brokers", 1, 1),
    "loss": ("loss", 0, 1),
    "mutant": ("mutant", 0, 1),
    "broker.session.timeout.ms": ("broker_session_timeout", 1, MILLISECOND),
    "replica.lag.time.max.ms": ("replica_lag_time_max", 1, MILLISECOND),
    "log.retention.check.interval.ms": ("retention_check_interval", 1, MILLISECOND),
    "offsets.retention.minutes": ("offsets_retention", 1, MINUTE),
}
"""Each setting: the field, the least value, the unit."""


def _whole(key: str, text: str, least: int, unit: int) -> int:
    if not text.isdecimal() or int(text) < least:
        raise AdapterError(f"--settings {key}={text}: a whole number from {least} on is needed")
    return int(text) * unit


def client_settings(settings: Mapping[str, str], defaults: Mapping[str, int]) -> dict[str, int]:
    """A client's settings over their defaults. Raises `INVALID_CONFIG`."""
    for key, text in settings.items():
        if key not in defaults:
            raise BrokerError("INVALID_CONFIG", f"no client setting {key!r}: there are {', '.join(defaults)}")
        if not text.isdecimal() or not 1 <= int(text) <= LARGEST:
            raise BrokerError("INVALID_CONFIG", f"{key}={text}: a whole number from 1 to {LARGEST} is needed")
    return {**defaults, **{key: int(text) for key, text in settings.items()}}
