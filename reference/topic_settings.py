"""What may be set on a topic, under Kafka's names, with Kafka's defaults; records are kept for ever unless told so."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple, TypeAlias

from brokerlaw.reference.errors import BrokerError
from brokerlaw.spec.history.values import TimestampType

Read: TypeAlias = Callable[[str], Any]


class TopicSettings(NamedTuple):
    """A topic's settings, read. Times are milliseconds, sizes bytes; -1: no limit."""

    min_isr: int = 1
    unclean: bool = False
    timestamp_type: TimestampType = "CreateTime"
    max_message_bytes: int = 1_048_588
    cleanup: tuple[str, ...] = ("delete",)
    retention_ms: int = -1
    retention_bytes: int = -1
    segment_ms: int = 604_800_000
    segment_bytes: int = 1_073_741_824
    delete_retention_ms: int = 86_400_000
    compaction_lag_ms: int = 0
    dirty_ratio: float = 0.5

    @property
    def sheds(self) -> bool:
        """Whether records go by themselves."""
        return "compact" in self.cleanup or self.retention_ms >= 0 or self.retention_bytes >= 0

    @classmethod
    def of(cls, settings: Mapping[str, str]) -> TopicSettings:
        """From text. Raises `INVALID_CONFIG`."""
        return cls(**{_named(key)[0]: _read(key, text) for key, text in settings.items()})


def _named(key: str) -> tuple[str, Read, str]:
    if key not in TOPIC_SETTINGS:
        raise BrokerError("INVALID_CONFIG", f"no topic setting {key!r}: there are {', '.join(TOPIC_SETTINGS)}")
    return TOPIC_SETTINGS[key]


def _read(key: str, text: str) -> Any:
    _, read, needed = TOPIC_SETTINGS[key]
    try:
        return read(text)
    except (ValueError, KeyError):
        raise BrokerError("INVALID_CONFIG", f"{key}={text}: {needed} is needed") from None


def _whole(least: int) -> tuple[Read, str]:
    def read(text: str) -> int:
        if not text.removeprefix("-").isdecimal() or int(text) < least:
            raise ValueError
        return int(text)

    return read, f"a whole number from {least} on"


def _ratio(text: str) -> float:
    if not 0 <= float(text) <= 1:
        raise ValueError
    return float(text)


def _one_of(words: Mapping[str, Any]) -> tuple[Read, str]:
    return words.__getitem__, " or ".join(words)


CLEANUP: Final = {
    "delete": ("delete",),
    "compact": ("compact",),
    "compact,delete": ("compact", "delete"),
    "delete,compact": ("compact", "delete"),
}
TOPIC_SETTINGS: Final[dict[str, tuple[str, Read, str]]] = {
    "min.insync.replicas": ("min_isr", *_whole(1)),
    "unclean.leader.election.enable": ("unclean", *_one_of({"true": True, "false": False})),
    "message.timestamp.type": ("timestamp_type", *_one_of({each: each for each in ("CreateTime", "LogAppendTime")})),
    "max.message.bytes": ("max_message_bytes", *_whole(0)),
    "cleanup.policy": ("cleanup", *_one_of(CLEANUP)),
    "retention.ms": ("retention_ms", *_whole(-1)),
    "retention.bytes": ("retention_bytes", *_whole(-1)),
    "segment.ms": ("segment_ms", *_whole(1)),
    "segment.bytes": ("segment_bytes", *_whole(14)),
    "delete.retention.ms": ("delete_retention_ms", *_whole(0)),
    "min.compaction.lag.ms": ("compaction_lag_ms", *_whole(0)),
    "min.cleanable.dirty.ratio": ("dirty_ratio", _ratio, "a number from 0 to 1"),
}
"""Each setting: its field, how it is read, and what is needed."""
