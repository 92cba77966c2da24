"""The numbers that rows carry, each with what it can be: what lies beyond is no history, and no answer.

-1 stands for "none" or "not told" where a type says so, and nowhere else. All are small enough to be added up in 64
bits.
"""

from enum import Enum, auto
from typing import Annotated, Final, TypeAlias

from msgspec import Meta

MILLISECOND: Final = 1_000_000
SECOND: Final = 1_000 * MILLISECOND
"""In nanoseconds, as the times of a history are told."""
MOST: Final = 2**62
INT32: Final = 2**31 - 1


class Unit(Enum):
    """What a number is, where its bounds do not tell."""

    MILLISECONDS = auto()
    PARTITION = auto()
    BROKER = auto()


Time: TypeAlias = Annotated[int, Meta(ge=0, le=MOST)]
"""Nanoseconds, from a beginning of the recorder's choice."""
Milliseconds: TypeAlias = Annotated[int, Meta(ge=0, le=INT32), Unit.MILLISECONDS]
Timestamp: TypeAlias = Annotated[int, Meta(ge=-1, le=MOST)]
"""Of a record, in milliseconds; -1: it has none."""
Moment: TypeAlias = Annotated[int, Meta(ge=-MOST, le=MOST)]
"""A timestamp that is asked for."""
Number: TypeAlias = Annotated[int, Meta(ge=0, le=MOST)]
"""Of an operation, counted from 0."""
PartitionNumber: TypeAlias = Annotated[int, Meta(ge=0, le=INT32), Unit.PARTITION]
Offset: TypeAlias = Annotated[int, Meta(ge=0, le=MOST)]
OffsetOrNone: TypeAlias = Annotated[int, Meta(ge=-1, le=MOST)]
"""-1: none, or not told."""
Epoch: TypeAlias = Annotated[int, Meta(ge=-1, le=MOST)]
"""Of a leader, or the generation of a group; -1: not told."""
BrokerId: TypeAlias = Annotated[int, Meta(ge=0, le=INT32), Unit.BROKER]
Leader: TypeAlias = Annotated[int, Meta(ge=-1, le=INT32), Unit.BROKER]
"""-1: there is none."""
Count: TypeAlias = Annotated[int, Meta(ge=0, le=INT32)]
Partitions: TypeAlias = Annotated[int, Meta(ge=-1, le=1_000_000)]
"""How many a topic is to have; -1: as the broker sees fit."""
Replicas: TypeAlias = Annotated[int, Meta(ge=-1, le=32_767)]
"""How many of each partition; -1: as the broker sees fit."""
